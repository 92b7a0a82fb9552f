"""The merges the last run of find_duplicates would make without asking; whoever executes merges asks here."""

from dataclasses import dataclass
from uuid import UUID

from crm.models import Company, Customer
from migration_ops.identity.duplicates.decisions import decided
from migration_ops.models import DedupGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One pair of contacts that holds a group together. ``reasons``: what weighs most for it, in words."""

    contact_a: UUID
    contact_b: UUID
    score: float
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticGroup:
    """Customers that are one by the rules.

    ``customers``: two or more, ascending. ``score``: of the weakest link, 0 to 1. ``links``: a tree over the customers.
    """

    customers: tuple[UUID, ...]
    score: float
    links: tuple[Link, ...]
    engine_version: str


def automatic_groups(company: Company) -> list[AutomaticGroup]:
    """The company's automatic merges by the last run, the strongest first.

    A group is left out if one of its customers was merged since, or if a person decided meanwhile that two of them
    are not the same: the next run looks at it again. Nothing is changed here.
    """
    living = set(Customer.objects.filter(company=company, merged_into__isnull=True).values_list("pk", flat=True))
    apart = decided(company).apart
    groups = []
    for row in DedupGroup.objects.filter(run__company=company).select_related("run").order_by("-score", "pk"):
        members = set(row.customers)
        if not members <= living or any(one in members and other in members for one, other in apart):
            continue
        groups.append(
            AutomaticGroup(
                customers=tuple(sorted(members)),
                score=row.score,
                links=tuple(
                    Link(
                        contact_a=UUID(link["contact_a"]),
                        contact_b=UUID(link["contact_b"]),
                        score=link["score"],
                        # The plan of an earlier version says nothing here.
                        reasons=link.get("reasons", []),
                    )
                    for link in row.links
                ),
                engine_version=row.run.engine_version,
            )
        )
    return groups
