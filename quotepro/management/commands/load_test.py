"""Latency and error rates of the API and pages under users without think time."""

import json
import socket
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotepro.management.trial.callers import company_named, trial_session, trial_token
from quotepro.management.trial.load import Caller, Figures, percentile, run_load
from quotepro.management.trial.server import server_at
from quotepro.management.trial.targets import companies_with_quotes, targets_of


class Command(BaseCommand):
    """Parse, call, render."""

    help = (
        "Ask the API and the quotes page as so many users at once do, each again as soon as it is answered. Starts the"
        " production entry point itself unless --base-url names a server. Reads only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many users, how long, where."""
        parser.add_argument("--users", type=int, default=100)
        parser.add_argument("--seconds", type=float, default=60)
        parser.add_argument("--company", help="id or slug; without, companies that have quotes")
        parser.add_argument("--base-url", help="a running server that uses this database; without, one is started")
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, *, users: int, seconds: float, company: str | None, base_url: str | None, **options: Any) -> None:
        """Measure and say; exit code 3 where a request went wrong."""
        if not 1 <= users <= 1000:
            raise CommandError(f"--users {users}: give 1 to 1000", returncode=2)
        if not 1 <= seconds <= 3600:
            raise CommandError(f"--seconds {seconds:g}: give 1 to 3600", returncode=2)
        companies = [company_named(company)] if company else companies_with_quotes()
        if not companies:
            raise CommandError("no company has quotes: run demo --no-serve or migrate_legacy first", returncode=2)
        if base_url and base_url.startswith("https:"):
            raise CommandError(f"--base-url {base_url}: give an http URL, in front of whatever encrypts", returncode=2)
        with ExitStack() as stack:
            cookie = stack.enter_context(trial_session())
            callers = [
                # Each with a token of its own: the limit is for one program, not for all of them.
                Caller(token=stack.enter_context(trial_token(of)), cookie=cookie, targets=targets)
                for of, targets in islice(cycle([(each, targets_of(each)) for each in companies]), users)
            ]
            url = stack.enter_context(server_at(base_url))
            try:
                figures, took = run_load(url, callers, seconds=seconds)
            except socket.gaierror as error:
                raise CommandError(f"--base-url {url}: {error.strerror}", returncode=2) from error
        result = summary(figures, users=users, seconds=took)
        for line in result["endpoints"]:
            shown = "  ".join(f"{name}: {value}" for name, value in line.items())
            self.stderr.write(shown) if options["json"] else self.stdout.write(shown)
        self.stdout.write(
            json.dumps(result)
            if options["json"]
            else f"{result['requests']} requests in {took:.0f} s, {result['errors']} errors,"
            f" API p50 {result['p50_ms']} p95 {result['p95_ms']} p99 {result['p99_ms']} ms"
        )
        if result["errors"]:
            raise SystemExit(3)


def summary(figures: dict[str, Figures], *, users: int, seconds: float) -> dict[str, Any]:
    """The figures of the API together, and of each kind of request."""
    api: Sequence[float] = [ms for name, found in figures.items() if not name.startswith("page") for ms in found.ms]
    return {
        "users": users, "seconds": round(seconds, 1), "requests": sum(len(found.ms) for found in figures.values()),
        "errors": sum(found.errors for found in figures.values()), "p50_ms": percentile(api, 0.5),
        "p95_ms": percentile(api, 0.95), "p99_ms": percentile(api, 0.99),
        "endpoints": [
            {"name": name, "requests": len(found.ms), "errors": found.errors, "p95_ms": percentile(found.ms, 0.95)}
            for name, found in sorted(figures.items())
        ],
    }  # fmt: skip
