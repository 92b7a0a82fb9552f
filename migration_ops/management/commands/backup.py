"""Dumps the database."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from migration_ops.backfill import owner as owners
from migration_ops.backups.take import backup, facts
from migration_ops.exceptions import Interrupted
from migration_ops.management.reporting import duration, progress_of_tables, refusals
from migration_ops.management.stopping import ended_by_signals


class Command(BaseCommand):
    """Parse, dump, render."""

    help = "Dump the whole database into FILE, with a signed manifest of what it holds; verify_backup proves it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("file", metavar="FILE", help="the new file; only its owner may read it")
        parser.add_argument("--force", action="store_true", help="replace an existing file, once the new one is whole")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, file: str, force: bool, **options: Any) -> None:
        """Write the file, or refuse with exit code 2 and leave nothing."""
        # Absolute: a name that begins with a dash would be an option to pg_dump.
        path = Path(file).absolute()
        actor = owners.in_words(owners.this_process())
        try:
            with refusals(), ended_by_signals("no file was left"), progress_of_tables("Backup") as progress:
                done = backup(path, actor=actor, replaces=force, progress=progress)
        except CommandError as error:
            if isinstance(error.__cause__, Interrupted):
                error.returncode = 1
            raise
        known = facts(done.sealed)
        self.stdout.write(
            f"{path}: {done.bytes:,} bytes, {done.tables} tables, {done.rows:,} rows as of {known['snapshot_at']}, "
            f"in {duration(done.seconds)}"
        )
        self.stdout.write(f"  sha256   {done.sealed.sha256}")
        self.stdout.write(
            "  next     verify_backup restores it into a scratch database and compares; only that opens the gate"
        )
        if options["json"]:
            self.stdout.write(
                json.dumps(known | {"path": str(path), "bytes": done.bytes, "seconds": round(done.seconds, 3)})
            )
