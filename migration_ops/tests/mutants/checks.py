"""The check of each promise of the backfill; each is given a company of 30 rows and ``session`` for other programs."""

import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from crm.models import Company
from legacy.models import LegacyQuote
from migration_ops.backfill import batch, plan
from migration_ops.backfill import owner as owners
from migration_ops.backfill.batch import Step, run_step
from migration_ops.backfill.migrate import migrate
from migration_ops.exceptions import RunAlreadyActive, RunTakenOver
from migration_ops.models import LegacyLink, MigrationBatch, MigrationRun, OutboxEntry
from migration_ops.tests import state
from migration_ops.tests.legacy_rows import insert, update

BATCH_ROWS = 10


def at_rows(company: Company) -> MigrationRun:
    """A run whose next step is its first batch of rows."""
    run = plan.start(company, batch_rows=BATCH_ROWS, owner=owners.this_process()).run
    while run.phase != "rows":
        run_step(run.pk, run.generation, "test")
        run.refresh_from_db()
    return run


def to_the_end(run: MigrationRun) -> None:
    while run_step(run.pk, run.generation, "test") is not Step.END:
        pass


def after_reading(action: Callable[[], None]):
    """A wrapper that does something once, when a batch has read its rows."""
    done: list[bool] = []

    def wrap(execute, statement, params, many, context):
        result = execute(statement, params, many, context)
        if "INSERT INTO batch_deal" in str(statement) and not done:
            done.append(True)
            action()
        return result

    return connection.execute_wrapper(wrap)


def check_a_late_worker_writes_nothing(company, session):
    run, other = at_rows(company), session()

    def take_over() -> None:
        other.execute("UPDATE migration_run SET generation = generation + 1")
        other.commit()

    with after_reading(take_over), suppress(RunTakenOver):
        run_step(run.pk, run.generation, "late")
    assert not LegacyLink.objects.exists()
    assert not MigrationBatch.objects.filter(kind="rows", state="done").exists()


def check_rows_and_checkpoint_come_together(company, session):
    run = at_rows(company)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    fence, batch._fence = batch._fence, die
    try:
        with pytest.raises(KeyboardInterrupt):
            run_step(run.pk, run.generation, "killed")
    finally:
        batch._fence = fence
    assert not LegacyLink.objects.exists()
    assert not MigrationBatch.objects.filter(kind="rows", state="done").exists()
    to_the_end(run)
    assert LegacyLink.objects.count() == 30


def check_a_change_waits_for_the_batch_that_has_read_its_row(company, session):
    run, writer = at_rows(company), session()
    threads: list[threading.Thread] = []

    def change() -> None:
        threads.append(threading.Thread(target=writer.execute, args=("UPDATE quotes SET total = 4711",)))
        threads[0].start()
        with psycopg.connect(writer.info.dsn) as watcher:
            state.wait_until(
                lambda: watcher.execute(
                    "SELECT cardinality(pg_blocking_pids(%s)) > 0", [writer.info.backend_pid]
                ).fetchone()[0],
                "the writer to wait",
            )

    try:
        with after_reading(change):
            run_step(run.pk, run.generation, "test")
    finally:
        threads[0].join(30)
        writer.commit()


def check_a_repeat_meets_the_same_rows(company, session):
    writer = session()
    writer.execute("DELETE FROM quotes WHERE id > '30000000-0000-0000-0000-000000000000'")
    writer.execute("UPDATE quotes SET status = 'completed', invoice_number = 'I-1', paid_at = now()")
    writer.commit()
    quietly(company)
    expected = state.final_rows()
    writer.execute("UPDATE quotes SET total = total")
    writer.commit()
    quietly(company)
    assert not state.differences(expected, state.final_rows())


def check_a_row_changed_behind_the_cursor_is_right(company, session):
    run, writer = at_rows(company), session()
    run_step(run.pk, run.generation, "test")
    update(writer, LegacyLink.objects.first().legacy_id, total=4711)
    insert(writer, company.pk, uuid4())
    writer.commit()
    to_the_end(run)
    state.assert_valid(company)


def check_a_driven_run_is_refused_to_others(company, session):
    at_rows(company)
    with pytest.raises(RunAlreadyActive):
        plan.start(company, batch_rows=BATCH_ROWS, owner="somebody else")


def check_planned_rows_stay_exact(company, session):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes_new ADD CONSTRAINT poison CHECK (quote_number <> 'Q-4')")
    try:
        quietly(company)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE quotes_new DROP CONSTRAINT poison")
    state.assert_counters_are_facts(MigrationRun.objects.get())
    state.assert_valid(company)


def check_a_run_ends_with_nothing_pending(company, session):
    run, writer = at_rows(company), session()
    while run.phase != "finish":
        run_step(run.pk, run.generation, "test")
        run.refresh_from_db()
    insert(writer, company.pk, uuid4(), customer_name="Late")
    writer.commit()
    to_the_end(run)
    # Looked at before the validation, which applies what waits where it can.
    assert not OutboxEntry.objects.filter(company_id=company.pk, state=OutboxEntry.State.PENDING).exists()
    state.assert_valid(company)


def check_a_new_contact_is_resolved(company, session):
    run, writer = at_rows(company), session()
    update(writer, LegacyQuote.objects.order_by("id")[25].pk, email="n@m.example")
    writer.commit()
    to_the_end(run)
    assert LegacyLink.objects.count() == 30
    state.assert_valid(company)


def quietly(company) -> None:
    assert migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None).status in (
        "finished",
        "nothing to do",
    )
