"""Is the audit log whole?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops import audit
from migration_ops.management.reporting import NEEDS_ATTENTION


class Command(BaseCommand):
    """Verify, render."""

    help = "Work out every hash of the audit log again; exit code 3 when a line was changed or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the last line was, where somebody noted it."""
        parser.add_argument("--expect", metavar="HASH", default="", help="a hash noted before: it must still be there")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, expect: str, **options: Any) -> None:
        """Say how long the chain is and whether it holds."""
        chain = audit.verify()
        is_known = not expect or audit.has_hash(expect)
        self.stdout.write(f"{chain.lines:,} lines, last hash {chain.last_hash or 'none'}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"passed": chain.is_whole and is_known, "lines": chain.lines, "last_hash": chain.last_hash,
                     "broken_at": chain.broken_at, "is_protected": chain.is_protected}
                )
            )  # fmt: skip
        if chain.broken_at is not None:
            raise CommandError(
                f"line {chain.broken_at} does not follow from the one before", returncode=NEEDS_ATTENTION
            )
        if not chain.is_protected:
            raise CommandError("a trigger that protects the log is off or missing", returncode=NEEDS_ATTENTION)
        if not is_known:
            raise CommandError(f"no line has the hash {expect}: the log was cut off", returncode=NEEDS_ATTENTION)
