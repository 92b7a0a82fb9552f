"""What both sides of a company hold at one moment: rows, sums and a checksum of each table."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from migration_ops.sessions import another_session

LEGACY = "quotes"
# Each table with the amounts that are summed.
AMOUNTS: dict[str, tuple[str, ...]] = {
    LEGACY: ("subtotal", "discount_amount", "tax_amount", "total"),
    "customers_new": (), "customer_contacts": (), "customer_addresses": (), "leads_new": (), "quotes_new": ("total",),
    "quote_items_new": ("total",), "jobs_new": (), "invoices_new": ("amount_due", "amount_paid"),
    "payments": ("amount",), "migration_legacy_link": (), "migration_quarantined_row": (),
}  # fmt: skip
# As of a backup's tables: the order of rows does not matter, their number and every letter do.
CHECKSUM = """
count(*), coalesce(sum(('x' || left(m, 16))::bit(64)::bigint::numeric), 0)::text || ':'
          || coalesce(sum(('x' || right(m, 16))::bit(64)::bigint::numeric), 0)::text
"""


def figures_of(company: UUID, tables: Iterable[str] = tuple(AMOUNTS)) -> dict[str, dict[str, Any]]:
    """Rows, checksum and sums (as text, no digit lost) of these tables, all of one snapshot."""
    with another_session() as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        plainly(session)
        return {table: of_table(session, table, company) for table in tables}


def plainly(session: psycopg.Connection) -> None:
    """Texts of rows in one way, whatever the role's settings are; until the session ends."""
    for name, value in (
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("extra_float_digits", "1"),
    ):
        session.execute("SELECT set_config(%s, %s, false)", [name, value])  # fmt: skip


def of_table(session: psycopg.Connection, table: str, company: UUID) -> dict[str, Any]:
    """One table's figures, as the session's transaction sees them."""
    amounts = AMOUNTS[table]
    sums = [sql.SQL(", sum({})::text").format(sql.Identifier(name)) for name in amounts]
    inner = [sql.SQL(", t.{}").format(sql.Identifier(name)) for name in amounts]
    hashed = "SELECT {} {} FROM (SELECT md5(t::text) AS m {} FROM {} t WHERE t.company_id = {}) AS hashed"
    statement = sql.SQL(hashed).format(
        sql.SQL(CHECKSUM), sql.Composed(sums), sql.Composed(inner), sql.Identifier(table), sql.Literal(company)
    )  # fmt: skip
    rows, checksum, *totals = session.execute(statement).fetchone() or (0, "")
    return {"rows": rows, "checksum": checksum, "sums": dict(zip(amounts, totals, strict=True))}
