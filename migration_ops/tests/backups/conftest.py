"""A company that was migrated, a backup of its database, and what is left on the server."""

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
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'quotepro_verify_%'")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def company(session) -> Company:
    return migrated(session(), rows=6)


@pytest.fixture
def taken(company, tmp_path) -> Taken:
    return take(tmp_path / "today.backup")
