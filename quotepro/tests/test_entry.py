import json
import os
import secrets
import subprocess
import sys

import pytest
from django.conf import settings

from quotepro.tests.processes import clean_env, run_manage

PRODUCTION = {
    "DJANGO_ENV": "production",
    "DATABASE_URL": "postgres://u@127.0.0.1:1/db",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "crm.example.com",
}


def assert_refused(done, *parts):
    assert done.returncode == 2, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize(
    ("command", "url", "parts"),
    [
        ("check", "mysql://u:geheim@h/db", ["mysql://u:***@h/db", "unknown scheme"]),
        ("migrate", "postgres://u:geheim@127.0.0.1:1/db", ["u:***@127.0.0.1:1", "refused", "start that server"]),
        ("showmigrations", "postgres://u:geheim@host.invalid/db", ["u:***@host.invalid", "Correct it"]),
    ],
)
def test_a_database_url_that_does_not_work_ends_a_command_in_one_line(command, url, parts):
    done = run_manage(command, env={"DATABASE_URL": url})
    assert_refused(done, *parts)
    assert "geheim" not in done.stderr


def test_a_database_that_is_not_there_ends_a_command_in_one_line(scratch_database_url):
    url = scratch_database_url.replace("/quotepro_scratch", "/quotepro_missing")
    assert_refused(run_manage("migrate", env={"DATABASE_URL": url}), "quotepro_missing", "create the database")


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_run_on_defaults(missing):
    assert_refused(run_manage("migrate", env=PRODUCTION | {missing: None}), f"Not set: {missing};")


def test_production_names_everything_it_needs_at_once():
    names = "DATABASE_URL, REDIS_URL, SECRET_KEY, ALLOWED_HOSTS"
    assert_refused(run_manage("check", env={"DJANGO_ENV": "production"}), f"Not set: {names};")


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "short"), ("DEBUG", "1")])
def test_production_refuses_bad_values(name, value):
    assert_refused(run_manage("check", env=PRODUCTION | {name: value}), name)


def test_production_passes_the_deployment_check():
    done = run_manage("check", "--deploy", "--fail-level", "WARNING", env=PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["check"], ["makemigrations", "--check"], ["services", "status"]])
def test_commands_without_a_database_start_nothing(command, tmp_path):
    done = run_manage(*command, env={"QUOTEPRO_DIR": str(tmp_path / "home")})
    assert done.returncode == 0, done.stderr
    assert done.stderr.replace("System check identified no issues (0 silenced).\n", "") == ""
    assert not (tmp_path / "home").exists()


def test_a_fresh_clone_migrates_without_settings(home):
    env = {"QUOTEPRO_DIR": str(home)}
    done = run_manage("migrate", env=env)
    assert done.returncode == 0, done.stderr
    shown = json.loads(run_manage("services", "status", "--json", env=env).stdout.splitlines()[-1])
    assert shown["postgres"]["running"]
    assert shown["postgres"]["embedded"]
    assert shown["postgres"]["version"].startswith("18.")
    assert shown["valkey"]["running"]
    assert str(home) in run_manage("services", "start", env=env).stdout
    stopped = json.loads(run_manage("services", "stop", "--json", env=env).stdout.splitlines()[-1])
    assert stopped["changed"] == ["postgres", "valkey"]
    assert not stopped["postgres"]["running"]
    assert not stopped["valkey"]["running"]


def test_external_servers_are_shown_and_left_alone():
    env = {"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/db", "REDIS_URL": "redis://:geheim@127.0.0.1:1/0"}
    for action, code in (("status", 3), ("start", 2), ("stop", 0)):
        done = run_manage("services", action, env=env)
        assert done.returncode == code, done.stderr
        assert "postgres://u:***@127.0.0.1:1/db" in done.stdout
        assert done.stdout.count("NOT REACHABLE") == 2
        assert "geheim" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["migrate_legacy", "--company", "x", "--workers", "abc"], "argument --workers: invalid int value: 'abc'"),
        (["migrate_legacy", "--company", "x", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["migrate_legacy"], "one of the arguments --company --all is required"),
        (["validate_migration", "--all", "--depth", "deep"], "argument --depth: invalid choice: 'deep'"),
        (["load_legacy"], "the following arguments are required: FILE.csv[.gz]"),
    ],
)
def test_arguments_that_cannot_be_read_are_one_line(manage, arguments, words):
    done = manage(*arguments)
    assert_refused(done, words, f"see manage.py {arguments[0]} --help")


def test_a_reader_that_goes_away_ends_a_command_in_silence():
    """As `manage.py … | head` does; what it says is longer than a pipe and Python hold back, and shorter."""
    for arguments in (["show_urls"], ["version"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=clean_env({}),
            stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, "")
