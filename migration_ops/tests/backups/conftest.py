"""A company that was migrated, a backup of its database, and what is left on the server."""

import os
from pathlib import Path

import pytest
from django.db import connection

from crm.models import Company
from migration_ops.backups.take import Taken, backup
from migration_ops.backups.verify import Verified, verify_backup
from migration_ops.tests.living import migrated


def quiet(_done: int, _total: int) -> None:
    """No progress."""


def take(path: Path, *, replaces: bool = False) -> Taken:
    return backup(path, actor="test", replaces=replaces, progress=quiet)


def verify(path: Path) -> Verified:
    return verify_backup(path, actor="test", progress=quiet)


def scratch_databases() -> list[str]:
    """Scratch databases that this process, its children or somebody who is gone made: other test workers have theirs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'quotepro_verify_%'")
        return [name for (name,) in cursor.fetchall() if not _is_another_worker_s(int(name.split("_")[2]))]


def _is_another_worker_s(pid: int) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return False
        try:
            # pid (name) state parent …; the name may hold blanks and brackets
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return True


@pytest.fixture
def company(session) -> Company:
    return migrated(session(), rows=6)


@pytest.fixture
def taken(company, tmp_path) -> Taken:
    return take(tmp_path / "today.backup")
