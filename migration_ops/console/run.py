"""One run while it goes on: all its page shows."""

from dataclasses import dataclass

from migration_ops import conf, transitions
from migration_ops.backfill import owner as owners
from migration_ops.backfill.progress import Progress, progress_of
from migration_ops.backfill.rehearse import forecast_of
from migration_ops.console.dashboard import SQL
from migration_ops.cutover.offered import STEER, Offer, offers
from migration_ops.models import MigrationRun
from migration_ops.stages import ACTIVE, BatchKind, RunStatus, kinds_in
from migration_ops.validation.query import rows

CELLS = 240


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Some batches beside each other: how many, done, tried again; their rows, and those set aside."""

    batches: int
    done: int
    again: int
    rows: int
    quarantined: int
    error: str

    @property
    def state(self) -> str:
        """done, begun, again or pending."""
        if self.again:
            return "again"
        return "done" if self.done == self.batches else "begun" if self.done else "pending"


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One kind of batch."""

    kind: BatchKind
    batches: int
    done: int
    seconds: float

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left."""
        return self.batches > 0 and self.done == self.batches


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """The page of one run. `forecast`: what, by the last rehearsal, by this run; empty without one."""

    run: MigrationRun
    progress: Progress
    percent: float
    is_active: bool
    is_stalled: bool
    silent_s: float
    stalled_s: int
    driven_by: str
    phases: tuple[Phase, ...]
    kinds: tuple[BatchKind, ...]
    cells: tuple[Cell, ...]
    offers: tuple[Offer, ...]
    forecast: tuple[tuple[str, int | float, int | float], ...]


def run_page(run: MigrationRun) -> RunPage:
    """All of it, in a fixed number of statements."""
    progress = progress_of(run)
    is_active = run.status in ACTIVE
    is_moving = run.status in (RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.CANCELLING)
    is_stalled = is_moving and owners.is_idle(run)
    counted = {kind: rest for kind, *rest in rows(SQL, "phases", {"run": run.pk})}
    cells = rows(SQL, "batch_map", {"run": run.pk, "most": CELLS})
    stage = transitions.stage_of(run.company)
    offered = offers(stage, RunStatus(run.status), is_stalled=is_stalled) if is_active else ()
    return RunPage(
        run=run, progress=progress, is_active=is_active, is_stalled=is_stalled, silent_s=owners.silent_s(run),
        percent=100.0 if run.status == RunStatus.FINISHED else min(99.9, int(1000 * progress.share) / 10),
        stalled_s=conf.STALLED_S, driven_by=owners.in_words(run.owner),
        phases=tuple(
            Phase(kind=kind, batches=counted[kind][0], done=counted[kind][1], seconds=counted[kind][2])
            for kind in BatchKind if kind in counted
        ),
        kinds=kinds_in(run.phase),
        cells=tuple(
            Cell(batches=batches, done=done, again=again, rows=count, quarantined=aside, error=error)
            for _, batches, done, again, count, aside, error in cells
        ),
        offers=tuple(offer for offer in offered if offer.permission == STEER),
        forecast=_forecast(run, progress),
    )  # fmt: skip


def _forecast(run: MigrationRun, progress: Progress) -> tuple[tuple[str, int | float, int | float], ...]:
    said = forecast_of(run.company)
    if said is None:
        return ()
    return (
        ("Rows", said["rows"], run.rows_planned),
        ("Migrated", said["migrated"], progress.migrated),
        ("Set aside", said["quarantined"], progress.quarantined),
        ("Seconds of work", said["seconds"], run.busy_seconds),
    )
