"""Fixtures of the move's tests: legacy rows to migrate, other sessions, processes that can be killed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from crm.models import Company
from legacy.seed.writer import SeedPlan, seed
from migration_ops.selectors.companies import ensure_company
from migration_ops.tests.state import nobody_else_is_connected, wait_until
from quotepro.tests.processes import Daemon, clean_env, daemon


@pytest.fixture
def seeded(transactional_db: None) -> Callable[..., Company]:
    """``seeded(rows, seed=…)``: dirty legacy rows of one company, committed."""

    def write(rows: int, *, seed_number: int = 7, dirty: float = 0.5) -> Company:
        ((company_id, _),) = seed(SeedPlan(rows=rows, companies=1, seed=seed_number, dirty=dirty)).companies
        return ensure_company(company_id)

    return write


@pytest.fixture
def session(test_database_url: str) -> Iterator[Callable[[], psycopg.Connection]]:
    """``session()``: another program's connection, not in autocommit, closed afterwards."""
    with ExitStack() as stack:

        def connect() -> psycopg.Connection:
            return stack.enter_context(psycopg.connect(test_database_url))

        yield connect


@pytest.fixture
def manage_process(test_database_url: str, tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """``manage_process("migrate_legacy", …)``: a real process tree in a group of its own, to be killed."""
    with ExitStack() as stack:

        def run(*args: object, env: dict[str, str] | None = None) -> Daemon:
            name = f"manage{len(list(tmp_path.iterdir()))}"
            base = {"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL}
            command = ["manage", *map(str, args)]
            return stack.enter_context(daemon(name, command, env=base | (env or {}), log=tmp_path / f"{name}.log"))

        yield run


@pytest.fixture
def killed_child(test_database_url: str) -> Iterator[Callable[..., int]]:
    """``killed_child(company, at=k)``: a process does one step of the run and is killed before statement k.

    Gives its exit code: -9 when it was killed, 0 when the step came to its end first, 10 when nothing was to do.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "migration_ops.tests.backfill.killed_child"],
        cwd=settings.BASE_DIR,
        env=clean_env({"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def order(company: UUID, *, at: int, since: str = "step", batch_rows: int = 20) -> int:
        line = json.dumps({"company": str(company), "at": at, "since": since, "batch_rows": batch_rows})
        process.stdin.write(line + "\n")
        process.stdin.flush()
        code = json.loads(process.stdout.readline())["exit"]
        wait_until(nobody_else_is_connected, "the killed process's session ends")  # it may still be at its COMMIT
        return code

    yield order
    process.stdin.close()
    process.wait(20)
    process.stdout.close()
