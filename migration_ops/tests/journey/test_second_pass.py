"""Running it again changes no row."""

import pytest

from crm.models import Company
from migration_ops.dual_write import capture
from migration_ops.models import CompanyStage, MigrationRun
from migration_ops.stages import RunStatus, Stage
from migration_ops.tests.backfill.driving import at_rows
from migration_ops.tests.state import activity_when_alone, as_json, differences, final_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company_at_rows(seeded):
    """A company whose run is driven from here, before its first batch of rows."""
    company = seeded(120)
    return company, at_rows(company)


@pytest.mark.parametrize("arguments", [(), ("--workers", 2, "--no-validate")])
def test_second_pass_changes_nothing(seeded, manage, arguments):
    company = seeded(300)
    first = manage("migrate_legacy", "--company", company.slug, "--json")
    assert first.returncode in (0, 3), first.stderr
    rows, before = final_rows(), activity_when_alone()
    second = manage("migrate_legacy", "--company", company.slug, "--json", *arguments)
    assert second.returncode == first.returncode, second.stderr
    assert as_json(second.stdout)["status"] == "nothing to do"
    assert as_json(second.stdout)["passed"] in (True, None)
    assert activity_when_alone() == before
    assert not differences(rows, final_rows())


def test_a_dry_run_writes_nothing(seeded, manage):
    company = seeded(120)
    company_id = company.pk
    company.delete()
    capture.remove()
    before = activity_when_alone()
    told = manage("migrate_legacy", "--company", company_id, "--dry-run", "--batch-size", 50, "--json")
    assert told.returncode == 0, told.stderr
    assert activity_when_alone() == before
    plan = as_json(told.stdout)
    assert (plan["rows"], plan["pending"], plan["batches"]) == (120, 120, 3)
    assert plan["would"] == [
        "install change capture on the legacy table",
        "take the company from off to dualwrite",
        "read contacts, find customers, then project 120 rows in 3 batches",
    ]
    assert manage("migrate_legacy", "--company", company_id, "--no-validate").returncode in (0, 3)
    before = activity_when_alone()
    settled = manage("migrate_legacy", "--company", company_id, "--dry-run", "--json")
    assert as_json(settled.stdout)["would"] == ["do nothing: everything is migrated and nothing waits"]
    assert activity_when_alone() == before


def test_a_rehearsal_leaves_no_row_and_says_what_the_migration_gives(seeded, manage):
    company = seeded(400)
    company_id = company.pk
    company.delete()
    before = final_rows()
    rehearsed = manage("migrate_legacy", "--company", company_id, "--rehearse", "--batch-size", 90, "--json")
    assert rehearsed.returncode in (0, 3), rehearsed.stderr
    assert not differences(before, final_rows())
    assert not Company.objects.exists()
    assert not MigrationRun.objects.exists()
    assert not CompanyStage.objects.exists()
    migrated = manage("migrate_legacy", "--company", company_id, "--json")
    forecast, result = as_json(rehearsed.stdout), as_json(migrated.stdout)
    apart = {"status", "run", "seconds", "rows_per_second", "passed", "needs_attention"}
    assert {k: v for k, v in forecast.items() if k not in apart} == {k: v for k, v in result.items() if k not in apart}
    again = manage("migrate_legacy", "--company", company_id, "--rehearse")
    assert again.returncode == 2
    assert "was migrated already" in again.stderr


def test_a_dry_run_says_what_is_left_of_a_cancelled_run_and_what_would_be_refused(company_at_rows, manage):
    company, run = company_at_rows

    def would() -> list[str]:
        return as_json(manage("migrate_legacy", "--company", company.slug, "--dry-run", "--json").stdout)["would"]

    (driven,) = would()
    assert driven.startswith(f"refuse: company {company.slug} is already being migrated: run {run.pk}")
    MigrationRun.objects.update(status=RunStatus.PAUSED)
    assert would() == [f"resume run {run.pk}, which is paused: 12 batches of rows are left"]
    MigrationRun.objects.update(status=RunStatus.CANCELLED)
    assert would() == [f"go on with what run {run.pk}, which is cancelled, left: 12 batches of rows"]
    capture.remove()
    assert would() == [
        "install change capture on the legacy table",
        "project all 120 rows again in 1 batches: change capture was off for a while",
    ]
    CompanyStage.objects.update(stage=Stage.LIVE)
    assert would() == ["refuse: the company is live, the new tables lead, so there is nothing to copy from legacy"]
