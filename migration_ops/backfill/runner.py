"""Drives a run: batches until it is finished, paused, cancelled or taken over."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from django.db import InternalError, OperationalError, connection, connections, transaction
from django.db.models.functions import Now

from migration_ops import conf, transitions
from migration_ops.backfill import list_indexes
from migration_ops.backfill.batch import Step, run_step
from migration_ops.backfill.progress import Progress, progress_of
from migration_ops.backfill.rest import rest
from migration_ops.backfill.worker import worker_process
from migration_ops.exceptions import IllegalTransition, MigrationOpsError, RunStopped, RunTakenOver
from migration_ops.models import MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import RunStatus

log = logging.getLogger(__name__)
Report = Callable[[Progress], None]
OnSignal = Callable[[], None]

MAX_RESPAWNS = 20
WAIT_S = 0.02
ASKED = (RunStatus.PAUSING, RunStatus.CANCELLING)


def ignore() -> None:
    """Do nothing about a signal but pause."""


def drive(run: MigrationRun, *, workers: int, report: Report, on_signal: OnSignal = ignore) -> MigrationRun:
    """Work on the run from this process until it leaves RUNNING.

    One worker runs in this process, more run in processes of their own. SIGTERM and SIGINT ask for a
    pause at the next batch boundary.

    Args:
        report: called with the progress about twice a second.
        on_signal: told that a signal asked for the pause, and not another shell.
    Returns:
        The run as it stands: finished, paused or cancelled.
    Raises:
        RunStopped: the run stopped by itself; the reason is stored on it.
        RunTakenOver: another process drives it now.
    """
    started = time.monotonic()
    try:
        with _signals_pause(run.pk, on_signal):
            # Before the heartbeat's thread begins: only a process of one thread can be forked.
            team = [_start_worker(run) for _ in range(workers)] if workers > 1 else []
            with heartbeat(run.pk, run.generation):
                if team:
                    _drive_team(run, team, report)
                else:
                    _drive_here(run, report)
    except MigrationOpsError:
        raise
    except Exception as error:
        # The outermost loop: record it on the run, then fail as loudly as before.
        record_failure(run.pk, run.generation, error)
        raise
    finally:
        MigrationRun.objects.filter(pk=run.pk, generation=run.generation).update(
            busy_seconds=run.busy_seconds + time.monotonic() - started
        )
        run.refresh_from_db()
    settle_request(run.pk, run.generation)
    run.refresh_from_db()
    report(progress_of(run))
    if run.status == RunStatus.FAILED:
        raise RunStopped(reason=run.error)
    return run


def record_failure(run_id: int, generation: int, error: Exception) -> None:
    """Store an error that nobody foresaw on its run, which stands still from now on until a person starts it again."""
    connection.close()
    MigrationRun.objects.filter(pk=run_id, generation=generation, status=RunStatus.RUNNING).update(
        status=RunStatus.FAILED, error=f"{type(error).__name__}: {error}"[:2000]
    )


def settle_request(run_id: int, generation: int) -> None:
    """Turn PAUSING into PAUSED and CANCELLING into CANCELLED; the caller knows that no living worker has a batch."""
    for asked, reached in ((RunStatus.PAUSING, RunStatus.PAUSED), (RunStatus.CANCELLING, RunStatus.CANCELLED)):
        if MigrationRun.objects.filter(pk=run_id, generation=generation, status=asked).exists():
            # Several slices of an enqueued run may notice it in one moment: one of them moves it.
            with suppress(IllegalTransition):
                transitions.move_run(run_id, reached, generation=generation)
                if reached == RunStatus.CANCELLED:
                    list_indexes.put_back()


def settle_request_if_last(run_id: int, generation: int) -> None:
    """As settle_request, unless another worker has a batch in work: its work would be thrown away, so it settles."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One worker looks at a time: two that each lock some of the batches would both wait for the other.
        if not MigrationRun.objects.select_for_update().filter(pk=run_id, status__in=ASKED).exists():
            return
        cursor.execute(block("queries/plan.sql", "free_batches").sql, {"run": run_id})
        pending, free = cursor.fetchone()
        if pending == free:
            settle_request(run_id, generation)  # the batches stay locked until it is committed: nobody begins one


def work(run_id: int, generation: int, worker: str, *, until: Callable[[], bool], on_step: Callable[[], None]) -> None:
    """Do batches until the run ends or leaves RUNNING, or `until` says stop.

    Raises:
        RunTakenOver, RunStopped: as run_step.
    """
    lost = 0
    while not until():
        try:
            if not _turn(run_id, generation, worker, on_step):
                return
            lost = 0
        except (OperationalError, InternalError):
            # The server went away, or ended our session because we stood still. A committed batch stays committed,
            # an uncommitted one is pending again.
            lost += 1
            if connection.is_usable() or lost > conf.RECONNECTS:
                raise
            connection.close()
            time.sleep(min(0.2 * 2**lost, 5))
            _wait_for_server()


def _turn(run_id: int, generation: int, worker: str, on_step: Callable[[], None]) -> bool:
    """One batch and the rest after it; False when the run has ended or left RUNNING."""
    run = MigrationRun.objects.only("status", "generation").get(pk=run_id)
    if run.generation != generation:
        raise RunTakenOver(run=run_id, generation=generation)
    if run.status != RunStatus.RUNNING:
        return False
    before = time.monotonic()
    step = run_step(run_id, generation, worker)
    on_step()
    if step is Step.WAIT:
        time.sleep(WAIT_S)
    elif step is not Step.END:
        rest(run_id, round((time.monotonic() - before) * 1000))
    return step is not Step.END


def _wait_for_server() -> None:
    for _ in range(conf.RECONNECTS):
        try:
            connection.ensure_connection()
            return
        except OperationalError:
            connection.close()
            time.sleep(1)


def _drive_here(run: MigrationRun, report: Report) -> None:
    last = 0.0

    def on_step() -> None:
        nonlocal last
        if time.monotonic() - last > 0.4:
            run.refresh_from_db(fields=["phase", "status"])
            report(progress_of(run))
            last = time.monotonic()

    work(run.pk, run.generation, f"pid {os.getpid()}", until=lambda: False, on_step=on_step)


def _start_worker(run: MigrationRun) -> BaseProcess:
    """A worker in a process of its own: a fork where that is safe, which spares it a second of imports."""
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    if is_safe:
        connections.close_all()  # a forked child would share them
    process = multiprocessing.get_context("fork" if is_safe else "spawn").Process(  # type: ignore[attr-defined]
        target=worker_process,
        args=(run.pk, run.generation, os.getpid(), connection.settings_dict["NAME"]),
        daemon=True,
    )
    process.start()
    return process  # type: ignore[no-any-return]


def _drive_team(run: MigrationRun, team: list[BaseProcess], report: Report) -> None:
    """Watch over the workers, replace those that die, and report, until all have ended."""
    crashes: list[str] = []
    try:
        while team:
            wait([process.sentinel for process in team], timeout=0.2)
            for process in [p for p in team if not p.is_alive()]:
                team.remove(process)
                run.refresh_from_db()
                if process.exitcode == 0 or run.status != RunStatus.RUNNING:
                    continue
                crashes.append(f"worker {process.pid} ended with code {process.exitcode}")
                if len(crashes) > MAX_RESPAWNS:
                    why = f"run {run.pk} stopped: {len(crashes)} workers died, the last: {crashes[-1]}"
                    MigrationRun.objects.filter(pk=run.pk, generation=run.generation, status=RunStatus.RUNNING).update(
                        status=RunStatus.FAILED, error=why
                    )
                    raise RunStopped(reason=why)
                log.warning("%s; another takes its place", crashes[-1], extra={"run": run.pk})
                team.append(_start_worker(run))
            run.refresh_from_db(fields=["phase", "status"])
            report(progress_of(run))
    finally:
        for process in team:
            process.terminate()
        for process in team:
            process.join()


@contextmanager
def _signals_pause(run_id: int, on_signal: OnSignal) -> Iterator[None]:
    """SIGTERM and SIGINT become a request to pause, while the block runs in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def pause(_signum: int, _frame: FrameType | None) -> None:
        on_signal()
        # A thread of its own: the signal may have come in the middle of a statement on our connection.
        threading.Thread(target=_request_pause, args=(run_id,)).start()

    before = {number: signal.signal(number, pause) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _request_pause(run_id: int) -> None:
    try:
        transitions.move_run(run_id, RunStatus.PAUSING)
    except IllegalTransition as error:
        log.info("%s", error)
    finally:
        connections.close_all()


@contextmanager
def heartbeat(run_id: int, generation: int) -> Iterator[None]:
    """Say every few seconds that the run is driven, from a thread of its own with a connection of its own."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(conf.HEARTBEAT_S):
                try:
                    MigrationRun.objects.filter(pk=run_id, generation=generation).update(heartbeat_at=Now())
                except (OperationalError, MigrationOpsError):
                    connection.close()
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
