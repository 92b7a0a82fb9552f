"""Starts processes that take the next step of a run and kill themselves at a chosen statement.

A process of its own, because a killed one must take no pytest with it: `python -m` this module, one JSON line for
each attempt on stdin, one JSON line about it on stdout. Each attempt is a forked child with a connection of its own;
it calls the product's services and knows nothing of their inside. Statements are counted below Django, in psycopg.
"""

import json
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import django
import psycopg


class Killer:
    """Counts what goes to the server, and kills the process before one of them, or with its COMMIT on the way."""

    def __init__(self, *, at: int) -> None:
        self.at = at
        self.seen = 0
        self.is_counting = False

    def before(self) -> None:
        """One more is about to be sent."""
        if not self.is_counting or threading.current_thread() is not threading.main_thread():
            return
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1

    def watch(self, cls: Any, name: str) -> None:
        """Counts a method of psycopg."""
        original = getattr(cls, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.before()
            return original(*args, **kwargs)

        setattr(cls, name, counted)

    def watch_commit(self) -> None:
        """COMMIT counts three times: before it, sent but not answered, and answered."""
        original = psycopg.Connection.commit

        def commit(connection: psycopg.Connection) -> None:
            self.before()
            if self.is_counting and self.seen == self.at:
                connection.pgconn.send_query(b"COMMIT")
                connection.pgconn.flush()
            self.before()
            original(connection)
            self.before()

        psycopg.Connection.commit = commit  # type: ignore[method-assign]


def attempt(company: str, *, at: int, since: str, batch_rows: int) -> None:
    """Take the run over, or start it, and do one step."""
    killer = Killer(at=at)
    for cls, name in ((psycopg.Cursor, "execute"), (psycopg.Cursor, "executemany"), (psycopg.Cursor, "copy")):
        killer.watch(cls, name)
    killer.watch_commit()
    from crm.models import Company
    from migration_ops.backfill import batch, owner, plan

    killer.is_counting = since == "start"
    start = plan.start(Company.objects.get(pk=company), batch_rows=batch_rows, owner=owner.this_process())
    if start.run is None:
        os._exit(10)
    killer.is_counting = True
    batch.run_step(start.run.pk, start.run.generation, "child")
    os._exit(0)


def main() -> None:
    """One line in, one forked child, one line out."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "quotepro.settings"
    django.setup()
    import_module("migration_ops.backfill.batch")  # once, and not in every child
    import_module("migration_ops.backfill.plan")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                attempt(order["company"], at=order["at"], since=order["since"], batch_rows=order["batch_rows"])
            finally:
                sys.stderr.flush()
                os._exit(99)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
