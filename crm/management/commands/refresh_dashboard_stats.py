"""Compute every company's figures anew."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from crm.models import DashboardStats
from crm.services.statistics import stats_refresh


class Command(BaseCommand):
    """Parse, call, render."""

    help = "Refresh the statistics of all companies without keeping readers waiting (beat does it hourly)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--json."""
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, **options: Any) -> None:
        """Refresh and say how long it took."""
        began = time.monotonic()
        stats_refresh()
        companies, seconds = DashboardStats.objects.count(), round(time.monotonic() - began, 3)
        self.stdout.write(
            json.dumps({"companies": companies, "seconds": seconds})
            if options["json"]
            else f"statistics of {companies} companies refreshed in {seconds} s"
        )
