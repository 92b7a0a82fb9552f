"""Stops a run that sets aside more rows than it migrates: something general is wrong."""

from django.db import connection

from migration_ops import conf
from migration_ops.exceptions import RunStopped
from migration_ops.models import MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import BatchKind, RunStatus


def is_mostly_quarantined(run: MigrationRun) -> bool:
    """Whether the run has done enough rows to tell, and too many of them wait."""
    return _is_most(*_placed(run))


def stop_if_mostly_quarantined(run: MigrationRun, generation: int) -> None:
    """Let the run fail, unless a person has started it again in spite of it.

    Raises:
        RunStopped: with the reasons that occur most.
    """
    if run.phase != BatchKind.ROWS or run.accepts_quarantine:
        return
    migrated, quarantined = _placed(run)
    if not _is_most(migrated, quarantined):
        return
    with connection.cursor() as cursor:
        cursor.execute(block("queries/progress.sql", "quarantine_reasons").sql, {"company": run.company_id})
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in cursor.fetchall())
    why = (
        f"run {run.pk} stopped by itself: {quarantined:,} of {migrated + quarantined:,} rows are quarantined"
        f" ({reasons}); start it again to go on regardless"
    )
    if MigrationRun.objects.filter(pk=run.pk, generation=generation, status=RunStatus.RUNNING).update(
        status=RunStatus.FAILED, error=why
    ):
        raise RunStopped(reason=why)


def _is_most(migrated: int, quarantined: int) -> bool:
    done = migrated + quarantined
    return done >= conf.QUARANTINE_MIN_ROWS and quarantined > done * conf.QUARANTINE_LIMIT


def _placed(run: MigrationRun) -> tuple[int, int]:
    """After every batch: two sums, not all that progress_of tells."""
    with connection.cursor() as cursor:
        cursor.execute(block("queries/progress.sql", "placed").sql, {"run": run.pk})
        migrated, quarantined = cursor.fetchone()
    return int(migrated), int(quarantined)
