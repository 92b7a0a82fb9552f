"""Real processes for tests: management commands, Celery workers and beat, as an operator would start them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

READY_WAIT_S = 60
STOP_WAIT_S = 20


def clean_env(overrides: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """This process's environment without what steers tests or the project; an override of None removes a variable."""
    steering = {"DJANGO_SETTINGS_MODULE", "DJANGO_ENV", "DATABASE_URL", "REDIS_URL", "QUOTEPRO_DIR", "SILK", "DEBUG"}
    kept = {name: value for name, value in os.environ.items() if name not in steering and "PYTEST" not in name}
    for name, value in (overrides or {}).items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def run_manage(
    *args: object, env: Mapping[str, str | None], timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs ``manage.py`` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, args)],
        cwd=settings.BASE_DIR,
        env=clean_env(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """One running process with its children and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Process id of the parent."""
        return self.process.pid

    def output(self) -> str:
        """What it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, timeout_s: float = READY_WAIT_S) -> None:
        """Waits until it says the text; fails with its log when it ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.name} did not say {text!r}:\n{self.output()}")
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the parent only, as an operator or systemd would."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """Ends it and its children at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Asks it to end, and ends what is left of it."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            self.wait_until_gone()
        self.kill()

    def wait_until_gone(self) -> None:
        """Gives a process that was asked to end the time to do so."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WAIT_S)


@contextmanager
def daemon(name: str, command: list[str], *, env: Mapping[str, str | None], log: Path) -> Iterator[Daemon]:
    """A process in a group of its own, stopped at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=settings.BASE_DIR,
            env=clean_env(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Daemon(name=name, process=process, log=log)
    try:
        yield running
    finally:
        running.stop()


def worker_command(name: str, *, queues: str, concurrency: int) -> list[str]:
    """The command line of one worker, after ``python -m``."""
    return [
        *("celery", "-A", "quotepro", "worker", "--loglevel", "INFO", "--hostname", f"{name}@%h"),
        *("--concurrency", str(concurrency), "--queues", queues, "--without-gossip", "--without-mingle"),
    ]
