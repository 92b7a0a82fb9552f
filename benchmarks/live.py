"""What the live move costs: a legacy writer, the applying of changes, a cutover under load; all figures in one table.

    python benchmarks/live.py --json live.json                 # all three
    python benchmarks/live.py --only capture --pairs 5

Measure on an idle machine, on a server of its own (DATABASE_URL; else the project's embedded one). It makes a database
quotepro_benchmark_live and drops it. Exit code 0: measured; 2: something is missing, in one line.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from capture_cost import capture
from psycopg import sql
from scratch import BenchmarkError, at_database, manage, server_url

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
NAME = "quotepro_benchmark_live"
# What is asked for: at most so much.
BARS = {
    "capture_ratio": 1.25, "lag_p95_s": 1.0, "pause_p99_ms": 250.0, "pause_max_ms": 2_000.0, "wrong_writes": 0,
    "others_p99_ratio": 1.10,
}  # fmt: skip
WORDS = {
    "capture_ratio": "legacy writer, commits flushed: times slower with capture",
    "capture_added_us": "  microseconds added to a write",
    "capture_ratio_unflushed": "legacy writer, commits not flushed: times slower with capture",
    "capture_added_us_unflushed": "  microseconds added to a write",
    "changes_per_second": "changes written a second, one follower applying",
    "lag_p50_s": "  age of the oldest change that waits, median, s",
    "lag_p95_s": "  95th percentile, s",
    "lag_max_s": "  worst, s",
    "drained_after_s": "  nothing left so long after the last write, s",
    "cutovers": "cutovers, each with its way back, under load",
    "wrong_writes": "  legacy writes that got past one",
    "clean_refusals": "  steps refused, nothing changed, tried again",
    "writes": "  writes of the company meanwhile",
    "writes_refused": "  of them refused while it was live",
    "pause_p50_ms": "  writers held up by a step, median, ms",
    "pause_p99_ms": "  99th percentile, ms",
    "pause_max_ms": "  worst, ms",
    "write_p99_ms": "  a write of the company, 99th percentile, ms",
    "write_max_ms": "  worst, ms",
    "others_p99_ratio": "  another company's writes, 99th percentile: times what it is without steps",
}


@contextmanager
def database(rows: int) -> Iterator[str]:
    """A database with two companies of so many rows, migrated; dropped afterwards."""
    server = server_url()
    url = at_database(server, NAME)
    with psycopg.connect(at_database(server, "postgres"), autocommit=True) as connection:
        name = sql.Identifier(NAME)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            manage(["migrate", "-v", "0"], database_url=url)
            manage(
                ["seed_legacy", "--rows", str(2 * rows), "--companies", "2", "--seed", "1", "--dirty", "0"],
                database_url=url,
            )
            manage(["migrate_legacy", "--all"], database_url=url)
            yield url
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Writer(threading.Thread):
    """Updates random rows of a company at a pace, and notes how long each write took."""

    def __init__(self, url: str, ids: list[Any], rate: float, flush: str = "on") -> None:
        super().__init__(daemon=True)
        self.url, self.ids, self.rate, self.flush = url, ids, rate, flush
        self.stop = threading.Event()
        self.took: list[float] = []
        self.refused = 0

    def run(self) -> None:
        """Write until told to stop."""
        with psycopg.connect(self.url, autocommit=True) as session:
            # As in production, where a server that may lose commits is refused; the embedded one is set otherwise.
            session.execute(f"SET synchronous_commit = {self.flush}")
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
                due += 1 / self.rate if self.rate else 0
                if (rest := due - time.perf_counter()) > 0:
                    time.sleep(rest)


def ids_of(url: str) -> list[list[Any]]:
    """The legacy ids of each company, the larger first."""
    with psycopg.connect(url) as session:
        companies = session.execute("SELECT company_id FROM quotes GROUP BY 1 ORDER BY count(*) DESC").fetchall()
        return [
            [
                id
                for (id,) in session.execute("SELECT id FROM quotes WHERE company_id = %s ORDER BY md5(id::text)", each)
            ]
            for each in companies
        ]


def write_for(
    url: str, ids: list[Any], *, seconds: float, writers: int, rate: float = 0, flush: str = "on"
) -> list[float]:
    """Writers at once for some seconds: how long each write took."""
    running = [Writer(url, ids[n::writers], rate / writers, flush) for n in range(writers)]
    for each in running:
        each.start()
    time.sleep(seconds)
    for each in running:
        each.stop.set()
        each.join()
    return [took for each in running for took in each.took]


def applying(url: str, *, seconds: float, rate: float) -> dict[str, Any]:
    """Changes at a pace while one follower works: how old the oldest waiting change was, and how soon it was done."""
    environment = os.environ | {"DATABASE_URL": url}
    follower = subprocess.Popen(
        [sys.executable, "manage.py", "apply_changes", "--follow"], env=environment, stderr=subprocess.DEVNULL
    )
    lags: list[float] = []
    try:
        time.sleep(3)
        stop = threading.Event()

        def watch() -> None:
            with psycopg.connect(url, autocommit=True) as session:
                while not stop.is_set():
                    lags.append(
                        session.execute(
                            "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(captured_at)), 0)::float"
                            " FROM migration_outbox"
                        ).fetchone()[0]
                    )
                    time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()
        took = write_for(url, ids_of(url)[0], seconds=seconds, writers=4, rate=rate)
        began = time.perf_counter()
        with psycopg.connect(url, autocommit=True) as session:
            while session.execute("SELECT EXISTS (SELECT FROM migration_outbox)").fetchone()[0]:
                time.sleep(0.02)
                if time.perf_counter() - began > 120:
                    raise BenchmarkError("changes were left after two minutes: migration_status tells why")
        stop.set()
        watcher.join()
    finally:
        follower.terminate()
        follower.wait(30)
    return {
        "changes_per_second": len(took) / seconds,
        "lag_p50_s": percentile(lags, 0.5), "lag_p95_s": percentile(lags, 0.95),
        "lag_max_s": max(lags), "drained_after_s": time.perf_counter() - began,
    }  # fmt: skip


def _meanwhile(writer: Writer, seconds: float) -> list[float]:
    """How long this writer's writes take in the next seconds."""
    began = len(writer.took)
    time.sleep(seconds)
    return writer.took[began:]


def cutovers(url: str, *, flips: int, rate: float, seconds: float) -> dict[str, Any]:
    """Shadow to live and back again under load: how long writers of this company and of another one had to wait."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "quotepro.settings"
    import django

    django.setup()
    from crm.models import Company
    from legacy.models import LegacyQuote
    from migration_ops.cutover.switch import move_stage
    from migration_ops.dual_write.follow import apply_once
    from migration_ops.exceptions import FenceTimedOut
    from migration_ops.models import OutboxEntry
    from migration_ops.stages import Stage

    here, there = ids_of(url)
    company = Company.objects.get(pk=LegacyQuote.objects.only("company_id").get(pk=here[0]).company_id)
    apply_once()
    move_stage(company, Stage.SHADOW, reason="", actor="benchmark", needs_gates=False)
    running = [Writer(url, here[n::4], rate / 4) for n in range(4)]
    beside = Writer(url, there, rate / 5)
    for each in (*running, beside):
        each.start()
    # The same load without steps, before and after them: what is asked is what the steps do to others.
    alone = _meanwhile(beside, seconds)
    began = len(beside.took)
    refusals, pauses, wrong = 0, [], 0
    for _ in range(flips):
        for to in (Stage.LIVE, Stage.SHADOW):
            while True:
                try:
                    pauses.append(
                        move_stage(company, to, reason="", actor="benchmark", needs_gates=False).pause_s * 1000
                    )
                    break
                except FenceTimedOut:
                    refusals += 1
            if to == Stage.LIVE:
                wrong += OutboxEntry.objects.filter(company_id=company.pk).count()
            time.sleep(0.05)
    others = beside.took[began:]
    alone += _meanwhile(beside, seconds)
    for each in (*running, beside):
        each.stop.set()
        each.join()
    waits = [took * 1000 for each in running for took in each.took]
    return {
        "cutovers": flips, "wrong_writes": wrong, "clean_refusals": refusals,
        "pause_p50_ms": percentile(pauses, 0.5), "pause_p99_ms": percentile(pauses, 0.99), "pause_max_ms": max(pauses),
        "write_p99_ms": percentile(waits, 0.99), "write_max_ms": max(waits), "writes": len(waits),
        "writes_refused": sum(each.refused for each in running),
        "others_p99_ratio": percentile(others, 0.99) / percentile(alone, 0.99),
    }  # fmt: skip


def table(found: dict[str, Any]) -> str:
    """Every figure on a line of its own: what, how much, what is asked for."""
    lines = [f"{'':80}{'measured':>12}{'at most':>10}"]
    for name, words in WORDS.items():
        if name in found:
            bar = BARS.get(name)
            asked = "" if bar is None else f"{bar:10g}  {'met' if found[name] <= bar else 'MISSED'}"
            lines.append(f"{words:80}{found[name]:12,.3f}{asked}")
    return "\n".join(lines)


def main() -> int:
    """Measure what was asked for, and say which bars are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("capture", "apply", "cutover"), help="one of the three")
    parser.add_argument("--rows", type=int, default=20_000, help="legacy rows of each company")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=500.0, help="writes a second")
    parser.add_argument("--flips", type=int, default=200, help="cutovers, each with its way back")
    parser.add_argument("--json", metavar="FILE")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    try:
        with database(asked.rows) as url:
            if asked.only in (None, "capture"):
                print("capture: a legacy writer without and with the triggers")
                found |= capture(url, pairs=asked.pairs, seconds=asked.seconds, rows=asked.rows // 2)
                # Capture was off in between: it is installed again, and what was missed is looked at.
                manage(["migrate_legacy", "--all"], database_url=url)
            if asked.only in (None, "apply"):
                print("apply: changes at a pace, one follower")
                found |= applying(url, seconds=asked.seconds, rate=asked.rate)
            if asked.only in (None, "cutover"):
                print("cutover: forth and back under load")
                found |= cutovers(url, flips=asked.flips, rate=asked.rate, seconds=asked.seconds)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(found))
    if asked.json:
        Path(asked.json).write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
