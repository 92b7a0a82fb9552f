"""What people decided about pairs of customers, as the engine must obey it.

The engine knows decisions only through ``decided``. Two customers kept apart are never joined, neither directly nor
through a third record; two kept together are joined whatever the evidence says, unless that would join two kept apart.
"""

from dataclasses import dataclass
from uuid import UUID

from crm.models import Company, Customer
from migration_ops.models import DedupConflict

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Pairs of living customers (none merged into another), the lower id first.

    ``apart``: not the same, same household, works for, branch of. ``together``: the same, and not merged yet.
    """

    apart: frozenset[Pair]
    together: frozenset[Pair]


def decided(company: Company) -> Decided:
    """Everything people decided about the company's customers, resolved to the customers there are now."""
    State = DedupConflict.State
    rows = (
        DedupConflict.objects.filter(company=company, state__in=(State.SAME, State.DIFFERENT))
        .values_list("contact_a__customer", "contact_b__customer", "state")
        .order_by()
    )
    found: dict[str, set[Pair]] = {State.SAME: set(), State.DIFFERENT: set()}
    survivors = _survivors(company)
    for one, other, state in rows.iterator():
        low, high = sorted((_survivor(one, survivors), _survivor(other, survivors)))
        if low != high:
            found[state].add((low, high))
    return Decided(
        apart=frozenset(found[State.DIFFERENT]), together=frozenset(found[State.SAME] - found[State.DIFFERENT])
    )


def _survivors(company: Company) -> dict[UUID, UUID]:
    merged = Customer.objects.filter(company=company, merged_into__isnull=False).order_by()
    return dict(merged.values_list("pk", "merged_into"))


def _survivor(customer: UUID, survivors: dict[UUID, UUID]) -> UUID:
    while customer in survivors:
        customer = survivors[customer]
    return customer
