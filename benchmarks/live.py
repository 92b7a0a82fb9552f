"""What the live move costs: a legacy writer, the applying of changes, a cutover under load; all figures in one table.

    python benchmarks/live.py --json live.json                 # all three
    python benchmarks/live.py --only capture                 # some four minutes

Measure on an idle machine, on a server of its own (DATABASE_URL; else the project's embedded one). It makes a database
quotepro_benchmark_live and drops it. Exit code 0: measured; 2: something is missing, in one line.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from capture_cost import capture
from cutover_pause import cutovers
from psycopg import sql
from scratch import BenchmarkError, at_database, manage, server_url
from writers import Writer, following, ids_of, percentile, writing

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
NAME = "quotepro_benchmark_live"
# What is asked for: at most so much.
BARS = {
    "capture_ratio": 1.25, "lag_p95_s": 1.0, "pause_p99_ms": 250.0, "pause_max_ms": 2_000.0, "write_max_ms": 2_000.0,
    "wrong_writes": 0,
    "others_p99_ratio": 1.10,
}  # fmt: skip
WORDS = {
    "capture_ratio": "legacy writer, commits flushed: times slower with capture, mean of a write",
    "capture_low": "  95 % interval of the median of the blocks, from",
    "capture_high": "  to",
    "capture_typical": "  the same of the median write, which a stalling disk does not move",
    "capture_typical_low": "  95 % interval, from",
    "capture_typical_high": "  to",
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
    "written_per_second": "  a second, over all of it",
    "writes_refused": "  of them refused while it was live",
    "pause_p50_ms": "  writers held up by a step, median, ms",
    "pause_p99_ms": "  99th percentile, ms",
    "pause_max_ms": "  worst, ms",
    "write_p99_ms": "  a write of the company, 99th percentile, ms",
    "write_max_ms": "  worst, ms",
    "others_p99_ms": "  another company's writes around a cutover and its way back, 99th percentile, ms",
    "others_p99_ratio": "  times what it is in windows without steps",
    "others_p99_low": "    90 % interval over the windows, from",
    "others_p99_high": "    to",
    "others_row_p99_ratio": "  the same where one step follows the other",
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


def applying(url: str, *, seconds: float, rate: float) -> dict[str, Any]:
    """Changes at a pace while one follower works: how old the oldest waiting change was, and how soon it was done."""
    lags: list[float] = []
    here = ids_of(url)[0]
    writers = [Writer(url, here[n::4], rate / 4) for n in range(4)]
    with following(url), psycopg.connect(url, autocommit=True) as session:
        began = time.perf_counter()
        with writing(writers):
            while time.perf_counter() - began < seconds:
                lags.append(_oldest_s(session))
                time.sleep(0.05)
        ended = time.perf_counter()
        while session.execute("SELECT EXISTS (SELECT FROM migration_outbox)").fetchall()[0][0]:
            time.sleep(0.02)
            if time.perf_counter() - ended > 120:
                raise BenchmarkError("changes were left after two minutes: migration_status tells why")
        drained = time.perf_counter() - ended
    return {
        "changes_per_second": sum(len(each.took) for each in writers) / (ended - began),
        "lag_p50_s": percentile(lags, 0.5), "lag_p95_s": percentile(lags, 0.95),
        "lag_max_s": max(lags), "drained_after_s": drained,
    }  # fmt: skip


def _oldest_s(session: psycopg.Connection) -> float:
    rows = session.execute(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(captured_at)), 0)::float FROM migration_outbox"
    ).fetchall()
    return float(rows[0][0])


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
    parser.add_argument("--blocks", type=int, default=16, help="blocks of four segments each, for capture")
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
                found |= capture(url, blocks=asked.blocks, rows=asked.rows // 2)
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
