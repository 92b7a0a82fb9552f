"""Takes a company one step, forward or back."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from migration_ops.backfill import owner as owners
from migration_ops.cutover.switch import move_stage
from migration_ops.management.gating import lines_of, moved_json
from migration_ops.management.reporting import refusals
from migration_ops.selectors.companies import company_named
from migration_ops.stages import Stage


class Command(BaseCommand):
    """Parse, move, render."""

    help = "Take a company to the next stage, with every gate open, or a stage back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, where to, why."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company that moves")
        parser.add_argument("--to", choices=Stage.values, required=True, help="the stage next to the one it is in")
        parser.add_argument("--reason", default="", help="kept in the history and in the audit log")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, to: str, reason: str, **options: Any) -> None:
        """Move, or refuse with exit code 2 and change nothing."""
        with refusals():
            actor = owners.in_words(owners.this_process())
            moved = move_stage(company_named(company), Stage(to), reason=reason, actor=actor)
        if moved.is_change:
            self.stdout.write(
                f"{moved.company.name} went from {moved.before} to {moved.after}; "
                f"writers waited {moved.pause_s * 1000:.0f} ms at most"
            )
            for line in lines_of(moved.gates):
                self.stdout.write(line)
        else:
            self.stdout.write(f"{moved.company.name} is {moved.after} already")
        if options["json"]:
            self.stdout.write(json.dumps(moved_json(moved)))
