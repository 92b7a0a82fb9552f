"""Moves a company, each step in a transaction of its own, and reads back what became of its rows.

The tests commit (``transaction=True``): the work tables are emptied by the end of a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from crm.models import Company
from legacy.models import COLUMNS
from migration_ops.backfill.finish import finish
from migration_ops.dual_write import capture
from migration_ops.identity.customers import write_customers
from migration_ops.identity.resolve import decide_clusters, find_components
from migration_ops.identity.stage import stage_contacts
from migration_ops.projection import project
from migration_ops.projection.project import Scope
from migration_ops.sql.loader import block
from migration_ops.validation.report import Report
from migration_ops.validation.run import validate

TABLES = (
    "customers_new", "customer_contacts", "customer_addresses", "leads_new", "quotes_new", "quote_items_new", "jobs_new",
    "invoices_new", "payments", "migration_legacy_link", "migration_quarantined_row",
)  # fmt: skip

# The row of each table that belongs to a legacy row; of the line items the one that cases change.
PLACES = {
    "customers_new": "t.id = (SELECT c.customer_id FROM customer_contacts c WHERE c.id = l.contact_id)",
    "customer_contacts": "t.id = l.contact_id",
    "customer_addresses": "t.id = l.address_id",
    "leads_new": "t.id = l.legacy_id",
    "quotes_new": "t.id = l.legacy_id",
    "quote_items_new": "t.quote_id = l.legacy_id",
    "jobs_new": "t.quote_id = l.legacy_id",
    "invoices_new": "t.job_id IN (SELECT j.id FROM jobs_new j WHERE j.quote_id = l.legacy_id)",
    "payments": "t.id = qp_child_id(l.legacy_id, 'payment')",
}


def company_of(id: UUID, region: str = "US") -> Company:
    """A company with this id."""
    return Company.objects.create(pk=id, name=f"Company {id}", slug=f"company-{id}", phone_region=region)


def insert(rows: Iterable[Mapping[str, str | None]]) -> None:
    """Write legacy rows, each value as PostgreSQL reads it from text."""
    statement = sql.SQL("COPY quotes ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
    connection.ensure_connection()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row.get(column) for column in COLUMNS])


def identify(company: Company) -> None:
    """Contacts, clusters and customers of the company, as a run's first phases write them."""
    for phase in (
        lambda: stage_contacts(company, parts=1, part=0), lambda: find_components(company), lambda: decide_clusters(company, parts=1, part=0),
        lambda: write_customers(company, parts=1, part=0),
    ):  # fmt: skip
        with transaction.atomic():
            phase()


def project_rows(company: Company, *, batch_rows: int) -> tuple[int, int, int]:
    """Project the company's rows in batches of this many: rows read, quarantined, left out."""
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "ranges").sql, {"company": company.pk, "batch_rows": batch_rows})
        ranges = cursor.fetchall()
    read = quarantined = unidentified = 0
    for low, high in ranges:
        with transaction.atomic():
            outcome = project.write(Scope(company=company, low=low, high=high), batch_id=None)
        read, quarantined = read + outcome.rows, quarantined + outcome.quarantined
        unidentified += outcome.unidentified
    return read, quarantined, unidentified


def move(company: Company, *, batch_rows: int = 1_000) -> None:
    """The whole move of a company, change capture on, nothing left out."""
    capture.install()
    identify(company)
    _, _, unidentified = project_rows(company, batch_rows=batch_rows)
    assert unidentified == 0
    with transaction.atomic():
        finish(company)
    with connection.cursor() as cursor:
        # A run's sweep would find these applied: the rows were written before they were read.
        cursor.execute("DELETE FROM migration_outbox WHERE company_id = %s", [company.pk])


def proven(company: Company) -> Report:
    """Validation at every depth, which must pass."""
    report = validate(company)
    failed = [check for depth in report.depths for check in depth.checks if not check.passed]
    differences = [difference for depth in report.depths for difference in depth.differences]
    assert report.passed, (failed, differences[:10])
    return report


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of a legacy row: its link's flags and residue (as text), or why and where it is quarantined."""

    flags: frozenset[str] | None
    residue: str | None
    reason: str | None
    at: str | None


def fates(company: Company) -> dict[UUID, Fate]:
    """What became of every legacy row of the company; a row of which nothing became is missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.id, l.flags, l.residue::text, z.reason, z.field"
            "  FROM quotes q LEFT JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id"
            "  LEFT JOIN migration_quarantined_row z ON z.legacy_id = q.id AND z.company_id = q.company_id"
            " WHERE q.company_id = %s AND (l.legacy_id IS NOT NULL OR z.legacy_id IS NOT NULL)",
            [company.pk],
        )
        return {
            id: Fate(flags=None if flags is None else frozenset(flags), residue=residue, reason=reason, at=at)
            for id, flags, residue, reason, at in cursor.fetchall()
        }


def json_equal(one: str | None, other: str | None) -> bool:
    """Whether two JSON texts are equal as PostgreSQL compares them: numbers by value."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb IS NOT DISTINCT FROM %s::jsonb", [one, other])
        return bool(cursor.fetchone()[0])


def target_values(id: UUID, table: str, column: str) -> list[str | None]:
    """A column, as text, of the rows of a target table that belong to a legacy row; of several items the last."""
    order = "t.position DESC" if table == "quote_items_new" else "1"
    statement = (
        f"SELECT t.{column}::text FROM migration_legacy_link l JOIN {table} t ON {PLACES[table]} WHERE l.legacy_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY {order}", [id])
        return [value for (value,) in cursor.fetchall()]


def contents(companies: Sequence[Company], *, with_versions: bool = False) -> dict[str, list[Any]]:
    """Every row of every target table of these companies; with versions: each with its place and transaction, so that
    a row written again differs even where it says the same."""
    found: dict[str, list[Any]] = {}
    ids = [company.pk for company in companies]
    versions = "t.ctid::text || t.xmin::text || " if with_versions else ""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT {versions}to_jsonb(t)::text FROM {table} t WHERE t.company_id = ANY (%s) ORDER BY 1", [ids]
            )
            found[table] = [row for (row,) in cursor.fetchall()]
    return found
