"""The migration."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from crm.models import Company
from legacy.selectors import company_ids
from migration_ops import conf
from migration_ops.backfill import plan
from migration_ops.backfill.control import follow
from migration_ops.backfill.dry_run import DryRun, dry_run
from migration_ops.backfill.migrate import Migrated, migrate
from migration_ops.backfill.rehearse import rehearse
from migration_ops.exceptions import BadArgument, NoSuchRun, RunAlreadyActive, RunStopped, StageRefused
from migration_ops.management.reporting import NEEDS_ATTENTION, duration, progress_of_run, refusals
from migration_ops.management.results import as_json, rate, render, total_of
from migration_ops.models.findings import Verdict
from migration_ops.selectors.companies import company_named, ensure_company
from migration_ops.selectors.summary import open_quarantine
from migration_ops.tasks import enqueue
from migration_ops.validation.run import is_proven, validate

OF_ONE_COMPANY = (StageRefused, RunAlreadyActive, RunStopped, NoSuchRun)
"""What concerns the company it was said of; anything else would meet the next one too."""


class Command(BaseCommand):
    """Parse, migrate one company after another, render."""

    help = "Migrate a company's legacy rows into the CRM, and prove it. Starting it again resumes."
    # They look at code, not at data, and cost as much as a thousand rows; `check` runs them, as does the deployment.
    requires_system_checks = ()
    is_signalled = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, and how."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--company", metavar="ID|SLUG", help="the company to migrate")
        which.add_argument("--all", action="store_true", help="every company of the legacy table, one after another")
        parser.add_argument("--workers", type=int, help="processes (default: 2 for a large company, 1 for a small one)")
        parser.add_argument(
            "--batch-size", type=int, default=conf.BATCH_ROWS, help="legacy rows in a transaction (default %(default)s)"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="say what would be done; write nothing")
        how.add_argument("--rehearse", action="store_true", help="do all of it and roll it back; forecast the result")
        how.add_argument("--enqueue", action="store_true", help="let Celery workers do the batches")
        parser.add_argument("--wait", action="store_true", help="with --enqueue: wait until the run has ended")
        parser.add_argument("--no-validate", action="store_true", help="leave the proof to validate_migration")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, **options: Any) -> None:
        """Migrate, or refuse with exit code 2; 3 when something needs attention."""
        with refusals():
            _check(options)
            is_looking = options["dry_run"] or options["rehearse"]
            if options["company"] is not None:
                result = self._one(company_named(options["company"], is_looking=is_looking), options)
            else:
                result = self._all(_all_companies(is_looking=is_looking), options)
        if options["json"]:
            self.stdout.write(json.dumps(result))
        if result["needs_attention"]:
            raise SystemExit(NEEDS_ATTENTION)

    def _all(self, companies: list[Company], options: dict[str, Any]) -> dict[str, Any]:
        """One company after another; one that is refused, or stops itself, does not keep the others waiting."""
        results: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        is_concern = has_stopped = False
        for company in companies:
            if self.is_signalled:
                self.stderr.write(f"{company.name}: not begun; start it again to go on with it")
                refused.append({"company": str(company.pk), "slug": company.slug, "why": "a signal came"})
                continue
            try:
                results.append(self._one(company, options))
            except OF_ONE_COMPANY as error:
                if len(companies) == 1:
                    raise
                self.stderr.write(f"{company.name}: {error}")
                refused.append({"company": str(company.pk), "slug": company.slug, "why": str(error)})
                # Where the new tables lead nothing is left to copy, and nobody has anything to do about it.
                is_concern = is_concern or not isinstance(error, StageRefused)
                has_stopped = has_stopped or isinstance(error, RunStopped)
        if not results:
            why = f"each of {len(companies)} companies was refused or stopped, as said above"
            raise RunStopped(reason=why) if has_stopped else BadArgument(f"--all: {why}")
        total = total_of(results, refused)
        return total | {"needs_attention": total["needs_attention"] or is_concern}

    def _note_signal(self) -> None:
        self.is_signalled = True

    def _one(self, company: Company, options: dict[str, Any]) -> dict[str, Any]:
        if options["dry_run"]:
            return self._say_plan(company, dry_run(company, batch_rows=options["batch_size"]))
        if options["rehearse"]:
            return self._rehearse(company, options["batch_size"])
        with progress_of_run(company.name) as report:
            if options["enqueue"]:
                start = enqueue(company, batch_rows=options["batch_size"])
                self._say_start(company, start)
                result = follow(company, start, report=report, is_waiting=options["wait"])
            else:
                result = migrate(
                    company, workers=options["workers"], batch_rows=options["batch_size"], report=report,
                    on_start=lambda start: self._say_start(company, start), on_signal=self._note_signal,
                )  # fmt: skip
        found = as_json(result)
        self.stdout.write(f"{company.name} ({company.slug}): {result.status}, {rate(result)}")
        self.stdout.write("\n".join(render(result.summary)))
        found["passed"] = None if result.status in ("queued", "paused", "cancelled") else self._prove(result, options)
        found["needs_attention"] = (
            result.status in ("paused", "cancelled")
            or found["passed"] is False
            or (result.status != "queued" and (result.summary.pending > 0 or open_quarantine(company) > 0))
        )
        return found

    def _prove(self, result: Migrated, options: dict[str, Any]) -> bool | None:
        if options["no_validate"]:
            return None
        company = result.summary.company
        # Where nothing was done and everything was proven since, the rows are compared again but nothing is written.
        report = validate(company, tuple(Verdict.Depth), is_kept=result.run is not None or not is_proven(company))
        verdicts = ", ".join(f"{each.depth} {'passed' if each.passed else 'FAILED'}" for each in report.depths)
        self.stdout.write(f"  proof    {verdicts}")
        return report.passed

    def _say_start(self, company: Company, start: plan.Start) -> None:
        if start.entered_dual_write:
            self.stdout.write(f"{company.name}: change capture is on; the company went from off to dualwrite")
        if start.run is not None:
            self.stdout.write(f"{company.name}: {start.how}, {start.run.rows_planned:,} legacy rows")

    def _say_plan(self, company: Company, found: DryRun) -> dict[str, Any]:
        self.stdout.write(
            f"{company.name} ({company.slug}), stage {found.stage}: {found.rows:,} legacy rows, "
            f"{found.migrated:,} migrated, {found.quarantined:,} quarantined, {found.pending:,} pending, "
            f"{found.changes:,} captured changes waiting"
        )
        self.stdout.write("\n".join(f"  would {line}" for line in found.would))
        return {
            "company": str(company.pk), "slug": company.slug, "status": "dry run", "rows": found.rows,
            "migrated": found.migrated, "quarantined": found.quarantined, "pending": found.pending,
            "batches": found.batches, "would": found.would, "seconds": 0.0, "flags": {}, "needs_attention": False,
        }  # fmt: skip

    def _rehearse(self, company: Company, batch_rows: int) -> dict[str, Any]:
        found = rehearse(company, batch_rows=batch_rows, actor=getpass.getuser())
        self.stdout.write(
            f"{company.name} ({company.slug}): rehearsed in {duration(found.seconds)} by one process and rolled back; "
            "a migration would give"
        )
        self.stdout.write("\n".join(render(found.summary)))
        start = plan.Start(run=None)
        done = found.summary.migrated + found.summary.quarantined
        result = as_json(
            Migrated(start=start, status="rehearsed", seconds=found.seconds, summary=found.summary, rows=done)
        )
        return result | {"needs_attention": found.summary.quarantined > 0}


def _check(options: dict[str, Any]) -> None:
    if options["workers"] is not None and not 1 <= options["workers"] <= conf.MAX_WORKERS:
        raise BadArgument(argument="--workers", value=options["workers"], remedy=f"give 1 to {conf.MAX_WORKERS}")
    plan.check_batch_rows(options["batch_size"])
    if options["workers"] is not None and options["enqueue"]:
        raise BadArgument("--workers: it does not go with --enqueue, where as many work as Celery workers are started")
    if options["wait"] and not options["enqueue"]:
        raise BadArgument("--wait: it goes with --enqueue")


def _all_companies(*, is_looking: bool) -> list[Company]:
    companies = [ensure_company(id, is_looking=is_looking) for id in company_ids()]
    if not companies:
        raise BadArgument("--all: the legacy table is empty; load_legacy or seed_legacy fills it")
    return companies
