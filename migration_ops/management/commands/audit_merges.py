"""How good are the merges nobody was asked about?"""

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops.identity.duplicates.standing_audit import DAILY, Figures, figures, resume, sample_merges
from migration_ops.management.reporting import refusals
from migration_ops.selectors.companies import companies_asked_for


class Command(BaseCommand):
    """Parse, draw, render."""

    help = "Draw today's sample of automatic merges for people to judge, and say what is known of their precision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which companies, and what to do."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--company", help="company_id of the legacy table, or slug")
        which.add_argument("--all", action="store_true", help="every company with legacy rows or migrated rows")
        parser.add_argument(
            "--sample", type=_count, default=DAILY, metavar="N", help=f"merges to draw, 0 to 1000 (default {DAILY})"
        )
        parser.add_argument("--resume", action="store_true", help="let a stopped company merge without asking again")
        parser.add_argument("--actor", default="", help="who resumes it")
        parser.add_argument("--reason", default="", help="why it is safe again")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str | None, **options: Any) -> None:
        """Draw or resume, render; exit 3 where merging is stopped."""
        if options["resume"] and (company is None or not options["reason"].strip() or not options["actor"].strip()):
            raise CommandError("--resume needs --company, --actor and --reason", returncode=2)
        found: list[tuple[Figures, int]] = []
        with refusals():
            for each in companies_asked_for(company):
                drawn = 0
                if options["resume"]:
                    resume(each, actor=options["actor"], reason=options["reason"])
                elif options["sample"]:
                    drawn = sample_merges(each, size=options["sample"])
                found.append((figures(each), drawn))
        if options["json"]:
            self.stdout.write(json.dumps({"companies": [_as_json(now, drawn) for now, drawn in found]}))
        else:
            for now, drawn in found:
                self.stdout.write(_as_text(now, drawn))
        if any(now.is_stopped for now, _ in found):
            raise CommandError("automatic merging of a company is stopped", returncode=3)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000):
        raise ArgumentTypeError(f"{text}: give a number from 0 to 1000")
    return int(text)


def _as_json(now: Figures, drawn: int) -> dict[str, Any]:
    return {
        "company": str(now.company.pk), "slug": now.company.slug, "merges": now.merges, "drawn": drawn,
        "waiting": now.waiting, "same": now.same, "different": now.different, "unsure": now.unsure,
        "precision": now.precision, "low": round(now.low, 6), "high": round(now.high, 6), "bar": now.bar,
        "stopped": now.why if now.is_stopped else None,
    }  # fmt: skip


def _as_text(now: Figures, drawn: int) -> str:
    answers = now.same + now.different
    known = (
        f"{now.same:,} of {answers:,} judged right ({now.precision:.2%}, between {now.low:.2%} and {now.high:.2%})"
        if now.precision is not None
        else "none judged yet"
    )
    lines = [f"{now.company.name}: {now.merges:,} automatic merges, {known}; {drawn} drawn, {now.waiting} waiting"]
    if now.is_stopped:
        lines.append(f"  stopped: {now.why}")
    return "\n".join(lines)
