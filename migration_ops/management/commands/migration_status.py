"""How a company's migration stands."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from migration_ops import transitions
from migration_ops.backfill import owner as owners
from migration_ops.backfill.progress import progress_of
from migration_ops.dual_write import capture
from migration_ops.management.reporting import line_of, refusals
from migration_ops.management.results import render
from migration_ops.models import MigrationRun, OutboxEntry, Verdict
from migration_ops.selectors.companies import company_named
from migration_ops.selectors.summary import COUNTS, summary_of
from migration_ops.stages import RunStatus


class Command(BaseCommand):
    """Parse, load, render."""

    help = "Where a company stands: stage, run, progress, what waits, what was proven."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company to look at")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, **options: Any) -> None:
        """Say how the company stands, or refuse with exit code 2."""
        with refusals():
            found = company_named(company)
        stage, summary = transitions.stage_of(found), summary_of(found)
        run = MigrationRun.objects.filter(company=found).first()
        waiting = OutboxEntry.objects.filter(company_id=found.pk, state=OutboxEntry.State.PENDING).count()
        holes = [f"{hole.trigger} {hole.what}" for hole in capture.holes()] if stage != "off" else []
        verdicts = _latest_verdicts(found.pk)
        self.stdout.write(f"{found.name} ({found.slug}), stage {stage}")
        if run is not None:
            self.stdout.write("  " + _run_line(run))
            if run.rest_reason:
                self.stdout.write(f"  pace     {run.rest_reason} ({run.rest_ms:,} ms after the last batch)")
        self.stdout.write("\n".join(render(summary)))
        if waiting:
            self.stdout.write(f"  changes  {waiting:>10,} captured and not applied yet; migrate_legacy applies them")
        for hole in holes:
            self.stdout.write(
                f"  CAPTURE  {hole}: changes of the legacy table may be missed; migrate_legacy repairs it"
            )
        for verdict in verdicts:
            self.stdout.write(
                f"  proof    {verdict.depth} {'passed' if verdict.has_passed else 'FAILED'} "
                f"{verdict.at:%Y-%m-%d %H:%M} UTC, {verdict.rows_checked:,} rows"
            )
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "company": str(found.pk), "slug": found.slug, "stage": stage,
                        **{name: getattr(summary, name) for name in COUNTS},
                        "pending": summary.pending, "changes": waiting, "capture_holes": holes,
                        "run": _run_json(run) if run else None,
                        "verdicts": {v.depth: v.has_passed for v in verdicts},
                    }
                )
            )  # fmt: skip


def _latest_verdicts(company_id: Any) -> list[Verdict]:
    return list(Verdict.objects.filter(company_id=company_id).order_by("depth", "-id").distinct("depth"))


def _run_line(run: MigrationRun) -> str:
    line = f"{line_of(f'run {run.pk}', progress_of(run))}: {run.get_status_display().lower()}"
    if run.status == RunStatus.RUNNING:
        age = owners.silent_s(run)
        state = "STALLED, start it again" if owners.is_idle(run) else "alive"
        line += f" by {owners.in_words(run.owner)}, last heartbeat {age:.0f} s ago ({state})"
    return line + (f" — {run.error}" if run.error else "")


def _run_json(run: MigrationRun) -> dict[str, Any]:
    progress = progress_of(run)
    return {
        "id": run.pk, "status": run.status, "phase": run.phase, "generation": run.generation,
        "rows_planned": run.rows_planned, "rows_done": progress.done, "share": round(progress.share, 4),
        "rows_per_second": progress.rows_per_second, "seconds_left": progress.seconds_left,
        "heartbeat_at": run.heartbeat_at.isoformat(),
        "is_stalled": run.status == RunStatus.RUNNING and owners.is_idle(run),
        "rest_ms": run.rest_ms, "rest_reason": run.rest_reason, "target_ms": run.target_ms,
        "error": run.error,
    }  # fmt: skip
