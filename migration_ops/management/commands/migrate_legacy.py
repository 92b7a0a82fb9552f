"""The migration."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.models import Company
from legacy.selectors import company_ids
from migration_ops.backfill import plan
from migration_ops.backfill.dry_run import dry_run
from migration_ops.backfill.migrate import Migrated, migrate
from migration_ops.backfill.rehearse import rehearse
from migration_ops.exceptions import BadArgument
from migration_ops.management.reporting import NEEDS_ATTENTION, progress_of_run, refusals
from migration_ops.management.results import as_json, render, total_of
from migration_ops.models.findings import Verdict
from migration_ops.selectors.companies import company_named, ensure_company
from migration_ops.selectors.summary import open_quarantine
from migration_ops.validation.run import validate


class Command(BaseCommand):
    """Parse, migrate one company after another, render."""

    help = "Migrate a company's legacy rows into the CRM, and prove it. Starting it again resumes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, and how."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--company", metavar="ID|SLUG", help="the company to migrate")
        which.add_argument("--all", action="store_true", help="every company of the legacy table, one after another")
        parser.add_argument("--workers", type=int, help="processes (default: 2 for a large company, 1 for a small one)")
        parser.add_argument("--batch-size", type=int, help="legacy rows in one transaction (default 5000)")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="say what would be done; write nothing")
        how.add_argument("--rehearse", action="store_true", help="do all of it and roll it back; forecast the result")
        how.add_argument("--enqueue", action="store_true", help="let Celery workers do the batches")
        parser.add_argument("--wait", action="store_true", help="with --enqueue: wait until the run has ended")
        parser.add_argument("--no-validate", action="store_true", help="leave the validation to validate_migration")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, **options: Any) -> None:
        """Migrate, or refuse with exit code 2; 3 when something needs attention."""
        with refusals():
            _check(options)
            companies = self._companies(options)
            results = [self._one(company, options) for company in companies]
        if options["json"]:
            self.stdout.write(json.dumps(results[0] if options["company"] else total_of(results)))
        if any(result["needs_attention"] for result in results):
            raise SystemExit(NEEDS_ATTENTION)
