"""Pause, resume, cancel, from the shell and by signals; a run nobody drives; moves that are refused (B19)."""

import os
import signal
import time

import pytest
from django.utils import timezone

from migration_ops import transitions
from migration_ops.backfill import control, plan
from migration_ops.backfill.batch import run_step
from migration_ops.backfill.migrate import migrate
from migration_ops.backfill.owner import this_process
from migration_ops.exceptions import IllegalTransition
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import RUN_MOVES, RunStatus
from migration_ops.tests.state import (
    PATIENCE_S,
    as_json,
    assert_counters_are_facts,
    assert_valid,
    differences,
    done_batches,
    final_rows,
    forget_migration,
    undisturbed,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)

BATCH_ROWS = 20


@pytest.fixture
def slow_run(seeded, manage_process):
    """``slow_run(workers=1)``: a run of a company in the middle of its rows, resting after each batch."""

    def start(*, workers: int = 1, rest_ms: int = 1500):
        company = seeded(200)
        process = manage_process(
            "migrate_legacy", "--company", company.slug, "--workers", workers, "--batch-size", BATCH_ROWS, "--json"
        )
        wait_until(lambda: MigrationRun.objects.filter(status="running").update(pause_ms=rest_ms), "the run")
        wait_until(lambda: MigrationBatch.objects.filter(kind="rows", state="done").exists(), "a batch of rows")
        return company, process

    return start


def assert_paused(process) -> dict:
    """The driver has left at a batch boundary, saying so."""
    assert process.process.wait(PATIENCE_S) == 3, process.output()
    told = as_json(process.output())
    assert told["status"] == "paused"
    assert told["pending"] > 0
    assert told["passed"] is None
    assert "Traceback" not in process.output()
    assert MigrationRun.objects.get().status == RunStatus.PAUSED
    return told


def assert_goes_on(company, done: dict[int, str], resumed) -> None:
    """The rest was done, and only the rest."""
    assert resumed.returncode in (0, 3), resumed.stderr
    assert as_json(resumed.stdout)["status"] == "finished"
    assert as_json(resumed.stdout)["passed"] is True
    assert done_batches().items() >= done.items()
    assert_counters_are_facts(MigrationRun.objects.get(status="finished"))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_pause_and_resume(slow_run, manage, workers):
    company, process = slow_run(workers=workers)
    paused = manage("pause_migration", "--company", company.slug, "--json")
    assert paused.returncode == 0, paused.stderr
    assert as_json(paused.stdout)["status"] in ("pausing", "paused")
    assert_paused(process)
    done = done_batches()
    MigrationRun.objects.update(pause_ms=0)
    assert_goes_on(company, done, manage("resume_migration", "--company", company.slug, "--json"))


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGTERM, 2),
        (signal.SIGINT, 1),
        pytest.param(signal.SIGTERM, 1, marks=pytest.mark.nightly),
        pytest.param(signal.SIGINT, 2, marks=pytest.mark.nightly),
    ],
)
def test_a_signal_asks_for_a_pause(slow_run, manage, number, workers):
    company, process = slow_run(workers=workers)
    process.signal(number)
    assert_paused(process)
    done = done_batches()
    MigrationRun.objects.update(pause_ms=0)
    # The same command again resumes too.
    assert_goes_on(company, done, manage("migrate_legacy", "--company", company.slug, "--json"))


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)])
def test_a_signal_to_the_whole_group_pauses_too(slow_run, number):
    """As Ctrl-C on a terminal, or systemd's stop."""
    _, process = slow_run(workers=2)
    os.killpg(process.pid, number)
    assert_paused(process)


def test_cancel_and_start_again(seeded, slow_run, manage):
    company, process = slow_run()
    cancelled = manage("cancel_migration", "--company", company.slug, "--json")
    assert cancelled.returncode == 0, cancelled.stderr
    assert process.process.wait(PATIENCE_S) == 3, process.output()
    assert as_json(process.output())["status"] == "cancelled"
    first = MigrationRun.objects.get()
    assert first.status == RunStatus.CANCELLED
    done = MigrationBatch.objects.filter(run=first, kind="rows", state="done").count()
    links = links_written()
    assert done
    again = manage("migrate_legacy", "--company", company.slug, "--json")
    assert again.returncode in (0, 3), again.stderr
    assert as_json(again.stdout)["passed"] is True
    second = MigrationRun.objects.get(status="finished")
    # What was migrated stays; only the rest is planned.
    assert second.batches.filter(kind="rows").count() == first.batches.filter(kind="rows").count() - done
    assert set(links) <= set(links_written())
    found = final_rows()
    expected, _ = undisturbed_again(company)
    assert not differences(expected, found)


def links_written() -> list[str]:
    """The links so far; flags that depend on other rows come with the end of a run."""
    return final_rows(tables=("migration_legacy_link",), without=("flags",))["migration_legacy_link"]


def undisturbed_again(company):
    """The same company migrated afresh without any disturbance."""
    forget_migration()
    company.save(force_insert=True)
    return undisturbed(company, batch_rows=BATCH_ROWS)


@pytest.mark.parametrize("moment", ["contacts", "identity", "customers", "rows", "sweep", "finish"])
def test_cancelled_in_any_phase_and_started_again(seeded, moment):
    company = seeded(120)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    run = plan.start(company, batch_rows=BATCH_ROWS, owner=this_process()).run
    while run.phase != moment:
        run_step(run.pk, run.generation, "test")
        run.refresh_from_db()
    if moment == "rows":
        run_step(run.pk, run.generation, "test")
    transitions.move_run(run.pk, RunStatus.CANCELLING)
    transitions.move_run(run.pk, RunStatus.CANCELLED)
    result = migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert result.status == RunStatus.FINISHED
    assert not differences(expected, final_rows())
    assert_valid(company)


def test_status_while_it_runs_and_after(slow_run, manage):
    company, process = slow_run()
    status = manage("migration_status", "--company", company.slug, "--json")
    assert status.returncode == 0, status.stderr
    told = as_json(status.stdout)
    assert told["stage"] == "dualwrite"
    assert told["capture_holes"] == []
    assert told["run"]["status"] == "running"
    assert told["run"]["phase"] == "rows"
    assert told["run"]["is_stalled"] is False
    assert 0 < told["run"]["share"] <= 1
    assert told["run"]["rows_done"] <= told["run"]["rows_planned"] == told["rows"] == 200
    assert told["migrated"] + told["quarantined"] + told["pending"] == 200
    assert "alive" in status.stdout
    # A driver that stands still has no heartbeat; a dead one is known at once.
    process.kill()
    stalled = manage("migration_status", "--company", company.slug, "--json")
    assert as_json(stalled.stdout)["run"]["is_stalled"] is True
    assert "STALLED, start it again" in stalled.stdout


@pytest.mark.nightly
def test_a_frozen_driver_shows_as_stalled_and_is_taken_over(slow_run, manage):
    company, process = slow_run()
    quick = {"QUOTEPRO_HEARTBEAT_S": "1", "QUOTEPRO_STALLED_S": "3"}
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(3.5)
    stalled = manage("migration_status", "--company", company.slug, "--json", env=quick)
    assert as_json(stalled.stdout)["run"]["is_stalled"] is True
    MigrationRun.objects.update(pause_ms=0)
    taken = manage("migrate_legacy", "--company", company.slug, "--json", env=quick)
    assert taken.returncode in (0, 3), taken.stderr
    os.kill(process.pid, signal.SIGCONT)
    assert process.process.wait(PATIENCE_S) == 2, process.output()
    assert "was taken over by another process" in process.output()
    assert "Traceback" not in process.output()
    assert_counters_are_facts(MigrationRun.objects.get())
    assert_valid(company)


@pytest.mark.parametrize(
    ("command", "status"),
    [("pause_migration", "paused"), pytest.param("cancel_migration", "cancelled", marks=pytest.mark.nightly)],
)
def test_a_dead_run_is_paused_and_cancelled_at_once(slow_run, manage, command, status):
    company, process = slow_run()
    process.kill()
    told = manage(command, "--company", company.slug, "--json")
    assert told.returncode == 0, told.stderr
    assert as_json(told.stdout)["status"] == status
    assert MigrationRun.objects.get().status == status


@pytest.mark.parametrize("command", ["pause_migration", "resume_migration", "cancel_migration"])
def test_without_a_run_there_is_nothing_to_steer(seeded, manage, command):
    company = seeded(20)
    for why in ("it was never migrated", "is finished"):
        refused = manage(command, "--company", company.slug)
        assert refused.returncode == 2
        assert len(refused.stderr.strip().splitlines()) == 1
        assert why in refused.stderr
        migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)


def test_every_illegal_move_is_refused_with_one_line(seeded):
    company = seeded(20)
    for before in RunStatus:
        for wanted in RunStatus:
            MigrationRun.objects.all().delete()
            run = MigrationRun.objects.create(
                company=company, status=before, mapping_version=1, rows_planned=0, batch_rows=1,
                started_at=timezone.now(), heartbeat_at=timezone.now(),
            )  # fmt: skip
            if wanted in RUN_MOVES[before]:
                transitions.move_run(run.pk, wanted)
                assert MigrationRun.objects.get().status == wanted
            else:
                with pytest.raises(IllegalTransition, match=f"is {before}, so it cannot become {wanted}$"):
                    transitions.move_run(run.pk, wanted)
                assert MigrationRun.objects.get().status == before


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        ("running", control.pause, "pausing"),
        ("pausing", control.pause, "pausing"),
        ("paused", control.pause, "paused"),
        ("running", control.cancel, "cancelling"),
        ("pausing", control.cancel, "cancelling"),
        ("cancelling", control.cancel, "cancelling"),
        ("paused", control.cancel, "cancelled"),
        ("failed", control.cancel, "cancelled"),
        ("cancelling", control.pause, None),
        ("failed", control.pause, None),
    ],
)
def test_what_a_request_makes_of_a_driven_run(seeded, before, verb, after):
    company = seeded(20)
    MigrationRun.objects.create(
        company=company, status=before, mapping_version=1, rows_planned=0, batch_rows=1, owner="somewhere else",
        started_at=timezone.now(), heartbeat_at=timezone.now(),
    )  # fmt: skip
    if after is None:
        with pytest.raises(IllegalTransition):
            verb(company)
    else:
        assert verb(company).status == after
