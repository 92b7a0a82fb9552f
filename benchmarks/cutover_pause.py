"""What a cutover under load costs: how long writers of the company are held up, and what another company notices."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psycopg
from scratch import BenchmarkError
from writers import Writer, following, ids_of, p99_ratio, percentile, writing, writing_apart

RATE_BESIDE = 200.0
"""Writes a second of the other company."""
ROUNDS = 10
"""Windows with steps and as many without, in turns."""


def cutovers(url: str, *, flips: int, rate: float, seconds: float) -> dict[str, Any]:
    """Shadow to live and back again under load, one follower at work as in production.

    Three kinds of windows take turns, so that a machine that is busy with something else is busy with all: without a
    step; with one cutover and its way back, as a company has it; and with nothing but steps, one after the other.
    """
    here, there = ids_of(url)
    writers = [Writer(url, here[n::4], rate / 4) for n in range(4)]
    pauses: list[float] = []
    windows: list[tuple[float, float, float, float]] = []
    refusals = wrong = 0
    with mover(url) as step, following(url), writing_apart(url, there, RATE_BESIDE) as beside, writing(writers):

        def there_and_back() -> None:
            nonlocal refusals, wrong
            for to in ("live", "shadow"):
                while (found := step(to)) is None:
                    refusals += 1
                    if refusals > 2 * flips + 20:
                        raise BenchmarkError(
                            f"{refusals} steps were refused, after {len(pauses)} that were taken: this machine, or"
                            f" what else it does, does not let changes be applied at {rate:.0f} a second"
                        )
                pause, past = found
                pauses.append(pause * 1000)
                wrong += past
                time.sleep(0.1)

        started = time.perf_counter()
        for _ in range(ROUNDS):
            first = time.perf_counter()
            time.sleep(seconds)
            second = time.perf_counter()
            there_and_back()
            time.sleep(max(0.0, second + seconds - time.perf_counter()))
            third = time.perf_counter()
            for _ in range(max(1, flips // ROUNDS - 1)):
                there_and_back()
            windows.append((first, second, third, time.perf_counter()))
        lasted = time.perf_counter() - started
    waits = [took * 1000 for each in writers for took in each.took]
    without, once, in_a_row = ([_took(beside, *each[n : n + 2]) for each in windows] for n in range(3))
    ratio, low, high = p99_ratio(list(zip(without, once, strict=True)))
    return {
        "cutovers": len(pauses) // 2, "wrong_writes": wrong, "clean_refusals": refusals,
        "pause_p50_ms": percentile(pauses, 0.5), "pause_p99_ms": percentile(pauses, 0.99), "pause_max_ms": max(pauses),
        "write_p99_ms": percentile(waits, 0.99), "write_max_ms": max(waits), "writes": len(waits),
        "written_per_second": len(waits) / lasted,
        "writes_refused": sum(each.refused for each in writers),
        "others_p99_ms": percentile([took * 1000 for each in once for took in each], 0.99),
        "others_p99_ratio": ratio, "others_p99_low": low, "others_p99_high": high,
        "others_row_p99_ratio": p99_ratio(list(zip(without, in_a_row, strict=True)))[0],
    }  # fmt: skip


def _took(writes: Sequence[tuple[float, float]], since: float, until: float) -> list[float]:
    return [took for began, took in writes if since <= began < until]


@contextmanager
def mover(url: str) -> Iterator[Callable[[str], tuple[float, int] | None]]:
    """A process that takes the larger company's steps, apart from the writers', whose turns it would take.

    What it gives takes a stage: its pause in seconds and, at live, the legacy writes that got past it; None: it was
    refused, and changed nothing.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_move, args=(url, theirs), daemon=True)
    process.start()
    theirs.close()

    def told() -> tuple[float, int] | None:
        try:
            found: tuple[float, int] | None = ours.recv()
        except EOFError:
            raise BenchmarkError("the process that takes the steps has ended: its message is above") from None
        return found

    def step(to: str) -> tuple[float, int] | None:
        ours.send(to)
        return told()

    try:
        told()  # it stands at shadow
        yield step
        ours.send(None)
        process.join(30)
    finally:
        process.terminate()


def _move(url: str, asked: Connection) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "quotepro.settings"
    import django

    django.setup()
    from crm.models import Company
    from migration_ops.cutover.switch import move_stage
    from migration_ops.dual_write.follow import apply_once
    from migration_ops.exceptions import FenceTimedOut
    from migration_ops.models import OutboxEntry
    from migration_ops.stages import Stage
    from migration_ops.transitions import stage_of

    with psycopg.connect(url) as session:
        rows = session.execute("SELECT company_id FROM quotes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchall()
    company = Company.objects.get(pk=rows[0][0])

    def step(to: str) -> tuple[float, int] | None:
        before = stage_of(company)
        try:
            # The gates are for people; what is measured is the fence.
            moved = move_stage(company, Stage(to), reason="", actor="benchmark", needs_gates=False)
        except FenceTimedOut:
            if stage_of(company) != before:
                raise AssertionError("a step that was refused changed the stage") from None
            return None
        past = OutboxEntry.objects.filter(company_id=company.pk).count() if to == Stage.LIVE else 0
        return moved.pause_s, past

    apply_once()
    step("shadow")
    asked.send(None)
    while (to := asked.recv()) is not None:
        asked.send(step(to))
