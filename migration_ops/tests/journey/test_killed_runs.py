"""Whole runs, killed as a power cut would: the rows are those of an undisturbed run (H1, H2, B1, B3)."""

import os
import random
import signal
import time

import pytest

from migration_ops.backfill.migrate import migrate
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.tests.state import (
    as_json,
    assert_counters_are_facts,
    differences,
    done_batches,
    final_rows,
    forget_migration,
)

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 60


def undisturbed(company, *, batch_rows: int) -> tuple[dict[str, list[str]], float]:
    """What a run that nobody disturbs leaves, and its seconds; forgotten again."""
    result = migrate(company, workers=1, batch_rows=batch_rows, report=lambda _: None)
    assert result.status == RunStatus.FINISHED
    rows = final_rows()
    forget_migration()
    company.save(force_insert=True)
    return rows, result.seconds


def wait_until(is_so, what: str) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}"
        time.sleep(0.02)


def kill_and_go_on(company, manage_process, manage, *, workers: int, moments: int, batch_rows: int) -> None:
    """Kill a run at random moments of its life, start it again each time, let it end, and compare."""
    expected, seconds = undisturbed(company, batch_rows=batch_rows)
    number = int(os.environ.get("QUOTEPRO_TEST_SEED", random.randrange(10**6)))
    print(f"QUOTEPRO_TEST_SEED={number}")
    chance = random.Random(number)
    arguments = ("migrate_legacy", "--company", company.slug, "--workers", workers, "--batch-size", batch_rows)
    done: dict[int, str] = {}
    kills = 0
    for generation in range(1, moments + 1):
        run = manage_process(*arguments, "--no-validate")
        wait_until(
            lambda now=generation, run=run: run.process.poll() is not None
            or MigrationRun.objects.filter(company=company, generation__gte=now).exists(),
            "the run to begin",
        )
        time.sleep(chance.uniform(0, 1.6 * seconds / moments))
        if run.process.poll() is not None:
            break
        run.kill()
        kills += 1
        now = done_batches()
        assert now.items() >= done.items(), "a committed batch was done again"
        done = now
    last = manage(*arguments, "--json")
    assert last.returncode in (0, 3), last.stderr
    assert as_json(last.stdout)["passed"] is True
    assert done_batches().items() >= done.items()
    assert kills >= min(moments, 3) - 1, "the run was over before it could be killed"
    run = MigrationRun.objects.get(company=company)
    assert run.status == RunStatus.FINISHED
    assert not MigrationBatch.objects.filter(state="pending").exists()
    assert not differences(expected, final_rows())
    assert_counters_are_facts(run)


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments(seeded, manage_process, manage, workers):
    kill_and_go_on(seeded(1_500), manage_process, manage, workers=workers, moments=3, batch_rows=50)


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_twelve_random_moments_of_a_long_run(seeded, manage_process, manage, workers):
    kill_and_go_on(seeded(6_000), manage_process, manage, workers=workers, moments=12, batch_rows=50)


def test_a_killed_worker_process_is_replaced_and_the_run_ends(seeded, manage_process):
    company = seeded(800)
    expected, _ = undisturbed(company, batch_rows=20)
    run = manage_process(
        "migrate_legacy", "--company", company.slug, "--workers", 2, "--batch-size", 20, "--no-validate"
    )
    killed: set[int] = set()
    while len(killed) < 3 and run.process.poll() is None:
        for name in MigrationBatch.objects.filter(state="done").values_list("worker", flat=True).distinct():
            pid = int(name.removeprefix("pid "))
            if pid not in killed and pid != run.pid:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    assert run.process.wait(PATIENCE_S) in (0, 3), run.output()
    assert killed, "no worker was there to be killed"
    assert "another takes its place" in run.output()
    assert not differences(expected, final_rows())
    assert_counters_are_facts(MigrationRun.objects.get())


def test_a_frozen_worker_of_an_older_generation_writes_nothing(seeded, manage_process, manage):
    """Its driver is killed while it stands still in the middle of a run; somebody else does the work (Q13)."""
    company = seeded(800)
    expected, _ = undisturbed(company, batch_rows=20)
    arguments = ("migrate_legacy", "--company", company.slug, "--batch-size", 20, "--no-validate")
    first = manage_process(*arguments, "--workers", 2)
    wait_until(lambda: MigrationBatch.objects.filter(kind="rows", state="done").count() > 3, "some batches")
    workers = {int(name.removeprefix("pid ")) for name in _workers()}
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    # A frozen worker may hold its batch's locks; the new driver must not need them to take the run over.
    second = manage_process(*arguments, "--workers", 1)
    wait_until(lambda: MigrationRun.objects.filter(generation=2).exists(), "the run to be taken over")
    time.sleep(1)
    before = done_batches()
    frozen_done = MigrationBatch.objects.filter(worker__in=_names(workers)).count()
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    assert second.process.wait(PATIENCE_S) in (0, 3), second.output()
    assert done_batches().items() >= before.items()
    assert MigrationBatch.objects.filter(worker__in=_names(workers)).count() == frozen_done
    assert not differences(expected, final_rows())
    assert_counters_are_facts(MigrationRun.objects.get())


def _workers() -> list[str]:
    return list(MigrationBatch.objects.filter(kind="rows", state="done").values_list("worker", flat=True).distinct())


def _names(pids: set[int]) -> list[str]:
    return [f"pid {pid}" for pid in pids]
