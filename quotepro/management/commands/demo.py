"""The main job from end to end, on made-up rows."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from crm.models import Company
from legacy.models import LegacyQuote
from legacy.progress import reported
from migration_ops.exceptions import BadArgument
from migration_ops.management.reporting import NEEDS_ATTENTION, progress_of_run, refusals
from quotepro.demo.serve import ensure_port_is_free, serve
from quotepro.demo.story import ROWS, demo_companies, demo_staff, tell
from quotepro.demo.summary import page, summary_json
from quotepro.services import services_stop


class Command(BaseCommand):
    """Parse, tell the story, serve."""

    help = "Set everything up and show a migration: dirty legacy rows in, normalised rows out, with proof."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much, and where to serve."""
        parser.add_argument("--rows", type=int, default=ROWS, help=f"made-up legacy rows (default {ROWS})")
        parser.add_argument("--no-serve", action="store_true", help="stop before the web application")
        parser.add_argument("--host", default="127.0.0.1", help="where to serve (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="where to serve (default 8000)")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line (with --no-serve)")

    def handle(self, *, rows: int, host: str, port: int, **options: Any) -> None:
        """Run the demo, or refuse with exit code 2."""
        if settings.IS_PRODUCTION:
            raise CommandError("demo writes made-up rows; it does not run with DJANGO_ENV=production", returncode=2)
        with refusals():
            if rows < 1:
                raise BadArgument(argument="--rows", value=rows, remedy="give 1 or more")
            if not options["no_serve"]:
                ensure_port_is_free(host, port)
            call_command("migrate", verbosity=0)
            with reported("Seeding legacy rows", total=rows, unit="rows") as progress:
                companies = demo_companies(rows, progress=progress)
            self._say_if_found(companies, rows)
            told = []
            for company in companies:
                with progress_of_run(company.name) as report:
                    told.append(tell(company, report=report))
            # On a terminal as wide as it is; in a file wide enough for the tables.
            out: Any = self.stdout._out
            Console(file=out, width=None if out.isatty() else 110).print(page(told))
            passed = all(each.report.passed for each in told)
            if options["no_serve"]:
                self._say_next()
                if options["json"]:
                    self.stdout.write(json.dumps(summary_json(told)))
            else:
                self._serve(host, port)
        if not passed:
            raise SystemExit(NEEDS_ATTENTION)

    def _say_if_found(self, companies: list[Company], rows: int) -> None:
        """An earlier demo's rows are taken as they are: a person who asked for another number is told."""
        there = LegacyQuote.objects.filter(company_id__in=[company.pk for company in companies]).count()
        if there == rows:
            return
        afresh = (
            f"`manage.py services stop` and removing {settings.QUOTEPRO_DIR}"
            if settings.POSTGRES_IS_EMBEDDED
            else "an empty database"
        )
        self.stderr.write(
            f"The {there:,} rows of an earlier demo are shown, not --rows {rows}; begin afresh with {afresh}."
        )

    def _say_next(self) -> None:
        self.stdout.write("Next:  manage.py demo                          the same with the web application")
        self.stdout.write("       manage.py migration_status --company harbor-roofing")
        self.stdout.write("       manage.py validate_migration --all")
        if settings.POSTGRES_IS_EMBEDDED:
            self.stdout.write("       manage.py services stop                 stops the embedded PostgreSQL and Valkey")

    def _serve(self, host: str, port: int) -> None:
        passwords = demo_staff()

        def say(url: str) -> None:
            self.stdout.write(f"\nThe admin is at {url}")
            for name, password in passwords.items():
                self.stdout.write(f"  sign in as {name:<7} password {password}")
            self.stdout.write("Ctrl-C stops the web application, worker, beat and the embedded servers.")
            self.stdout.flush()

        try:
            serve(host=host, port=port, on_ready=say)
        finally:
            services_stop()
