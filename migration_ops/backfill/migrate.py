"""The migration of one company, from start to verdict: what the shell, the demo and the admin call."""

import time
from dataclasses import dataclass

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill import owner as owners
from migration_ops.backfill import plan
from migration_ops.backfill.progress import progress_of
from migration_ops.backfill.runner import OnSignal, Report, drive, ignore
from migration_ops.models import MigrationRun
from migration_ops.selectors.summary import Summary, summary_of
from migration_ops.stages import RunStatus

SMALL_RUN_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """How a migration ended: the run (None when there was nothing to do), its seconds, and what is there now."""

    start: plan.Start
    status: str
    seconds: float
    summary: Summary
    rows: int = 0
    """Rows migrated or set aside by this call: a run that was resumed did some before, one that catches up does few."""

    @property
    def run(self) -> MigrationRun | None:
        """The run that was driven."""
        return self.start.run


def migrate(
    company: Company,
    *,
    workers: int | None,
    batch_rows: int | None,
    report: Report,
    on_start: plan.OnStart = plan.quiet,
    on_signal: OnSignal = ignore,
) -> Migrated:
    """Migrate a company from this process, or go on with what was left unfinished.

    Args:
        workers: processes; None takes one for a small company, two for a larger one.
        batch_rows: legacy rows in a batch; None takes the setting.
        on_start: told how the run began, before the first batch.
        on_signal: told that a signal asked for a pause.
    Raises:
        MigrationOpsError, LegacyError: as plan.start and runner.drive.
    """
    began = time.monotonic()
    start = plan.start(company, batch_rows=batch_rows or conf.BATCH_ROWS, owner=owners.this_process())
    on_start(start)
    status: str = "nothing to do"
    rows = 0
    if start.run is not None:
        team = workers or (1 if start.run.rows_planned < SMALL_RUN_ROWS else 2)
        before = progress_of(start.run).placed
        run = drive(start.run, workers=team, report=report, on_signal=on_signal)
        rows = progress_of(run).placed - before
        status = RunStatus(run.status).value
    return Migrated(
        start=start, status=status, seconds=time.monotonic() - began, summary=summary_of(company), rows=rows
    )
