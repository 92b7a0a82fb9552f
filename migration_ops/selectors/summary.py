"""What a migrated company has on both sides, for reports."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from crm.models import Company
from migration_ops.sql.loader import block

SUMMARY = "queries/summary.sql"


@dataclass(frozen=True, kw_only=True)
class QuarantineGroup:
    """Rows set aside for one reason, with one of them to look at."""

    reason: str
    rows: int
    field: str
    original: str
    legacy_id: str


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts, money, flags and quarantine of one company."""

    company: Company
    rows: int
    retired: int
    migrated: int
    quarantined: int
    customers: int
    contacts: int
    addresses: int
    leads: int
    quotes: int
    quote_items: int
    jobs: int
    invoices: int
    payments: int
    quote_total: Decimal
    paid_total: Decimal
    open_conflicts: int
    flags: dict[str, int]
    quarantine: list[QuarantineGroup]

    @property
    def pending(self) -> int:
        """Rows that are neither migrated nor set aside; rows that were archived and removed have been both."""
        return self.rows + self.retired - self.migrated - self.quarantined


COUNTS = (
    "rows", "retired", "migrated", "quarantined", "customers", "contacts", "addresses", "leads", "quotes",
    "quote_items", "jobs", "invoices", "payments",
)  # fmt: skip


def summary_of(company: Company) -> Summary:
    """The company's figures, from one statement each."""
    params = {"company": company.pk}
    with connection.cursor() as cursor:
        cursor.execute(block(SUMMARY, "figures").sql, params)
        names = [column.name for column in cursor.description]
        figures: dict[str, Any] = dict(zip(names, cursor.fetchone(), strict=True))
        cursor.execute(block(SUMMARY, "flags").sql, params)
        flags = dict(cursor.fetchall())
        cursor.execute(block(SUMMARY, "quarantine").sql, params)
        groups = [
            QuarantineGroup(reason=reason, rows=rows, field=field, original=original, legacy_id=legacy_id)
            for reason, rows, field, original, legacy_id in cursor.fetchall()
        ]
    return Summary(company=company, flags=flags, quarantine=groups, **figures)


def open_quarantine(company: Company) -> int:
    """Rows set aside that nobody has decided on."""
    with connection.cursor() as cursor:
        cursor.execute(block(SUMMARY, "open_quarantine").sql, {"company": company.pk})
        return int(cursor.fetchone()[0])
