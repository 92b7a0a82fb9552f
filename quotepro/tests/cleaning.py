"""Empties the test database after a test that commits.

Django's flush empties every table and then writes content types and permissions anew, which takes several times as long
as the emptying. Here these two keep their rows; after a test that changed them Django's own flush runs.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

# What Django writes after every flush: the same rows each time, but for their ids.
KEPT = ("django_content_type", "auth_permission")


def install(patch: pytest.MonkeyPatch) -> None:
    """Tests that commit end with a ``Cleaner`` from now on; call it while the database is as migrations left it."""
    cleaner = Cleaner(TransactionTestCase._fixture_teardown)  # type: ignore[attr-defined]
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: cleaner.clean(case))


class Cleaner:
    """Leaves the rows a flush leaves, and flushes only when that needs it."""

    def __init__(self, flush: Callable[[TransactionTestCase], None]) -> None:
        self.flush = flush
        self.kept = kept_rows()
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        self.emptied = sorted(set(names) - set(KEPT))

    def clean(self, case: TransactionTestCase) -> None:
        """Empty every table of the project but those that are kept."""
        if case.available_apps is not None or case.serialized_rollback or kept_rows() != self.kept:
            self.flush(case)
            self.kept = kept_rows()
            return
        with connection.cursor() as cursor:
            # Waits for every session that has written and not ended its transaction: nothing comes after it.
            cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, self.emptied))))


def kept_rows() -> list[str]:
    """Every row of the tables that are kept, as text, in order."""
    each = [sql.SQL("SELECT {0}::text AS line FROM {0}").format(sql.Identifier(table)) for table in KEPT]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("{} ORDER BY 1").format(sql.SQL(" UNION ALL ").join(each)))
        return [row for (row,) in cursor.fetchall()]
