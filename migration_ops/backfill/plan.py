"""Starts, resumes or takes over a run, and writes its batches, once."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import conf, transitions
from migration_ops.backfill import finish, list_indexes
from migration_ops.backfill import owner as owners
from migration_ops.backfill.decide import Decision, Task, decide
from migration_ops.backfill.guard import is_mostly_quarantined
from migration_ops.dual_write import capture
from migration_ops.exceptions import BadArgument, NoSuchRun, RunAlreadyActive, StageRefused
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import ACTIVE, BatchKind, BatchState, RunStatus, Stage


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a run began: None as run when there was nothing to do."""

    run: MigrationRun | None
    entered_dual_write: bool = False
    how: str = "nothing to do"


# What every run ends with, whatever it begins with.
AT_THE_END = (BatchKind.SWEEP, BatchKind.INDEXES, BatchKind.FINISH)

# Each of their batches does the part of the company that falls to its number.
IN_PARTS = (BatchKind.CONTACTS, BatchKind.CLUSTERS, BatchKind.CUSTOMERS)

OnStart = Callable[[Start], None]


def quiet(_start: Start) -> None:
    """Say nothing about how a run began."""


def start(company: Company, *, batch_rows: int, owner: str, is_enqueued: bool = False) -> Start:
    """Give the company a run that this owner drives: a new one, or the one that was left unfinished.

    Change capture is on before anything is read, so that nothing slips in behind the cursor.

    Raises:
        LegacySchemaDrift: the legacy table is not what the mirror says.
        StageRefused: the new side leads already; the backfill is over.
        RunAlreadyActive: somebody else drives the company's run.
        CaptureNotInstalled: the legacy table stayed locked by its writers.
        BadArgument: the batch size cannot be used.
    """
    check_batch_rows(batch_rows)
    ensure_no_drift()
    stage = transitions.stage_of(company)
    if stage not in (Stage.OFF, Stage.DUALWRITE, Stage.SHADOW):
        raise StageRefused(
            company=company.slug, stage=stage, why="the new tables lead, so there is nothing to copy from legacy"
        )
    refuse_if_active(company)
    capture.install()
    decision = decide(company)
    last = decision.last
    if last is not None and decision.task is Task.RESUME:
        return Start(run=_take_over(last, owner=owner, is_enqueued=is_enqueued), how=f"resumed run {last.pk}")
    if last is not None and decision.gives_up:
        _refuse_if_driven(last)  # somebody may have begun it since we looked
        _give_up(last, f"given up; the next run does {decision.task.value}")
    entered = transitions.enter_dual_write(company, actor=owners.in_words(owner))
    if decision.task is Task.NOTHING:
        return Start(run=None, entered_dual_write=entered)
    try:
        run = _plan(company, decision, batch_rows=batch_rows, owner=owner, is_enqueued=is_enqueued)
    except IntegrityError:
        # Somebody else planned in the same moment; the index of active runs let one through.
        _refuse_if_driven(MigrationRun.objects.get(company=company, status__in=ACTIVE))
        raise
    how = f"started run {run.pk}"
    if not run.batches.filter(kind=BatchKind.ROWS).exists():
        how += " to catch up with what changed since"
    return Start(run=run, entered_dual_write=entered, how=how)


def check_batch_rows(batch_rows: int) -> None:
    """Raises BadArgument for a batch size that cannot be used."""
    if not 1 <= batch_rows <= conf.MAX_BATCH_ROWS:
        raise BadArgument(argument="--batch-size", value=batch_rows, remedy=f"give 1 to {conf.MAX_BATCH_ROWS} rows")


def refuse_if_active(company: Company) -> None:
    """Raises RunAlreadyActive while somebody drives a run of the company."""
    for run in MigrationRun.objects.filter(company=company, status__in=ACTIVE):
        _refuse_if_driven(run)


def _refuse_if_driven(run: MigrationRun) -> None:
    is_driven = run.status in (RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.CANCELLING)
    if is_driven and not owners.is_idle(run):
        raise RunAlreadyActive(
            company=run.company.slug, run=run.pk, owner=owners.in_words(run.owner), age=owners.silent_s(run)
        )


def _give_up(run: MigrationRun, why: str) -> None:
    MigrationRun.objects.filter(pk=run.pk, generation=run.generation).update(
        status=RunStatus.CANCELLED, generation=F("generation") + 1, error=why, finished_at=timezone.now()
    )


def _take_over(run: MigrationRun, *, owner: str, is_enqueued: bool) -> MigrationRun:
    """Drive an unfinished run from here; a worker of the generation before writes nothing any more."""
    _refuse_if_driven(run)
    if run.status == RunStatus.CANCELLING:
        _give_up(run, "given up by a person")
        raise NoSuchRun(
            company=run.company.slug,
            verb="resume",
            why=f"run {run.pk} was being cancelled; start it again to begin a new one",
        )
    accepts = run.accepts_quarantine or (run.status == RunStatus.FAILED and is_mostly_quarantined(run))
    taken = MigrationRun.objects.filter(pk=run.pk, generation=run.generation, status=run.status).update(
        generation=F("generation") + 1, status=RunStatus.RUNNING, owner=owner, is_enqueued=is_enqueued,
        heartbeat_at=Now(), error="", accepts_quarantine=accepts,
    )  # fmt: skip
    run.refresh_from_db()
    if not taken:
        _refuse_if_driven(run)
        raise RunAlreadyActive(company=run.company.slug, run=run.pk, owner=owners.in_words(run.owner), age=0)
    return run


@transaction.atomic
def _plan(company: Company, decision: Decision, *, batch_rows: int, owner: str, is_enqueued: bool) -> MigrationRun:
    params: dict[str, Any] = {"company": company.pk, "batch_rows": batch_rows}
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "drop_early_changes").sql, params)
        cursor.execute(block("queries/plan.sql", "watermark").sql, params)
        rows, watermark = cursor.fetchone()
    run = MigrationRun.objects.create(
        company=company, mapping_version=conf.MAPPING_VERSION, is_enqueued=is_enqueued, rows_planned=rows,
        high_watermark=watermark, batch_rows=batch_rows, target_ms=conf.BATCH_TARGET_MS, owner=owner,
        started_at=timezone.now(), heartbeat_at=timezone.now(),
    )  # fmt: skip
    if decision.task is Task.ADOPT and decision.last is not None:
        _adopt(run, decision.last)
    elif decision.task is not Task.CATCH_UP:
        _write_batches(run, is_first=decision.task is Task.FIRST, rows=rows)
    # Where everything was copied once, only the sweep has something to do.
    _add(run, BatchKind.SWEEP, 1)
    _add(run, BatchKind.INDEXES, list_indexes.how_many_aside())
    _add(run, BatchKind.FINISH, finish.PARTS)
    return run


def _write_batches(run: MigrationRun, *, is_first: bool, rows: int) -> None:
    if is_first:
        # Later contacts are resolved one by one against the customers that exist by then.
        parts = 2 * ceil(rows / (2 * conf.CONTACT_PART_ROWS)) if rows > conf.CONTACT_PARTS_FROM_ROWS else 1
        _add(run, BatchKind.CONTACTS, parts)
        _add(run, BatchKind.IDENTITY, 1)
        _add(run, BatchKind.CLUSTERS, parts)
        _add(run, BatchKind.CUSTOMERS, parts)
    with connection.cursor() as cursor:
        cursor.execute(
            block("queries/plan.sql", "row_batches").sql,
            {"company": run.company_id, "run": run.pk, "batch_rows": run.batch_rows},
        )
        # Others write while this plans: progress is exact only against what the batches were cut from.
        run.rows_planned = sum(planned for (planned,) in cursor.fetchall())
    run.save(update_fields=["rows_planned"])
    if is_first:
        list_indexes.set_aside(run.rows_planned)


def _add(run: MigrationRun, kind: BatchKind, parts: int) -> None:
    MigrationBatch.objects.bulk_create(MigrationBatch(run=run, kind=kind, part=part) for part in range(parts))


def _adopt(run: MigrationRun, cancelled: MigrationRun) -> None:
    """Take over what a cancelled run left undone; its finished batches stay finished."""
    left = cancelled.batches.filter(state=BatchState.PENDING).exclude(kind__in=AT_THE_END)
    MigrationBatch.objects.bulk_create(
        MigrationBatch(run=run, kind=b.kind, part=b.part, low=b.low, high=b.high, rows=b.rows) for b in left
    )
    # Parts are placed by how many there are: keep the count alive in finished copies.
    done = cancelled.batches.filter(state=BatchState.DONE, kind__in=IN_PARTS)
    MigrationBatch.objects.bulk_create(
        MigrationBatch(run=run, kind=b.kind, part=b.part, state=BatchState.DONE, finished_at=b.finished_at)
        for b in done
    )
