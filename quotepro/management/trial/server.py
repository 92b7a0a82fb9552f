"""The production entry point, started for a trial and stopped after it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError

READY_S = 60


@contextmanager
def server_at(base_url: str | None) -> Iterator[str]:
    """The URL of the server to try: the one that is named, or our own for as long as the block lasts.

    Raises:
        CommandError: the URL is none, or our own does not start.
    """
    if base_url is not None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandError(f"--base-url {base_url!r}: write it as http://host:port", returncode=2)
        yield base_url.rstrip("/")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:quotepro.gunicorn_conf", "quotepro.wsgi:application"],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "BIND": f"127.0.0.1:{port}", "PYTHONWARNINGS": "ignore", "SECURE_SSL_REDIRECT": "0",
            "ALLOWED_HOSTS": ",".join([*settings.ALLOWED_HOSTS, "127.0.0.1"]),
        },
        stdout=sys.stderr,
    )  # fmt: skip
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CommandError(f"the web server ended with code {process.returncode}; its output is above")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError(f"the web server did not listen within {READY_S} s")
