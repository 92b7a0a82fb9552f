"""Applies captured changes, of both sides."""

import json
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops.dual_write.apply import Applied
from migration_ops.dual_write.follow import apply_once, follow
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals


class Command(BaseCommand):
    """Parse, apply, render."""

    help = "Apply captured changes: of legacy rows to the new tables, or back once those lead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Once, or for as long as it runs."""
        parser.add_argument("--follow", action="store_true", help="go on, woken by writers, until SIGTERM or Ctrl-C")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, **options: Any) -> None:
        """Apply, and end with 3 when a change could not be applied."""
        with refusals():
            done = self._follow() if options["follow"] else apply_once()
        self.stdout.write(f"{done.entries:,} changes of {done.deals:,} deals applied, {done.put_off:,} put off")
        if options["json"]:
            self.stdout.write(json.dumps({"changes": done.entries, "deals": done.deals, "put_off": done.put_off}))
        if done.put_off and not options["follow"]:
            raise CommandError(
                f"{done.put_off} deals could not be brought up to date: migration_status tells why",
                returncode=NEEDS_ATTENTION,
            )

    def _follow(self) -> Applied:
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, _frame: stopped.append(signum))
        self.stderr.write("following changes; SIGTERM or Ctrl-C ends it")
        return follow(until=lambda: bool(stopped), on_round=lambda each: self.stderr.write(f"{each.entries} changes"))
