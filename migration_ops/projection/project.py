"""Runs the projection blocks over a batch of legacy rows: backfill, sweep, rehearsal and validation all call it.

`read` fills the work tables of the current transaction, `write` upserts what they project to. The
rules are in sql/projection/, one file a target table; nothing here knows a column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.exceptions import ProofFailed
from migration_ops.projection import first_pass
from migration_ops.projection.targets import PEOPLE, TARGETS, insert, upsert
from migration_ops.sql.loader import Block, block, blocks

LOWEST = UUID(int=0)
HIGHEST = UUID(int=2**128 - 1)

# Regions whose people write 1,200 for twelve hundred; anywhere else a lone comma before three digits is a guess.
COMMA_GROUP_REGIONS = frozenset({"US", "CA", "GB", "IE", "AU", "NZ", "IN", "PH", "SG", "HK", "MX", "JM", "PR"})


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
        _prove(_rows("proof"))
    else:
        if found.placeholders:  # the only customers that come with their rows
            for target in PEOPLE:
                execute(insert(target), params)
        written = first_pass.write_new(params, rows=found.rows)
        _prove((what, expected, written.targets[target][place]) for what, target, place, expected in _rows("expected"))
        _prove((f"rows without their counterpart by {name}", 0, rows) for name, rows in written.dangling.items())
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


def _rows(name: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(block("projection/proof.sql", name).sql)
        return list(cursor.fetchall())


def _row(statement: str, params: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return tuple(cursor.fetchone())


def _prove(figures: Iterable[tuple[str, Any, Any]]) -> None:
    """Compare what the batch read with what the tables hold, by counts and sums.

    Raises:
        ProofFailed: names the first figure that differs.
    """
    for what, expected, found in figures:
        if expected != found:
            raise ProofFailed(what=what, expected=expected, found=found)
