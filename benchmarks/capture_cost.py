"""What capture costs a legacy writer: pgbench without and with the trigger, in turns."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from scratch import BenchmarkError
from writers import median_with_interval

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from quotepro.embedded.binaries import client_folders

SCRIPT = """\\set n random(1, {rows})
UPDATE quotes SET job_name = 'job ' || :n, updated_at = clock_timestamp() WHERE id = md5(:n::text)::uuid;
"""
SEGMENT_S = 2
"""How long each state is measured at a time, seconds: shorter than what else comes and goes on a machine."""
WITHOUT, WITH = "DISABLE", "ENABLE ALWAYS"


def capture(url: str, *, blocks: int, rows: int) -> dict[str, Any]:
    """What capture costs a writer whose commits are flushed, as in production, and one that waits for nothing."""
    with psycopg.connect(url, autocommit=True) as session:
        if session.execute("SHOW fsync").fetchall() != [("on",)]:
            raise BenchmarkError(
                "fsync is off on this server: commits cost nothing there. Name another (DATABASE_URL)."
            )
        session.execute(
            "INSERT INTO quotes SELECT (jsonb_populate_record(q, jsonb_build_object('id', md5(n::text)))).*"
            " FROM (SELECT q, row_number() OVER () AS n FROM quotes q"
            "  WHERE q.company_id = (SELECT company_id FROM quotes LIMIT 1) LIMIT %s) AS t",
            [rows],
        )
        ((count,),) = session.execute(
            "SELECT count(*) FROM quotes q, generate_series(1, %s) n WHERE q.id = md5(n::text)::uuid", [rows]
        ).fetchall()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "write.sql"
        script.write_text(SCRIPT.format(rows=count), encoding="utf-8")
        flushed = _blocks(url, script, blocks=blocks, rows=count, flush="on")
        # Without a bar: a quarter of the blocks will do.
        unflushed = _blocks(url, script, blocks=max(1, blocks // 4), rows=count, flush="off")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("DROP TRIGGER qp_capture_v2 ON quotes")
    return flushed | {f"{name}_unflushed": value for name, value in unflushed.items()}


def _blocks(url: str, script: Path, *, blocks: int, rows: int, flush: str) -> dict[str, Any]:
    """pgbench, one client, in blocks of four short segments: without, with, with, without; and the other way round.

    What drifts while a block lasts falls on both states alike. A block gives one ratio of the mean time of a
    write and one of its median: a disk that stalls now and then moves the first and not the second.
    """
    ratios, typical, added, rates = [], [], [], []
    for number in range(blocks):
        _settle(url, rows)
        took: dict[str, list[float]] = {WITHOUT: [], WITH: []}
        order = (WITHOUT, WITH, WITH, WITHOUT)
        for state in order if number % 2 == 0 else [WITH if each == WITHOUT else WITHOUT for each in order]:
            with psycopg.connect(url, autocommit=True) as session:
                session.execute(f"ALTER TABLE quotes {state} TRIGGER qp_capture_v2")
            took[state] += _pgbench(url, script, flush=flush)
        means, medians = (
            {state: of(each) for state, each in took.items()} for of in (statistics.fmean, statistics.median)
        )
        ratios.append(means[WITH] / means[WITHOUT])
        typical.append(medians[WITH] / medians[WITHOUT])
        added.append(medians[WITH] - medians[WITHOUT])
        rates.append({state: 1e6 / mean for state, mean in means.items()})
        print(
            f"  flush {flush}: mean {means[WITHOUT]:.0f} and {means[WITH]:.0f} microseconds, ratio {ratios[-1]:.2f};"
            f" medians' ratio {typical[-1]:.2f}",
            flush=True,
        )
    ratio, low, high = median_with_interval(ratios)
    middle, middle_low, middle_high = median_with_interval(typical)
    return {
        "capture_ratio": ratio, "capture_low": low, "capture_high": high,
        "capture_typical": middle, "capture_typical_low": middle_low, "capture_typical_high": middle_high,
        "capture_added_us": statistics.median(added),
        "ratios": ratios, "typical_ratios": typical, "writes_per_second": rates,
    }  # fmt: skip


def _settle(url: str, rows: int) -> None:
    """The same beginning for each block: nothing to vacuum, a checkpoint just made, and every page written since, so
    that no segment pays for the first write of a page after it."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"ALTER TABLE quotes {WITHOUT} TRIGGER qp_capture_v2")
        session.execute("TRUNCATE migration_outbox")
        session.execute("VACUUM ANALYZE quotes")
        session.execute("CHECKPOINT")
        session.execute(
            "UPDATE quotes q SET job_name = 'job 0' FROM generate_series(1, %s) n WHERE q.id = md5(n::text)::uuid",
            [rows],
        )
        session.execute("VACUUM quotes")


def _pgbench(url: str, script: Path, *, flush: str) -> list[float]:
    """Microseconds of each transaction of one client."""
    places = os.pathsep.join([*map(str, client_folders()), os.environ.get("PATH", "")])
    program = shutil.which("pgbench", path=places)
    if program is None:
        raise BenchmarkError(
            "pgbench is not installed: install PostgreSQL's client programs, or measure with --only apply."
        )
    asked = conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = {name: str(asked[key]) for key, name in names.items() if asked.get(key)}
    done = subprocess.run(
        [program, "-n", "-M", "simple", "-T", str(SEGMENT_S), "-l", "--log-prefix", str(script.with_name("took")), "-f",
         str(script)],
        env=os.environ | environment | {"PGOPTIONS": f"-c synchronous_commit={flush}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    took = []
    for log in script.parent.glob("took.*"):
        # client, transaction, microseconds, script, and when
        took += [float(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    if done.returncode or not took:
        raise BenchmarkError(f"pgbench ended with {done.returncode}: {' '.join(done.stderr.split())[:300]}")
    return took
