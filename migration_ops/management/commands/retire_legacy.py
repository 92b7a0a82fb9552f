"""Takes a company's legacy rows out of the legacy table, or puts them back."""

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from crm.models import Company
from legacy.progress import reported
from migration_ops.backfill import owner as owners
from migration_ops.exceptions import ArchiveRefused, BadArgument, Interrupted, RowsLeft
from migration_ops.management.persons import person
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals
from migration_ops.management.stopping import ended_by_signals
from migration_ops.retirement.remove import Preview, Removed, preview, restore, retire
from migration_ops.selectors.companies import company_named


class Command(BaseCommand):
    """Parse, retire, render."""

    help = "Archive a company's legacy rows, prove the archive and remove them; --dry-run shows what would go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, where to, by whom."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company whose legacy rows go")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--dry-run", action="store_true", help="show what would go and which proofs are missing")
        what.add_argument("--archive", metavar="FILE", help="archive into this new file, or go on with it, and remove")
        what.add_argument("--restore", metavar="FILE", help="put the rows of this archive back")
        parser.add_argument(
            "--by", metavar="USERNAME", default="",
            help="who does it: not who signed the certificate; the password is asked for, or stdin's first line",
        )  # fmt: skip
        parser.add_argument("--confirm", metavar="NAME", default="", help="the company's name, typed once more")
        parser.add_argument("--reason", default="retired", help="kept in the audit log")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, **options: Any) -> None:
        """Show, remove or put back; exit code 2 when it is refused, 3 when a dry run finds a proof missing."""
        actor = owners.in_words(owners.this_process())
        try:
            with refusals(), ended_by_signals("every batch is whole: the same command goes on"), ExitStack() as stack:
                found = company_named(company, is_looking=True)
                if options["dry_run"]:
                    self._preview(found, preview(found, options["by"]), options)
                    return
                _ensure_meant(found, options)
                who = person(options["by"], "migration_ops.retire_legacy")
                if options["restore"]:
                    done = restore(
                        found, Path(options["restore"]).absolute(), person=who, reason=options["reason"], actor=actor
                    )
                else:
                    show: list[Any] = []

                    def tell(done: int, total: int) -> None:
                        if not show:
                            show.append(stack.enter_context(reported("Legacy rows", total=total, unit="rows")))
                        show[0](done)

                    done = retire(
                        found, Path(options["archive"]).absolute(), person=who, reason=options["reason"], actor=actor,
                        progress=tell,
                    )  # fmt: skip
        except CommandError as error:
            if isinstance(error.__cause__, Interrupted):
                error.returncode = 1
            if isinstance(error.__cause__, RowsLeft):
                error.returncode = NEEDS_ATTENTION
            raise
        except OperationalError as error:
            told = str(error).splitlines()[0]
            raise CommandError(f"{told}: every batch is whole, the same command goes on", returncode=1) from error
        self._told(found, done, options)

    def _preview(self, company: Company, found: Preview, options: dict[str, Any]) -> None:
        self.stdout.write(f"{found.rows:,} legacy rows of {company.name} would go ({found.set_aside:,} were set aside)")
        if found.rows:
            self.stdout.write(f"  ids      {found.first_id} to {found.last_id}")
            self.stdout.write(f"  made     {found.created_from} to {found.updated_until}")
            self.stdout.write(f"  totals   {found.total}")
            counts = ", ".join(f"{status or 'none'} {count:,}" for status, count in found.statuses.items())
            self.stdout.write(f"  status   {counts}")
        self.stdout.write(f"  checksum {found.checksum}")
        for proof in found.proofs:
            told = "" if proof.passed else f": {proof.missing}"
            self.stdout.write(f"  {'passed' if proof.passed else 'MISSING'}  {proof.name}{told}")
        self.stdout.write("nothing was changed")
        if options["json"]:
            proofs = [{"name": each.name, "passed": each.passed, "missing": each.missing} for each in found.proofs]
            self.stdout.write(
                json.dumps(
                    {"company": str(company.pk), "rows": found.rows, "first_id": found.first_id,
                     "last_id": found.last_id, "total": found.total, "set_aside": found.set_aside,
                     "statuses": found.statuses, "checksum": found.checksum, "passed": not found.missing,
                     "proofs": proofs}
                )
            )  # fmt: skip
        if found.missing:
            names = ", ".join(proof.name for proof in found.proofs if not proof.passed)
            raise CommandError(f"{company.slug} cannot be retired yet: {names}", returncode=NEEDS_ATTENTION)

    def _told(self, company: Company, done: Removed, options: dict[str, Any]) -> None:
        verb = "put back" if options["restore"] else "archived, proven and removed"
        self.stdout.write(f"{done.rows:,} legacy rows of {company.name} {verb}")
        self.stdout.write(f"  archive  {done.sealed.path}")
        self.stdout.write(f"  sha256   {done.sealed.sha256}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"company": str(company.pk), "state": done.retirement.state, "rows": done.rows,
                     "removed": done.retirement.removed, "proven": done.proven, "archive": str(done.sealed.path),
                     "sha256": done.sealed.sha256}
                )
            )  # fmt: skip


def _ensure_meant(company: Company, options: dict[str, Any]) -> None:
    if options["confirm"] != company.name:
        raise BadArgument(
            argument="--confirm", value=options["confirm"], remedy=f"type the company's name to mean it: {company.name}"
        )
    if not options["by"]:
        raise BadArgument(argument="--by", value="", remedy="name the user who does it")
    if options["restore"] and not Path(options["restore"]).exists():
        raise ArchiveRefused(file=options["restore"], why="there is no such file")
