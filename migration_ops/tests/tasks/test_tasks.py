"""A run done by real Celery workers on a real broker: killed, flushed, delivered twice (Q1, Q2, Q4, Q7, Q16)."""

import threading
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from migration_ops import conf, transitions
from migration_ops.backfill import batch, plan
from migration_ops.backfill import owner as owners
from migration_ops.exceptions import RunStopped
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import BatchKind, RunStatus
from migration_ops.tasks import recover_runs, run_slice
from migration_ops.tests.state import (
    as_json,
    assert_counters_are_facts,
    assert_valid,
    differences,
    done_batches,
    final_rows,
    undisturbed,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)

BATCH_ROWS = 20
QUICK = {"QUOTEPRO_HEARTBEAT_S": "1", "QUOTEPRO_STALLED_S": "3"}


@pytest.fixture(autouse=True)
def empty_queue(redis_server):
    """No test meets another one's messages."""
    flush_broker()


def enqueue(manage, company, *arguments: object, slices: int = 2):
    return manage(
        "migrate_legacy", "--company", company.slug, "--enqueue", "--batch-size", BATCH_ROWS, "--json", *arguments,
        env=QUICK | {"QUOTEPRO_ENQUEUED_SLICES": str(slices)},
    )  # fmt: skip


def finished() -> bool:
    return MigrationRun.objects.filter(status=RunStatus.FINISHED).exists()


def flush_broker() -> int:
    """Everything the queue held is gone; how many messages that were."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        waiting = client.llen("migration") + client.hlen("unacked")
        client.flushall()
    return waiting


def test_workers_leave_the_rows_of_a_local_run(seeded, celery_worker_process, manage):
    company = seeded(200)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    with celery_worker_process(2, env=QUICK) as workers:
        told = enqueue(manage, company, "--wait")
        assert told.returncode in (0, 3), told.stderr
        result = as_json(told.stdout)
        assert (result["status"], result["pending"], result["passed"]) == ("finished", 0, True)
        assert not differences(expected, final_rows())
        assert_counters_are_facts(MigrationRun.objects.get())
        assert "Traceback" not in "".join(worker.output() for worker in workers)
        again = enqueue(manage, company)
        assert as_json(again.stdout)["status"] == "nothing to do"


def test_enqueued_it_says_so_and_waits_for_a_worker(seeded, redis_server, manage):
    company = seeded(60)
    told = enqueue(manage, company)
    assert told.returncode == 0, told.stderr
    assert as_json(told.stdout)["status"] == "queued"
    assert not MigrationBatch.objects.filter(state="done").exists()
    run = MigrationRun.objects.get()
    assert (run.is_enqueued, run.owner) == (True, owners.CELERY)
    assert flush_broker() == conf.ENQUEUED_SLICES


def test_a_worker_killed_in_the_middle_and_another_one_started(seeded, celery_worker_process, manage):
    """Its message is gone with it; the periodic task finds the run standing still (Q2)."""
    company = seeded(200)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    # Slowed down before anybody works, or it might be over before we look.
    assert enqueue(manage, company, slices=1).returncode == 0
    assert MigrationRun.objects.update(pause_ms=150)
    with celery_worker_process(1, env=QUICK) as (worker,):
        wait_until(lambda: MigrationBatch.objects.filter(kind="rows", state="done").count() >= 2, "some batches")
        worker.kill()
    done = done_batches()
    assert not finished()
    MigrationRun.objects.update(pause_ms=0)
    with celery_worker_process(1, env=QUICK):
        wait_until(lambda: recover_after(3), "the run to stall")
        assert recover_runs() == 1
        wait_until(finished, "the run to end")
    assert done_batches().items() >= done.items()
    assert not differences(expected, final_rows())
    assert_counters_are_facts(MigrationRun.objects.get())


def recover_after(seconds: int) -> bool:
    """Whether the run has had no heartbeat for so long; then it is as old as the settings of this process ask for."""
    run = MigrationRun.objects.get()
    if (timezone.now() - run.heartbeat_at).total_seconds() < seconds:
        return False
    MigrationRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=conf.STALLED_S + 1))
    return True


def test_a_queue_that_lost_everything(seeded, celery_worker_process, manage):
    """What is left to do is in the tables (Q4)."""
    company = seeded(200)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    assert enqueue(manage, company).returncode == 0
    assert flush_broker() == conf.ENQUEUED_SLICES
    with celery_worker_process(1, env=QUICK):
        wait_until(lambda: recover_after(3), "the run to stall")
        assert not finished()
        assert recover_runs() >= 1
        wait_until(finished, "the run to end")
    assert not differences(expected, final_rows())


def test_without_a_broker_nothing_is_planned(seeded, manage):
    company = seeded(20)
    refused = manage(
        "migrate_legacy", "--company", company.slug, "--enqueue", env={"REDIS_URL": "redis://127.0.0.1:1/0"}
    )
    assert refused.returncode == 2, refused.stdout
    lines = refused.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert "the Celery queue cannot be reached" in lines[0]
    assert "start Redis, or leave --enqueue away" in lines[0]
    assert not MigrationRun.objects.exists()


def test_the_number_of_workers_is_not_asked_for_where_celery_decides_it(seeded, manage):
    refused = manage("migrate_legacy", "--company", seeded(20).slug, "--enqueue", "--workers", 2)
    assert refused.returncode == 2, refused.stdout
    assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr
    assert "--workers: it does not go with --enqueue" in refused.stderr
    assert not MigrationRun.objects.exists()


def enqueued_run(company) -> MigrationRun:
    return plan.start(company, batch_rows=BATCH_ROWS, owner=owners.CELERY, is_enqueued=True).run


def in_threads(count: int, target) -> list[Exception]:
    """Runs the same thing so many times at once; what went wrong."""
    errors: list[Exception] = []

    def call() -> None:
        try:
            target()
        except Exception as error:  # noqa: BLE001 - given back
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


def test_a_slice_delivered_many_times_at_once_has_one_effect(seeded):
    company = seeded(200)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    run = enqueued_run(company)
    assert in_threads(6, lambda: run_slice(run.pk, run.generation)) == []
    run.refresh_from_db()
    assert run.status == RunStatus.FINISHED
    assert not differences(expected, final_rows())
    assert_counters_are_facts(run)
    # Delivered once more after the end, or for a run nobody knows: it ends quietly.
    done = done_batches()
    run_slice(run.pk, run.generation)
    run_slice(run.pk + 1_000, 1)
    assert done_batches() == done


def test_a_slice_of_an_older_generation_writes_nothing(seeded):
    company = seeded(60)
    run = enqueued_run(company)
    MigrationRun.objects.update(generation=2)
    before = final_rows()
    run_slice(run.pk, 1)
    assert not differences(before, final_rows())
    assert not done_batches()


@pytest.mark.parametrize(("asked", "reached"), [("pausing", "paused"), ("cancelling", "cancelled")])
def test_several_slices_notice_a_request_at_once(seeded, asked, reached):
    company = seeded(60)
    run = enqueued_run(company)
    MigrationRun.objects.update(status=asked)
    assert in_threads(6, lambda: run_slice(run.pk, run.generation)) == []
    assert MigrationRun.objects.get().status == reached


def test_a_request_nobody_is_there_to_notice_is_settled(seeded):
    company = seeded(60)
    enqueued_run(company)
    transitions.move_run(MigrationRun.objects.get().pk, RunStatus.PAUSING)
    assert recover_runs() == 0
    assert MigrationRun.objects.get().status == RunStatus.PAUSING
    MigrationRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=conf.STALLED_S + 1))
    recover_runs()
    assert MigrationRun.objects.get().status == RunStatus.PAUSED


def test_a_long_batch_does_not_look_like_a_stalled_run(seeded, monkeypatch):
    """The heart beats while a batch lasts, or every look would add another task to the queue (Q18)."""
    monkeypatch.setattr(conf, "HEARTBEAT_S", 0.1)
    company = seeded(40)
    run = enqueued_run(company)
    MigrationRun.objects.update(heartbeat_at="2024-01-01T00:00Z")

    def long(*_: object, **__: object) -> None:
        wait_until(lambda: MigrationRun.objects.get().heartbeat_at.year > 2024, "a heartbeat during the batch")
        raise RunStopped(reason="enough")

    monkeypatch.setitem(batch.PARTS, BatchKind.CONTACTS, long)
    monkeypatch.setattr("migration_ops.tests.state.PATIENCE_S", 5)
    run_slice(run.pk, run.generation)


def test_an_unforeseen_error_is_recorded_and_stops_the_run(seeded, monkeypatch):
    """Or the periodic task would bring it back for ever (Q3)."""
    company = seeded(40)
    run = enqueued_run(company)
    monkeypatch.setitem(batch.PARTS, BatchKind.CONTACTS, lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_slice(run.pk, run.generation)
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "ZeroDivisionError" in run.error
    assert recover_runs() == 0


@pytest.mark.nightly
def test_pause_and_resume_of_an_enqueued_run(seeded, celery_worker_process, manage):
    company = seeded(300)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    with celery_worker_process(1, env=QUICK):
        assert enqueue(manage, company).returncode == 0
        wait_until(lambda: MigrationRun.objects.update(pause_ms=150), "the run")
        wait_until(lambda: MigrationBatch.objects.filter(kind="rows", state="done").exists(), "a batch")
        assert manage("pause_migration", "--company", company.slug).returncode == 0
        wait_until(lambda: MigrationRun.objects.filter(status="paused").exists(), "the pause")
        done = done_batches()
        MigrationRun.objects.update(pause_ms=0)
        resumed = manage("resume_migration", "--company", company.slug, "--json")
        assert resumed.returncode == 0, resumed.stderr
        wait_until(finished, "the run to end")
    assert done_batches().items() >= done.items()
    assert not differences(expected, final_rows())
    assert_valid(company)
