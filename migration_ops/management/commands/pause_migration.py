"""Pauses a run."""

from typing import Any

from migration_ops.backfill import control
from migration_ops.management.control_command import ControlCommand


class Command(ControlCommand):
    """Parse, pause, render."""

    help = "Pause a company's run at its next batch boundary; resume_migration goes on."

    def handle(self, *, company: str, **options: Any) -> None:
        """Ask for the pause, or refuse with exit code 2."""
        self.control(company, control.pause, options)
