"""Does the new side hold exactly what the legacy rows say?"""

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from legacy.progress import reported
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals
from migration_ops.selectors.companies import companies_asked_for
from migration_ops.validation.render import as_json, as_text
from migration_ops.validation.report import Depth, Progress
from migration_ops.validation.run import ALL_DEPTHS, validate


class Command(BaseCommand):
    """Parse, validate, render."""

    help = "Compare the new tables with the legacy rows; exit code 3 when they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which companies, how deep."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--company", help="company_id of the legacy table, or slug")
        which.add_argument("--all", action="store_true", help="every company with legacy rows or migrated rows")
        parser.add_argument(
            "--depth", choices=[*(str(depth) for depth in Depth), "all"], default="all", help="default all"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str | None, depth: str, **options: Any) -> None:
        """Validate, render, and fail with exit code 3 when anything differs."""
        depths = ALL_DEPTHS if depth == "all" else (Depth(depth),)
        reports = []
        with refusals():
            for each in companies_asked_for(company):
                with ExitStack() as stack:
                    progress = _progress(each.name, stack)
                    reports.append(validate(each, depths, progress=progress, is_applying=False))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(reports, is_single=company is not None)))
        else:
            self.stdout.write(as_text(reports))
        failed = [report.company_name for report in reports if not report.passed]
        if failed:
            raise CommandError(f"validation failed for {', '.join(failed[:10])}", returncode=NEEDS_ATTENTION)


def _progress(title: str, stack: ExitStack) -> Progress:
    """Shows chunks on stderr from the first one on: how many there are is known only then."""
    show: list[Any] = []

    def tell(done: int, total: int, rows: int) -> None:
        if not show:
            show.append(stack.enter_context(reported(f"Validating {title}", total=total, unit="chunks")))
        show[0](done)

    return tell
