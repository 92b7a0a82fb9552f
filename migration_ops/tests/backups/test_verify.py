"""A backup is proven by restoring it and comparing; only then it opens a gate (K3, K5, V26)."""

import json
import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import Company, Quote
from migration_ops import audit, conf
from migration_ops.backups import clients, container, scratch
from migration_ops.backups import verify as module
from migration_ops.cutover import gates
from migration_ops.exceptions import BackupImpossible, BackupRefused
from migration_ops.models import AuditLine, GateEvidence
from migration_ops.tests.backups.conftest import scratch_databases, take, verify
from migration_ops.tests.legacy_rows import id_at, insert
from migration_ops.tests.living import backfill
from migration_ops.tests.state import final_rows

pytestmark = pytest.mark.django_db(transaction=True)


def gate(company):
    (result,) = gates.check(company, ["backup"])
    return result


def resealed(taken, path, **changes):
    """The same dump with another manifest, signed by us."""
    path.write_bytes(taken.sealed.path.read_bytes()[: taken.sealed.dump_bytes])
    container.seal(path, taken.sealed.manifest | changes)
    return path


def test_a_good_backup_passes_and_opens_the_gate(company, taken):
    assert not gate(company).passed
    before = final_rows()
    done = verify(taken.sealed.path)
    assert done.passed
    assert done.differences == []
    assert done.tables_compared == taken.tables > 30
    assert final_rows() == before
    assert scratch_databases() == []
    opened = gate(company)
    assert opened.passed
    assert opened.evidence["sha256"] == taken.sealed.sha256
    assert opened.evidence["file"] == "today.backup"
    assert opened.evidence["tables"] == taken.tables
    assert opened.evidence["rows"] == taken.rows
    assert opened.evidence["snapshot_at"] == taken.sealed.manifest["snapshot_at"]
    line = AuditLine.objects.filter(action="verify_backup").first()
    assert line.detail["passed"] is True
    assert audit.verify().is_whole


CHANGES = {
    "a value": "UPDATE quotes_new SET total = total + 1 WHERE id = (SELECT min(id::text)::uuid FROM quotes_new)",
    "a scale": "UPDATE quotes SET total = 100.00 WHERE id = (SELECT min(id::text)::uuid FROM quotes)",
    "a row gone": "DELETE FROM quote_items_new WHERE id = (SELECT min(id::text)::uuid FROM quote_items_new)",
    "two values swapped": (
        "UPDATE customer_contacts c SET email = o.email FROM customer_contacts o"
        " WHERE c.name <> o.name AND c.name IN ('Person 0000', 'Person 0001')"
        " AND o.name IN ('Person 0000', 'Person 0001')"
    ),
    "an index gone": "DROP INDEX migration_finding_open_idx",
    "a trigger off": "ALTER TABLE migration_audit_log DISABLE TRIGGER qp_audit_refuse_v1",
    "a sequence behind": "SELECT setval('migration_run_id_seq', 1, false)",
    "a table more": "CREATE TABLE stranger AS SELECT 1 AS one",
    "brackets of a condition": (
        "ALTER TABLE bracketed DROP CONSTRAINT grouped, ADD CONSTRAINT grouped CHECK (one > 0 OR (two > 0 AND three > 0))"
    ),
    "blanks of a literal": (
        "ALTER TABLE bracketed DROP CONSTRAINT worded, ADD CONSTRAINT worded CHECK (word IN ('a  b', 'c'))"
    ),
}


@pytest.fixture
def bracketed(company):
    """A table whose conditions say what belongs together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bracketed (one int, two int, three int, word varchar(9),"
            " CONSTRAINT grouped CHECK ((one > 0 OR two > 0) AND three > 0), CONSTRAINT worded CHECK (word IN ('a b', 'c')))"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bracketed")


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_the_restore_is_found(company, bracketed, taken, change, monkeypatch):
    restore = module.restore

    def spoilt(pg_restore, path, database):
        restore(pg_restore, path, database)
        with clients.session(database) as session:
            # As the mirror: only the comparison is to notice.
            session.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
            session.execute("SET LOCAL session_replication_role = replica")
            session.execute(CHANGES[change])

    monkeypatch.setattr(module, "restore", spoilt)
    done = verify(taken.sealed.path)
    assert not done.passed
    assert done.differences
    assert len(done.differences) <= 2, done.differences
    assert not gate(company).passed
    assert "the last proof failed" in gate(company).missing
    assert scratch_databases() == []


def test_a_backup_that_names_no_table_proves_nothing(taken, tmp_path):
    done = verify(resealed(taken, tmp_path / "none", tables={}))
    assert not done.passed


def test_damaged_files_are_refused_before_anything_is_touched(company, taken, monkeypatch):
    monkeypatch.setattr(module, "scratch_database", lambda: pytest.fail("a database was made"))
    path = taken.sealed.path
    content = path.read_bytes()
    for damaged in (
        content[: len(content) // 2],
        content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + content[len(content) // 2 + 1 :],
        content.replace(b'"public.quotes":[6,', b'"public.quotes":[5,'),
        content[: taken.sealed.dump_bytes],
    ):
        path.write_bytes(damaged)
        with pytest.raises(BackupRefused):
            verify(path)
    assert not GateEvidence.objects.filter(gate="backup").exists()


def test_another_servers_version_or_database_is_refused(taken, tmp_path):
    newer = resealed(taken, tmp_path / "newer", server_major=99, server_version="99.1")
    with pytest.raises(BackupRefused, match=r"taken from PostgreSQL 99\.1 and this server is"):
        verify(newer)
    foreign = taken.sealed.manifest["database"] | {"oid": 1, "name": "theirs"}
    with pytest.raises(BackupRefused, match="taken from another database \\('theirs'"):
        verify(resealed(taken, tmp_path / "foreign", database=foreign))


def test_a_dump_that_cannot_be_restored_leaves_no_database(taken, tmp_path):
    path = tmp_path / "broken"
    path.write_bytes(taken.sealed.path.read_bytes()[: taken.sealed.dump_bytes // 2])
    container.seal(path, {key: value for key, value in taken.sealed.manifest.items() if key != "format"})
    with pytest.raises(BackupImpossible, match="pg_restore ended with"):
        verify(path)
    assert scratch_databases() == []


def test_only_scratch_databases_are_made_and_dropped():
    live = connection.settings_dict["NAME"]
    for name in (
        live,
        "postgres",
        "quotepro_verify_1_abcdef12; DROP",
        "quotepro_verify_",
        "quotepro_verify_1_abcdef12\n",
    ):
        with pytest.raises(BackupImpossible, match="not touched"):
            scratch.ensure_scratch_name(name, live=live)
    with pytest.raises(BackupImpossible):
        scratch.ensure_scratch_name("quotepro_verify_1_abcdef12", live="quotepro_verify_1_abcdef12")
    scratch.ensure_scratch_name("quotepro_verify_1_abcdef12", live=live)


def test_sigterm_leaves_no_database(taken, manage_process):
    before = taken.sealed.path.read_bytes()
    process = manage_process("verify_backup", taken.sealed.path)
    deadline = time.monotonic() + 60
    while not scratch_databases():
        assert time.monotonic() < deadline, process.output()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    assert process.process.wait(30) == 1
    assert scratch_databases() == []
    assert taken.sealed.path.read_bytes() == before
    assert "stopped by SIGTERM; the scratch database was dropped" in process.output()
    assert not GateEvidence.objects.filter(gate="backup").exists()


# --- the gate ----------------------------------------------------------------------------------------------------


def test_a_backup_from_before_the_last_run_does_not_count(company, taken, session):
    verify(taken.sealed.path)
    assert gate(company).passed
    writer = session()
    insert(writer, company.pk, id_at(0.9))
    writer.commit()
    backfill(company)
    closed = gate(company)
    assert not closed.passed
    assert "taken before run" in closed.missing
    # Verified anew it is still the old backup.
    verify(taken.sealed.path)
    assert not gate(company).passed
    fresh = take(taken.sealed.path, replaces=True)
    verify(fresh.sealed.path)
    assert gate(company).passed


def test_an_old_backup_does_not_count_however_late_it_was_verified(company, taken, tmp_path, monkeypatch):
    old = (timezone.now() - timedelta(hours=conf.BACKUP_AGE_H, minutes=1)).isoformat()
    assert verify(resealed(taken, tmp_path / "old", snapshot_at=old)).passed
    assert "taken more than 24 hours ago" in gate(company).missing
    monkeypatch.setattr(conf, "BACKUP_AGE_H", 48)
    assert gate(company).passed


def test_a_company_that_is_not_in_the_backup_gets_no_evidence(company, taken):
    later = Company.objects.create(name="Later", slug="later")
    assert verify(taken.sealed.path).companies == 1
    assert "evidence missing" in gate(later).missing


# --- the commands ------------------------------------------------------------------------------------------------


def test_the_commands_from_end_to_end(company, tmp_path, manage):
    path = tmp_path / "cli.backup"
    made = manage("backup", path, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout.splitlines()[-1])
    assert (told["file"], told["bytes"]) == ("cli.backup", path.stat().st_size)
    assert Quote.objects.count() == 6
    done = manage("verify_backup", path, "--json")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout.splitlines()[-1])
    assert verdict["passed"] is True
    assert verdict["sha256"] == told["sha256"]
    assert verdict["tables_compared"] == told["tables"]
    assert "passed" in done.stdout
    again = manage("backup", path)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    path.write_bytes(path.read_bytes()[:-5])
    bad = manage("verify_backup", path)
    assert bad.returncode == 2
    assert "its end is missing" in bad.stderr
    assert "Traceback" not in bad.stderr + again.stderr
