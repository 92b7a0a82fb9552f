"""Runs the web application, one Celery worker and beat until somebody stops the command."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from migration_ops.exceptions import BadArgument, MigrationOpsError


class PortTaken(MigrationOpsError):
    """Another program listens there."""

    message = "port {port} of {host} is taken: give another one with --port"


class AddressRefused(MigrationOpsError):
    """The machine cannot serve there."""

    message = "cannot serve at {host}:{port} ({why}): give another --host or --port"


class ProcessEnded(MigrationOpsError):
    """One of the demo's processes ended by itself."""

    message = "{name} ended with code {code}; its output is above"


def ensure_port_is_free(host: str, port: int) -> None:
    """Raises PortTaken when somebody listens there already, BadArgument or AddressRefused when nobody could."""
    if not 1 <= port <= 65_535:
        raise BadArgument(argument="--port", value=port, remedy="give 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host=host, port=port) from error
            raise AddressRefused(host=host, port=port, why=error.strerror or error) from error


def serve(*, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then stop everything that was started.

    Raises:
        ProcessEnded: a process ended by itself; the others are stopped.
    """
    python = [sys.executable, "-m"]
    run = Path(settings.QUOTEPRO_DIR) / "run"
    run.mkdir(parents=True, exist_ok=True)
    commands = {
        "web": [
            *python, "gunicorn", "-c", "python:quotepro.gunicorn_conf", "quotepro.wsgi:application",
            "--bind", f"{host}:{port}",
        ],
        "worker": [
            *python, "celery", "-A", "quotepro", "--quiet", "worker", "--concurrency", "1", "--loglevel", "warning",
            "-Q", ",".join(settings.QUEUES),
        ],
        "beat": [
            *python, "celery", "-A", "quotepro", "--quiet", "beat", "--loglevel", "warning",
            "--schedule", str(run / "beat-schedule"), "--pidfile", "",
        ],
    }  # fmt: skip
    stopping = False

    def stop(_signum: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    # Sessions of their own: Ctrl-C reaches this process, which stops them in order.
    team = {
        name: subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | {"PYTHONWARNINGS": "ignore"},
                               start_new_session=True)
        for name, command in commands.items()
    }  # fmt: skip
    try:
        _wait_for_web(team["web"], host, port)
        on_ready(f"http://{host}:{port}/admin/")
        while not stopping:
            for name, process in team.items():
                if process.poll() is not None:
                    raise ProcessEnded(name=name, code=process.returncode)
            time.sleep(0.3)
    finally:
        for process in team.values():
            process.terminate()
        for process in team.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_web(process: "subprocess.Popen[bytes]", host: str, port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise ProcessEnded(name="web", code=process.returncode)
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
