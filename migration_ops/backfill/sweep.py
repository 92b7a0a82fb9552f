"""What the batches left: rows changed or written since, rows put off; and rows the database refuses, one by one."""

from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.exceptions import ContactUnresolved
from migration_ops.identity.late import hold_rows, resolve_late
from migration_ops.models import MigrationBatch, OutboxEntry
from migration_ops.projection import project
from migration_ops.projection.project import HIGHEST, Scope
from migration_ops.sql.loader import block, blocks
from migration_ops.sql.planning import one_by_one
from migration_ops.stages import BatchKind, BatchState

# PostgreSQL's words for an error that is nobody's row's; a batch keeps the words alone.
SOMEBODY_IN_THE_WAY = ("lock timeout", "deadlock detected")


def sweep_slice(company: Company, batch: MigrationBatch) -> bool:
    """Settle some of the company's waiting rows, inside the caller's transaction.

    Rows with neither link nor quarantine entry come first (`batch.low` is the cursor over them), then links whose
    row is gone (`batch.high` is set when those are done), then captured changes. A slice that failed before is
    smaller; a row that fails alone is set aside.

    Returns:
        True when nothing was left at the moment of looking: what others write later is for another sweep, or a
        writer that never rests would keep this one for ever.
    """
    size: int = max(1, conf.SWEEP_ROWS // 10**batch.attempts)
    ids: list[UUID] = []
    if batch.low != HIGHEST:
        ids = _unsettled(company, batch.low, size)
        batch.low = ids[-1] if len(ids) == size else HIGHEST
    if batch.high is None and len(ids) < size:
        orphans = _ids(company, "orphaned_links", {"most": size - len(ids)})
        batch.high = HIGHEST if len(ids) + len(orphans) < size else None
        ids += orphans
    entries, changed = _changes(company, size - len(ids)) if len(ids) < size else ([], [])
    is_last: bool = len(ids) + len(entries) < size
    ids = sorted({*ids, *changed})
    if not ids:
        return is_last
    is_row_s_fault = not any(words in batch.error for words in SOMEBODY_IN_THE_WAY)
    if size == 1 and 10**batch.attempts > conf.SWEEP_ROWS and is_row_s_fault:
        set_aside(company, ids[0], batch.error, batch_id=batch.pk)
        batch.quarantined += 1
    else:
        outcome = settle(company, ids, batch_id=batch.pk)
        batch.migrated += outcome.migrated
        batch.quarantined += outcome.quarantined
    OutboxEntry.objects.filter(pk__in=entries).delete()
    return is_last


def settle(
    company: Company, ids: list[UUID], *, batch_id: int | None, actor: str = "sweep", is_retry: bool = False,
    is_locking: bool = True,
) -> project.Outcome:  # fmt: skip
    """Bring the deals of these legacy ids to what their rows say now, new contacts included; rows that are gone
    are removed. In the caller's transaction.

    Args:
        is_retry: rows may stand there without a link, and are written over.
        is_locking: hold the legacy rows; not inside a stage move, whose writers all wait, perhaps with rows locked.
    Raises:
        ContactUnresolved: a row's contact could not be resolved (a defect, never the row's fault).
    """
    scope = Scope(company=company, ids=ids, low=min(ids), high=max(ids))
    with one_by_one(len(ids)):
        held = hold_rows(ids) if is_locking else []
        for _ in range(conf.BATCH_ATTEMPTS):
            project.empty_work_tables()
            resolve_late(company, ids)
            outcome = project.write(scope, batch_id=batch_id, actor=actor, is_retry=is_retry, is_locking=is_locking)
            if not outcome.unidentified:
                return outcome
            # A row written anew after it was looked for: now it is held too.
            before, held = held, hold_rows(ids) if is_locking else []
            if held == before:
                break
    raise ContactUnresolved(rows=outcome.unidentified, company=company.slug)


def set_aside(company: Company, id: UUID, message: str, *, batch_id: int) -> None:
    """Quarantine one row that the database refuses, with the database's words."""
    scope = Scope(company=company, ids=[id], low=id, high=id)
    params = scope.params() | {"id": id, "message": message, "mapping_version": conf.MAPPING_VERSION, "batch": batch_id}
    project.make_work_tables()
    project.execute(block("queries/plan.sql", "reject_one").sql, params)
    stale = blocks("projection/stale.sql")
    if project.execute(stale["mark_known"].sql, params):
        project.run_all(stale, "remove_stale", params)
    project.execute(block("projection/quarantine.sql", "quarantine").sql, params)


def halve(company: Company, batch: MigrationBatch, message: str, *, is_locked: bool) -> None:
    """Put two halves in a failed batch's place; a single row is quarantined, or put off while it is locked.

    The halves share the planned rows, so that progress stays exact.
    """
    params: dict[str, Any] = {"company": company.pk, "low": batch.low, "high": batch.high}
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "middle").sql, params)
        rows, middle = cursor.fetchone()
    if rows > 1:
        first = batch.rows // 2
        for low, high, planned in ((batch.low, middle, first), (_after(middle), batch.high, batch.rows - first)):
            MigrationBatch.objects.create(
                run=batch.run, kind=BatchKind.ROWS, part=batch.part, low=low, high=high, rows=planned,
                # Somebody who kept a row locked that long keeps it: each half is tried once, not as often again.
                attempts=conf.BATCH_ATTEMPTS - 1 if is_locked else 0,
            )  # fmt: skip
        batch.state = BatchState.SPLIT
    else:
        if rows and not is_locked:
            set_aside(company, middle, message, batch_id=batch.pk)
            batch.quarantined = 1
        batch.state = BatchState.DONE  # a locked row stays pending: the sweep comes back to it
    batch.save()


def _after(id: UUID) -> UUID:
    return UUID(int=id.int + 1)


def _changes(company: Company, most: int) -> tuple[list[int], list[UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "changes").sql, {"company": company.pk, "most": most})
        rows = cursor.fetchall()
    return [entry for entry, _ in rows], sorted({id for _, id in rows})


def _unsettled(company: Company, after: UUID | None, most: int) -> list[UUID]:
    return _ids(company, "unsettled", {"after": after, "most": most})


def _ids(company: Company, name: str, params: dict[str, Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", name).sql, {"company": company.pk, **params})
        return [id for (id,) in cursor.fetchall()]
