"""Who may write where, for the length of a transaction: the stage held, the deals locked, our own writes marked."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.db import connection

from migration_ops import conf
from migration_ops.sql.loader import block
from migration_ops.stages import Stage

SQL = "queries/fence.sql"
STOOD_STILL: Final = "25P03"
"""SQLSTATE of a session the server ended because it stood still in a transaction."""


def scalar(file: str, name: str, params: dict[str, Any]) -> Any:
    """The first value a block gives."""
    with connection.cursor() as cursor:
        cursor.execute(block(file, name).sql, params)
        return cursor.fetchone()[0]


def mark() -> None:
    """Everything this transaction writes from here is ours; see mirrored."""
    scalar(SQL, "mark", {})


@contextmanager
def mirrored() -> Iterator[None]:
    """Writes inside are ours: neither side records them, and no fence refuses them. In the caller's transaction.

    The mark is bound to the transaction. After an error it is gone with the savepoint or the transaction.
    """
    before = scalar(SQL, "mark", {})
    yield
    scalar(SQL, "unmark", {"source": before})


def enter(company: UUID) -> Stage | None:
    """The company's stage, which stays what it is until the transaction ends; None where it never moved.

    Raises:
        OperationalError: a stage move is under way for longer than this session's lock_timeout.
    """
    stage = scalar(SQL, "enter", {"company": company})
    return None if stage is None else Stage(stage)


def enter_to_apply(company: UUID) -> Stage | None:
    """As enter, for who applies what others wrote: a stage move waits for its transaction before it holds up writers.

    Raises:
        OperationalError: as enter.
    """
    scalar(SQL, "apply", {"company": company})
    return enter(company)


def close(execute: Callable[[str, dict[str, Any]], object], company: UUID) -> float:
    """Wait for everybody who works at the company, and keep them away until the transaction ends.

    Args:
        execute: of a cursor or connection of the transaction.
    Returns:
        Since when its writers are held up, on the monotonic clock.
    Raises:
        The driver's error, where somebody does not end within lock_timeout.
    """
    params = {"company": company}
    execute(block(SQL, "stop_applying").sql, params)
    began = time.monotonic()
    execute(block(SQL, "close").sql, params)
    return began


def lock_deals(ids: Sequence[UUID]) -> None:
    """Wait for whoever works on these deals, and keep others away from them until the transaction ends."""
    scalar(SQL, "deals", {"ids": list(ids)})


def bound_waits(*, lock_ms: int, statement_ms: int) -> None:
    """Limit what this transaction waits for, milliseconds, and how long a frozen process keeps others waiting: between
    two statements it may stand still as long as a statement may take, then the server ends its session.

    Where the server lets us say so, an autovacuum that stands in the way of an index or of figures for the planner is
    asked to step aside soon, and not after a second.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', %s, true),"
            " CASE WHEN has_parameter_privilege('deadlock_timeout', 'SET')"
            " THEN set_config('deadlock_timeout', '20ms', true) END",
            [f"{lock_ms}ms", f"{statement_ms}ms", f"{max(statement_ms, conf.STANDSTILL_MS)}ms"],
        )
