"""What differs between the two sides now: the deals, the rows that are too many, the people."""

from dataclasses import dataclass, field
from uuid import UUID

from crm.models import Company
from migration_ops import conf
from migration_ops.validation import identities
from migration_ops.validation.chunks import Chunk, check_chunk
from migration_ops.validation.chunks import plan as plan_chunks
from migration_ops.validation.report import Depth, Difference, Kind, Tally

PEOPLE = frozenset({"customers_new", "customer_contacts", "customer_addresses"})


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Differences of a company.

    deals: legacy ids of deals that differ; extra: rows of deal tables that are too many; people: customers, contacts
    and addresses that differ; strays: those of them nobody recorded.
    """

    deals: list[UUID] = field(default_factory=list)
    extra: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    strays: list[UUID] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        """Whether both sides are equal."""
        return not (self.deals or self.extra or self.people)


def drift_of(company: Company) -> Drift:
    """Compare the whole company, field by field and rebuilt row by row, and its people.

    Rows in the middle of a change are looked at again, as in a validation. A chunk keeps a bounded number of
    differences: who repairs looks again until there are none.
    """
    deals: set[UUID] = set()
    found: list[Difference] = []
    for chunk in _chunks(company):
        for tally in check_chunk(company, chunk, (Depth.FIELDS, Depth.ROUNDTRIP)).values():
            deals |= {d.legacy_id for d in tally.differences if d.legacy_id is not None}
            deals |= {d.row_id for d in tally.differences if d.table in ("quotes", "migration_legacy_link")}
            found += tally.differences
    people = Tally()
    identities.compare(company, people)
    found += people.differences
    return Drift(
        deals=sorted(deals),
        extra=sorted(
            {d.row_id for d in found if d.kind == Kind.EXTRA and d.table not in PEOPLE and d.table != "quotes"}
        ),
        people=sorted({d.row_id for d in found if d.table in PEOPLE}),
        strays=sorted({d.row_id for d in people.differences if d.kind == Kind.EXTRA}),
    )


def _chunks(company: Company) -> list[Chunk]:
    return plan_chunks(company, chunk_rows=conf.VALIDATION_CHUNK_ROWS)
