"""Goes on with a paused or failed run."""

from typing import Any

from django.core.management import call_command

from migration_ops.backfill import control
from migration_ops.management.control_command import ControlCommand
from migration_ops.management.reporting import refusals
from migration_ops.selectors.companies import company_named
from migration_ops.tasks import enqueue


class Command(ControlCommand):
    """Parse, resume where the run was driven before, render."""

    help = "Go on with a paused, failed or stalled run: here, or by Celery workers where they drove it."

    def handle(self, *, company: str, **options: Any) -> None:
        """Resume, or refuse with exit code 2."""
        with refusals():
            run = control.active_run(company_named(company), "resume")
        if run.is_enqueued:
            self.control(company, lambda found: enqueue(found, batch_rows=run.batch_rows).run or run, options)
        else:
            call_command(
                "migrate_legacy", company=company, batch_size=run.batch_rows, json=options["json"],
                stdout=self.stdout, stderr=self.stderr,
            )  # fmt: skip
