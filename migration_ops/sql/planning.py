"""How the planner is told what it cannot know."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

FEW: Final = 250
"""Rows that are looked up one by one rather than joined with whole tables."""

JOINS = ("enable_hashjoin", "enable_mergejoin")


@contextmanager
def one_by_one(rows: int) -> Iterator[None]:
    """Few rows of a batch are looked up by index inside, in the caller's transaction; afterwards all is as before.

    The work tables have no statistics, and the planner takes them for a thousand rows: to apply one change it would
    read the whole of a table of ten thousands. Gathering statistics costs as much, and leaves dead rows in the
    catalogue.
    """
    if rows > FEW:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in JOINS)}")
        before = cursor.fetchone()
        _set(cursor, ["off"] * len(JOINS))
        yield
        _set(cursor, before)


def _set(cursor: CursorWrapper, values: Sequence[str]) -> None:
    cursor.execute(f"SELECT {', '.join(f'set_config({name!r}, %s, true)' for name in JOINS)}", values)
