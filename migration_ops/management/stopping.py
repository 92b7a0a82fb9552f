"""Commands that a signal ends at once, after they have cleaned up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from migration_ops.exceptions import Interrupted

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_by_signals(what: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM break off what runs inside; its `finally` blocks are not broken off again.

    Args:
        what: what is left then, in words.
    Raises:
        Interrupted: a signal came.
    """
    came: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        came.append(number)
        # The driver knows this one: it cancels the statement at work.
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    except KeyboardInterrupt as error:
        if not came:
            raise
        raise Interrupted(signal=signal.Signals(came[0]).name, what=what) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
