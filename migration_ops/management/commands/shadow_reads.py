"""Do both sides give the same answers to API v1?"""

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from legacy.progress import reported
from migration_ops.backfill import owner as owners
from migration_ops.management.reporting import NEEDS_ATTENTION, REFUSED, refusals
from migration_ops.management.shadow import replay_json, replay_lines
from migration_ops.selectors.companies import company_named
from migration_ops.shadow.replay import Progress, replay, set_percent


class Command(BaseCommand):
    """Parse, compare, render."""

    help = "Make every read of API v1 of a company on both sides and compare; exit code 3 when an answer differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company; all of it, or a sample; or what share of its clients' reads is compared."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company to look at")
        parser.add_argument("--sample", type=int, metavar="N", help="so many rows and as many pages; default all")
        parser.add_argument(
            "--percent", type=int, metavar="P", help="only set the share of clients' reads that is compared, 0 to 100"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, sample: int | None, percent: int | None, **options: Any) -> None:
        """Compare, render, and fail with exit code 3 when anything differs or nothing was compared."""
        if sample is not None and sample < 1:
            raise CommandError(f"--sample {sample} compares nothing; give 1 or more", returncode=REFUSED)
        if percent is not None and not 0 <= percent <= 100:
            raise CommandError(f"--percent {percent} is no share; give 0 to 100", returncode=REFUSED)
        if percent is not None and sample is not None:
            raise CommandError("--percent compares nothing by itself; give it without --sample", returncode=REFUSED)
        with refusals():
            found = company_named(company, is_looking=True)
            if percent is not None:
                set_percent(found, percent, actor=owners.in_words(owners.this_process()))
                self.stdout.write(f"{percent} % of the v1 reads of {found.name} are compared from now on")
                if options["json"]:
                    self.stdout.write(json.dumps({"company": str(found.pk), "slug": found.slug, "percent": percent}))
                return
            with ExitStack() as stack:
                done = replay(found, sample=sample, progress=_progress(found.name, stack))
        self.stdout.write("\n".join(replay_lines(done)))
        if options["json"]:
            self.stdout.write(json.dumps(replay_json(done)))
        if not done.has_passed:
            why = "answers differ" if done.open else "not everything could be compared"
            raise CommandError(f"{found.slug}: {why}", returncode=NEEDS_ATTENTION)


def _progress(title: str, stack: ExitStack) -> Progress:
    """Shows rows on stderr from the first ones on: how many there are is known only then."""
    show: list[Any] = []

    def tell(done: int, total: int) -> None:
        if not show:
            show.append(stack.enter_context(reported(f"Comparing {title}", total=total, unit="rows")))
        show[0](done)

    return tell
