"""Runs of the tests' own process, step by step, so that something can happen in between; and what must be so after."""

from collections.abc import Iterator

from crm.models import Company
from migration_ops.backfill import plan
from migration_ops.backfill.batch import Step, run_step
from migration_ops.backfill.migrate import migrate
from migration_ops.backfill.owner import this_process
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.stages import RunStatus
from migration_ops.tests.state import DEALS, OF_PEOPLE, assert_valid, differences, final_rows, forget_migration

BATCH_ROWS = 10


def assert_right(*companies: Company) -> None:
    """Everything the tables hold is what the legacy rows say now: by validation, and by a migration begun afresh."""
    assert_valid(*companies)
    found = final_rows(without=OF_PEOPLE, tables=DEALS)
    assert not OutboxEntry.objects.exists()
    forget_migration()
    for company in companies:
        company.save(force_insert=True)
        assert migrate(company, workers=1, batch_rows=1_000, report=lambda _: None).status == RunStatus.FINISHED
    assert not differences(final_rows(without=OF_PEOPLE, tables=DEALS), found)


def steps(company: Company) -> Iterator[str]:
    """Drives a run from here; gives the phase before each step, so that a test can do something in between."""
    run = plan.start(company, batch_rows=BATCH_ROWS, owner=this_process()).run
    while True:
        run.refresh_from_db()
        yield run.phase
        if run_step(run.pk, run.generation, "test") is Step.END:
            run.refresh_from_db()
            assert run.status == RunStatus.FINISHED
            return


def at_rows(company: Company) -> MigrationRun:
    """A run whose next step is its first batch of rows."""
    for phase in steps(company):
        if phase == "rows":
            return MigrationRun.objects.get(company=company)
    raise AssertionError("the run had no rows")


def to_the_end(run: MigrationRun) -> None:
    """Drives a run from here until it is finished."""
    while run_step(run.pk, run.generation, "test") is not Step.END:
        pass
