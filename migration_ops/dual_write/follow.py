"""Applies changes of both sides, once or for as long as asked, woken by whoever writes."""

import time
from collections.abc import Callable

from django.db import connection
from django.db.models import Max

from migration_ops import conf
from migration_ops.dual_write import apply, reverse
from migration_ops.dual_write.apply import SQL, Applied
from migration_ops.models import OutboxEntry, ReverseEntry
from migration_ops.sql.loader import block

SIDES = (OutboxEntry, ReverseEntry)
CHANNEL = "quotepro_changes"
TIDY_EVERY_S = 60.0


def apply_once() -> Applied:
    """Everything that waits now and can be applied, both directions, all companies; what comes meanwhile may wait."""
    done = Applied()
    newest = _newest()
    before = left = _left(newest)
    while True:
        round_ = apply.apply_waiting() + reverse.reverse_waiting()
        done += round_
        if not round_.entries:
            return done
        if done.entries < before:
            continue
        # Under writers that never rest there is always more: what waited at first gets less, or cannot be applied.
        now_left = _left(newest)
        if not now_left or now_left >= left:
            return done
        left = now_left


def _newest() -> list[int]:
    return [model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0 for model in SIDES]


def _left(newest: list[int]) -> int:
    """Entries up to there that still wait, failed ones included."""
    return sum(model._default_manager.filter(pk__lte=until).count() for model, until in zip(SIDES, newest, strict=True))


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
