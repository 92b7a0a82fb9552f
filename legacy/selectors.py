"""Reads of the legacy table and of its shape."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from .exceptions import LegacySchemaDrift
from .models import REQUIRED_COLUMNS, LegacyQuote
from .sql import statement


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One column that is not as the mirror says; ``column`` is ``*`` where the whole table is absent."""

    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.column}: expected {self.expected}, found {self.found}"


def expected_columns() -> dict[str, tuple[str, bool]]:
    """The mirror: column name to (data type as information_schema names it, may it be NULL)."""
    columns = {}
    for field in LegacyQuote._meta.concrete_fields:
        columns[str(field.column)] = (str(field.db_type(connection)), field.column not in REQUIRED_COLUMNS)
    return columns


def column_drift() -> list[Drift]:
    """Every column that is missing, unknown, of another type, or may be NULL where it must not (and only there).

    A limited length or precision (``numeric(12,2)``) is no drift: it holds nothing the mirror cannot read.
    Empty where table and mirror agree.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("table_columns"))
        found = {name: (data_type, is_nullable) for name, data_type, is_nullable in cursor.fetchall()}
    if not found:
        return [Drift(column="*", expected="a table named quotes", found="none (run migrate)")]
    expected = expected_columns()
    drift = []
    for name, (data_type, may_be_null) in expected.items():
        if name not in found:
            drift.append(Drift(column=name, expected=data_type, found="no such column"))
        elif found[name][0] != data_type:
            drift.append(Drift(column=name, expected=data_type, found=found[name][0]))
        elif not may_be_null and found[name][1]:
            drift.append(Drift(column=name, expected=f"{data_type} not null", found=f"{data_type} null"))
    drift += [
        Drift(column=name, expected="no such column", found=data_type)
        for name, (data_type, _) in found.items()
        if name not in expected
    ]
    return drift


def ensure_no_drift() -> None:
    """Pass when table and mirror agree.

    Raises:
        LegacySchemaDrift: they differ; its message names every column, the expected and the found type.
    """
    drift = column_drift()
    if drift:
        raise LegacySchemaDrift(drift)


def company_ids(*, most: int | None = None) -> list[UUID]:
    """The companies that have legacy rows, in id order, ``most`` of them at most (default all)."""
    with connection.cursor() as cursor:
        cursor.execute(statement("company_ids"), {"most": most})
        return [company_id for (company_id,) in cursor.fetchall()]


def row_count(company_id: UUID) -> int:
    """Exact number of legacy rows of one company."""
    return LegacyQuote.objects.filter(company_id=company_id).count()


def row_estimate() -> int:
    """Rows of the whole table as the planner estimates them; -1 where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute(statement("row_estimate"))
        (estimate,) = cursor.fetchone()
    return int(estimate)
