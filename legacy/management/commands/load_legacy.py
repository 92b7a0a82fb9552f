"""Legacy rows from a CSV file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from legacy.csv_source import csv_source
from legacy.exceptions import LegacyError
from legacy.load import load
from legacy.progress import reported


class Command(BaseCommand):
    """Parse, load, render."""

    help = "Load legacy rows from a CSV file with a header (plain or gzip); a bad file changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, metavar="FILE.csv[.gz]")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Load the file, or refuse with exit code 2."""
        try:
            source = csv_source(file)
            with reported(f"Loading {file.name}", total=source.size, unit="bytes") as progress:
                report = load(source, progress=progress)
        except LegacyError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "file": str(file),
                        "rows": report.rows,
                        "companies": report.companies,
                        "seconds": round(report.seconds, 3),
                        "rows_per_second": round(report.rows_per_second),
                    }
                )
            )
            return
        self.stdout.write(
            f"{report.rows:,} legacy rows of {report.companies:,} companies from {file} in {report.seconds:.1f} s "
            f"({report.rows_per_second:,.0f} a second)."
        )
