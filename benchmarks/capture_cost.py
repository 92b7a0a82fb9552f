"""What capture costs a legacy writer: pgbench without and with the trigger, in turns."""

import os
import re
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


def capture(url: str, *, pairs: int, seconds: float, rows: int) -> dict[str, Any]:
    """What capture costs a writer whose commits are flushed, as in production, and one that waits for nothing."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "INSERT INTO quotes SELECT (jsonb_populate_record(q, jsonb_build_object('id', md5(n::text)))).*"
            " FROM (SELECT q, row_number() OVER () AS n FROM quotes q"
            "  WHERE q.company_id = (SELECT company_id FROM quotes LIMIT 1) LIMIT %s) AS t",
            [rows],
        )
        ((count,),) = session.execute(
            "SELECT count(*) FROM quotes q, generate_series(1, %s) n WHERE q.id = md5(n::text)::uuid", [rows]
        ).fetchall()
        session.execute("VACUUM ANALYZE quotes")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "write.sql"
        script.write_text(SCRIPT.format(rows=count), encoding="utf-8")
        flushed = _pairs(url, script, pairs=pairs, seconds=seconds, flush="on")
        # Without a bar: a third of the pairs will do.
        unflushed = _pairs(url, script, pairs=max(1, pairs // 3), seconds=seconds, flush="off")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("DROP TRIGGER qp_capture_v2 ON quotes")
    return flushed | {f"{name}_unflushed": value for name, value in unflushed.items()}


def _pairs(url: str, script: Path, *, pairs: int, seconds: float, flush: str) -> dict[str, Any]:
    """pgbench, one client, without and with the trigger in turns: writes a second, and the ratio of each pair."""
    ratios, added, rates = [], [], []
    for number in range(pairs):
        found = {}
        for state in ("DISABLE", "ENABLE ALWAYS") if number % 2 == 0 else ("ENABLE ALWAYS", "DISABLE"):
            with psycopg.connect(url, autocommit=True) as session:
                session.execute(f"ALTER TABLE quotes {state} TRIGGER qp_capture_v2")
                session.execute("TRUNCATE migration_outbox")
                session.execute("VACUUM quotes")
                session.execute("CHECKPOINT")
            found[state] = _pgbench(url, script, seconds=seconds, flush=flush)
        ratios.append(found["DISABLE"] / found["ENABLE ALWAYS"])
        added.append(1e6 / found["ENABLE ALWAYS"] - 1e6 / found["DISABLE"])
        rates.append(found)
        print(
            f"  flush {flush}: without {found['DISABLE']:.0f}/s, with {found['ENABLE ALWAYS']:.0f}/s,"
            f" ratio {ratios[-1]:.2f}"
        )
    ratio, low, high = median_with_interval(ratios)
    return {
        "capture_ratio": ratio, "capture_low": low, "capture_high": high,
        "capture_added_us": statistics.median(added), "ratios": ratios, "writes_per_second": rates,
    }  # fmt: skip


def _pgbench(url: str, script: Path, *, seconds: float, flush: str) -> float:
    """Transactions a second of one client."""
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
        [program, "-n", "-M", "simple", "-T", str(max(1, round(seconds))), "-f", str(script)],
        env=os.environ | environment | {"PGOPTIONS": f"-c synchronous_commit={flush}"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or told is None:
        raise BenchmarkError(f"pgbench ended with {done.returncode}: {' '.join(done.stderr.split())[:300]}")
    return float(told[1])
