"""Is a backup worth anything?"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops.backfill import owner as owners
from migration_ops.backups.take import facts
from migration_ops.backups.verify import Verified, verify_backup
from migration_ops.exceptions import Interrupted
from migration_ops.management.reporting import NEEDS_ATTENTION, duration, progress_of_tables, refusals
from migration_ops.management.stopping import ended_by_signals

SHOWN = 20


class Command(BaseCommand):
    """Parse, verify, render."""

    help = "Restore a backup into a scratch database and compare every table with its manifest; opens the backup gates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file."""
        parser.add_argument("file", metavar="FILE", help="a file that `backup` made of this database")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, file: str, **options: Any) -> None:
        """Compare; exit code 2 for a file that is not even restored, 3 when it holds something else than it says."""
        path = Path(file).absolute()
        actor = owners.in_words(owners.this_process())
        what = "the scratch database was dropped, the file is as it was"
        try:
            with refusals(), ended_by_signals(what), progress_of_tables("Comparing") as progress:
                done = verify_backup(path, actor=actor, progress=progress)
        except CommandError as error:
            if isinstance(error.__cause__, Interrupted):
                error.returncode = 1
            raise
        known = facts(done.sealed)
        self.stdout.write(f"{path}: whole, signed, sha256 {known['sha256']}, taken {known['snapshot_at']}")
        for each in done.differences[:SHOWN]:
            told = f"{_words(each['expected'])}, restored {_words(each['found'])}"
            self.stdout.write(f"  DIFFERS  {each['what']} {each['name']}: {told}")
        self.stdout.write(
            f"  {'passed' if done.passed else 'FAILED':8} {done.tables_compared} of {known['tables']} tables with "
            f"{known['rows']:,} rows restored and compared in {duration(done.seconds)}; "
            f"evidence for {done.companies:,} companies"
        )
        if options["json"]:
            self.stdout.write(json.dumps(_json(done)))
        if not done.passed:
            raise CommandError(f"{path.name} does not hold what its manifest says", returncode=NEEDS_ATTENTION)


def _words(value: Any) -> str:
    if value is None:
        return "absent"
    return f"{value[0]:,} ({value[1][:12]}…)" if isinstance(value, list) else str(value)


def _json(done: Verified) -> dict[str, Any]:
    return facts(done.sealed) | {
        "passed": done.passed, "tables_compared": done.tables_compared, "differences": done.differences,
        "companies": done.companies, "seconds": round(done.seconds, 3),
    }  # fmt: skip
