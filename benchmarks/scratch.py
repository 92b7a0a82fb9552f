"""Scratch databases: one seeded original for each size, and a fresh copy of it for every run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

PROJECT = Path(__file__).resolve().parent.parent
COPY_NAME = "quotepro_benchmark_run"


class BenchmarkError(Exception):
    """Why the benchmark cannot run, in one line, with the remedy."""


def manage(
    arguments: list[str], *, database_url: str | None = None, codes: tuple[int, ...] = (0,)
) -> "subprocess.CompletedProcess[str]":
    """Runs one management command of the project to its end; its progress goes to our stderr.

    Raises:
        BenchmarkError: it ended with a code that is none of ``codes``.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment(database_url),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in codes:
        raise BenchmarkError(f"`manage.py {' '.join(arguments)}` ended with {done.returncode}; its message is above.")
    return done


def environment(database_url: str | None) -> dict[str, str]:
    """Our environment with the database of this run, and without what would slow one side only."""
    changed = {key: value for key, value in os.environ.items() if key not in {"DEBUG", "SILK"}}
    return changed | ({"DATABASE_URL": database_url} if database_url else {})


def server_url() -> str:
    """The server to measure on: DATABASE_URL, else the project's embedded one, started if need be."""
    if given := os.environ.get("DATABASE_URL"):
        return given
    manage(["services", "start"])
    asked = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.DATABASE_URL)"],
        cwd=PROJECT,
        env=environment(None) | {"DJANGO_SETTINGS_MODULE": "quotepro.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise BenchmarkError("The settings name no database; set DATABASE_URL to a server where databases may be made.")
    return asked.stdout.strip()


def at_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    parts = urlsplit(url)
    # A socket URL has no host: urlunsplit would drop the two slashes of `postgres://user@/name`.
    return urlunsplit(parts._replace(path=f"/{name}")) if parts.netloc else f"{parts.scheme}:///{name}?{parts.query}"


class Scratch:
    """Makes, copies and drops databases on one server.

    Every run starts from a file copy of the seeded original, followed by a checkpoint: both sides
    meet the same pages, hint bits and statistics, and nothing that an earlier run left behind
    (dead rows, statistics of filled tables, an autovacuum still at work).
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.admin = psycopg.connect(at_database(url, "postgres"), autocommit=True)
        except psycopg.OperationalError as error:
            raise BenchmarkError(
                f"The server cannot be reached: {error}. Start it, or correct DATABASE_URL."
            ) from error
        allowed = self.admin.execute(
            "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if not (allowed and allowed[0]):
            raise BenchmarkError("This user may not create databases; give the role CREATEDB, or use another server.")

    def exists(self, name: str) -> bool:
        """Whether the server has this database."""
        return self.admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def create(self, name: str) -> str:
        """A new, empty database; its URL."""
        self.admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return at_database(self.url, name)

    def drop(self, name: str) -> None:
        """Drops the database, whoever is connected."""
        self.admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def copy(self, original: str) -> Iterator[str]:
        """The URL of a fresh copy, dropped afterwards."""
        self.drop(COPY_NAME)
        self.admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(COPY_NAME), sql.Identifier(original)
            )
        )
        try:
            yield at_database(self.url, COPY_NAME)
        finally:
            self.drop(COPY_NAME)

    def settle(self, database_url: str) -> None:
        """The legacy rows into the file cache, everything else on disk: the last thing before the clock starts."""
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("SELECT sum(length(q::text)) FROM quotes q")
            connection.execute("CHECKPOINT")
