"""Shared fixtures: servers and processes that tests need, started by themselves.

- Whole suites are shared out among several processes (``pytest_xdist_auto_num_workers``), each with a test database,
  a Valkey and numbers of its own; tests named one by one run in the one process that was started.
- A database test starts PostgreSQL by itself (embedded below ``.quotepro/test``, or DATABASE_URL's server).
- ``redis_server`` (also ``broker_url``): URL of a private Valkey, the one ``settings_test`` names.
- ``test_database_url``: the test database as a DATABASE_URL for other processes; rows are really committed.
- ``manage(*args, env=None)``: runs ``manage.py`` against the test database.
- ``celery_worker_process(n)``: context manager with n real workers; ``celery_beat_process()``: one real beat.
- ``scratch_database_url``: an empty database for tests that migrate or break one.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import quote, urlencode

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql
from pytest_django import DjangoDbBlocker

from quotepro.embedded import EmbeddedPostgres, EmbeddedValkey, Places
from quotepro.env import with_database
from quotepro.settings_test import TEST_DIR, TEST_VALKEY_DIR
from quotepro.tests import cleaning
from quotepro.tests.processes import Daemon, daemon, run_manage, worker_command

Env = Mapping[str, str | None]
_numbers = count(1)

# A given seed repeats everything that is left to chance.
if "QUOTEPRO_TEST_SEED" in os.environ:
    hypothesis.settings.register_profile("repeated", derandomize=True)
    hypothesis.settings.load_profile("repeated")

# More than these wait for the one PostgreSQL rather than for a processor.
MOST_WORKERS = 4
WAS_RUNNING = pytest.StashKey[bool]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes ``-n auto`` of pytest.ini means: 2 to 4 for folders, none for files, tests and ``-k``.

    One more than there are processors, two at least: many tests wait for processes of their own.
    """
    if config.option.keyword or any(Path(argument.partition("::")[0]).is_file() for argument in config.args):
        return 0
    return min(1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1), MOST_WORKERS)


def is_xdist_worker(config: pytest.Config) -> bool:
    """Whether this is one of several processes of a session, and not the one that was started."""
    return hasattr(config, "workerinput")


def embedded_postgres() -> EmbeddedPostgres:
    """The test server, whether it runs or not."""
    return EmbeddedPostgres(places=Places.below(TEST_DIR))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Notes, once for all processes of the session, whether somebody else's session has started the server."""
    if settings.POSTGRES_IS_EMBEDDED and not is_xdist_worker(session.config):
        session.config.stash[WAS_RUNNING] = embedded_postgres().answers()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the server that the session's tests have started: here, because no worker knows when the others end."""
    # Nothing was noted where the session ended before it began: a mistyped option.
    if not config.stash.get(WAS_RUNNING, True):
        embedded_postgres().stop()


@pytest.fixture(scope="session")
def test_postgres() -> None:
    """PostgreSQL for the session: the embedded one, unless DATABASE_URL names another."""
    if settings.POSTGRES_IS_EMBEDDED:
        embedded_postgres().start()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, test_postgres: None) -> None:
    """pytest-django's hook before it creates the test database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, which the tests that commit leave behind as clean as Django's flush would, and sooner."""
    with pytest.MonkeyPatch.context() as patch:
        with django_db_blocker.unblock():
            cleaning.install(patch)
        yield


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """URL of a Valkey that belongs to this session alone."""
    server = EmbeddedValkey(places=Places.below(TEST_VALKEY_DIR))
    server.start()
    yield settings.REDIS_URL
    server.stop()
    shutil.rmtree(server.places.home, ignore_errors=True)


@pytest.fixture
def broker_url(redis_server: str) -> str:
    """The same Valkey, as Celery spells it."""
    return settings.CELERY_BROKER_URL


def url_of_test_database() -> str:
    """DATABASE_URL of the database that Django's own connection uses now."""
    database = connection.settings_dict
    userinfo = quote(database["USER"]) + (f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else "")
    # The host as an option: a socket folder has no place between @ and /.
    options = {name: database[name.upper()] for name in ("host", "port") if database[name.upper()]}
    return f"postgres://{userinfo}@/{quote(database['NAME'])}?{urlencode(options)}"


@pytest.fixture
def test_database_url(transactional_db: None) -> str:
    """The test database for other processes; what the test writes is committed, and flushed afterwards."""
    return url_of_test_database()


@pytest.fixture
def scratch_database_url(test_postgres: None) -> Iterator[str]:
    """An empty database on the test server, dropped afterwards."""
    name = f"quotepro_scratch_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(with_database(settings.DATABASE_URL, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield with_database(settings.DATABASE_URL, name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def manage(test_database_url: str) -> Callable[..., CompletedProcess[str]]:
    """Runs ``manage.py args`` against the test database; env adds variables (None removes one)."""

    def run(*args: object, env: Env | None = None, timeout_s: float = 120) -> CompletedProcess[str]:
        base = {"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL}
        return run_manage(*args, env=base | dict(env or {}), timeout_s=timeout_s)

    return run


@pytest.fixture
def celery_worker_process(
    test_database_url: str, redis_server: str, tmp_path: Path
) -> Callable[..., AbstractContextManager[list[Daemon]]]:
    """``with celery_worker_process(2) as workers:`` runs real workers, ready when the block begins."""

    @contextmanager
    def run(
        workers: int = 1, *, queues: str = "default,migration,mirror", concurrency: int = 1, env: Env | None = None
    ) -> Iterator[list[Daemon]]:
        base = {"DATABASE_URL": test_database_url, "REDIS_URL": redis_server}
        with ExitStack() as stack:
            running = []
            for _ in range(workers):
                name = f"worker{next(_numbers)}"
                command = worker_command(name, queues=queues, concurrency=concurrency)
                log = tmp_path / f"{name}.log"
                running.append(stack.enter_context(daemon(name, command, env=base | dict(env or {}), log=log)))
            for worker in running:
                worker.wait_for(" ready.")
            yield running
            for worker in running:
                # All at once: each takes seconds to leave.
                worker.signal(signal.SIGTERM)
            for worker in running:
                worker.wait_until_gone()

    return run


@pytest.fixture
def celery_beat_process(
    test_database_url: str, redis_server: str, tmp_path: Path
) -> Callable[..., AbstractContextManager[Daemon]]:
    """``with celery_beat_process(env={"HEARTBEAT_S": "1"}):`` runs a real beat."""

    @contextmanager
    def run(*, env: Env | None = None) -> Iterator[Daemon]:
        name = f"beat{next(_numbers)}"
        schedule = str(tmp_path / f"{name}.schedule")
        command = ["celery", "-A", "quotepro", "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile="]
        base = {"DATABASE_URL": test_database_url, "REDIS_URL": redis_server}
        with daemon(name, command, env=base | dict(env or {}), log=tmp_path / f"{name}.log") as beat:
            yield beat

    return run


@pytest.fixture(autouse=True)
def _legacy_rows_leave_with_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Django's flush leaves unmanaged tables alone, so rows committed to ``quotes`` would meet the next test."""
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if not commits and "transactional_db" not in request.fixturenames:
        yield
        return
    # Asked for here, so that the flush comes after us and takes what the capture triggers record.
    request.getfixturevalue("transactional_db")
    yield
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.quotes') IS NOT NULL")
        if cursor.fetchone()[0]:
            # As the mirror: rows of a company that a test took live could not be deleted otherwise.
            cursor.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
            cursor.execute("DELETE FROM quotes")
