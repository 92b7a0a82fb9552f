"""What the commands that steer a run share: one company, one service, one answer."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from crm.models import Company
from migration_ops.management.reporting import refusals
from migration_ops.models import MigrationRun
from migration_ops.selectors.companies import company_named


class ControlCommand(BaseCommand):
    """A command that asks something of a company's run."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company whose run is meant")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def control(self, company: str, service: Callable[[Company], MigrationRun], options: dict[str, Any]) -> None:
        """Call the service and say how the run stands now."""
        with refusals():
            run = service(company_named(company))
        self.stdout.write(f"run {run.pk} of {run.company.name} is {run.get_status_display().lower()}")
        if options["json"]:
            self.stdout.write(json.dumps({"company": str(run.company_id), "run": run.pk, "status": run.status}))
