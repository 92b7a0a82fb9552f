"""migrate_legacy as a door: several companies, and what it says of a part of the work."""

import signal
from uuid import UUID

import pytest
from django.db import connection

from crm.models import Company
from migration_ops.models import CompanyStage, MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus, Stage
from migration_ops.tests.legacy_rows import id_at, insert
from migration_ops.tests.state import PATIENCE_S, as_json, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(seeded):
    """Two companies, in the order in which --all takes them."""
    return sorted((seeded(30, seed_number=1), seeded(30, seed_number=2)), key=lambda company: company.pk)


def test_a_company_that_is_refused_keeps_no_other_waiting(two, manage):
    first, second = two
    CompanyStage.objects.create(company=first, stage=Stage.LIVE, since="2025-01-01T00:00Z")
    told = manage("migrate_legacy", "--all", "--json")
    assert told.returncode in (0, 3), told.stderr
    assert f"{first.name}: company {first.slug} is live" in told.stderr
    result = as_json(told.stdout)
    assert [each["slug"] for each in result["refused"]] == [first.slug]
    assert [each["slug"] for each in result["companies"]] == [second.slug]
    assert result["rows"] == 30
    # There is nothing to do about a company that the new tables lead.
    assert result["needs_attention"] == result["companies"][0]["needs_attention"]


def test_where_all_are_refused_nothing_is_done(two, manage):
    for company in two:
        CompanyStage.objects.create(company=company, stage=Stage.LIVE, since="2025-01-01T00:00Z")
    told = manage("migrate_legacy", "--all", "--json")
    assert told.returncode == 2
    assert told.stdout == ""
    assert [line.partition(":")[0] for line in told.stderr.splitlines()[:2]] == [company.name for company in two]
    assert not MigrationRun.objects.exists()


def test_a_signal_ends_all_companies(two, manage_process):
    _, second = two
    process = manage_process(
        "migrate_legacy", "--all", "--batch-size", 5, "--json", env={"QUOTEPRO_BATCH_TARGET_MS": "0"}
    )
    wait_until(lambda: MigrationRun.objects.filter(status="running").update(pause_ms=1_000), "the run")
    wait_until(lambda: MigrationBatch.objects.filter(kind="rows", state="done").exists(), "a batch of rows")
    process.signal(signal.SIGTERM)
    assert process.process.wait(PATIENCE_S) == 3, process.output()
    assert MigrationRun.objects.get().status == RunStatus.PAUSED
    told = as_json(process.output())
    assert [each["status"] for each in told["companies"]] == ["paused"]
    assert [each["slug"] for each in told["refused"]] == [second.slug]


def test_the_rate_is_that_of_the_rows_that_were_done(seeded, session, manage):
    company = seeded(200)
    first = as_json(manage("migrate_legacy", "--company", company.slug, "--json", "--no-validate").stdout)
    assert first["rows_done"] == 200
    assert first["rows_per_second"] == pytest.approx(200 / first["seconds"], rel=0.01)
    writer = session()
    insert(writer, company.pk, id_at(0.5))
    writer.commit()
    later = as_json(manage("migrate_legacy", "--company", company.slug, "--json", "--no-validate").stdout)
    assert (later["rows"], later["rows_done"]) == (201, 1)
    assert later["rows_per_second"] == pytest.approx(1 / later["seconds"], rel=0.1)


def somebody_waits() -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        return bool(cursor.fetchone()[0])


def test_ctrl_c_is_one_line(two, session, manage_process):
    holder = session()
    holder.execute("LOCK TABLE quotes")
    process = manage_process("validate_migration", "--all")
    wait_until(somebody_waits, "the command waits for the table")
    process.signal(signal.SIGINT)
    assert process.process.wait(PATIENCE_S) == 130, process.output()
    assert process.output().splitlines()[-1] == "stopped by Ctrl-C"
    assert "Traceback" not in process.output()


def test_an_empty_name_means_no_company_and_not_all_of_them(two, manage):
    told = manage("migrate_legacy", "--company", "")
    assert told.returncode == 2
    assert told.stderr.startswith("CommandError: no company ''")
    assert not MigrationRun.objects.exists()


def test_looking_at_a_company_nobody_has_named_yet_stores_nothing(session, manage):
    company = UUID(int=41)
    with session() as program:
        insert(program, company, id_at(1))
    told = manage("migration_status", "--company", company, "--json")
    assert told.returncode == 0, told.stderr
    assert as_json(told.stdout)["pending"] == 1
    assert not Company.objects.exists()
