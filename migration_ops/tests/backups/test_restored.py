"""A backup restored into a new database, and work that goes on there, as after a disaster (K4, K6, V29)."""

from contextlib import closing

import psycopg
import pytest
from django.db import connection

from crm.models import Company, Quote
from legacy.models import LegacyQuote
from migration_ops.backups import clients
from migration_ops.backups import verify as module
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write import capture
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import BackupImpossible
from migration_ops.models import MigrationBatch, MigrationRun, OutboxEntry
from migration_ops.stages import RunStatus, Stage
from migration_ops.tasks import run_slice
from migration_ops.tests.backups.conftest import take
from migration_ops.tests.legacy_rows import fill, update
from migration_ops.tests.state import DEALS, as_json, assert_valid, final_rows, wait_until
from quotepro.tests.processes import run_manage

pytestmark = pytest.mark.django_db(transaction=True)


def restored(path, url: str) -> psycopg.Connection:
    """As the runbook says it: into a new, empty database."""
    session = psycopg.connect(url, autocommit=True)
    module.restore(_pg_restore(), path, session.info.dbname)
    return session


def _pg_restore():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return clients.program("pg_restore", server_major=int(cursor.fetchone()[0]) // 10_000)


def data_only(path, database: str) -> None:
    """The legacy rows of a backup alone, into tables that are there."""
    process = clients.start(
        [
            _pg_restore(),
            "--exit-on-error",
            "--data-only",
            "--table=quotes",
            "--no-password",
            "--dbname",
            database,
            path,
        ],
        database=database,
    )
    clients.finish(process, "pg_restore")


@pytest.fixture
def captured(transactional_db):
    """Capture as installed from nothing, before the company is migrated."""
    capture.remove()
    assert capture.install()


def test_a_restore_captures_nothing_of_its_own_and_is_not_trusted_before_it_was_looked_at(
    captured, company, session, tmp_path, scratch_database_url, redis_server
):
    writer = session()
    update(writer, LegacyQuote.objects.first().pk, total=4711)
    writer.commit()
    waiting = list(OutboxEntry.objects.values_list("id", "legacy_id"))
    assert len(waiting) == 1
    path = take(tmp_path / "today.backup").sealed.path
    with closing(restored(path, scratch_database_url)) as there:
        assert there.execute("SELECT id, legacy_id FROM migration_outbox").fetchall() == waiting
        env = {"DATABASE_URL": scratch_database_url, "REDIS_URL": redis_server}
        status = as_json(run_manage("migration_status", "--company", "here", "--json", env=env).stdout)
        assert "since it was installed" in status["capture_holes"][0]
        again = run_manage("migrate_legacy", "--company", "here", "--json", env=env)
        assert (again.returncode, as_json(again.stdout)["passed"]) == (0, True), again.stderr
        assert there.execute("SELECT count(*) FROM migration_outbox").fetchone() == (0,)
        assert there.execute("SELECT total FROM quotes_new WHERE id = %s", [waiting[0][1]]).fetchone() == (4711,)


def test_rows_put_back_by_a_restore_of_data_alone_are_changes_like_any_other(company, session, tmp_path):
    path, before = take(tmp_path / "today.backup").sealed.path, final_rows(tables=DEALS)
    writer = session()
    writer.execute("DELETE FROM quotes")
    writer.commit()
    apply_once()
    assert not Quote.objects.exists()
    data_only(path, connection.settings_dict["NAME"])
    assert OutboxEntry.objects.count() == 6, "our trigger is ENABLE ALWAYS: a restore does not get around it"
    apply_once()
    assert_valid(company)
    assert {table: len(rows) for table, rows in final_rows(tables=DEALS).items()} == {
        table: len(rows) for table, rows in before.items()
    }


def test_rows_cannot_be_put_back_where_the_new_side_leads(company, tmp_path, session):
    path = take(tmp_path / "today.backup").sealed.path
    writer = session()
    writer.execute("DELETE FROM quotes")
    writer.commit()
    for stage in (Stage.SHADOW, Stage.LIVE):
        move_stage(company, stage, reason="test", actor="test", needs_gates=False)
    with pytest.raises(BackupImpossible, match=r"company .* is live: its rows are written in the new tables"):
        data_only(path, connection.settings_dict["NAME"])
    assert not LegacyQuote.objects.exists()


def test_a_run_goes_on_where_the_backup_caught_it(
    session, tmp_path, scratch_database_url, redis_server, manage_process
):
    here, writer = Company.objects.create(name="Here", slug="here"), session()
    fill(writer, here.pk, 400)
    writer.commit()
    driven = manage_process("migrate_legacy", "--company", "here", "--workers", 1, "--batch-size", 10, "--no-validate")
    wait_until(lambda: MigrationBatch.objects.filter(state="done").count() >= 4, "some batches")
    driven.kill()
    path = take(tmp_path / "today.backup").sealed.path
    with closing(restored(path, scratch_database_url)) as there:
        assert there.execute("SELECT status FROM migration_run").fetchone() == ("running",), "it was killed too late"
        env = {"DATABASE_URL": scratch_database_url, "REDIS_URL": redis_server}
        done = run_manage("migrate_legacy", "--company", "here", "--json", env=env)
        assert (done.returncode, as_json(done.stdout)["passed"]) == (0, True), done.stderr
        assert as_json(done.stdout)["migrated"] == 400


def test_messages_of_a_newer_queue_about_what_the_restored_database_does_not_know_end_quietly(company):
    before, run = final_rows(), MigrationRun.objects.get(company=company)
    run_slice(run.pk + 1_000, 1)
    run_slice(run.pk, run.generation + 5)
    assert final_rows() == before
    run.refresh_from_db()
    assert run.status == RunStatus.FINISHED
