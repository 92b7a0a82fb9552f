"""A row the database refuses, a row somebody keeps locked, a company that is mostly unreadable (B13, B14, B15, B20)."""

import threading
import time

import pytest
from django.db import connection, transaction

from crm.models import Company, Quote
from migration_ops import conf
from migration_ops.backfill import runner, sweep
from migration_ops.backfill.migrate import migrate
from migration_ops.backfill.progress import progress_of
from migration_ops.backfill.rest import rest
from migration_ops.backfill.sweep import sweep_slice
from migration_ops.dual_write import fence
from migration_ops.exceptions import RunStopped
from migration_ops.models import LegacyLink, MigrationBatch, MigrationRun, QuarantinedRow
from migration_ops.stages import RunStatus
from migration_ops.tests.backfill.driving import at_rows
from migration_ops.tests.legacy_rows import UNREADABLE, fill, update
from migration_ops.tests.state import (
    as_json,
    assert_counters_are_facts,
    assert_valid,
    is_waited_for,
    is_waiting,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(transactional_db) -> Company:
    return Company.objects.create(name="Here", slug="here")


@pytest.fixture
def refusing(transactional_db):
    """``refusing(number)``: the database refuses quotes of this number, for a reason nobody foresaw."""

    def add(number: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE quotes_new ADD CONSTRAINT poison CHECK (quote_number <> '{number}')")

    yield add
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes_new DROP CONSTRAINT IF EXISTS poison")


def quietly(company: Company, *, batch_rows: int = 20, workers: int = 1, report=lambda _: None):
    return migrate(company, workers=workers, batch_rows=batch_rows, report=report)


@pytest.mark.parametrize("poisoned", [0, 7, 19, 20, 39])
def test_a_row_the_database_refuses_is_set_aside_and_its_neighbours_land(company, session, refusing, poisoned):
    """First, in the middle, last in its batch."""
    writer = session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    refusing(f"Q-{poisoned}")
    shares = []
    result = quietly(company, report=lambda progress: shares.append(progress.share))
    assert result.status == RunStatus.FINISHED
    aside = QuarantinedRow.objects.get()
    assert (aside.legacy_id, aside.reason, aside.resolution) == (ids[poisoned], "projection_failed", "")
    assert "poison" in aside.original
    assert aside.source["quote_number"] == f"Q-{poisoned}"
    assert LegacyLink.objects.count() == Quote.objects.count() == 39
    run = MigrationRun.objects.get()
    assert_counters_are_facts(run)
    assert max(shares) <= 1
    assert progress_of(run).share == 1
    assert_valid(company)


def test_a_refused_row_that_changes_later_is_migrated_by_the_next_pass(company, session, refusing):
    writer = session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    refusing("Q-7")
    quietly(company)
    update(writer, ids[7], quote_number="Q-seven")
    writer.commit()
    assert quietly(company).status == RunStatus.FINISHED
    assert QuarantinedRow.objects.get().resolution == "corrected"
    assert LegacyLink.objects.count() == 40
    assert_valid(company)


def test_a_row_that_is_refused_after_it_was_migrated_is_set_aside_whole(company, session, refusing):
    """The change makes it unacceptable: the sweep narrows down to it, and what it was before is gone."""
    writer = session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    quietly(company)
    refusing("Q-poison")
    update(writer, ids[7], quote_number="Q-poison")
    update(writer, ids[8], quote_number="Q-fine")
    writer.commit()
    assert quietly(company).status == RunStatus.FINISHED
    assert QuarantinedRow.objects.get(resolution="").legacy_id == ids[7]
    assert Quote.objects.count() == 39
    assert Quote.objects.get(pk=ids[8]).quote_number == "Q-fine"
    assert_valid(company)


def test_a_row_locked_for_a_moment_is_waited_for(company, session):
    writer = session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    writer.execute("SELECT FROM quotes WHERE id = %s FOR UPDATE", [ids[7]])
    release = threading.Timer(1.0, writer.rollback)
    release.start()
    assert quietly(company).status == RunStatus.FINISHED
    release.join()
    assert LegacyLink.objects.count() == 40
    assert not MigrationBatch.objects.filter(attempts__gt=0).exists()


def test_a_row_somebody_keeps_locked_stops_nobody_else(company, session, monkeypatch):
    """Its neighbours land, other writers do not wait long; the run stops saying why, and goes on later (B15)."""
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 200)
    writer, other = session(), session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    writer.execute("SELECT FROM quotes WHERE id = %s FOR UPDATE", [ids[7]])
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            began = time.monotonic()
            other.execute("UPDATE quotes SET notes = 'x' WHERE id = %s", [ids[5]])
            other.rollback()
            waits.append(time.monotonic() - began)
            time.sleep(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with pytest.raises(RunStopped, match="lock timeout") as stopped:
            quietly(company)
    finally:
        over.set()
        thread.join()
    assert "catch up failed" in str(stopped.value)
    assert max(waits) < 2
    # Its batch went on without it; only the sweep waited, for that row alone.
    assert not MigrationBatch.objects.filter(kind="rows", attempts__gt=0).exists()
    assert LegacyLink.objects.count() == 39
    assert not QuarantinedRow.objects.exists()
    assert MigrationRun.objects.get().status == RunStatus.FAILED
    writer.rollback()
    assert quietly(company).status == RunStatus.FINISHED
    assert LegacyLink.objects.count() == 40
    assert_valid(company)


def test_a_batch_killed_as_the_victim_of_a_deadlock_is_done_again(company, session, monkeypatch):
    """Another program takes two rows in the other order than the batch does, which waits because they have links."""
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 10_000)
    writer = session()
    ids = fill(writer, company.pk, 40)
    writer.commit()
    quietly(company)
    monkeypatch.setattr(conf, "MAPPING_VERSION", conf.MAPPING_VERSION + 1)
    writer.execute("SET deadlock_timeout = '10s'")  # so that the batch is the one that notices, and loses
    writer.commit()
    writer.execute("UPDATE quotes SET notes = 'locked' WHERE id = %s", [ids[15]])
    results: list = []

    def run() -> None:
        try:
            results.append(quietly(company))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: is_waited_for(writer), "the batch to wait")
    writer.execute("UPDATE quotes SET notes = 'second' WHERE id = %s", [ids[2]])
    writer.commit()
    thread.join(60)
    assert results[0].status == RunStatus.FINISHED
    assert MigrationBatch.objects.filter(attempts=1, error__contains="deadlock", state="done").exists()
    assert LegacyLink.objects.count() == 40
    assert_valid(company)


def test_a_stage_move_that_takes_longer_than_a_lock_may_is_waited_for(company, session, monkeypatch):
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 100)
    mover, writer = session(), session()
    fill(writer, company.pk, 40)
    writer.commit()
    mover.execute("SELECT pg_advisory_xact_lock(hashtextextended('qp_stage/' || %s::text, 0))", [str(company.pk)])
    release = threading.Timer(1.0, mover.rollback)
    release.start()
    assert quietly(company).status == RunStatus.FINISHED
    release.join()
    assert LegacyLink.objects.count() == 40


@pytest.mark.parametrize(
    ("error", "is_set_aside"), [("deadlock detected", False), ("lock timeout", False), ("value too long", True)]
)
def test_the_sweep_sets_a_row_aside_only_for_what_is_the_row_s_fault(company, session, error, is_set_aside):
    writer = session()
    ids = fill(writer, company.pk, 1)
    writer.commit()
    run = at_rows(company)
    batch = MigrationBatch.objects.create(run=run, kind="sweep", part=1, attempts=4, error=error)
    with transaction.atomic():
        assert not sweep_slice(company, batch)
    assert QuarantinedRow.objects.filter(legacy_id=ids[0]).exists() == is_set_aside
    assert LegacyLink.objects.filter(legacy_id=ids[0]).exists() != is_set_aside


def test_a_connection_lost_between_two_batches_is_made_anew(company, session, monkeypatch):
    """The server went away while the run rested: nothing was in work, and nothing is lost."""
    writer = session()
    fill(writer, company.pk, 40)
    writer.commit()
    lost: list[int] = []

    def rest_while_the_server_goes(run_id: int, batch_ms: int) -> None:
        if not lost:
            lost.append(connection.connection.info.backend_pid)
            writer.execute("SELECT pg_terminate_backend(%s)", lost)
            writer.commit()
        rest(run_id, batch_ms)

    monkeypatch.setattr(runner, "rest", rest_while_the_server_goes)
    assert quietly(company).status == RunStatus.FINISHED
    assert lost != [connection.connection.info.backend_pid]
    assert MigrationRun.objects.get().error == ""
    assert_valid(company)


def test_a_statement_that_takes_too_long_is_split(company, session, monkeypatch):
    """A slow row among quick ones: the batch is halved, and all of them land (B14)."""
    writer = session()
    ids = fill(writer, company.pk, 20)
    writer.commit()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp_slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN PERFORM pg_sleep(0.08); RETURN NEW; END$$;"
            "CREATE TRIGGER slow BEFORE INSERT ON quotes_new FOR EACH ROW EXECUTE FUNCTION pg_temp_slow()"
        )
    monkeypatch.setattr(conf, "STATEMENT_TIMEOUT_MS", 900)
    try:
        assert quietly(company).status == RunStatus.FINISHED
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER slow ON quotes_new; DROP FUNCTION pg_temp_slow()")
    assert MigrationBatch.objects.filter(state="split").exists()
    assert LegacyLink.objects.count() == len(ids)
    assert_counters_are_facts(MigrationRun.objects.get())


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.nightly), 2])
def test_a_mostly_unreadable_company_stops_by_itself_and_can_be_started_again(company, session, manage, workers):
    writer = session()
    ids = fill(writer, company.pk, 1_500)
    writer.execute("UPDATE quotes SET items = %s WHERE id = ANY (%s)", [UNREADABLE["items"], ids[::2] + ids[1::4]])
    writer.commit()
    arguments = ("migrate_legacy", "--company", "here", "--workers", workers, "--batch-size", 100, "--json")
    stopped = manage(*arguments)
    assert stopped.returncode == 3, stopped.stderr
    line = stopped.stderr.strip().splitlines()[-1]
    assert "stopped by itself" in line
    assert "items_shape" in line
    assert "start it again" in line
    assert "Traceback" not in stopped.stderr
    run = MigrationRun.objects.get()
    assert run.status == RunStatus.FAILED
    assert 1_000 <= LegacyLink.objects.count() + QuarantinedRow.objects.count() < 1_500
    again = manage(*arguments)
    assert again.returncode == 3, again.stderr
    assert as_json(again.stdout)["status"] == "finished"
    assert as_json(again.stdout)["pending"] == 0
    assert as_json(again.stdout)["quarantined"] == 1_125
    assert_counters_are_facts(MigrationRun.objects.get())
    assert_valid(company)


def test_a_contact_that_changes_while_its_row_is_settled_waits_its_turn(company, session, monkeypatch):
    """Between the look for its contact and the projection of the row, which would then know no contact."""
    writer = session()
    ids = fill(writer, company.pk, 3)
    writer.commit()
    resolve, threads = sweep.resolve_late, []

    def change() -> None:
        update(writer, ids[1], customer_name="Somebody Else")
        writer.commit()

    def resolve_then_meet_a_writer(*args) -> None:
        resolve(*args)
        threads.append(threading.Thread(target=change))
        threads[-1].start()
        wait_until(lambda: is_waiting(writer.info.backend_pid) or not threads[-1].is_alive(), "the writer")

    monkeypatch.setattr(sweep, "resolve_late", resolve_then_meet_a_writer)
    with transaction.atomic(), fence.mirrored():
        outcome = sweep.settle(company, ids, batch_id=None)
    threads[0].join()
    assert (outcome.migrated, len(threads)) == (3, 1)
    assert set(Quote.objects.values_list("pk", flat=True)) == set(ids)
