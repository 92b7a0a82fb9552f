"""One embedded PostgreSQL 18: start, find, stop. Access control is the socket folder, which only its owner enters."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from psycopg import pq

from quotepro.embedded.binaries import postgres_program
from quotepro.embedded.errors import EmbeddedError
from quotepro.embedded.places import Places

DATABASE = "quotepro"
OUR_SETTINGS = "quotepro.conf"
LOG_BYTES = 20_000_000
START_WAIT_S = 60
# Control groups, version 2 and 1.
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# Backends of a killed postmaster leave within moments; until then PostgreSQL rightly refuses a second server.
ORPHANS_WAIT_S = 30
SETTINGS = {
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    # Here only: a crash of the machine may lose the last moments, never consistency. Refused in production (E002).
    "synchronous_commit": "off",
    "max_connections": "120",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "15min",
    "log_min_duration_statement": "250ms",
    "log_line_prefix": "%m [%p] %a ",
    "timezone": "UTC",
    "listen_addresses": "",
}


@dataclass(frozen=True, kw_only=True)
class EmbeddedPostgres:
    """The PostgreSQL server of these places."""

    places: Places

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.places.postgres

    @property
    def log(self) -> Path:
        """The server's log, beside the data: outside it a backup of the data stays clean."""
        return self.places.home / "postgres.log"

    def url(self, database: str = DATABASE) -> str:
        """The URL of one database, whether the server runs or not."""
        return self.places.postgres_url(database)

    def answers(self) -> bool:
        """True when the server accepts connections now; takes about a millisecond."""
        conninfo = f"host='{self.places.sockets}' dbname={DATABASE} user=quotepro connect_timeout=5"
        return pq.PGconn.ping(conninfo.encode()) == pq.Ping.OK

    def pid(self) -> int | None:
        """Process id of the running postmaster of this data folder, or None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
            process = psutil.Process(pid)
            # A zombie looks alive to `pg_ctl status`, and after a reboot the number may be another program's.
            ours = process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if ours else None

    def start(self) -> bool:
        """Starts the server unless it answers. True when this call started it.

        Raises:
            EmbeddedError: it cannot be started; names the reason and the log.
        """
        if self.answers():
            return False
        with self.places.locked():
            if self.answers():
                return False
            self._create()
            self._configure()
            self._start_server()
            return True

    def stop(self) -> bool:
        """Stops the server after rolling back what is open. True when it ran.

        Raises:
            EmbeddedError: it does not stop within a minute.
        """
        if not self.data.is_dir():
            return False
        with self.places.locked():
            if self.pid() is None:
                return False
            done = self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", str(START_WAIT_S), "stop")
            if done.returncode:
                raise EmbeddedError(f"The embedded PostgreSQL does not stop; see {self.log}.")
            return True

    def _create(self) -> None:
        if (self.data / "PG_VERSION").is_file():
            return
        # Built aside and renamed when complete: a kill in between leaves no half of a cluster behind.
        building = self.data.with_name("postgres.new")
        shutil.rmtree(building, ignore_errors=True)
        done = self._run(
            "initdb", "-D", building, "-U", "quotepro", "-A", "trust", "-E", "UTF8",
            # The provider built into PostgreSQL 17 and later: with the C locale upper('ü') would stay 'ü'.
            "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", "--no-sync",
        )  # fmt: skip
        if done.returncode:
            raise EmbeddedError(f"initdb failed in {building.parent}: {_last_line(done.stderr)}")
        done = self._run(
            "postgres", "--single", "-D", building, "template1", stdin=f"CREATE DATABASE {DATABASE}\n".encode()
        )
        if done.returncode or b"ERROR" in done.stderr:
            raise EmbeddedError(f"The database {DATABASE} cannot be created: {_last_line(done.stderr)}")
        with (building / "postgresql.conf").open("a", encoding="utf-8") as config:
            config.write(f"include_if_exists = '{OUR_SETTINGS}'\n")
        os.sync()
        building.rename(self.data)

    def _configure(self) -> None:
        """Writes our settings at every start, so that a new version of the project brings its own along."""
        settings = SETTINGS | {
            "shared_buffers": f"{_shared_buffers_mb()}MB",
            "unix_socket_directories": str(self.places.sockets),
        }
        shared_memory = Path("/dev/shm")
        if not shared_memory.is_dir() or shutil.disk_usage(shared_memory).total < 1 << 30:
            # A container's 64 MB would fail a parallel hash join in the middle of a migration.
            settings["dynamic_shared_memory_type"] = "mmap"
        content = "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
        self.places.write(self.data / OUR_SETTINGS, f"# Written by quotepro at every start.\n{content}")

    def _start_server(self) -> None:
        if self.log.is_file() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.places.write_if_absent(self.log)
        deadline = time.monotonic() + ORPHANS_WAIT_S
        while True:
            self._remove_stale_locks()
            began = self.log.stat().st_size
            done = self._run("pg_ctl", "-D", self.data, "-w", "-t", str(START_WAIT_S), "-l", self.log, "start")
            if not done.returncode and self.answers():
                return
            with self.log.open("rb") as log:
                log.seek(began)
                said = log.read()
            if b"still in use" not in said or time.monotonic() > deadline:
                raise EmbeddedError(f"The embedded PostgreSQL does not start: {_last_line(said)} See {self.log}.")
            time.sleep(0.1)

    def _remove_stale_locks(self) -> None:
        # PostgreSQL takes a zombie, or a stranger with the number of the last postmaster, for a running server.
        # Safe even while orphaned backends live: it also checks the shared memory of this data folder.
        if self.pid() is None:
            for stale in (self.data / "postmaster.pid", *self.places.sockets.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str | Path, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        command = [postgres_program(self.places, program), *arguments]
        if "start" in arguments:
            # The server inherits these: with pipes we would wait for it to close them.
            quiet = subprocess.DEVNULL
            return subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, **self.places.as_owner())
        return subprocess.run(command, input=stdin, capture_output=True, **self.places.as_owner())


def _shared_buffers_mb() -> int:
    """A quarter of the memory we may use, 128 MB to 4 GB, of which the server takes what its rows need.

    A company of a million rows has some gigabytes. What is not in here is fetched from the system, at several times the
    cost, or from the disk.
    """
    return min(max(_memory_bytes() // 4 // 2**20, 128), 4096)


def _memory_bytes() -> int:
    """The machine's memory, or what a container may use of it."""
    limits = [int(psutil.virtual_memory().total)]
    for file in CONTAINER_LIMITS:
        try:
            limits.append(int(file.read_text()))
        except (OSError, ValueError):  # absent, or "max"
            continue
    return min(limits)


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "ERROR" in line or "could not" in line or "error:" in line]
    return (telling or lines or ["no message"])[-1].strip()
