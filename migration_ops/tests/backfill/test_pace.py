"""How large batches are and how long a run rests, by what it measures (B15, issue 2: pace)."""

import threading
from itertools import pairwise

import pytest
from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill.batch import run_step
from migration_ops.backfill.pace import pieces_that_fit, rest_after
from migration_ops.backfill.rest import rest
from migration_ops.backfill.runner import settle_request_if_last
from migration_ops.exceptions import RunStopped
from migration_ops.identity import late
from migration_ops.models import LegacyLink, MigrationBatch, MigrationRun, QuarantinedRow
from migration_ops.stages import BatchState, RunStatus
from migration_ops.tests.backfill import driving
from migration_ops.tests.backfill.driving import at_rows, to_the_end
from migration_ops.tests.legacy_rows import fill, update
from migration_ops.tests.state import assert_counters_are_facts, assert_valid, is_waited_for, is_waiting, wait_until

CALM = {"batch_ms": 100, "pause_ms": 0, "oldest_transaction_s": 0.0, "unapplied": 0, "lock_waits": 0}


@pytest.mark.parametrize(
    ("rows", "ms_per_row", "target_ms", "pieces"),
    [
        (5_000, None, 1_000, 1),  # nothing is known yet
        (5_000, 10.0, 0, 1),  # as planned
        (5_000, 0.4, 1_000, 1),  # exactly twice the target is not well above it
        (5_000, 0.5, 1_000, 3),
        (5_000, 2.0, 1_000, 10),
        (5_000, 100.0, 1, 50),  # never below 100 rows
        (199, 100.0, 1, 1),
        (200, 100.0, 1, 2),
        (0, 1.0, 1, 1),
    ],
)
def test_a_batch_is_split_into_pieces_that_fit(rows, ms_per_row, target_ms, pieces):
    assert pieces_that_fit(rows=rows, ms_per_row=ms_per_row, target_ms=target_ms) == pieces


@pytest.mark.parametrize(
    ("found", "milliseconds", "words"),
    [
        ({}, 0, ""),
        ({"pause_ms": 50}, 50, "asked for"),
        ({"oldest_transaction_s": 40.0}, 200, "oldest transaction 40 s"),
        ({"unapplied": conf.UNAPPLIED_LIMIT}, 0, ""),
        ({"unapplied": conf.UNAPPLIED_LIMIT + 1}, 100, "captured changes wait"),
        ({"lock_waits": 2}, 400, "met locked rows"),
        ({"lock_waits": 99}, 1_000, "met locked rows"),
        ({"lock_waits": 1, "pause_ms": 300}, 300, "asked for"),
    ],
)
def test_the_rest_and_its_reason(found, milliseconds, words):
    rest_ms, reason = rest_after(**(CALM | found))
    assert rest_ms == milliseconds
    assert words in reason
    assert bool(reason) == bool(words)


@pytest.fixture
def company(transactional_db) -> Company:
    return Company.objects.create(name="Here", slug="here")


def filled(company: Company, session, rows: int, monkeypatch, *, batch_rows: int) -> tuple[list, MigrationRun]:
    writer = session()
    ids = fill(writer, company.pk, rows)
    writer.commit()
    monkeypatch.setattr(driving, "BATCH_ROWS", batch_rows)
    return ids, at_rows(company)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("target_ms", "is_split"), [(1, True), (0, False), (600_000, False)])
def test_batches_follow_the_target_of_the_run(company, session, monkeypatch, target_ms, is_split):
    """The target is changed while the run is in its rows."""
    _, run = filled(company, session, 900, monkeypatch, batch_rows=300)
    run_step(run.pk, run.generation, "test")
    MigrationRun.objects.update(target_ms=target_ms)
    run_step(run.pk, run.generation, "test")
    assert MigrationBatch.objects.filter(kind="rows", state=BatchState.SPLIT).count() == is_split
    assert MigrationBatch.objects.filter(kind="rows", state=BatchState.DONE).count() == 2  # a piece is claimed at once
    MigrationRun.objects.update(target_ms=600_000)
    to_the_end(run)
    # The last batch was planned when batches were slow, and is done when they are quick enough.
    assert MigrationBatch.objects.filter(kind="rows", state=BatchState.SPLIT).count() == is_split
    rows = MigrationBatch.objects.filter(kind="rows").exclude(state=BatchState.SPLIT).order_by("low")
    assert [batch.rows for batch in rows] == ([300, 100, 100, 100, 300] if is_split else [300, 300, 300])
    for before, after in pairwise(rows):
        assert after.low.int == before.high.int + 1
    assert_counters_are_facts(MigrationRun.objects.get())
    assert_valid(company)


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_holds_up_neither_its_batch_nor_other_writers(company, session, monkeypatch):
    """Row 250 of 500: the batch ends while it is locked, and the sweep waits for it alone (B15)."""
    ids, run = filled(company, session, 500, monkeypatch, batch_rows=500)
    holder, other = session(), session()
    holder.execute("SELECT FROM quotes WHERE id = %s FOR UPDATE", [ids[250]])
    run_step(run.pk, run.generation, "test")
    done = MigrationBatch.objects.get(kind="rows")
    assert (done.state, done.attempts, done.migrated, done.rows) == (BatchState.DONE, 0, 499, 500)
    assert set(ids) - set(LegacyLink.objects.values_list("legacy_id", flat=True)) == {ids[250]}
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 60_000)

    def go_on() -> None:
        try:
            to_the_end(run)
        finally:
            connection.close()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        wait_until(lambda: is_waited_for(holder), "the sweep to wait")
        other.execute("SET lock_timeout = '100ms'")
        other.execute("UPDATE quotes SET notes = 'x' WHERE id <> %s", [ids[250]])
        assert not is_waiting(other.info.backend_pid)
        other.rollback()
    finally:
        holder.rollback()
        thread.join(60)
    assert LegacyLink.objects.count() == 500
    assert MigrationRun.objects.get().status == RunStatus.FINISHED
    assert_valid(company)


@pytest.mark.django_db(transaction=True)
def test_the_reason_of_the_last_rest_is_told(company, session, monkeypatch, manage):
    _, run = filled(company, session, 20, monkeypatch, batch_rows=10)
    MigrationBatch.objects.filter(kind="rows").update(attempts=1, error="canceling statement due to lock timeout")
    rest(run.pk, 1)
    told = manage("migration_status", "--company", "here")
    assert "resting: 2 recent batches met locked rows (400 ms after the last batch)" in told.stdout
    MigrationRun.objects.update(status="finished")
    assert "resting" not in manage("migration_status", "--company", "here").stdout
    MigrationRun.objects.update(status="running")
    MigrationBatch.objects.filter(kind="rows").update(attempts=0, error="")
    rest(run.pk, 1)
    run.refresh_from_db()
    assert (run.rest_ms, run.rest_reason) == (0, "")


@pytest.mark.django_db(transaction=True)
def test_a_batch_in_work_is_not_lost_to_a_pause(company, session, monkeypatch):
    """Another worker ends first: the pause waits for the one that has a batch (two real sessions)."""
    _, run = filled(company, session, 20, monkeypatch, batch_rows=10)
    worker = session()
    batch = MigrationBatch.objects.filter(kind="rows").first()
    worker.execute("SELECT FROM migration_batch WHERE id = %s FOR UPDATE", [batch.pk])
    MigrationRun.objects.update(status=RunStatus.PAUSING)
    settle_request_if_last(run.pk, run.generation)
    assert MigrationRun.objects.get().status == RunStatus.PAUSING
    worker.execute("UPDATE migration_batch SET state = 'done' WHERE id = %s", [batch.pk])
    worker.commit()
    settle_request_if_last(run.pk, run.generation)
    assert MigrationRun.objects.get().status == RunStatus.PAUSED


@pytest.mark.django_db(transaction=True)
def test_a_contact_we_cannot_resolve_stops_the_run_and_blames_no_row(company, session, monkeypatch):
    from migration_ops.backfill import sweep

    ids, run = filled(company, session, 20, monkeypatch, batch_rows=10)
    writer = session()
    update(writer, ids[15], email="new@mail.example")
    writer.commit()
    monkeypatch.setattr(sweep, "resolve_late", lambda *_: None)
    for _ in range(2):  # started again, it still blames nobody
        with pytest.raises(RunStopped, match="a defect of the program"):
            to_the_end(run)
        assert MigrationRun.objects.get().status == RunStatus.FAILED
        assert not QuarantinedRow.objects.exists()
        MigrationRun.objects.update(status=RunStatus.RUNNING)
    monkeypatch.setattr(sweep, "resolve_late", late.resolve_late)
    to_the_end(run)
    assert_valid(company)
