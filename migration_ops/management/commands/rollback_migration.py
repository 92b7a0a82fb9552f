"""Takes a company all the way back, or rehearses it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.models import Company
from migration_ops.backfill import owner as owners
from migration_ops.cutover.drill import drill
from migration_ops.cutover.rollback import rollback
from migration_ops.management.gating import moved_json
from migration_ops.management.reporting import NEEDS_ATTENTION, duration, refusals
from migration_ops.selectors.companies import company_named


class Command(BaseCommand):
    """Parse, roll back, render."""

    help = "Take a company back to off, every write of the new side carried back; --drill does it on a scratch copy."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, for real or not."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company that goes back")
        parser.add_argument("--drill", action="store_true", help="on a scratch copy; the report opens a gate")
        parser.add_argument("--reason", default="rollback", help="kept in the history and in the audit log")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, reason: str, **options: Any) -> None:
        """Go back, or refuse with exit code 2."""
        actor = owners.in_words(owners.this_process())
        with refusals():
            found = company_named(company)
            if options["drill"]:
                self._drill(found, actor, options)
                return
            done = rollback(found, reason=reason, actor=actor)
        for each in done.steps:
            self.stdout.write(f"{found.name} went from {each.before} to {each.after}")
        for what, count in done.kept.items():
            self.stdout.write(f"  kept on the new side alone: {count:,} {what}")
        if not done.steps:
            self.stdout.write(f"{found.name} is off already")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"company": str(found.pk), "slug": found.slug, "stage": "off", "kept": done.kept,
                     "steps": [moved_json(each) for each in done.steps]}
                )
            )  # fmt: skip

    def _drill(self, company: Company, actor: str, options: dict[str, Any]) -> None:
        report = drill(company, actor=actor)
        for check, passed in report["checks"].items():
            self.stdout.write(f"  {'passed' if passed else 'FAILED'}  {check}")
        self.stdout.write(
            f"{report['rows_copied']:,} rows copied, {report['rows_edited']:,} edited and carried back, "
            f"{report['rows_unchanged']:,} unchanged to the letter, {duration(report['seconds'])}"
        )
        if options["json"]:
            self.stdout.write(json.dumps({"company": str(company.pk), "slug": company.slug, **report}))
        if not report["passed"]:
            raise CommandError(f"the rollback drill of {company.slug} failed", returncode=NEEDS_ATTENTION)
