"""Shows drift exactly, and repairs it."""

import json
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops.backfill import owner as owners
from migration_ops.cutover.repair import Change, repair
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals
from migration_ops.selectors.companies import company_named

SHOWN = 50
WIDTH = 80


class Command(BaseCommand):
    """Parse, repair, render."""

    help = "Show where the two sides differ and what would be changed; --apply changes it and looks again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company; shown only, or done."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company to repair")
        parser.add_argument("--apply", action="store_true", help="change it; without, only show")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, **options: Any) -> None:
        """Show or repair; exit code 3 while anything differs."""
        with refusals():
            found = company_named(company)
            actor = owners.in_words(owners.this_process())
            done = repair(found, is_applied=options["apply"], actor=actor)
        for change in done.changes[:SHOWN]:
            self.stdout.write("\n".join(_lines(change)))
        if len(done.changes) > SHOWN:
            self.stdout.write(f"… and {len(done.changes) - SHOWN:,} more rows")
        verb = "changed" if done.is_applied else "would be changed"
        self.stdout.write(f"{len(done.changes):,} rows of {found.name} {verb}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "company": str(found.pk), "slug": found.slug, "applied": done.is_applied,
                        "rows": len(done.changes), "deals_left": len(done.left.deals),
                        "people_left": len(done.left.people), "clean": done.left.is_none,
                        "changes": [_as_json(change) for change in done.changes[:1_000]],
                    },
                    default=str,
                )
            )  # fmt: skip
        if not done.left.is_none:
            told = "differences are left" if done.is_applied else "differ; --apply repairs them"
            count = len(done.left.deals) + len(done.left.people)
            raise CommandError(f"{count} deals and people of {found.slug} {told}", returncode=NEEDS_ATTENTION)
        if done.is_applied and done.changes:
            self.stdout.write("the evidence of its gates is void: validate_migration")


def _lines(change: Change) -> list[str]:
    head = f"{change.table} {change.row_id}"
    if change.before is None:
        return [f"{head}: added"]
    if change.after is None:
        return [f"{head}: removed"]
    before, after = _row(change.before), _row(change.after)
    columns = [name for name in before if before[name] != after.get(name)]
    return [f"{head} {name}: {_short(before[name])} -> {_short(after.get(name))}" for name in columns]


def _row(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_float=Decimal)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _as_json(change: Change) -> dict[str, Any]:
    return {
        "table": change.table, "id": str(change.row_id),
        "legacy_id": str(change.legacy_id) if change.legacy_id else None,
        "before": _row(change.before), "after": _row(change.after),
    }  # fmt: skip
