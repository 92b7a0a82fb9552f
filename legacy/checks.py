"""System checks of the legacy table: ``manage.py check --database default``."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.recorder import MigrationRecorder

from .selectors import column_drift


def check_legacy_columns(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """One error (legacy.E001) for each column that is not as the mirror says.

    Silent before the first schema migration, which makes the table where it is absent.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    drift = column_drift()
    if drift and drift[0].column == "*" and not _table_was_made():
        return []
    return [
        Error(
            f"Legacy table quotes, column {each}.",
            hint="Correct the table, or teach legacy/models.py and the mapping the column.",
            obj="quotes",
            id="legacy.E001",
        )
        for each in drift
    ]


def _table_was_made() -> bool:
    return ("legacy", "0001_initial") in MigrationRecorder(connection).applied_migrations()
