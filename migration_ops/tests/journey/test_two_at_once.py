"""Several migrate_legacy of one company: one drives it, the others say so and write nothing (B11)."""

import pytest

from migration_ops.models import CompanyStage, MigrationRun, OutboxEntry, StageChange
from migration_ops.stages import RunStatus
from migration_ops.tests.state import (
    PATIENCE_S,
    as_json,
    assert_counters_are_facts,
    differences,
    final_rows,
    forget_migration,
    undisturbed,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("start", [0, *(pytest.param(n, marks=pytest.mark.nightly) for n in range(1, 12))])
def test_of_two_started_in_one_moment_one_runs_and_the_other_is_refused(seeded, manage_process, start):
    company = seeded(400)
    expected, _ = undisturbed(company, batch_rows=10)
    arguments = ("migrate_legacy", "--company", company.slug, "--workers", 1, "--batch-size", 10, "--no-validate")
    both = [manage_process(*arguments), manage_process(*arguments)]
    codes = [process.process.wait(PATIENCE_S) for process in both]
    assert sorted(codes) in ([0, 2], [2, 3]), [process.output() for process in both]
    (refused,) = [process for process, code in zip(both, codes, strict=True) if code == 2]
    lines = [line for line in refused.output().splitlines() if line]
    assert len(lines) == 1, lines
    assert "is already being migrated: run" in lines[0]
    assert "migration_status" in lines[0]
    run = MigrationRun.objects.get()
    assert (run.status, run.generation) == (RunStatus.FINISHED, 1)
    assert CompanyStage.objects.count() == StageChange.objects.count() == 1
    assert not differences(expected, final_rows())
    assert_counters_are_facts(run)


def test_a_driven_run_refuses_every_other_door(seeded, manage_process, manage):
    company = seeded(600)
    first = manage_process("migrate_legacy", "--company", company.slug, "--workers", 1, "--batch-size", 20)
    wait_until(lambda: MigrationRun.objects.filter(phase="rows").update(pause_ms=1_000), "the run")
    for command in (
        ("migrate_legacy", "--company", company.slug),
        ("migrate_legacy", "--company", company.slug, "--rehearse"),
        ("resume_migration", "--company", company.slug),
        ("retry_quarantined", "--company", company.slug),
    ):
        refused = manage(*command)
        assert refused.returncode == 2, (command, refused.stdout, refused.stderr)
        assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr
        assert "already being migrated" in refused.stderr
    assert first.process.poll() is None, "the run was over too early for this test"
    assert MigrationRun.objects.get().generation == 1


def test_a_killed_run_is_taken_over_at_once(seeded, manage_process, manage):
    company = seeded(400)
    expected, _ = undisturbed(company, batch_rows=10)
    arguments = ("migrate_legacy", "--company", company.slug, "--workers", 1, "--batch-size", 10)
    first = manage_process(*arguments)
    wait_until(lambda: MigrationRun.objects.filter(phase="rows").exists(), "the run")
    first.kill()
    # Nobody waits for a heartbeat to grow old: the driver is known to be dead.
    second = manage(*arguments, "--json")
    assert second.returncode in (0, 3), second.stderr
    assert f"resumed run {as_json(second.stdout)['run']}" in second.stdout
    assert as_json(second.stdout)["passed"] is True
    assert MigrationRun.objects.get().generation == 2
    assert not differences(expected, final_rows())


@pytest.mark.nightly
def test_two_companies_at_once_do_not_meet(seeded, manage_process, manage):
    """Side by side or one after the other: the same rows for both (B12)."""
    companies = [seeded(300, seed_number=1), seeded(300, seed_number=2)]
    for company in companies:
        assert manage("migrate_legacy", "--company", company.slug, "--no-validate").returncode in (0, 3)
    expected = final_rows()
    forget_migration()
    for company in companies:
        company.save(force_insert=True)
    both = [
        manage_process("migrate_legacy", "--company", company.slug, "--batch-size", 10, "--no-validate")
        for company in companies
    ]
    assert {process.process.wait(PATIENCE_S) for process in both} <= {0, 3}, [process.output() for process in both]
    assert not differences(expected, final_rows())
    assert not OutboxEntry.objects.exists()
