"""Programs that write legacy rows at a pace, and how long each of their writes took."""

import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psycopg
from scratch import PROJECT, BenchmarkError


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median_with_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the values between which the true median lies with at least 95 % (by rank, no shape assumed).

    With fewer than six values no ranks hold that much: the smallest and the largest, which hold less.
    """
    ordered, n = sorted(values), len(values)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    out, covered, ways = 0, 0.0, 1.0
    for rank in range(n // 2):
        covered += ways / 2**n
        if 2 * covered > 0.05:
            break
        out = rank
        ways = ways * (n - rank) / (rank + 1)
    return median, ordered[out], ordered[n - 1 - out]


def p99_ratio(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[float, float, float]:
    """How the 99th percentile of the second of each pair compares with that of the first, all pairs together; and the
    interval that holds 90 % of what other draws of the same pairs give."""

    def ratio(drawn: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float:
        first, second = ([value for pair in drawn for value in pair[side]] for side in (0, 1))
        return percentile(second, 0.99) / percentile(first, 0.99)

    chance = random.Random(1)
    drawn = [ratio(chance.choices(pairs, k=len(pairs))) for _ in range(400)]
    return ratio(pairs), percentile(drawn, 0.05), percentile(drawn, 0.95)


class Writer(threading.Thread):
    """Updates rows of a company in turn, at a pace, and notes how long each write took; with commits flushed, as in
    production, where a server that may lose commits is refused (the embedded one is set otherwise)."""

    def __init__(self, url: str, ids: Sequence[Any], rate: float) -> None:
        super().__init__(daemon=True)
        self.url, self.ids, self.rate = url, ids, rate
        self.stop = threading.Event()
        self.took: list[float] = []
        self.began: list[float] = []
        self.refused = 0
        self.error: Exception | None = None

    def run(self) -> None:
        """Write until told to stop."""
        try:
            with psycopg.connect(self.url, autocommit=True) as session:
                session.execute("SET synchronous_commit = on")
                self._write(session)
        except Exception as error:  # noqa: BLE001 - looked at by `writing`
            self.error = error

    def _write(self, session: psycopg.Connection) -> None:
        due = time.perf_counter()
        number = 0
        while not self.stop.is_set():
            number += 1
            began = time.perf_counter()
            try:
                session.execute(
                    "UPDATE quotes SET job_name = %s, updated_at = clock_timestamp() WHERE id = %s",
                    [f"job {number}", self.ids[number % len(self.ids)]],
                )
            except psycopg.Error as error:
                if error.sqlstate != "QP001":
                    raise
                self.refused += 1
            self.took.append(time.perf_counter() - began)
            self.began.append(began)
            due += 1 / self.rate
            if (rest := due - time.perf_counter()) > 0:
                time.sleep(rest)


@contextmanager
def writing(writers: Sequence[Writer]) -> Iterator[None]:
    """All of them write inside; afterwards they have ended, and an error of one is raised."""
    for each in writers:
        each.start()
    try:
        yield
    finally:
        for each in writers:
            each.stop.set()
        for each in writers:
            each.join()
    for each in writers:
        if each.error is not None:
            raise each.error


@contextmanager
def writing_apart(url: str, ids: Sequence[Any], rate: float) -> Iterator[list[tuple[float, float]]]:
    """A program of its own writes inside, so that it takes turns with nobody; afterwards the list has when each of its
    writes began and how long it took, seconds, on the clock that all processes of the machine share.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_write_apart, args=(url, ids, rate, theirs), daemon=True)
    process.start()
    theirs.close()
    writes: list[tuple[float, float]] = []
    try:
        yield writes
        ours.send(None)
        writes += ours.recv()
    except EOFError:
        raise BenchmarkError("the process of the other company's writer has ended: its message is above") from None
    finally:
        process.terminate()


def _write_apart(url: str, ids: Sequence[Any], rate: float, told: Connection) -> None:
    writer = Writer(url, ids, rate)
    with writing([writer]):
        told.recv()
    told.send(list(zip(writer.began, writer.took, strict=True)))


@contextmanager
def following(url: str) -> Iterator[None]:
    """One `apply_changes --follow` works inside."""
    follower = subprocess.Popen(
        [sys.executable, "manage.py", "apply_changes", "--follow"], cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(3)
        yield
    finally:
        follower.terminate()
        follower.wait(30)


def ids_of(url: str) -> list[list[Any]]:
    """The legacy ids of each company, the larger first, in an order of no meaning."""
    with psycopg.connect(url) as session:
        companies = session.execute("SELECT company_id FROM quotes GROUP BY 1 ORDER BY count(*) DESC").fetchall()
        return [
            [
                id
                for (id,) in session.execute("SELECT id FROM quotes WHERE company_id = %s ORDER BY md5(id::text)", each)
            ]
            for each in companies
        ]
