"""Makes a database of the console's largest size: one large migrated company, thousands of others, much that waits."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from scratch import BenchmarkError, Scratch, manage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
STATEMENTS = Path(__file__).with_name("volume.sql")
MARK = "SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)"
CHANGES, LINES, QUESTION_COMPANIES = 30_000, 20_000, 20
LEAST = 1_000
"""Of what waits, so much is made in any case, so that it is not the large company's alone."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """How much of everything: legacy rows of the large company, companies beside it, at least so much open in all."""

    rows: int
    companies: int
    conflicts: int
    quarantined: int


def own_company(number: int) -> UUID:
    """The made company of this number, from 1."""
    return UUID(f"c0000000-0000-4000-8000-{number:012}")


@contextmanager
def made(scratch: Scratch, name: str, *, is_kept: bool) -> Iterator[str]:
    """The URL of an empty database of this name, whoever had it before; dropped afterwards, or when making it fails."""
    scratch.drop(name)
    url = scratch.create(name)
    try:
        manage(["migrate", "--verbosity", "0"], database_url=url)
        yield url
    except BaseException:
        scratch.drop(name)
        raise
    if not is_kept:
        scratch.drop(name)


def migrate_rows(url: str, rows: int) -> None:
    """One company of so many legacy rows, about 1.4 % of which cannot be read, migrated by two workers."""
    seeded = ["seed_legacy", "--rows", str(rows), "--companies", "1", "--seed", "7", "--dirty", "0.3", "--json"]
    told = json.loads(manage(seeded, database_url=url).stdout.splitlines()[-1])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) quotes")
    company = told["companies"][0]["company"]
    # 3: done, and rows were set aside.
    arguments = ["migrate_legacy", "--company", company, "--workers", "2", "--no-validate", "--json"]
    manage(arguments, database_url=url, codes=(0, 3))


def fill(url: str, volume: Volume) -> dict[str, Any]:
    """Everything else, up to the volume at least; what is there, counted, and the seconds of each part.

    Django must be set up for this database.

    Raises:
        BenchmarkError: the database holds other legacy rows.
    """
    with psycopg.connect(url) as connection:
        largest, there = _counts(connection)
    if there["rows"] != volume.rows:
        raise BenchmarkError(f"the database holds {there['rows']} legacy rows, not {volume.rows}; drop it")
    others = [own_company(number) for number in range(1, volume.companies + 1)]
    busy = [largest] * QUESTION_COMPANIES + others[:QUESTION_COMPANIES]
    parts: list[tuple[str, dict[str, Any]]] = [
        ("companies", {"companies": volume.companies}),
        ("questions", {"owners": busy, "questions": max(LEAST, volume.conflicts - there["conflicts"])}),
        ("quarantined", {"rows": max(LEAST, volume.quarantined - there["quarantined"]), "companies": volume.companies}),
        ("stages", {}), ("runs", {}), ("batches", {}), ("verdicts", {"largest": largest}), ("found", {}),
        ("changes", {"changes": CHANGES, "largest": largest}), ("lines", {"lines": LINES, "largest": largest}),
        ("decided", {"owners": busy}),
    ]  # fmt: skip
    told = run_parts(url, parts) | {"cases": build_cases(), "values": count_values()}
    began = time.monotonic()
    manage(["refresh_dashboard_stats"], database_url=url)
    told["statistics"] = round(time.monotonic() - began, 1)
    return {"seconds": told, **counts(url)}


def counts(url: str) -> dict[str, int]:
    """What the database holds."""
    with psycopg.connect(url) as connection:
        return _counts(connection)[1]


def build_cases() -> float:
    """The queue of cases of every company with an open question; seconds."""
    from django.db import connection

    from crm.models import Company
    from migration_ops.identity.duplicates.cases import rebuild_cases
    from migration_ops.models import DedupConflict

    began = time.monotonic()
    for company in Company.objects.filter(pk__in=DedupConflict.objects.filter(state="open").values("company")):
        rebuild_cases(company)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE migration_dedup_case")
    return round(time.monotonic() - began, 1)


def count_values() -> float:
    """The most used values of the company with the most contacts, as its search would leave them; seconds."""
    from django.db.models import Count
    from django.utils import timezone

    from crm.models import Company, CustomerContact
    from migration_ops.identity.duplicates.values import count_used
    from migration_ops.models import DedupRun

    began = time.monotonic()
    row = CustomerContact.objects.order_by().values("company").annotate(rows=Count("pk")).order_by("-rows")[0]
    company = Company.objects.get(pk=row["company"])
    DedupRun.objects.create(
        company=company, engine_version="measured", at=timezone.now(), contacts=row["rows"], pairs=0, auto_from=1,
        seconds=0, used=count_used(company),
    )  # fmt: skip
    return round(time.monotonic() - began, 1)


def run_parts(url: str, parts: list[tuple[str, dict[str, Any]]]) -> dict[str, float]:
    """Blocks of volume.sql, each in a transaction of its own; then the planner is told. Seconds of each."""
    from migration_ops.sql.loader import block

    told = {}
    with psycopg.connect(url) as connection:
        for name, params in parts:
            began = time.monotonic()
            with connection.transaction():
                connection.execute(MARK)
                for statement in block(str(STATEMENTS), name).sql.split(";\n"):
                    connection.execute(statement, params)
            told[name] = round(time.monotonic() - began, 1)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    return told


def _counts(connection: psycopg.Connection[Any]) -> tuple[UUID, dict[str, int]]:
    """The company with the most legacy rows, and what the database holds."""
    row = connection.execute("SELECT company_id FROM quotes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()
    if row is None:
        raise BenchmarkError("the database holds no legacy row; name one that was migrated")
    counts = {
        "rows": "SELECT count(*) FROM quotes",
        "companies": "SELECT count(*) FROM companies",
        "conflicts": "SELECT count(*) FROM migration_dedup_conflict WHERE state = 'open'",
        "quarantined": "SELECT count(*) FROM migration_quarantined_row WHERE resolution = ''",
    }
    return row[0], {name: connection.execute(count).fetchone()[0] for name, count in counts.items()}  # type: ignore[index]
