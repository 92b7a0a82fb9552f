"""What people decided about pairs of customers, as the engine must obey it.

The engine knows decisions only through ``decided``. Two customers kept apart are never joined, neither directly nor
through a third record; two kept together are joined whatever the evidence says, unless that would join two kept apart.
The decisions themselves are the CRM's, and outlive the move.
"""

from dataclasses import dataclass
from uuid import UUID

from crm.models import Company
from crm.selectors.decisions import kept_apart, kept_together
from migration_ops.identity.duplicates.rulings import Rulings
from migration_ops.models import ValueRuling

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
    apart = kept_apart(company)
    return Decided(apart=frozenset(apart), together=frozenset(kept_together(company) - apart))


def rulings_of(company: Company) -> Rulings:
    """What people said about the company's values, as it is in force; one statement."""
    sides: dict[bool, dict[str, set[str]]] = {True: {}, False: {}}
    rows = ValueRuling.objects.filter(company=company, ended_at__isnull=True).order_by()
    for kind, value, is_generic in rows.values_list("kind", "value", "is_generic"):
        sides[is_generic].setdefault(kind, set()).add(value)
    generic, ordinary = ({kind: frozenset(values) for kind, values in sides[side].items()} for side in (True, False))
    return Rulings(generic=generic, ordinary=ordinary)
