"""Tries quarantined rows again."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from migration_ops.backfill import owner as owners
from migration_ops.backfill.retry import retry_quarantined
from migration_ops.exceptions import BadArgument
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals
from migration_ops.projection.reasons import QuarantineReason
from migration_ops.selectors.companies import company_named


class Command(BaseCommand):
    """Parse, retry, render."""

    help = "Project a company's quarantined rows again, after they were corrected in the legacy table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, which reason."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company whose rows wait")
        parser.add_argument(
            "--reason", metavar="CODE", help=f"only rows of one reason: {', '.join(QuarantineReason.values)}"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, reason: str | None, **options: Any) -> None:
        """Retry, or refuse with exit code 2; 3 while rows still wait."""
        with refusals():
            if reason is not None and reason not in QuarantineReason.values:
                raise BadArgument(
                    argument="--reason", value=reason, remedy=f"give one of {', '.join(QuarantineReason.values)}"
                )
            found = company_named(company)
            result = retry_quarantined(found, reason=reason, actor=owners.in_words(owners.this_process()))
        self.stdout.write(
            f"{found.name}: {result.tried:,} rows tried, {result.migrated:,} migrated, {result.waiting:,} still wait"
        )
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "company": str(found.pk),
                        "tried": result.tried,
                        "migrated": result.migrated,
                        "waiting": result.waiting,
                    }
                )
            )
        if result.waiting:
            raise SystemExit(NEEDS_ATTENTION)
