"""How a company's migration stands."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from migration_ops import transitions
from migration_ops.backfill import owner as owners
from migration_ops.backfill.list_indexes import how_many_aside
from migration_ops.backfill.progress import progress_of
from migration_ops.cutover.ahead import gates_ahead
from migration_ops.dual_write import capture
from migration_ops.dual_write.lag import failures_of, lag_of, refused_writes
from migration_ops.management.gating import as_json, lines_of
from migration_ops.management.reporting import duration, line_of, refusals
from migration_ops.management.results import render
from migration_ops.management.shadow import shadow_json, shadow_lines
from migration_ops.models import MigrationRun, Verdict
from migration_ops.selectors.companies import company_named
from migration_ops.selectors.summary import COUNTS, summary_of
from migration_ops.shadow.evidence import figures_of
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
            found = company_named(company, is_looking=True)
        stage, summary = transitions.stage_of(found), summary_of(found)
        run = MigrationRun.objects.filter(company=found).first()
        lag, refused = lag_of(found), refused_writes(found)
        closed, reads = gates_ahead(found, stage), figures_of(found)
        holes = [str(hole) for hole in capture.holes()] if stage != "off" else []
        verdicts = _latest_verdicts(found.pk)
        self.stdout.write(f"{found.name} ({found.slug}), stage {stage}")
        if run is not None:
            self.stdout.write("  " + _run_line(run))
            if run.rest_reason and run.status == RunStatus.RUNNING:
                self.stdout.write(f"  pace     {run.rest_reason} ({run.rest_ms:,} ms after the last batch)")
        aside = how_many_aside()
        if aside:
            self.stdout.write(
                f"  indexes  {aside:>10,} of lists and searches are built when the rows of a first run are there, "
                "or when it is cancelled"
            )
        self.stdout.write("\n".join(render(summary)))
        if lag.waiting:
            self.stdout.write(
                f"  changes  {lag.forward:>10,} captured and not applied yet, {lag.reverse:,} to be carried back, "
                f"the oldest {duration(lag.oldest_s)} old; apply_changes applies them"
            )
        for error, entries in failures_of(found):
            self.stdout.write(f"  FAILED   {entries:>10,} × {error}")
        if refused:
            self.stdout.write(f"  refused  {refused:>10,} writes to legacy rows: a program still writes there")
        for hole in holes:
            self.stdout.write(
                f"  CAPTURE  {hole}: changes of the legacy table may be missed; migrate_legacy repairs it"
            )
        for verdict in verdicts:
            self.stdout.write(
                f"  proof    {verdict.depth} {'passed' if verdict.has_passed else 'FAILED'} "
                f"{verdict.at:%Y-%m-%d %H:%M} UTC, {verdict.rows_checked:,} rows"
            )
        for line in shadow_lines(reads):
            self.stdout.write(line)
        for after, results in closed.items():
            self.stdout.write(f"  next     {after}")
            self.stdout.write("\n".join(lines_of(results)))
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "company": str(found.pk), "slug": found.slug, "stage": stage,
                        **{name: getattr(summary, name) for name in COUNTS},
                        "pending": summary.pending, "changes": lag.forward, "capture_holes": holes,
                        "indexes_aside": aside,
                        "changes_back": lag.reverse, "changes_failed": lag.failed, "lag_s": round(lag.oldest_s, 3),
                        "refused_writes": refused, "shadow_reads": shadow_json(reads),
                        "gates": {after: as_json(results) for after, results in closed.items()},
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
