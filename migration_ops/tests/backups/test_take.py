"""A backup is written whole or not at all, and with nobody's secret in sight (K7 to K9, K11)."""

import os
import resource
import shutil
import signal
import stat
import time

import psycopg
import pytest
from django.db import connection

from migration_ops import conf
from migration_ops.backups import clients
from migration_ops.exceptions import BackupImpossible, BackupRefused
from migration_ops.models import AuditLine
from migration_ops.tests.backups.conftest import take
from migration_ops.tests.legacy_rows import insert

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_its_owner_may_read_it_and_the_log_knows_it(taken, tmp_path):
    path = taken.sealed.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [path.name]
    line = AuditLine.objects.filter(action="backup").first()
    assert line.detail["sha256"] == taken.sealed.sha256
    assert (line.detail["file"], line.detail["tables"]) == (path.name, taken.tables)
    assert taken.sealed.manifest["tables"]["public.quotes"][0] == 6


def test_the_manifest_is_of_the_snapshot_and_not_of_later(company, tmp_path, session, monkeypatch):
    writer = session()
    from migration_ops.backups import contents

    read = contents.read

    def late(*args):
        insert(writer, company.pk, company.pk)
        writer.commit()
        return read(*args)

    monkeypatch.setattr(contents, "read", late)
    assert take(tmp_path / "a").sealed.manifest["tables"]["public.quotes"][0] == 6


def test_an_existing_file_is_kept_unless_forced(taken):
    path = taken.sealed.path
    before = path.read_bytes()
    with pytest.raises(BackupRefused, match="exists already"):
        take(path)
    assert path.read_bytes() == before
    assert take(path, replaces=True).sealed.path == path
    assert path.read_bytes() != before


def test_a_file_that_somebody_makes_meanwhile_is_kept(company, tmp_path, monkeypatch):
    from migration_ops.backups import take as module

    seal = module.seal

    def meanwhile(*args):
        (tmp_path / "a").write_text("theirs")
        return seal(*args)

    monkeypatch.setattr(module, "seal", meanwhile)
    with pytest.raises(BackupRefused, match="meanwhile"):
        take(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a"]


def test_places_that_cannot_be(company, tmp_path):
    with pytest.raises(BackupRefused, match="is a folder"):
        take(tmp_path)
    with pytest.raises(BackupRefused, match="there is no folder"):
        take(tmp_path / "none" / "a")


def test_too_little_room_is_seen_before(company, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=conf.BACKUP_ROOM_BYTES))
    with pytest.raises(BackupImpossible, match="MB free"):
        take(tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_a_disk_that_fills_in_the_middle_leaves_nothing(company, tmp_path):
    lines = AuditLine.objects.filter(action="backup").count()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        with pytest.raises(BackupImpossible, match="pg_dump ended with"):
            take(tmp_path / "a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert os.listdir(tmp_path) == []
    assert AuditLine.objects.filter(action="backup").count() == lines


def test_sigterm_leaves_no_file(company, tmp_path, manage_process, session):
    blocker = session()
    blocker.execute("LOCK TABLE quotes IN ACCESS EXCLUSIVE MODE")
    target = tmp_path / "out"
    target.mkdir()
    with connection.cursor() as cursor:
        process = manage_process("backup", target / "a")
        deadline = time.monotonic() + 60
        while not (os.listdir(target) and _waiting(cursor)):
            assert time.monotonic() < deadline, process.output()
            time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    assert process.process.wait(30) == 1
    blocker.rollback()
    assert os.listdir(target) == []
    assert "stopped by SIGTERM; no file was left" in process.output()
    assert "Traceback" not in process.output()


def _waiting(cursor) -> bool:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'quotes'::regclass AND NOT granted")
    return bool(cursor.fetchone()[0])


def test_a_role_that_sees_half_of_the_rows_fails(company, tmp_path, session):
    owner = session()
    role = f"quotepro_half_{os.getpid()}"
    owner.execute(f"CREATE ROLE {role} LOGIN")
    owner.execute("ALTER TABLE quotes ENABLE ROW LEVEL SECURITY")
    owner.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    owner.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}")
    owner.commit()
    settings = connection.settings_dict
    user = settings["USER"]
    try:
        settings["USER"] = role
        with pytest.raises(BackupImpossible, match=r"row-level security|permission denied|row security"):
            take(tmp_path / "a")
    finally:
        settings["USER"] = user
        owner.execute("ALTER TABLE quotes DISABLE ROW LEVEL SECURITY")
        owner.execute(f"DROP OWNED BY {role}")
        owner.execute(f"DROP ROLE {role}")
        owner.commit()
    assert os.listdir(tmp_path) == []


def fake(folder, name: str, version: str):
    folder.mkdir()
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
    program.chmod(0o755)
    return folder


def test_the_client_of_the_servers_version_is_taken_and_an_older_one_refused(tmp_path):
    old, new = fake(tmp_path / "old", "pg_dump", "14.9"), fake(tmp_path / "new", "pg_dump", "17.1 (Debian)")
    assert clients.program("pg_dump", server_major=17, folders=[old, new]) == new / "pg_dump"
    with pytest.raises(
        BackupImpossible, match=r"14 \(.*\), 17 \(.*\) is older than the server, which is PostgreSQL 18"
    ):
        clients.program("pg_dump", server_major=18, folders=[old, new])
    with pytest.raises(BackupImpossible, match="does not match the server"):
        clients.program("pg_dump", server_major=16, folders=[old, new])
    with pytest.raises(BackupImpossible, match=r"there is no pg_dump: install the client programs of PostgreSQL 18"):
        clients.program("pg_dump", server_major=18, folders=[tmp_path])


def test_the_password_is_in_no_command_line(company, tmp_path, monkeypatch):
    seen: list[tuple[list[str], dict[str, str]]] = []
    start = clients.subprocess.Popen

    def watched(command, **kwargs):
        seen.append(([str(word) for word in command], kwargs.get("env") or {}))
        return start(command, **kwargs)

    monkeypatch.setattr(clients.subprocess, "Popen", watched)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret-of-the-test")
    take(tmp_path / "a")
    dumps = [(command, env) for command, env in seen if "--format=custom" in command]
    assert len(dumps) == 1
    assert all("s3cret-of-the-test" not in word for command, _ in seen for word in command)
    assert dumps[0][1]["PGPASSWORD"] == "s3cret-of-the-test"
    assert b"s3cret-of-the-test" not in (tmp_path / "a").read_bytes()


def test_a_locked_table_is_not_waited_for_for_ever(company, tmp_path, session, monkeypatch):
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 300)
    blocker: psycopg.Connection = session()
    blocker.execute("LOCK TABLE quotes IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(BackupImpossible, match="lock"):
        take(tmp_path / "a")
    assert os.listdir(tmp_path) == []
