"""Runs a named block, or a composed statement, and gives its rows."""

from typing import Any

from django.db import connection
from psycopg import sql

from migration_ops.sql.loader import block

Rows = list[tuple[Any, ...]]


def rows(file: str, name: str, params: dict[str, Any]) -> Rows:
    """All rows of a named block."""
    return composed_rows(sql.SQL(block(file, name).sql), params)


def one_row(file: str, name: str, params: dict[str, Any]) -> tuple[Any, ...]:
    """The first row of a named block that always gives one."""
    return rows(file, name, params)[0]


def composed_rows(statement: sql.Composable, params: dict[str, Any]) -> Rows:
    """All rows of a composed statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), params)
        found: Rows = cursor.fetchall()
        return found
