"""What a cutover under load costs: how long writers of the company are held up, and what another company notices."""

import os
import time
from collections.abc import Callable
from typing import Any

import psycopg
from writers import Writer, following, ids_of, p99_ratio, percentile, writing

RATE_BESIDE = 200.0
"""Writes a second of the other company."""
ROUNDS = 10
"""Windows with steps and as many without, in turns."""


def cutovers(url: str, *, flips: int, rate: float, seconds: float) -> dict[str, Any]:
    """Shadow to live and back again under load, one follower at work as in production.

    Windows of steps take turns with windows of the same load without any, so that a machine that is busy with something
    else is busy with both.
    """
    step, wrong_writes = _steps(url)
    here, there = ids_of(url)
    writers = [Writer(url, here[n::4], rate / 4) for n in range(4)]
    beside = Writer(url, there, RATE_BESIDE)
    pauses: list[float] = []
    pairs: list[tuple[list[float], list[float]]] = []
    refusals = wrong = 0
    with following(url), writing([*writers, beside]):
        for _ in range(ROUNDS):
            began = len(beside.took)
            time.sleep(seconds)
            middle = len(beside.took)
            for _ in range(max(1, flips // ROUNDS)):
                for to in ("live", "shadow"):
                    while (pause := step(to)) is None:
                        refusals += 1
                    pauses.append(pause * 1000)
                    if to == "live":
                        wrong += wrong_writes()
                    time.sleep(0.1)
            pairs.append((beside.took[began:middle], beside.took[middle:]))
    waits = [took * 1000 for each in writers for took in each.took]
    ratio, low, high = p99_ratio(pairs)
    return {
        "cutovers": len(pauses) // 2, "wrong_writes": wrong, "clean_refusals": refusals,
        "pause_p50_ms": percentile(pauses, 0.5), "pause_p99_ms": percentile(pauses, 0.99), "pause_max_ms": max(pauses),
        "write_p99_ms": percentile(waits, 0.99), "write_max_ms": max(waits), "writes": len(waits),
        "writes_refused": sum(each.refused for each in writers),
        "others_p99_ms": percentile([took * 1000 for _, with_steps in pairs for took in with_steps], 0.99),
        "others_p99_ratio": ratio, "others_p99_low": low, "others_p99_high": high,
    }  # fmt: skip


def _steps(url: str) -> tuple[Callable[[str], float | None], Callable[[], int]]:
    """A step of the larger company (its pause in seconds; None: refused, nothing changed), and the legacy writes that
    got past the last one."""
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

    def step(to: str) -> float | None:
        before = stage_of(company)
        try:
            # The gates are for people; what is measured is the fence.
            return move_stage(company, Stage(to), reason="", actor="benchmark", needs_gates=False).pause_s
        except FenceTimedOut:
            if stage_of(company) != before:
                raise AssertionError("a step that was refused changed the stage") from None
            return None

    apply_once()
    step("shadow")
    return step, lambda: OutboxEntry.objects.filter(company_id=company.pk).count()
