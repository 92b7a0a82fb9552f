"""Realistic, reproducible legacy rows."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from legacy.exceptions import LegacyError
from legacy.progress import reported
from legacy.seed.writer import UNTIL, SeedPlan, SeedReport, seed


def day(text: str) -> date:
    """A day from the command line. Named for what argparse says of another text: invalid day value."""
    return date.fromisoformat(text)


class Command(BaseCommand):
    """Parse, seed, render."""

    help = "Write realistic legacy rows; the same arguments give the same rows, byte for byte, ids included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The plan."""
        parser.add_argument("--rows", type=int, default=3000, help="rows over all companies (default 3000)")
        parser.add_argument("--companies", type=int, default=3, help="companies, of unequal size (default 3)")
        parser.add_argument("--seed", type=int, default=1, help="another seed, other companies (default 1)")
        parser.add_argument("--dirty", type=float, default=0.3, help="share of rows with defects, 0 to 1 (default 0.3)")
        parser.add_argument(
            "--until", type=day, default=UNTIL, metavar="YYYY-MM-DD", help=f"last day (default {UNTIL})"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, rows: int, companies: int, dirty: float, until: date, **options: Any) -> None:
        """Write the rows, or refuse with exit code 2."""
        try:
            plan = SeedPlan(rows=rows, companies=companies, seed=options["seed"], dirty=dirty, until=until)
            with reported("Seeding legacy rows", total=rows, unit="rows") as progress:
                report = seed(plan, progress=progress)
        except LegacyError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(_as_json(report)) if options["json"] else _as_text(report))


def _as_json(report: SeedReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "companies": [{"company": str(company_id), "rows": rows} for company_id, rows in report.companies],
        "dirty_rows": report.dirty_rows,
        "quarantine_rows": report.quarantine_rows,
        "defects": dict(sorted(report.defects.items())),
        "seconds": round(report.seconds, 3),
        "rows_per_second": round(report.rows_per_second),
    }


def _as_text(report: SeedReport) -> str:
    lines = [
        f"{report.rows:,} legacy rows in {report.seconds:.1f} s ({report.rows_per_second:,.0f} a second), "
        f"{report.dirty_rows:,} with defects, {report.quarantine_rows:,} of them for quarantine."
    ]
    lines += [f"  company {company_id}  {rows:>9,} rows" for company_id, rows in report.companies[:20]]
    if len(report.companies) > 20:
        lines.append(f"  and {len(report.companies) - 20:,} smaller ones")
    return "\n".join(lines)
