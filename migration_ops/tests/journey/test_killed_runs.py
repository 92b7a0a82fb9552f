"""Whole runs, killed as a power cut would: the rows are those of an undisturbed run (H1, H2, B1, B3)."""

import os
import signal
import time

import pytest

from legacy.models import LegacyQuote
from migration_ops.backfill import runner
from migration_ops.backfill.migrate import migrate
from migration_ops.exceptions import RunStopped
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.tests.journey import dying
from migration_ops.tests.state import (
    PATIENCE_S,
    as_json,
    assert_counters_are_facts,
    differences,
    done_batches,
    final_rows,
    random_seed,
    undisturbed,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)


def company_batches(company, batch_rows: int) -> int:
    """How many batches a run of the company has: contacts, identity, customers, its rows, sweep, finish."""
    return 5 + -(-LegacyQuote.objects.filter(company_id=company.pk).count() // batch_rows)


def kill_and_go_on(company, manage_process, manage, *, workers: int, moments: int, batch_rows: int) -> None:
    """Kill a run at random moments of its life, start it again each time, let it end, and compare."""
    expected, seconds = undisturbed(company, batch_rows=batch_rows)
    chance = random_seed()
    arguments = ("migrate_legacy", "--company", company.slug, "--workers", workers, "--batch-size", batch_rows)
    batches = company_batches(company, batch_rows)
    done: dict[int, str] = {}
    # After so many committed batches, and then a part of a batch's time later: in every phase, and inside a batch.
    for moment in sorted(chance.choices(range(batches - 2), k=moments)):
        run = manage_process(*arguments, "--no-validate")
        generation = MigrationRun.objects.filter(company=company).values_list("generation", flat=True).first() or 0
        wait_until(
            lambda moment=moment, generation=generation: (
                MigrationRun.objects.filter(generation__gt=generation).exists()
                and MigrationBatch.objects.filter(state="done").count() >= moment
            ),
            f"{moment} batches",
        )
        time.sleep(chance.uniform(0, 1.5 * seconds / batches))
        assert run.process.poll() is None, f"the run was over before it could be killed: {run.output()}"
        run.kill()
        now = done_batches()
        assert now.items() >= done.items(), "a committed batch was done again"
        done = now
    last = manage(*arguments, "--json")
    assert last.returncode in (0, 3), last.stderr
    assert as_json(last.stdout)["passed"] is True
    assert done_batches().items() >= done.items()
    run = MigrationRun.objects.get(company=company)
    assert run.status == RunStatus.FINISHED
    assert not MigrationBatch.objects.filter(state="pending").exists()
    assert not differences(expected, final_rows())
    assert_counters_are_facts(run)


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments(seeded, manage_process, manage, workers):
    kill_and_go_on(seeded(800), manage_process, manage, workers=workers, moments=3, batch_rows=50)


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


def test_a_run_whose_workers_all_die_has_failed_and_can_be_started_again(seeded, monkeypatch):
    company = seeded(60)
    with monkeypatch.context() as patch:
        patch.setattr(runner, "worker_process", dying.worker_process)
        patch.setattr(runner, "MAX_RESPAWNS", 2)
        with pytest.raises(RunStopped, match=r"3 workers died, the last: worker .* ended with code 9"):
            migrate(company, workers=2, batch_rows=20, report=lambda _: None)
    run = MigrationRun.objects.get()
    assert (run.status, "3 workers died" in run.error) == (RunStatus.FAILED, True)
    assert migrate(company, workers=1, batch_rows=20, report=lambda _: None).status == RunStatus.FINISHED


def _workers() -> list[str]:
    return list(MigrationBatch.objects.filter(kind="rows", state="done").values_list("worker", flat=True).distinct())


def _names(pids: set[int]) -> list[str]:
    return [f"pid {pid}" for pid in pids]
