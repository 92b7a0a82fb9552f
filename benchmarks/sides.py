"""The two sides: the specification's scripts in one session, and `migrate_legacy` as a process."""

import json
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from processes import ProcessSampler
from psycopg import sql
from scratch import COPY_NAME, PROJECT, BenchmarkError, environment

HERE = Path(__file__).resolve().parent
SCRIPTS = sorted((HERE / "spec_sql").glob("0[23]*.sql"))
# Finished; 3 says that something needs attention, such as rows in quarantine.
GOOD_EXITS = (0, 3)
SKIPS_VALIDATION = re.compile(r"--(?:no|skip|without)-(?:final-)?(?:valid|verif)\w*")


@dataclass(kw_only=True)
class Run:
    """One timed run. Seconds are wall-clock; `steps` are seconds by name; memory in kB and CPU seconds by role."""

    seconds: float
    steps: dict[str, float] = field(default_factory=dict)
    memory_kb: dict[str, list[int]] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    losses: dict[str, dict[str, float]] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values, without what was not measured."""
        return {key: value for key, value in asdict(self).items() if value}


def prepare_spec(database_url: str) -> None:
    """The specification's tables, and the rows its casts would abort on; not timed."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name in ("000_schema.sql", "001_unreadable.sql"):
            connection.execute((HERE / "spec_sql" / name).read_text())


def run_spec(database_url: str, *, analyze: bool = False) -> Run:
    """Scripts 1 to 5 in one session, each in a transaction of its own, as a migration tool runs them.

    Each script ends with its verification block, timed like the rest of it (step `verification`). A block that
    refuses would undo its script; here it is run after the script's transaction, so that the next finds its rows.

    Args:
        database_url: a prepared copy.
        analyze: ANALYZE the filled tables after each script (timed); the specification does it only at the end.
    """
    steps: dict[str, float] = {}
    verdicts: dict[str, str] = {}
    started = time.perf_counter()
    with (
        ProcessSampler(database=COPY_NAME) as sampler,
        psycopg.connect(database_url, autocommit=True, options="-c search_path=spec,public") as connection,
    ):
        for script in SCRIPTS:
            work, verification = _parts(script)
            with connection.transaction():
                for name, statement in work:
                    before = time.perf_counter()
                    try:
                        connection.execute(statement)
                    except psycopg.Error as error:
                        raise BenchmarkError(f"{script.name}, step {name}, was refused: {error}") from error
                    steps[name] = time.perf_counter() - before
            before = time.perf_counter()
            verdicts[script.name] = _verdict(connection, verification)
            steps["verification"] = steps.get("verification", 0) + time.perf_counter() - before
            if analyze:
                before = time.perf_counter()
                for table in re.findall(r"^INSERT INTO (\w+)", script.read_text(), re.MULTILINE):
                    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
                steps["analyze"] = steps.get("analyze", 0) + time.perf_counter() - before
    seconds = time.perf_counter() - started
    return Run(seconds=seconds, steps=steps, memory_kb=sampler.peaks_kb, cpu_s=sampler.cpu_s, verdicts=verdicts)


def _verdict(connection: psycopg.Connection[Any], verification: str) -> str:
    """What a script's own verification says: its notices, or the exception it ends with."""
    said: list[str] = []
    handler = _collector(said)
    connection.add_notice_handler(handler)
    try:
        connection.execute(verification)
    except psycopg.Error as error:
        said.append("REFUSED: " + (error.diag.message_primary or str(error)))
    connection.remove_notice_handler(handler)
    return "; ".join(said)


def _collector(said: list[str]) -> Any:
    return lambda diagnostic: said.append(diagnostic.message_primary or "")


def _parts(script: Path) -> tuple[list[tuple[str, str]], str]:
    """The named statements of a script, and its verification block."""
    work, verification = script.read_text().split("-- verification\n")
    pieces = re.split(r"^-- step: (\w+)\n", work, flags=re.MULTILINE)[1:]
    return list(zip(pieces[::2], pieces[1::2], strict=True)), verification


def skip_validation_flag() -> str | None:
    """The flag of `migrate_legacy` that leaves out its final validation, if it has one.

    Raises:
        BenchmarkError: there is no such command.
    """
    shown = subprocess.run(
        [sys.executable, "manage.py", "migrate_legacy", "--help"],
        cwd=PROJECT,
        env=environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        raise BenchmarkError("`manage.py migrate_legacy` does not work here; use --only spec, or build it first.")
    found = SKIPS_VALIDATION.search(shown.stdout)
    return found[0] if found else None


def startup_seconds() -> float:
    """Python's start and Django's set-up alone: the quickest of three `migrate_legacy --help`."""
    times = []
    for _ in range(3):
        before = time.perf_counter()
        skip_validation_flag()
        times.append(time.perf_counter() - before)
    return min(times)


def run_ours(database_url: str, *, company: str, workers: int, flags: list[str]) -> Run:
    """`migrate_legacy` from the start of its process to its end.

    Raises:
        BenchmarkError: it failed, or did not account for every row.
    """
    command = ["migrate_legacy", "--company", company, "--workers", str(workers), *flags, "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT,
        env=environment(database_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ProcessSampler(database=COPY_NAME, root=process.pid) as sampler:
        out, err = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode not in GOOD_EXITS:
        raise BenchmarkError(f"`manage.py {' '.join(command)}` ended with {process.returncode}: {err.strip()[-2000:]}")
    try:
        report = json.loads(out.strip().splitlines()[-1])
        accounted = report["migrated"] + report["quarantined"] == report["rows"]
    except (IndexError, ValueError, KeyError) as error:
        raise BenchmarkError("`migrate_legacy --json` did not end with its JSON object.") from error
    if not accounted:
        raise BenchmarkError(f"`migrate_legacy` left rows out: {json.dumps(report)}")
    return Run(seconds=seconds, memory_kb=sampler.peaks_kb, cpu_s=sampler.cpu_s, report=report)


def losses(database_url: str, *, ours: bool) -> dict[str, dict[str, float]]:
    """Due, set aside and lost of each thing, counted row by row against the legacy table."""
    path = "public" if ours else "spec,public"
    with psycopg.connect(database_url, autocommit=True, options=f"-c search_path={path}") as connection:
        connection.execute("CREATE TEMPORARY TABLE benchmark_set_aside (id uuid PRIMARY KEY)")
        if ours:
            connection.execute(
                "INSERT INTO benchmark_set_aside SELECT legacy_id FROM migration_quarantined_row"
                " WHERE resolution IN ('', 'waived')"
            )
        connection.execute("ANALYZE")
        rows = connection.execute((HERE / "losses.sql").read_text()).fetchall()
    return {row[0]: {"due": float(row[1]), "set_aside": float(row[2]), "lost": float(row[3])} for row in rows}
