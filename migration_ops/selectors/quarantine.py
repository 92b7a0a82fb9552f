"""What waits for a person, as the workbench shows it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from legacy.models import COLUMNS
from migration_ops.models import QuarantinedRow
from migration_ops.sql.loader import block

SQL = "queries/quarantine.sql"
PAGE_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows of one company that wait for one reason."""

    company: UUID
    name: str
    reason: str
    count: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class LegacyRow:
    """A legacy row as it is now: every column as text, numbers as recorded; `digest` changes with any of it."""

    digest: str
    columns: Mapping[str, str | None]


def groups(seen: Collection[UUID] | None, company: UUID | None = None) -> list[Group]:
    """Open rows by reason and company, the most first, 500 groups at most.

    Args:
        seen: companies that count; None for all.
        company: of this one only.
    """
    params = {"seen": None if seen is None else list(seen), "id": company}
    return [
        Group(company=id, name=name, reason=reason, count=count, since=since)
        for id, name, reason, count, since in _rows("groups", params)
    ]


def waiting(company: UUID, reason: str, *, after: UUID | None = None) -> list[QuarantinedRow]:
    """A page of open rows of one reason, in the order of their ids; one more than a page where others follow."""
    found = QuarantinedRow.objects.filter(company=company, reason=reason, resolution="").order_by("legacy_id")
    if after is not None:
        found = found.filter(legacy_id__gt=after)
    return list(found.defer("source")[: PAGE_ROWS + 1])


def names(company: UUID, ids: Collection[UUID]) -> dict[UUID, str]:
    """What people call legacy rows: number and customer, such as "Q-2164 · Roy Castro"; those that say neither lack."""
    found = _rows("names", {"company": company, "ids": list(ids)})
    return {
        id: words
        for id, number, customer in found
        if (words := " · ".join(each for each in (number, customer) if each))
    }


def following(row: QuarantinedRow) -> UUID | None:
    """The open row of the same company and reason after this one, or the first of them; None where none is left."""
    found = QuarantinedRow.objects.filter(company=row.company_id, reason=row.reason, resolution="").exclude(pk=row.pk)
    ids = found.order_by("legacy_id").values_list("legacy_id", flat=True)
    return ids.filter(legacy_id__gt=row.pk).first() or ids.first()


def legacy_row(company: Company, id: UUID) -> LegacyRow | None:
    """The legacy row; None where it is not there, or another company's."""
    found = _rows("legacy_row", {"company": company.pk, "id": id})
    if not found:
        return None
    columns = {name: value for _, name, value in found}
    return LegacyRow(digest=found[0][0], columns={name: columns.get(name) for name in COLUMNS})


def _rows(name: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, name).sql, params)
        return list(cursor.fetchall())
