"""The production entry point's server, with connections on which nobody asks anything."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from quotepro.gunicorn_worker import SILENT_S

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3


def application(environ, start_response):
    """Answers at once."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture(params=["as it is", "where the system keeps no connection back"])
def port(request, tmp_path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "conf.py").write_text(
        "from quotepro.gunicorn_conf import *\n"
        + ("" if request.param == "as it is" else "def when_ready(server):\n    pass\n")
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(tmp_path / "conf.py"), "quotepro.tests.test_web_server:application"],
        cwd=ROOT, env=os.environ | {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": str(WORKERS)},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not _listens(port):
            assert time.monotonic() < deadline, "it does not listen"
            assert process.poll() is None
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))


def ask(port: int, *, within: float) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=within)
    connection.request("GET", "/")
    return connection.getresponse().read()


def test_connections_nobody_asks_on_keep_nobody_waiting(port):
    """A browser opens some ahead: they must neither hold up the others nor be answered with an error later."""
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(2 * WORKERS)]
        # In turns at the worst: all workers wait for the first of them, then for the second.
        assert ask(port, within=10 * SILENT_S) == b"ok"
        for connection in silent:
            connection.settimeout(10 * SILENT_S)
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                answer = connection.makefile("rb").read()
            except ConnectionError:
                continue  # closed: a browser asks again on another
            assert not answer or answer.startswith(b"HTTP/1.1 200"), answer


def test_who_has_the_answer_and_stays_connected_keeps_nobody_waiting(port):
    """Programs that pool their connections close them when they like."""
    with ExitStack() as stack:
        began = time.monotonic()
        for _ in range(4 * WORKERS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.settimeout(30)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert connection.makefile("rb").read().endswith(b"ok")
        # gunicorn's own workers wait two seconds for each: twelve take three workers eight.
        assert time.monotonic() - began < 4


def test_an_answer_that_comes_before_the_body_arrives_whole(port):
    """A connection that is closed while the request is still on its way would break the answer off."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(30)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 500000\r\n\r\n" + b"x" * 1000)
        time.sleep(0.2)
        connection.sendall(b"x" * 499_000)
        assert connection.makefile("rb").read().endswith(b"ok")
