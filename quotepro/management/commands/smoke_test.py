"""The seven business steps through the API; what they made is gone afterwards."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from migration_ops.dual_write.deals import deal_remove
from quotepro.management.trial.callers import trial_company, trial_token
from quotepro.management.trial.server import server_at
from quotepro.management.trial.smoke import Smoke


class Command(BaseCommand):
    """Parse, call, render."""

    help = (
        "Take a deal from lead to payment through the API: create lead, generate quote, send, accept, create job, send"
        " invoice, mark paid. Starts the production entry point itself unless --base-url names a server."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which server, which company."""
        parser.add_argument("--base-url", help="a running server that uses this database; without, one is started")
        parser.add_argument("--company", help="id or slug; without, a company is made for the test and deleted")
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, *, base_url: str | None, company: str | None, **options: Any) -> None:
        """Take the steps, remove what they made; exit code 3 where one failed."""
        with trial_company(company) as of, trial_token(of) as token, server_at(base_url) as url:
            smoke = Smoke(url, token)
            try:
                steps = smoke.steps()
            finally:
                if smoke.deal_id is not None:
                    deal_remove(of, UUID(smoke.deal_id))
        passed = all(step.passed for step in steps)
        for step in steps:
            line = f"{'passed' if step.passed else 'FAILED'}  {step.name}  {step.ms:.0f} ms  {step.problem}"
            self.stderr.write(line.rstrip()) if options["json"] else self.stdout.write(line.rstrip())
        if options["json"]:
            shown = [{"name": step.name, "passed": step.passed, "ms": step.ms} for step in steps]
            self.stdout.write(json.dumps({"passed": passed, "steps": shown}))
        if not passed:
            raise SystemExit(3)
