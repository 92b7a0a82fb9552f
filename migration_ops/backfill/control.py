"""Pause, resume, cancel: what the shell, the admin and signals call."""

import time
from contextlib import suppress

from crm.models import Company
from migration_ops import transitions
from migration_ops.backfill import list_indexes, plan
from migration_ops.backfill import owner as owners
from migration_ops.backfill.migrate import Migrated
from migration_ops.backfill.progress import progress_of
from migration_ops.backfill.runner import Report
from migration_ops.exceptions import IllegalTransition, NoSuchRun, RunStopped
from migration_ops.models import MigrationRun
from migration_ops.selectors.summary import summary_of
from migration_ops.stages import ACTIVE, RunStatus


def active_run(company: Company, verb: str) -> MigrationRun:
    """The company's unfinished run.

    Raises:
        NoSuchRun: there is none.
    """
    run = MigrationRun.objects.filter(company=company, status__in=ACTIVE).first()
    if run is None:
        last = MigrationRun.objects.filter(company=company).first()
        why = f"its last run {last.pk} is {last.status}" if last else "it was never migrated; start with migrate_legacy"
        raise NoSuchRun(company=company.slug, verb=verb, why=why)
    return run


def pause(company: Company) -> MigrationRun:
    """Ask the run to pause at its next batch boundary; a run nobody drives is paused at once."""
    run = active_run(company, "pause")
    if run.status not in (RunStatus.PAUSING, RunStatus.PAUSED):
        transitions.move_run(run.pk, RunStatus.PAUSING)
    return _settle_if_undriven(run)


def cancel(company: Company) -> MigrationRun:
    """Give the run up at its next batch boundary; what is migrated stays, and a new run goes on from there."""
    run = active_run(company, "cancel")
    if run.status in (RunStatus.PAUSED, RunStatus.FAILED):
        transitions.move_run(run.pk, RunStatus.CANCELLED)
    elif run.status != RunStatus.CANCELLING:
        transitions.move_run(run.pk, RunStatus.CANCELLING)
    run = _settle_if_undriven(run)
    if run.status == RunStatus.CANCELLED:
        list_indexes.put_back()
    return run


def _settle_if_undriven(run: MigrationRun) -> MigrationRun:
    run.refresh_from_db()
    if run.status in (RunStatus.PAUSING, RunStatus.CANCELLING) and owners.is_idle(run):
        wanted = RunStatus.PAUSED if run.status == RunStatus.PAUSING else RunStatus.CANCELLED
        with suppress(IllegalTransition):  # its driver may have come to the boundary first
            transitions.move_run(run.pk, wanted, generation=run.generation)
        run.refresh_from_db()
    return run


def follow(company: Company, start: plan.Start, *, report: Report, is_waiting: bool) -> Migrated:
    """Watch a run that Celery workers drive, from its tables, until it leaves RUNNING; at once when not waiting."""
    began = time.monotonic()
    run = start.run
    if run is None:
        return Migrated(start=start, status="nothing to do", seconds=0.0, summary=summary_of(company))
    before = progress_of(run).placed
    while is_waiting:
        run.refresh_from_db()
        report(progress_of(run))
        if run.status not in (RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.CANCELLING):
            break
        time.sleep(0.5)
    if run.status == RunStatus.FAILED:
        raise RunStopped(reason=run.error)
    status = RunStatus(run.status).value if is_waiting else "queued"
    return Migrated(
        start=start, status=status, seconds=time.monotonic() - began, summary=summary_of(company),
        rows=progress_of(run).placed - before,
    )  # fmt: skip
