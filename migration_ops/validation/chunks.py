"""A company's legacy ids in chunks, each compared in one transaction that sees both sides at one moment.

A chunk depends on nothing but its range, and its tallies add up: other processes may share the chunks.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.projection.project import HIGHEST, LOWEST, Scope, empty_work_tables, execute, read
from migration_ops.sql.loader import block
from migration_ops.validation import checksums, fields, roundtrip
from migration_ops.validation.query import rows
from migration_ops.validation.report import PENDING_NAMED, Depth, Difference, Kind, Tally

SQL = "validation/chunks.sql"
LINKS = "migration_legacy_link"
CHUNKED = {Depth.CHECKSUM: checksums.compare, Depth.FIELDS: fields.compare, Depth.ROUNDTRIP: roundtrip.compare}
PROJECTED = {Depth.CHECKSUM, Depth.FIELDS}

Settle = Callable[[Company], AbstractContextManager[None]]

RECHECK_ROWS = 200
"""Differing rows of a chunk that may be rows in flight; more than that is no coincidence of the moment."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A range of legacy ids, both ends included, and the rows it had when it was planned."""

    low: UUID
    high: UUID
    rows: int


@contextmanager
def snapshot() -> Iterator[None]:
    """One transaction that sees one moment and leaves nothing behind; inside another one, a savepoint of it."""
    is_nested = connection.in_atomic_block
    with transaction.atomic():
        if not is_nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                # Compiling costs more than it saves where every chunk is planned anew.
                cursor.execute("SET LOCAL jit = off")
        else:
            empty_work_tables()
        yield
        if is_nested:
            transaction.set_rollback(True)  # the work tables are again what they were


def plan(company: Company, *, chunk_rows: int) -> list[Chunk]:
    """The company's chunks; together they cover every id there can be, so that no row is between two."""
    with snapshot():
        ends = rows(SQL, "plan", {"company": company.pk, "chunk_rows": chunk_rows})
    chunks = []
    low, before = LOWEST, 0
    for high, upto in ends:
        last = HIGHEST if (high, upto) == ends[-1] or high is None else high
        chunks.append(Chunk(low=low, high=last, rows=upto - before))
        low, before = UUID(int=min(last.int + 1, HIGHEST.int)), upto
    return chunks or [Chunk(low=LOWEST, high=HIGHEST, rows=0)]


def check_chunk(
    company: Company, chunk: Chunk, depths: Collection[Depth], *, settle: Settle | None = None
) -> dict[Depth, Tally]:
    """Compare one chunk at each of the depths.

    Rows that differ may be in the middle of a change: they are read again a moment later. One that still
    differs while a captured change of it waits to be applied is pending, not different; where a moment can be made in
    which nothing waits (`settle`), it is looked at in that.
    """
    scope = Scope(company=company, low=chunk.low, high=chunk.high)
    tallies = compare_now(scope, depths)
    suspects = _suspects(tallies)
    if not suspects or (len(suspects) > RECHECK_ROWS and not _late(tallies)):
        return tallies
    time.sleep(conf.RECHECK_MS / 1000)
    again = compare_now(replace(scope, ids=sorted(suspects)), depths)
    if settle is not None and _late(again):
        again = compare_now(replace(scope, ids=sorted(suspects)), depths, moment=settle(company))
    pending, settled = {depth: tally.late for depth, tally in again.items()}, again
    while _late(settled):
        # Each look without the rows that waited at the one before: what is left differs though nothing of it waits.
        settled = compare_now(replace(scope, ids=sorted(_suspects(settled) - _late(settled))), depths)
        pending = {depth: late | settled[depth].late for depth, late in pending.items()}
    for depth, tally in tallies.items():
        # Rows that were nowhere at the first look and are right now have been compared.
        tally.rows_checked += tally.absent - settled[depth].absent - len(pending[depth])
        tally.pending, tally.absent = len(pending[depth]), settled[depth].absent
        tally.pending_ids = sorted(pending[depth])[:PENDING_NAMED]
        tally.counts, tally.differences = settled[depth].counts, settled[depth].differences
        tally.seconds += again[depth].seconds
    return tallies


def _suspects(tallies: dict[Depth, Tally]) -> set[UUID]:
    return set().union(*(tally.suspects for tally in tallies.values()))


def _late(tallies: dict[Depth, Tally]) -> set[UUID]:
    return set().union(*(tally.late for tally in tallies.values()))


def compare_now(
    scope: Scope, depths: Collection[Depth], *, moment: AbstractContextManager[None] | None = None
) -> dict[Depth, Tally]:
    """Compare what the scope says at this moment, at each of the depths; inside a transaction, what that one sees.

    Args:
        moment: the snapshot to look at; one of its own without.
    """
    tallies: dict[Depth, Tally] = {}
    params = scope.params() | {"mapping_version": conf.MAPPING_VERSION, "batch": None}
    with moment or snapshot():
        expected = rows(SQL, "legacy_rows", params)[0][0]
        started = time.monotonic()
        checked, unplaced = _project(scope, params) if PROJECTED & set(depths) else (expected, [])
        for depth in depths:
            tally = Tally(rows_expected=expected, rows_checked=checked)
            CHUNKED[depth](tally, params, unplaced)
            # The projection is read once for all depths; the first of them is charged with it.
            tally.seconds, started = time.monotonic() - started, time.monotonic()
            tallies[depth] = tally
        # Asked in the same snapshot: a moment later what waited may be applied, and the row would pass for different.
        late = _pending(scope.company, _suspects(tallies))
    for tally in tallies.values():
        tally.late = late & tally.suspects
    return tallies


def _project(scope: Scope, params: dict[str, Any]) -> tuple[int, list[Difference]]:
    """Fill the work tables; rows read, and the rows the projection could not place."""
    found = read(scope, is_locking=False)
    if execute(block(SQL, "set_aside").sql, params):
        execute(block(SQL, "set_aside_items").sql, params)
    unplaced = [_unplaced(*row) for row in rows(SQL, "unidentified", params)] if found.unidentified else []
    return found.rows + found.unidentified, unplaced


def _unplaced(
    id: UUID,
    is_linked: bool,
    is_contact: bool,
    contact: str,
    address: str | None,
    linked: str,
    linked_address: str | None,
) -> Difference:
    if not is_linked:
        return Difference(kind=Kind.MISSING, table=LINKS, row_id=id, legacy_id=id, expected=contact)
    column, expected, found = ("contact", contact, linked) if is_contact else ("address", address, linked_address)
    return Difference(
        kind=Kind.MISMATCHED, table=LINKS, row_id=id, legacy_id=id, column=column, expected=expected, found=found
    )


def _pending(company: Company, ids: set[UUID]) -> set[UUID]:
    """Which of the rows have a captured change that is not applied yet."""
    if not ids:
        return set()
    return {id for (id,) in rows(SQL, "pending", {"company": company.pk, "ids": list(ids)})}
