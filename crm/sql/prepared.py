"""Statements that a connection plans once and then only fills in.

Django's connections put values into the text of a statement and prepare none: for the few statements each request of
the API begins with or is made of, composing and planning them takes as long as the answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _Prepared(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, **({"prepare": True, "binary": True} | options))


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor whose statements are prepared, and whose errors and counts are Django's.

    For statements whose best plan does not depend on the values: after some calls the server may keep one for all.
    Instants come as UTC, decimals and ids as Django's cursors give them.
    """
    connection.ensure_connection()
    raw = connection.connection
    before, raw.prepare_threshold = raw.prepare_threshold, 0
    try:
        with _Prepared(raw) as cursor:
            make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
            yield make(cursor)  # type: ignore[arg-type]
    finally:
        raw.prepare_threshold = before
