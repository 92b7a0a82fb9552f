"""What people decided about pairs of customers, as the engine must obey it.

The engine knows decisions only through ``decided``. Two customers kept apart are never joined, neither directly nor
through a third record; two kept together are joined whatever the evidence says, unless that would join two kept apart.
The decisions themselves are the CRM's, and outlive the move.
"""

from dataclasses import dataclass
from uuid import UUID

from crm.models import Company
from crm.selectors.decisions import kept_apart, kept_together

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
