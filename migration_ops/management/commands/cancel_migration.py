"""Gives a run up."""

from typing import Any

from migration_ops.backfill import control
from migration_ops.management.control_command import ControlCommand


class Command(ControlCommand):
    """Parse, cancel, render."""

    help = "Give a company's run up at its next batch boundary; what is migrated stays, a new run goes on from there."

    def handle(self, *, company: str, **options: Any) -> None:
        """Ask for the end, or refuse with exit code 2."""
        self.control(company, control.cancel, options)
