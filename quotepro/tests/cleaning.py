"""Empties the test database after a test that commits.

Django's flush empties every table and then writes content types and permissions anew, which takes several times as long
as the emptying. Here these two keep their rows; after a test that changed them Django's own flush runs. TRUNCATE makes new
files for every table and index of the project, and PostgreSQL 15 waits until each is on the disk: so the few rows that a
test usually leaves are deleted.
"""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

# What Django writes after every flush: the same rows each time, but for their ids.
KEPT = ("django_content_type", "auth_permission")
# A table that has grown beyond this many bytes gets new files, or the next tests would read its dead rows.
LARGE = 512 * 1024


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
        emptied = sorted(set(names) - set(KEPT))
        tables = sql.SQL(", ").join(map(sql.Identifier, emptied))
        self.hold = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables)
        self.truncate = sql.SQL("TRUNCATE {}").format(tables)
        one = sql.SQL("SELECT {name}, pg_relation_size({name}) > {large} WHERE EXISTS (SELECT FROM {table})")
        self.used = sql.SQL(" UNION ALL ").join(
            one.format(name=sql.Literal(name), large=sql.Literal(LARGE), table=sql.Identifier(name)) for name in emptied
        )
        with connection.cursor() as cursor:
            # Only a superuser deletes without asking every foreign key.
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            self.may_delete = cursor.fetchone()[0]

    def clean(self, case: TransactionTestCase) -> None:
        """Empty every table of the project but those that are kept."""
        if case.available_apps is not None or case.serialized_rollback or kept_rows() != self.kept:
            self.flush(case)
            self.kept = kept_rows()
            return
        with transaction.atomic(), connection.cursor() as cursor:
            # Waits for every session that has written and not ended its transaction: nothing comes after it.
            cursor.execute(self.hold)
            cursor.execute(self.used)
            used = dict(cursor.fetchall())
            if any(used.values()) or not self.may_delete:
                cursor.execute(self.truncate)
                return
            # No foreign key asks for an order, and the triggers of the move record nothing of it.
            cursor.execute(
                "SELECT set_config('session_replication_role', 'replica', true),"
                " set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)"
            )
            for name in used:
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def kept_rows() -> list[str]:
    """Every row of the tables that are kept, as text, in order."""
    each = [sql.SQL("SELECT {0}::text AS line FROM {0}").format(sql.Identifier(table)) for table in KEPT]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("{} ORDER BY 1").format(sql.SQL(" UNION ALL ").join(each)))
        return [row for (row,) in cursor.fetchall()]
