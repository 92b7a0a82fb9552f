"""Times `migrate_legacy` against the specification's own SQL scripts: same rows, same server, in turns.

See README.md beside this file.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from report import render_memory_growth, render_size
from scratch import BenchmarkError, Scratch, at_database, manage, server_url
from sides import (
    HERE,
    losses,
    prepare_spec,
    run_ours,
    run_spec,
    skip_validation_flag,
    startup_seconds,
)

COMPANY = uuid.uuid5(uuid.NAMESPACE_URL, "https://quotepro.example/benchmark")


def main() -> int:
    """Parses, measures every size, prints the tables; 0 done, 2 refused."""
    options = parse()
    # Ended from outside, it still drops what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        result = measure(options)
    except BenchmarkError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=_positive, action="append", help="legacy rows; may be repeated (100000)")
    parser.add_argument("--pairs", type=_positive, default=3, help="runs of each side, in turns")
    parser.add_argument("--workers", type=_positive, default=2)
    parser.add_argument("--dirty", type=float, help="share of dirty rows, 0 to 1; else the source's own default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--source", choices=("seed_legacy", "sql"), default="seed_legacy", help="who makes the rows")
    parser.add_argument("--only", choices=("spec", "ours"), help="run one side alone")
    parser.add_argument("--analyze-spec", action="store_true", help="ANALYZE after each of the specification's scripts")
    parser.add_argument("--migrate-flags", default="", help="further flags for migrate_legacy, as one string")
    parser.add_argument("--keep", action="store_true", help="keep the seeded databases, and use them if they are there")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    options = parser.parse_args()
    options.rows = sorted(set(options.rows or [100_000]))
    if options.dirty is not None and not 0 <= options.dirty <= 1:
        parser.error(f"--dirty {options.dirty}: give a share from 0 to 1")
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number of 1 or more")
    return int(text)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Every size in turn; all that was measured, as plain values."""
    # Before a long seeding: is everything there?
    flag = skip_validation_flag() if options.only != "spec" else None
    startup = startup_seconds() if options.only != "spec" else 0.0
    scratch = Scratch(server_url())
    result: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "server": _server(scratch),
        "workers": options.workers,
        "pairs": options.pairs,
        "source": options.source,
        "dirty": options.dirty,
        "startup_seconds": startup,
        "validation_skipped_by": flag,
        "sizes": [],
    }
    for rows in options.rows:
        original = f"quotepro_benchmark_{options.source}_{rows}_{options.seed}_{options.dirty}"
        if scratch.exists(original) and not options.keep:
            raise BenchmarkError(f"Database {original} is in the way: drop it, or give --keep to use it.")
        try:
            company = seed(scratch, original, rows, options)
            size = {"rows": rows, **measure_size(scratch, original, company, options, flag)}
        finally:
            if not options.keep:
                scratch.drop(original)
        result["sizes"].append(size)
        print(render_size(size, startup=startup, workers=options.workers, flag=flag), flush=True)
    if len(result["sizes"]) > 1:
        print(render_memory_growth(result["sizes"][0], result["sizes"][-1]))
    return result


def seed(scratch: Scratch, original: str, rows: int, options: argparse.Namespace) -> str:
    """Fills the original, or finds it filled (--keep); the id of its one company."""
    if scratch.exists(original):
        with psycopg.connect(at_database(scratch.url, original)) as connection:
            return _company(connection, rows, original)
    _say(f"seeding {rows:,} rows")
    url = scratch.create(original)
    try:
        if options.only == "spec" and options.source == "sql":
            _execute(url, (HERE / "legacy_table.sql").read_text())
        else:
            manage(["migrate", "--verbosity", "0"], database_url=url)
        dirty = [] if options.dirty is None else ["--dirty", str(options.dirty)]
        if options.source == "sql":
            values = {"rows": rows, "seed": options.seed, "dirty": options.dirty or 0, "company": COMPANY}
            _execute(url, (HERE / "generate.sql").read_text(), values)
        else:
            manage(
                ["seed_legacy", "--rows", str(rows), "--companies", "1", "--seed", str(options.seed), *dirty],
                database_url=url,
            )
        _execute(url, "VACUUM (ANALYZE)")
        with psycopg.connect(url) as connection:
            return _company(connection, rows, original)
    except BaseException:
        # Half a seed must not be taken for a whole one the next time.
        scratch.drop(original)
        raise


def measure_size(
    scratch: Scratch, original: str, company: str, options: argparse.Namespace, flag: str | None
) -> dict[str, Any]:
    """The pairs of one size: specification, ours, specification, ours, and so on."""
    spec: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    validated: dict[str, Any] | None = None
    extra = options.migrate_flags.split()
    for pair in range(options.pairs):
        if options.only != "ours":
            with scratch.copy(original) as url:
                prepare_spec(url)
                scratch.settle(url)
                run = run_spec(url, analyze=options.analyze_spec)
                if pair == 0:
                    run.losses = losses(url, ours=False)
            _say(f"pair {pair + 1}: specification {run.seconds:.2f} s")
            spec.append(run.as_json())
        if options.only != "spec":
            with scratch.copy(original) as url:
                scratch.settle(url)
                flags = [*([flag] if flag else []), *extra]
                run = run_ours(url, company=company, workers=options.workers, flags=flags)
                if pair == 0:
                    run.losses = losses(url, ours=True)
            _say(f"pair {pair + 1}: migrate_legacy {run.seconds:.2f} s")
            ours.append(run.as_json())
    if options.only != "spec" and flag:
        with scratch.copy(original) as url:
            scratch.settle(url)
            validated = run_ours(url, company=company, workers=options.workers, flags=extra).as_json()
    ratios = [b["seconds"] / a["seconds"] for a, b in zip(spec, ours, strict=False)]
    bare = [b["seconds"] / (a["seconds"] - a["steps"]["verification"]) for a, b in zip(spec, ours, strict=False)]
    return {
        "spec": spec,
        "ours": ours,
        "ours_with_validation": validated,
        "ratios": ratios,
        "ratio_median": median(ratios) if ratios else None,
        "ratios_without_verification": bare,
    }


def _server(scratch: Scratch) -> dict[str, str]:
    names = [
        "server_version", "shared_buffers", "max_wal_size", "synchronous_commit", "work_mem", "maintenance_work_mem",
        "random_page_cost", "checkpoint_timeout", "max_parallel_workers_per_gather", "jit", "wal_level", "fsync",
    ]  # fmt: skip
    rows = scratch.admin.execute("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [names])
    return dict(rows.fetchall())


def _company(connection: psycopg.Connection[Any], rows: int, original: str) -> str:
    found = connection.execute("SELECT company_id::text, count(*) FROM quotes GROUP BY company_id").fetchall()
    if len(found) != 1 or found[0][1] != rows:
        raise BenchmarkError(f"{original} does not hold {rows} rows of one company but {found[:3]}; drop it.")
    return str(found[0][0])


def _execute(url: str, statement: str, values: dict[str, Any] | None = None) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def _say(text: str) -> None:
    print(f"[load {os.getloadavg()[0]:.1f}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
