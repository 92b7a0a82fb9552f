"""Runs the projection blocks over a batch of legacy rows: backfill, sweep, rehearsal and validation all call it.

`read` fills the work tables of the current transaction, `write` upserts what they project to. The
rules are in sql/projection/, one file a target table; nothing here knows a column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, LiteralString
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.models import Company
from migration_ops import conf
from migration_ops.exceptions import ProofFailed
from migration_ops.projection.reasons import CROSS_ROW_FLAGS
from migration_ops.sql.loader import Block, block, blocks

LOWEST = UUID(int=0)
HIGHEST = UUID(int=2**128 - 1)

# Regions whose people write 1,200 for twelve hundred; anywhere else a lone comma before three digits is a guess.
COMMA_GROUP_REGIONS = frozenset({"US", "CA", "GB", "IE", "AU", "NZ", "IN", "PH", "SG", "HK", "MX", "JM", "PR"})


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target table, the block that projects to it, the column its rows are known by, and the money it proves."""

    name: str
    table: str
    file: str
    key: str = "id"
    money: str | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """What a repeated row conflicts on; the CRM's primary keys hold the company too."""
        return (self.key, "company_id") if self.key == "id" else (self.key,)

    @property
    def block(self) -> Block:
        """The SELECT that gives the rows."""
        return block(self.file, self.name)


TARGETS = (
    Target(name="customers", table="customers_new", file="projection/customers.sql"),
    Target(name="contacts", table="customer_contacts", file="projection/customers.sql"),
    Target(name="addresses", table="customer_addresses", file="projection/customers.sql"),
    Target(name="leads", table="leads_new", file="projection/leads.sql"),
    Target(name="quotes", table="quotes_new", file="projection/quotes.sql", money="total"),
    Target(name="quote_items", table="quote_items_new", file="projection/quote_items.sql", money="total"),
    Target(name="jobs", table="jobs_new", file="projection/jobs.sql"),
    Target(name="invoices", table="invoices_new", file="projection/invoices.sql", money="amount_due"),
    Target(name="payments", table="payments", file="projection/payments.sql", money="amount"),
    Target(name="links", table="migration_legacy_link", file="projection/links.sql", key="legacy_id"),
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which legacy rows a batch is: a range of ids of one company, or a list of ids inside it."""

    company: Company
    low: UUID = LOWEST
    high: UUID = HIGHEST
    ids: Sequence[UUID] | None = None

    def params(self) -> dict[str, Any]:
        """The parameters every block shares."""
        return {
            "company": self.company.pk,
            "low": self.low,
            "high": self.high,
            "ids": list(self.ids) if self.ids is not None else None,
            "comma_groups": self.company.phone_region in COMMA_GROUP_REGIONS,
        }


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a batch read: rows (rejected ones among them, those left out not), how many of them have a customer of
    their own, and how many were left out because their contact or address is not known yet."""

    rows: int
    placeholders: int
    unidentified: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a batch did: rows read, migrated, quarantined, left for the sweep."""

    rows: int
    migrated: int
    quarantined: int
    unidentified: int


def execute(statement: Any, params: dict[str, Any]) -> int:
    """Run one statement of the batch; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def read(scope: Scope, *, is_locking: bool = True, is_skipping: bool = False) -> Found:
    """Fill the work tables with the rows of the scope, rejected ones taken out.

    Args:
        is_locking: lock the legacy rows FOR SHARE; comparisons, which write nothing, do without.
        is_skipping: leave rows out that somebody else has locked, instead of waiting for them.
    """
    params = scope.params()
    source = blocks("projection/source.sql")
    make_work_tables()
    # OFFSET 0 keeps the planner from computing the facts of a row again for each use, as the lock clause does.
    statement = source["read"].sql if is_locking else source["read"].sql.replace("FOR SHARE OF q", "OFFSET 0")
    if is_skipping:
        statement = statement.replace("FOR SHARE OF q", "FOR SHARE OF q SKIP LOCKED")
    rows, placeholders, unidentified, suspect = _row(statement, params)
    odd_items, suspect_items = _row(source["read_items"].sql, params)
    if odd_items:
        execute(source["read_odd_items"].sql, {})
    if (suspect or suspect_items) and execute(source["screen"].sql, {}):
        execute(source["drop_rejected"].sql, {})
        execute(source["drop_rejected_items"].sql, {})
        execute(source["drop_rejected_odd_items"].sql, {})
    # After the screen: a row that waits whole needs no contact, and the contacts of such rows are not kept.
    if unidentified and is_locking:
        execute(source["put_off_unidentified"].sql, {})
    left_out = execute(source["drop_unidentified"].sql, {}) if unidentified else 0
    if left_out:
        execute(source["drop_unidentified_items"].sql, {})
    return Found(rows=rows - left_out, placeholders=placeholders, unidentified=left_out)


def write(
    scope: Scope,
    *,
    batch_id: int | None,
    actor: str = "backfill",
    is_retry: bool = False,
    is_locking: bool = True,
    is_skipping: bool = False,
) -> Outcome:
    """Project the scope's rows and write them, with links and quarantine entries, in the caller's transaction.

    Rows that are written already are left alone where nothing changed, and brought up to date where
    something did: what a row no longer projects to is removed.

    Args:
        is_retry: rows may stand there without a link; write them over instead of failing on them.
        is_locking: lock the legacy rows; a rehearsal, which is rolled back, does without.
        is_skipping: leave locked rows out; only where the sweep comes back to them by itself.
    Raises:
        ProofFailed: the new tables do not hold what the batch read.
    """
    params = scope.params() | {"mapping_version": conf.MAPPING_VERSION, "batch": batch_id, "actor": actor}
    execute(block("identity/late.sql", "hold_merges").sql, params)
    found = read(scope, is_locking=is_locking, is_skipping=is_skipping)
    stale = blocks("projection/stale.sql")
    is_known = execute(stale["mark_known"].sql, params) > 0
    if is_known or is_retry:
        run_all(stale, "remove_stale", params)
        for target in TARGETS:
            execute(upsert(target), params)
        run_all(stale, "remove_placeholder", params)
        _prove(_rows("proof", {}))
    else:
        # Only placeholders have a customer that comes with its row.
        targets = [target for target in TARGETS if found.placeholders or target.file != "projection/customers.sql"]
        written = {target.name: _row(insert(target), params) for target in targets}
        _prove((what, expected, written[target][place]) for what, target, place, expected in _rows("expected", {}))
    quarantine = blocks("projection/quarantine.sql")
    quarantined = _count_rejected()
    if quarantined:
        execute(quarantine["quarantine"].sql, params)
    if scope.ids is not None:
        execute(quarantine["gone"].sql, params)
    if _has_open_quarantine(scope.company.pk):
        execute(quarantine["resolve"].sql, params)
    return Outcome(
        rows=found.rows, migrated=found.rows - quarantined, quarantined=quarantined, unidentified=found.unidentified
    )


def make_work_tables() -> None:
    """The session's work tables, where they are not there yet."""
    for table in blocks("projection/work_tables.sql").values():
        execute(table.sql, {})


def empty_work_tables() -> None:
    """Make room for another batch in the same transaction, whether or not it has projected rows before."""
    make_work_tables()
    execute("TRUNCATE batch_deal, batch_item, batch_odd_item, batch_reject, batch_known", {})


def run_all(stale: dict[str, Block], prefix: str, params: dict[str, Any]) -> None:
    """Run the blocks whose name begins so, in the order of their names."""
    for name in sorted(name for name in stale if name.startswith(prefix)):
        execute(stale[name].sql, params)


def _scalar(statement: LiteralString, params: Sequence[Any] = ()) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def _count_rejected() -> int:
    return int(_scalar("SELECT count(DISTINCT legacy_id) FROM batch_reject"))


def _has_open_quarantine(company: UUID) -> bool:
    return bool(
        _scalar(
            "SELECT EXISTS (SELECT FROM migration_quarantined_row"
            " WHERE company_id = %s AND resolution IN ('', 'waived'))",
            [company],
        )
    )


def _rows(name: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(block("projection/proof.sql", name).sql, params)
        return list(cursor.fetchall())


def _row(statement: str, params: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return tuple(cursor.fetchone())


def _columns(target: Target) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, target.block.columns))


@cache
def insert(target: Target) -> str:
    """The statement of a first pass: it writes a target's rows and gives their number and money as they were stored."""
    return (
        sql.SQL(
            "WITH written AS (INSERT INTO {table} ({columns}) {rows} RETURNING {money} AS money)"
            " SELECT count(*), sum(money) FROM written"
        )
        .format(
            table=sql.Identifier(target.table),
            columns=_columns(target),
            rows=sql.SQL(target.block.sql),
            money=sql.Identifier(target.money) if target.money else sql.SQL("NULL::numeric"),
        )
        .as_string(None)
    )


@cache
def upsert(target: Target) -> str:
    """The statement that writes a target's rows over those that are there, and leaves unchanged ones alone."""
    columns = target.block.columns
    changing = [column for column in columns if column not in (*target.primary_key, *_KEPT.get(target.name, ()))]
    table = sql.Identifier(target.table)
    new = {column: sql.SQL("EXCLUDED.{}").format(sql.Identifier(column)) for column in changing}
    if target.name == "links":
        # Flags that depend on other rows are set when the run ends; the row's own projection keeps them.
        new["flags"] = sql.SQL(
            "EXCLUDED.flags || ARRAY(SELECT f FROM unnest(migration_legacy_link.flags) AS f WHERE f = ANY ({}::text[]))"
        ).format(sql.Literal([str(flag) for flag in CROSS_ROW_FLAGS]))
    compared = [column for column in changing if column != "batch_id"]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) {rows} ON CONFLICT ({key}) DO UPDATE SET {sets}"
        " WHERE ({old}) IS DISTINCT FROM ({new})"
    ).format(
        table=table,
        columns=_columns(target),
        rows=sql.SQL(target.block.sql),
        key=sql.SQL(", ").join(map(sql.Identifier, target.primary_key)),
        sets=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(column), new[column]) for column in changing),
        old=sql.SQL(", ").join(sql.SQL("{}.{}").format(table, sql.Identifier(column)) for column in compared),
        new=sql.SQL(", ").join(new[column] for column in compared),
    )
    return statement.as_string(None)


# Columns a re-projection never takes back: what a person or a later write made of them stands.
_KEPT = {"customers": ("name", "email", "phone"), "contacts": ("customer_id",), "addresses": ("is_primary",)}


def _prove(figures: Iterable[tuple[str, Any, Any]]) -> None:
    """Compare what the batch read with what the tables hold, by counts and sums.

    Raises:
        ProofFailed: names the first figure that differs.
    """
    for what, expected, found in figures:
        if expected != found:
            raise ProofFailed(what=what, expected=expected, found=found)
