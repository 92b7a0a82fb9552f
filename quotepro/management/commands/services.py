import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotepro.embedded import EmbeddedError
from quotepro.services import render_status, services_start, services_status, services_stop

REFUSED = 2
NEEDS_ATTENTION = 3


class Command(BaseCommand):
    """``services start|stop|status [--json]``."""

    help = "Starts, stops or shows the embedded PostgreSQL and Valkey; shows external ones too."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declares the action and ``--json``."""
        parser.add_argument("action", choices=["start", "stop", "status"])
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, *, action: str, json: bool, **_: Any) -> None:
        """Does the action, then shows what is there. An external server that cannot be reached: 2 on start, else 3."""
        changed: list[str] = []
        try:
            if action != "status":
                changed = services_start() if action == "start" else services_stop()
        except EmbeddedError as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        status = services_status()
        if json:
            self.stdout.write(_as_line({"action": action, "changed": changed, **status.as_json()}))
        else:
            self.stdout.write(render_status(status))
        unreachable = [
            service for service in (status.postgres, status.valkey) if not service.embedded and not service.running
        ]
        if unreachable and action != "stop":
            raise CommandError(
                f"Not reachable: {', '.join(service.url for service in unreachable)}; start it, or correct its URL.",
                returncode=REFUSED if action == "start" else NEEDS_ATTENTION,
            )


def _as_line(value: dict[str, Any]) -> str:
    return json.dumps(value)
