"""One batch in one transaction: claim, do, prove, count, fence. Killed anywhere, it either happened or it did not."""

import time
from enum import Enum

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill import finish, guard, list_indexes, sweep
from migration_ops.backfill.pieces import split_to_fit
from migration_ops.dual_write import fence
from migration_ops.exceptions import ContactUnresolved, MigrationOpsError, RunStopped, RunTakenOver
from migration_ops.identity.customers import write_customers
from migration_ops.identity.resolve import decide_clusters, find_components
from migration_ops.identity.stage import stage_contacts
from migration_ops.models import MigrationBatch, MigrationRun, OutboxEntry
from migration_ops.projection import project
from migration_ops.projection.project import HIGHEST, LOWEST, Scope
from migration_ops.sql.loader import block
from migration_ops.stages import NEW_SIDE_LEADS, PHASES, BatchKind, BatchState, RunStatus, kinds_in

# Somebody else was in the way; the same batch may succeed a moment later.
RETRYABLE = {"40001", "40P01", "55P03", "57014"}
# Not the row's fault: resources (53), operator (57P), system (58), connection (08), internal (XX).
SERVER_TROUBLE = ("53", "57P", "58", "08", "XX")
# Rows stand there already, without a link: the second attempt writes them over.
UNIQUE_VIOLATION = "23505"
LOCK_TIMEOUT = "55P03"


PARTS = {
    BatchKind.CONTACTS: stage_contacts,
    BatchKind.CLUSTERS: decide_clusters,
    BatchKind.CUSTOMERS: write_customers,
}


class Step(Enum):
    """What a worker found."""

    DONE = "a batch was done"
    WAIT = "other workers hold the last batches of the phase, or a stage move the company"
    END = "nothing is left to do"


def run_step(run_id: int, generation: int, worker: str) -> Step:
    """Do the run's next batch.

    Raises:
        RunTakenOver: a newer generation drives the run; nothing was written.
        RunStopped: too much is quarantined, or a batch that cannot be halved keeps failing.
    """
    run = MigrationRun.objects.select_related("company").get(pk=run_id)
    if run.generation != generation:
        raise RunTakenOver(run=run_id, generation=generation)
    if run.status == RunStatus.FINISHED:
        return Step.END
    batch_id: int | None = None
    is_split = False
    try:
        with transaction.atomic():
            fence.bound_waits(lock_ms=conf.LOCK_TIMEOUT_MS, statement_ms=conf.STATEMENT_TIMEOUT_MS)
            _hold_stage(run)
            batch_id = _claim(run)
            if batch_id is not None:
                _ensure_driven(run_id, generation)
                batch = MigrationBatch.objects.get(pk=batch_id)
                is_split = split_to_fit(run, batch)
                if not is_split:
                    _do(run, batch, worker)
                _fence(run_id, generation)
    except (DatabaseError, MigrationOpsError) as error:
        if batch_id is None and getattr(error.__cause__, "sqlstate", None) == LOCK_TIMEOUT:
            return Step.WAIT  # somebody moves the company's stage, which takes a moment
        if batch_id is None or isinstance(error, (RunTakenOver, RunStopped)) or not connection.is_usable():
            raise
        _recover(run, generation, batch_id, error)
        return Step.DONE
    if is_split:
        return run_step(run_id, generation, worker)  # its first piece, or the next of the other workers' leavings
    if batch_id is not None:
        guard.stop_if_mostly_quarantined(run, generation)
        return Step.DONE
    return _next_phase(run, generation)


def _hold_stage(run: MigrationRun) -> None:
    """The company's stage stays what it is for the batch, and what the batch writes is the mirror's.

    Raises:
        RunStopped: the new tables lead by now.
    """
    stage = fence.enter(run.company_id)
    if stage in NEW_SIDE_LEADS:
        raise RunStopped(reason=f"run {run.pk} stopped: company {run.company.slug} is {stage}, the new tables lead")
    fence.mark()


def _claim(run: MigrationRun) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "claim").sql, {"run": run.pk, "kinds": list(kinds_in(run.phase))})
        row = cursor.fetchone()
    return row[0] if row else None


def _ensure_driven(run_id: int, generation: int) -> None:
    """Begin nothing the fence would throw away: the run may have been paused between our look at it and the claim.

    Whoever pauses it locks all pending batches first, so a batch claimed while this still says yes keeps it from that.
    """
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "is_driven").sql, {"run": run_id, "generation": generation})
        if cursor.fetchone() is None:
            raise RunTakenOver(run=run_id, generation=generation)


def _fence(run_id: int, generation: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            block("queries/plan.sql", "fence").sql,
            {"run": run_id, "generation": generation, "standstill": f"{conf.STANDSTILL_MS}ms"},
        )
        if cursor.fetchone() is None:
            raise RunTakenOver(run=run_id, generation=generation)


def _do(run: MigrationRun, batch: MigrationBatch, worker: str) -> None:
    """The batch's work and its checkpoint, in the caller's transaction."""
    started = time.monotonic()
    company: Company = run.company
    is_done = True
    if batch.kind in PARTS:
        parts = run.batches.filter(kind=batch.kind).exclude(state=BatchState.SPLIT).count()
        PARTS[BatchKind(batch.kind)](company, parts=parts, part=batch.part)
    elif batch.kind == BatchKind.IDENTITY:
        find_components(company)
    elif batch.kind == BatchKind.ROWS:
        scope = Scope(company=company, low=batch.low or LOWEST, high=batch.high or HIGHEST)
        is_retry = batch.attempts > 0
        outcome = project.write(
            scope, batch_id=batch.pk, is_retry=is_retry, is_skipping=not is_retry and not _is_known(scope)
        )
        batch.migrated, batch.quarantined = outcome.migrated, outcome.quarantined
    elif batch.kind == BatchKind.INDEXES:
        list_indexes.put_back(most=1)
    elif batch.kind == BatchKind.SWEEP:
        is_done = sweep.sweep_slice(company, batch)
    else:
        if not run.batches.filter(kind=BatchKind.INDEXES, state=BatchState.PENDING).exists():
            list_indexes.put_back()  # where another run that was building one has ended without it
        finish.finish_part(company, batch.part)
    batch.worker = worker
    batch.attempts, batch.error = (batch.attempts, batch.error) if is_done else (0, "")
    if is_done:
        batch.state, batch.finished_at = BatchState.DONE, timezone.now()
    batch.duration_ms = (batch.duration_ms or 0) + round((time.monotonic() - started) * 1000)
    batch.save()


def _is_known(scope: Scope) -> bool:
    """Whether a row of the range has a link or a quarantine entry.

    In a range that has none, locked rows are skipped: they stay pending, and the sweep looks for exactly such rows. A
    row with a link is not looked for again, so its batch waits for it; so does a retry, whose rows may stand there
    without a link and need to be written over, which the sweep does not do.
    """
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "is_known").sql, scope.params())
        return bool(cursor.fetchone()[0])


def _next_phase(run: MigrationRun, generation: int) -> Step:
    """Move the run to its next phase when the last batch of this one is committed."""
    if run.batches.filter(kind__in=kinds_in(run.phase), state=BatchState.PENDING).exists():
        return Step.WAIT
    # A run of an older version may stand at its indexes, which came before its sweep.
    place = PHASES.index(BatchKind.ROWS if run.phase == BatchKind.INDEXES else BatchKind(run.phase)) + 1
    if place == len(PHASES):
        if _catch_up_again(run, generation):
            return Step.DONE
        MigrationRun.objects.filter(
            pk=run.pk, generation=generation, status__in=(RunStatus.RUNNING, RunStatus.PAUSING)
        ).update(status=RunStatus.FINISHED, finished_at=timezone.now(), heartbeat_at=timezone.now())
        return Step.END
    MigrationRun.objects.filter(pk=run.pk, phase=run.phase, generation=generation).update(phase=PHASES[place])
    if PHASES[place] == BatchKind.ROWS:
        with transaction.atomic(), connection.cursor() as cursor:
            fence.bound_waits(lock_ms=0, statement_ms=0)
            for name in ("quick_figures", "analyze_customers"):
                cursor.execute(block("queries/plan.sql", name).sql)
    return Step.DONE


def _catch_up_again(run: MigrationRun, generation: int) -> bool:
    """Whether rows changed while the run was finishing: then it catches up once more, a bounded number of times,
    because a writer that never rests would keep it for ever."""
    rounds = run.batches.filter(kind=BatchKind.SWEEP).count()
    waiting = OutboxEntry.objects.filter(company_id=run.company_id, state=OutboxEntry.State.PENDING)
    if rounds >= conf.CATCH_UP_ROUNDS or not waiting.exists():
        return False
    with transaction.atomic():
        if MigrationRun.objects.filter(pk=run.pk, phase=run.phase, generation=generation).update(phase=BatchKind.SWEEP):
            MigrationBatch.objects.create(run=run, kind=BatchKind.SWEEP, part=rounds)
            for part in range(finish.PARTS):
                MigrationBatch.objects.create(run=run, kind=BatchKind.FINISH, part=rounds * finish.PARTS + part)
    return True


def _recover(run: MigrationRun, generation: int, batch_id: int, error: Exception) -> None:
    """A failed batch: try it again where others were in the way, halve it where a row is, quarantine that row alone.

    Raises:
        RunStopped: nothing of that helps.
    """
    code = getattr(error.__cause__, "sqlstate", None)
    message = " ".join(str(error).split())
    with transaction.atomic():
        fence.mark()
        batch = MigrationBatch.objects.select_for_update().get(pk=batch_id)
        if batch.state != BatchState.PENDING:
            return
        batch.attempts += 1
        failures = batch.attempts
        batch.error = message[:2000]
        batch.save(update_fields=["attempts", "error"])
        if (code in RETRYABLE and batch.attempts < conf.BATCH_ATTEMPTS) or (
            code == UNIQUE_VIOLATION and batch.attempts == 1
        ):
            pause_s = 0.05 * 2**batch.attempts
        elif code is not None and code.startswith(SERVER_TROUBLE):
            pause_s = -1.0
        elif isinstance(error, ContactUnresolved):
            # A row may have changed between its resolution and its reading; what comes back is a defect of ours.
            pause_s = 0.05 if failures < conf.BATCH_ATTEMPTS else -1.0
            if pause_s < 0:
                # Started again, the slice begins anew: it must not shrink to a row that then takes the blame.
                batch.attempts = 0
                batch.save(update_fields=["attempts"])
        elif batch.kind == BatchKind.ROWS:
            sweep.halve(run.company, batch, message, is_locked=code in RETRYABLE)
            pause_s = 0.0
        elif (
            batch.kind in (BatchKind.INDEXES, BatchKind.SWEEP, BatchKind.FINISH)
            and batch.attempts < conf.SWEEP_ATTEMPTS
        ):
            pause_s = 0.05
        else:
            pause_s = -1.0
        _fence(run.pk, generation)
    if pause_s < 0:
        MigrationRun.objects.filter(pk=run.pk, generation=generation).update(
            status=RunStatus.FAILED, error=message[:2000]
        )
        raise RunStopped(
            reason=f"run {run.pk} stopped: {batch.get_kind_display().lower()} failed {failures} times: {message}"
        )
    time.sleep(pause_s)
