"""Indexes of lists and searches: set aside while a first run fills empty tables, built when its rows are there.

Nobody lists what is not there yet, and an index that is built at once costs a fraction of one that grows row by row.
Where another company's rows stand already, its people and API clients use the indexes, and they stay.
What is set aside is noted in the database with its definition, so that whoever comes next puts it back: the run itself,
a cancel, the next run, the next schema migration.
"""

from django.db import DatabaseError, connection, transaction
from psycopg import sql

from migration_ops import conf
from migration_ops.models import IndexAside
from migration_ops.sql.loader import block

SQL = "queries/list_indexes.sql"


def set_aside(rows: int) -> None:
    """Drop them for a first run of so many rows, in the caller's transaction; kept where that is not for free.

    Kept: for a small run, where a table holds a row, where somebody holds one of the tables, and where we may not.
    """
    if rows < conf.INDEXES_ASIDE_FROM_ROWS or not _are_empty():
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{conf.CAPTURE_LOCK_TIMEOUT_MS}ms"])
            cursor.execute(block(SQL, "lock").sql)
            if _are_empty():
                cursor.execute(block(SQL, "note").sql)
                for (name,) in cursor.fetchall():
                    cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)).as_string(None))
    except DatabaseError:
        # Not ours to drop, or somebody looks at a table at this moment: the run is slower, and right.
        return


def _are_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "are_empty").sql)
        return bool(cursor.fetchone()[0])


def how_many_aside() -> int:
    """Indexes that wait to be built."""
    return IndexAside.objects.count()


def put_back(*, most: int | None = None) -> None:
    """Build those that nobody else is building, all or so many, in one transaction.

    Whoever builds one and does not come to the end of its transaction has it to do again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(block(SQL, "claim").sql, {"most": most})
        found: list[tuple[str, str]] = cursor.fetchall()
        if found:
            cursor.execute("SELECT set_config('statement_timeout', '0', true)")
        for name, definition in found:
            cursor.execute(definition.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1))
            cursor.execute(block(SQL, "forget").sql, {"name": name})
