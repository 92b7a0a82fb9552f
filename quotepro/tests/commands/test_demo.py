"""The demo from end to end, without the web application; where it cannot serve."""

import json
import signal
import socket

import pytest

from legacy.models import LegacyQuote
from migration_ops.models import CompanyStage, MigrationRun
from migration_ops.stages import Stage
from migration_ops.tests.state import wait_until
from quotepro.tests.processes import daemon


def told(done) -> dict:
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_demo_shows_what_came_in_what_came_out_and_what_was_proven(manage):
    done = manage("demo", "--no-serve", "--rows", 90, "--json")
    result = told(done)
    assert (result["rows"], result["pending"], result["passed"]) == (90, 0, True)
    assert result["migrated"] + result["quarantined"] == 90
    assert f"90 legacy rows = {result['migrated']} migrated + {result['quarantined']} quarantined" in done.stdout
    assert "Harbor Roofing" in done.stdout
    assert done.stderr == ""

    # Once more, after somebody took a company live: it is shown as it stands, whatever number of rows is asked for.
    CompanyStage.objects.filter(company__slug="harbor-roofing").update(stage=Stage.LIVE)
    again = manage("demo", "--no-serve", "--rows", 500, "--json")
    assert told(again)["rows"] == 90 == LegacyQuote.objects.count()
    assert "The 90 rows of an earlier demo are shown, not --rows 500" in again.stderr


def test_ctrl_c_ends_it_before_the_next_company(test_database_url, redis_server, tmp_path):
    env = {"DATABASE_URL": test_database_url, "REDIS_URL": redis_server, "QUOTEPRO_BATCH_ROWS": "5"}
    command = ["manage", "demo", "--no-serve", "--rows", "90"]
    with daemon("demo", command, env=env, log=tmp_path / "demo.log") as demo:
        wait_until(lambda: MigrationRun.objects.filter(status="running").update(pause_ms=1_000), "a run")
        demo.signal(signal.SIGINT)
        assert demo.process.wait(60) == 130, demo.output()
    assert demo.output().splitlines()[-1] == "stopped by Ctrl-C"
    assert MigrationRun.objects.count() == 1


def test_rows_of_somebody_else_are_left_alone(manage):
    assert manage("seed_legacy", "--rows", 3, "--companies", 1, "--seed", 77).returncode == 0
    done = manage("demo", "--no-serve")
    assert done.returncode == 2
    assert "holds 3 rows that are not the demo's" in done.stderr
    assert LegacyQuote.objects.count() == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rows", "0"], "--rows 0: give 1 or more"),
        (["--port", "99999"], "--port 99999: give 1 to 65535"),
        (["--port", "-1"], "--port -1: give 1 to 65535"),
        (["--host", "nowhere.invalid"], "cannot serve at nowhere.invalid:8000"),
        (["--host", "192.0.2.1"], "cannot serve at 192.0.2.1:8000 (Cannot assign requested address)"),
    ],
)
def test_what_it_cannot_use_is_one_line(manage, options, words):
    done = manage("demo", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not LegacyQuote.objects.exists()


def test_a_taken_port_is_named(manage):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = manage("demo", "--port", port)
    assert done.returncode == 2
    assert done.stderr.strip() == f"CommandError: port {port} of 127.0.0.1 is taken: give another one with --port"
