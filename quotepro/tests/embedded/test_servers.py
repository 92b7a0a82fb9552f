import os
import pwd
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest
import redis
from django.conf import settings

from quotepro.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from quotepro.tests.processes import clean_env

# Becomes the other user only after its imports: the interpreter may lie where that user cannot go.
START = """
import os, sys
from pathlib import Path
from quotepro.embedded import EmbeddedPostgres, EmbeddedValkey, Places
EmbeddedValkey(places=Places.below(Path(sys.argv[1]))).info()
if len(sys.argv) > 2:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
places = Places.below(Path(sys.argv[1]))
started = EmbeddedPostgres(places=places).start(), EmbeddedValkey(places=places).start()
print(*started, EmbeddedPostgres(places=places).pid(), EmbeddedValkey(places=places).info()["process_id"])
"""


def starter(home, *uid):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(home), *map(str, uid)],
        cwd=settings.BASE_DIR,
        env=clean_env({"DJANGO_SETTINGS_MODULE": "quotepro.settings", "PYTHONPATH": str(settings.BASE_DIR)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_at_once_get_one_server(home):
    outputs = []
    for process in [starter(home) for _ in range(4)]:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        outputs.append(output.split())
    assert sorted(output[0] for output in outputs) == ["False"] * 3 + ["True"]
    assert sorted(output[1] for output in outputs) == ["False"] * 3 + ["True"]
    assert len({(output[2], output[3]) for output in outputs}) == 1


def test_postgres_keeps_its_rows_through_stop_and_kill(places):
    server = EmbeddedPostgres(places=places)
    assert not server.stop()
    assert server.start()
    assert not server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        assert connection.info.server_version // 10000 == 18
        assert connection.execute("SELECT upper('müller')").fetchone() == ("MÜLLER",)
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        connection.execute("CHECKPOINT")
    assert server.stop()
    assert not server.answers()
    assert server.pid() is None

    assert server.start()
    # A backend at work outlives its postmaster for a moment: the start must wait for it, not give up.
    with psycopg.connect(server.url(), autocommit=True) as busy:
        killed = server.pid()
        os.kill(killed, signal.SIGKILL)
        assert server.start()
        assert server.pid() != killed
        with pytest.raises(psycopg.OperationalError):
            busy.execute("SELECT 1")
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_pid_file_of_another_program_does_not_stop_the_start(places):
    server = EmbeddedPostgres(places=places)
    server.start()
    server.stop()
    # After a reboot the number may belong to anybody: here to this very test.
    places.write(server.data / "postmaster.pid", f"{os.getpid()}\n{server.data}\n1\n5432\n{places.sockets}\n\n0 0\n")
    assert server.pid() is None
    assert server.start()


def test_half_a_cluster_of_a_killed_first_start_is_replaced(places):
    places.prepare()
    server = EmbeddedPostgres(places=places)
    half = server.data.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert server.start()


def test_a_server_that_cannot_start_says_why_and_where(places):
    server = EmbeddedPostgres(places=places)
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").rename(server.data / "global" / "gone")
    with pytest.raises(EmbeddedError, match=r"pg_control.*postgres\.log"):
        server.start()


def test_valkey_keeps_its_keys_through_stop_and_kill(places):
    server = EmbeddedValkey(places=places)
    assert not server.stop()
    assert server.start()
    assert not server.start()
    client = redis.Redis.from_url(server.url())
    client.set("kept", "1")
    began = time.monotonic()
    assert server.stop()
    assert time.monotonic() - began < 2
    assert server.start()
    assert client.get("kept") == b"1"
    psutil.Process(client.info("server")["process_id"]).kill()
    began = time.monotonic()
    while server.answers():
        time.sleep(0.01)
    assert server.start()
    assert time.monotonic() - began < 2
    assert client.get("kept") == b"1"
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("port") == {"port": "0"}
    client.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_an_ordinary_user_starts_servers_of_their_own(home):
    nobody = pwd.getpwnam("nobody")
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    process = starter(home, nobody.pw_uid)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    started_postgres, started_valkey, postgres_pid, valkey_pid = output.split()
    assert (started_postgres, started_valkey) == ("True", "True")
    for pid in (postgres_pid, valkey_pid):
        assert psutil.Process(int(pid)).username() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_folder_of_another_user_is_refused_in_one_line(home):
    home.mkdir()
    os.chown(home, 12345, 12345)
    nobody = pwd.getpwnam("nobody")
    process = starter(home, nobody.pw_uid)
    _, errors = process.communicate(timeout=60)
    assert "belongs to 12345, not to nobody" in errors
