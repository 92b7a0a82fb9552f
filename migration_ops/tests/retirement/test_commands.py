"""The commands: who one is, what is typed, what is told."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from migration_ops.models import Certificate, Retirement
from migration_ops.tests.retirement.conftest import ROWS, SECRET, legacy_texts, sign
from quotepro.tests.processes import clean_env

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(test_database_url):
    """``run("certificate", …, password=…)``: the command in a process of its own, the password as stdin's first line."""

    def start(
        *args: object, password: str = SECRET, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, args)], cwd=settings.BASE_DIR, input=password + "\n", text=True,
            capture_output=True, timeout=120, check=False,
            env=clean_env({"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL} | (env or {})),
        )  # fmt: skip

    return start


def told(done) -> dict:
    return json.loads(done.stdout.splitlines()[-1])


def test_from_the_proofs_to_the_removed_rows_and_back(company, people, run, tmp_path):
    before = legacy_texts()
    looked = run("certificate", "--company", "here", "--json")
    assert looked.returncode == 0, looked.stderr
    assert told(looked)["passed"] is True
    file = tmp_path / "here.json"
    signed = run("certificate", "--company", "here", "--sign", "ann", "--output", file, "--json")
    assert signed.returncode == 0, signed.stderr
    assert told(signed)["signed_by"] == "ann"
    held = run("certificate", "--company", "here", "--verify", file, "--json")
    assert (held.returncode, told(held)["passed"]) == (0, True)
    assert run("certificate", "--company", "here", "--verify").returncode == 0
    shown = run("retire_legacy", "--company", "here", "--dry-run", "--by", "bob", "--json")
    assert shown.returncode == 0, shown.stdout
    assert (told(shown)["rows"], told(shown)["total"], told(shown)["passed"]) == (ROWS, "703.500", True)
    assert legacy_texts() == before
    path = tmp_path / "here.archive"
    gone = run("retire_legacy", "--company", "here", "--archive", path, "--by", "bob", "--confirm", "Here", "--json")
    assert gone.returncode == 0, gone.stderr
    assert (told(gone)["state"], told(gone)["removed"], told(gone)["proven"]) == ("removed", ROWS, ROWS)
    assert legacy_texts() == []
    stands = run("migration_status", "--company", "here", "--json")
    assert (told(stands)["rows"], told(stands)["retired"], told(stands)["pending"]) == (0, ROWS, 0)
    assert f"0 legacy rows, {ROWS} more archived and removed" in stands.stdout
    assert "(100.00%), 0 quarantined, 0 pending" in stands.stdout
    back = run("retire_legacy", "--company", "here", "--restore", path, "--by", "bob", "--confirm", "Here", "--json")
    assert back.returncode == 0, back.stderr
    assert legacy_texts() == before
    assert told(run("migration_status", "--company", "here", "--json"))["retired"] == 0
    void = run("certificate", "--company", "here", "--verify", file)
    assert (void.returncode, "superseded by legacy rows that were put back" in void.stderr) == (3, True)


@pytest.fixture
def refused(monkeypatch):
    """``refused("certificate", …)``: the line a command ends with, and its exit code; in this process."""

    def start(*args: object, password: str = SECRET) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
        with pytest.raises(CommandError) as error:
            call_command(*map(str, args))
        return error.value.returncode, str(error.value)

    return start


def test_what_is_refused_is_one_line_and_changes_nothing(company, refused, tmp_path):
    for name in ("ann", "bob"):
        User.objects.create_superuser(name, password=SECRET)
    User.objects.create_user("eve", password=SECRET, is_staff=True)
    User.objects.create_user("max", password=SECRET)
    sign(company)
    before, path, there = legacy_texts(), tmp_path / "a", tmp_path / "there"
    there.write_text("kept")
    away = ("retire_legacy", "--company", "here", "--archive", path)
    stranger = "no active staff user with this name and password"
    for (code, said), words in (
        (refused(*away, "--by", "bob", "--confirm", "There"), "type the company's name to mean it: Here"),
        (refused(*away, "--by", "bob"), "type the company's name"),
        (refused(*away, "--confirm", "Here"), "name the user who does it"),
        (refused(*away, "--by", "bob", "--confirm", "Here", password="wrong"), stranger),
        (refused(*away, "--by", "nobody", "--confirm", "Here"), stranger),
        (refused(*away, "--by", "max", "--confirm", "Here"), stranger),
        (refused(*away, "--by", "eve", "--confirm", "Here"), "lacks the permission migration_ops.retire_legacy"),
        (refused(*away, "--by", "ann", "--confirm", "Here"), "second_person: ann signed the certificate"),
        (refused(*away[:3], "--restore", path, "--by", "bob", "--confirm", "Here"), "no such file"),
        (refused("certificate", "--company", "here", "--sign", "eve"), "lacks the permission"),
        (refused("certificate", "--company", "here", "--verify", path), "cannot be read"),
        (refused("certificate", "--company", "nowhere"), "no company 'nowhere'"),
        (
            refused("certificate", "--company", "here", "--sign", "ann", "--output", there),
            "cannot be written: File exi",
        ),
        (refused("certificate", "--company", "here", "--sign", "ann", "--output", tmp_path), "cannot be written"),
        (refused("certificate", "--company", "here", "--sign", "eve", "--output", path), "lacks the permission"),
        (refused("certificate", "--company", "here", "--output", path), "with --sign or --verify"),
    ):
        assert (code, words in said) == (2, True), (words, said)
        assert "\n" not in said
    assert legacy_texts() == before
    assert (Certificate.objects.filter(company=company).count(), Retirement.objects.count()) == (1, 0)
    assert (path.exists(), there.read_text()) == (False, "kept")


def test_missing_proofs_end_with_3_and_are_named(company, refused, capsys):
    code, said = refused("retire_legacy", "--company", "here", "--dry-run", "--json")
    assert (code, said) == (3, "here cannot be retired yet: certificate")
    shown = capsys.readouterr().out
    assert "certificate: nobody signed the company off" in shown
    proofs = json.loads(shown.splitlines()[-1])["proofs"]
    assert {proof["name"] for proof in proofs if not proof["passed"]} == {"certificate"}
    assert refused("certificate", "--company", "here", "--verify")[0] == 3


@pytest.mark.nightly
def test_sigkill_and_sigterm_in_the_middle_leave_whole_batches(
    company, people, run, tmp_path, test_database_url, session
):
    sign(company)
    before, path, blocker = legacy_texts(), tmp_path / "here.archive", session()
    last = max(id for (id,) in blocker.execute("SELECT id FROM quotes").fetchall())
    command = ["retire_legacy", "--company", "here", "--archive", path, "--by", "bob", "--confirm", "Here"]
    env = {"QUOTEPRO_RETIRE_ROWS": "2", "QUOTEPRO_LOCK_TIMEOUT_MS": "60000"}
    for number in (signal.SIGKILL, signal.SIGTERM):
        blocker.execute("SELECT FROM quotes WHERE id = %s FOR UPDATE", [last])
        process = subprocess.Popen(
            [sys.executable, "manage.py", *map(str, command)], cwd=settings.BASE_DIR, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_env({"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL} | env),
        )  # fmt: skip
        process.stdin.write(SECRET + "\n")
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not _waits():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        os.kill(process.pid, number)
        _, said = process.communicate(timeout=30)
        blocker.rollback()
        if number == signal.SIGTERM:
            assert process.returncode == 1
            assert "every batch is whole" in said
            assert "Traceback" not in said
        assert len(legacy_texts()) in (1, 0)
        going = Retirement.objects.get()
        assert going.removed == ROWS - len(legacy_texts())
        if not legacy_texts():
            break  # the server ended the killed client's last statement before it noticed
    done = run(*command, "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert (told(done)["removed"], legacy_texts()) == (ROWS, [])
    assert (
        run("retire_legacy", "--company", "here", "--restore", path, "--by", "bob", "--confirm", "Here").returncode == 0
    )
    assert legacy_texts() == before


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%DELETE FROM quotes%%'"
            " AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
