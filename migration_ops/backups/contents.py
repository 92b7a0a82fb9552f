"""What a database holds, so that two can be compared: rows and hashes of its tables, its structure, its sequences."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from migration_ops.sql.loader import block

SQL = "queries/backup.sql"
# The order of rows does not matter, their number does: two sums of the halves of each row's md5.
TABLE = """
SELECT count(*), coalesce(sum(('x' || left(m, 16))::bit(64)::bigint::numeric), 0)::text || ':'
              || coalesce(sum(('x' || right(m, 16))::bit(64)::bigint::numeric), 0)::text
  FROM (SELECT md5(t::text) AS m FROM ONLY {} AS t) AS hashed
"""
Progress = Callable[[int, int], None]
"""Told after each table: tables done, tables there are."""


def read(session: psycopg.Connection, progress: Progress) -> dict[str, Any]:
    """Rows and structure, as the session's transaction sees them.

    Returns:
        `tables`: name to rows and hash; `structure`: name to count and hash.
    """
    structure = {name: [count, hash] for name, count, hash in _rows(session, "structure")}
    found = _rows(session, "tables")
    read: dict[str, Any] = {}
    for number, (schema, table) in enumerate(found, start=1):
        # A name may hold a percent sign: the statement has no parameters, so it is sent as it is.
        statement = sql.SQL(TABLE).format(sql.Identifier(schema, table))
        count, hash = session.execute(statement).fetchone() or (0, "")
        read[f"{schema}.{table}"] = [count, hash]
        progress(number, len(found))
    return {"tables": read, "structure": structure}


def sequences(session: psycopg.Connection) -> dict[str, int]:
    """How far each sequence has counted. They know no snapshot: read before a dump begins, it may only be ahead."""
    return dict(_rows(session, "sequences"))


def _rows(session: psycopg.Connection, name: str) -> list[Any]:
    return session.execute(block(SQL, name).sql, {}).fetchall()


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[dict[str, Any]]:
    """Where what was found is not what the manifest says; nothing where all is equal.

    Returns:
        One object a difference: `what`, `name`, `expected`, `found`; None stands for absent.
    """
    differing = []
    for what in ("tables", "structure"):
        for name in sorted(expected[what].keys() | found[what].keys()):
            before, after = expected[what].get(name), found[what].get(name)
            if before != after:
                differing.append({"what": what, "name": name, "expected": before, "found": after})
    for name, value in expected["sequences"].items():
        after = found["sequences"].get(name)
        if after is None or after < value:
            differing.append({"what": "sequences", "name": name, "expected": value, "found": after})
    return differing
