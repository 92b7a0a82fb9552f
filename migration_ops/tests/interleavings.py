"""Every order in which the steps of a few sessions can come, run against the server (H3).

A session is a list of steps; a step is a function of its connection. A step that has to wait for another session is left
waiting, and the others go on; it goes on by itself when it can. Errors of a step end its session, with a rollback, and
are kept for the check.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
from django.db import connections

Step = Callable[[psycopg.Connection], object]
WAIT_S = 20.0


def orders(lengths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every merge of lists of these lengths: which session takes the next step."""
    if not any(lengths):
        yield ()
        return
    for index, length in enumerate(lengths):
        if length:
            rest = [each - (place == index) for place, each in enumerate(lengths)]
            for order in orders(rest):
                yield (index, *order)


@dataclass
class Session:
    """One connection with a thread that takes its steps in turn."""

    connection: psycopg.Connection
    steps: Sequence[Step]
    done: list[object] = field(default_factory=list)
    error: Exception | None = None
    asked: int = 0
    thread: threading.Thread | None = None
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for step in self.steps:
            self.turn.acquire()
            if self.error is not None:
                self.done.append(None)
                continue
            try:
                self.done.append(step(self.connection))
            except psycopg.Error as error:
                self.error = error
                self.connection.rollback()
                self.done.append(None)

    @property
    def is_idle(self) -> bool:
        return len(self.done) == self.asked

    @property
    def pid(self) -> int:
        return self.connection.info.backend_pid


@dataclass
class Process(Session):
    """Work of ours as a session: a function that stops before it goes on from each of its marks.

    Its steps: up to the first mark, from mark to mark, and to the end; one more than there are marks. A mark is part of a
    statement, and is met once it has run. Work that ends before a mark has its last steps empty.
    """

    work: Callable[[], object] = lambda: None
    marks: Sequence[str] = ()
    ready: threading.Event = field(default_factory=threading.Event)
    result: object = None
    backend: int = 0

    @property
    def pid(self) -> int:
        return self.backend

    def start(self) -> None:
        super().start()
        assert self.ready.wait(WAIT_S)

    def _run(self) -> None:
        left = list(self.marks)

        def stop(execute, statement, params, many, context):  # type: ignore[no-untyped-def]
            result = execute(statement, params, many, context)
            if left and left[0] in str(statement):
                left.pop(0)
                self.done.append(None)
                self.turn.acquire()
            return result

        try:
            with connections["default"].execute_wrapper(stop):
                connections["default"].ensure_connection()
                self.backend = connections["default"].connection.info.backend_pid
                self.ready.set()
                self.turn.acquire()
                try:
                    self.result = self.work()
                except Exception as error:  # noqa: BLE001 - kept for the check
                    self.error = error
            self.done.append(None)
            while len(self.done) <= len(self.marks):
                self.turn.acquire()
                self.done.append(None)
        finally:
            self.ready.set()
            connections.close_all()


def process(work: Callable[[], object], *marks: str) -> Process:
    """Work of ours with these marks, to be run once."""
    return Process(connection=None, steps=(), work=work, marks=marks)  # type: ignore[arg-type]


def run(sessions: Sequence[Session], order: Sequence[int], watcher: psycopg.Connection) -> None:
    """Take the steps in this order; a session whose turn comes while it still waits takes the step when it is free."""
    for session in sessions:
        session.start()
    for index in order:
        sessions[index].asked += 1
        sessions[index].turn.release()
        _settle(sessions, watcher)
    deadline = time.monotonic() + WAIT_S
    while not all(session.is_idle for session in sessions):
        assert time.monotonic() < deadline, f"a session hangs in order {order}"
        time.sleep(0.001)
    for session in sessions:
        assert session.thread is not None
        session.thread.join(WAIT_S)


def _settle(sessions: Sequence[Session], watcher: psycopg.Connection) -> None:
    """Until every session is idle or waits for another one's lock."""
    deadline = time.monotonic() + WAIT_S
    while True:
        busy = [session for session in sessions if not session.is_idle]
        if not busy:
            return
        pids = [session.pid for session in busy]
        (waiting,) = watcher.execute(
            "SELECT count(*) FROM unnest(%s::int[]) AS p WHERE cardinality(pg_blocking_pids(p)) > 0", [pids]
        ).fetchone()
        if waiting == len([session for session in busy if not session.is_idle]):
            return
        assert time.monotonic() < deadline, "a session neither ends its step nor waits"
        time.sleep(0.0005)
