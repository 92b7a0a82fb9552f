"""Applies changes of both sides, once or for as long as asked, woken by whoever writes."""

import time
from collections.abc import Callable

from django.db import connection

from migration_ops import conf
from migration_ops.dual_write import apply, reverse
from migration_ops.dual_write.apply import SQL, Applied
from migration_ops.sql.loader import block

CHANNEL = "quotepro_changes"
TIDY_EVERY_S = 60.0


def apply_once() -> Applied:
    """Everything that waits and can be applied now, both directions, all companies."""
    done = Applied()
    while (round_ := apply.apply_waiting() + reverse.reverse_waiting()).entries:
        done += round_
    return done + round_


def follow(*, until: Callable[[], bool], on_round: Callable[[Applied], None] = lambda _: None) -> Applied:
    """Apply what waits, then wait to be woken, until told to stop.

    A writer notifies only while somebody waits. One that commits just as this goes to wait has seen nobody: so the wait
    is short, and the outbox is looked at after it in any case.
    """
    done = Applied()
    tidied = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    try:
        while not until():
            round_ = apply.apply_waiting() + reverse.reverse_waiting()
            done += round_
            if round_.entries or round_.put_off:
                on_round(round_)
                continue
            if time.monotonic() - tidied > TIDY_EVERY_S:
                tidied = time.monotonic()
                drop_unneeded()
            _wait(conf.APPLY_POLL_MS / 1000)
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(f"UNLISTEN {CHANNEL}")
    return done


def drop_unneeded() -> int:
    """Changes of companies that do not move and of rows never projected: nobody will ask for them."""
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "drop_unneeded").sql, {"most": 10_000})
        return int(cursor.rowcount)


def _wait(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "listen_until").sql, {"seconds": seconds})
        for _ in cursor.connection.notifies(timeout=seconds, stop_after=1):
            return
