"""A worker process. It begins here, so nothing of Django is imported before Django is set up."""

import logging
import os
import signal
import threading

log = logging.getLogger(__name__)


def worker_process(run_id: int, generation: int, parent: int, database: str) -> None:
    """Do batches until the run ends, the parent process dies, or SIGTERM says stop.

    Args:
        parent: process id of whoever drives the run.
        database: name of the driver's database (a test's differs from the settings').
    """
    import django

    django.setup()
    from django.db import connections

    from migration_ops.backfill.runner import record_failure, work
    from migration_ops.exceptions import RunStopped, RunTakenOver

    connections.databases["default"]["NAME"] = database
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent turns Ctrl-C into a pause
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        work(
            run_id, generation, f"pid {os.getpid()}",
            until=lambda: stopping.is_set() or os.getppid() != parent, on_step=lambda: None,
        )  # fmt: skip
    except (RunTakenOver, RunStopped) as error:
        log.warning("%s", error)
    except Exception as error:
        # The outermost loop of this process: record it on the run, then fail as loudly as before.
        record_failure(run_id, generation, error)
        raise
    finally:
        connections.close_all()
