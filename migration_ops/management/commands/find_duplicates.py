"""Which customers may be one?"""

import json
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.models import Company
from legacy.progress import reported
from migration_ops.exceptions import BadArgument
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.identity.duplicates.changed import ask_about_changed
from migration_ops.identity.duplicates.export import Exporter
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.merging import MergedRun, merge_automatic
from migration_ops.management.duplicates import as_json, as_text, progress_of_search
from migration_ops.management.reporting import refusals
from migration_ops.selectors.companies import companies_asked_for


class Command(BaseCommand):
    """Parse, search, render."""

    help = "Search customers that may be one: rebuilds the queue of questions and the plan of automatic merges."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which companies, and what becomes of the result."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--company", help="company_id of the legacy table, or slug")
        which.add_argument("--all", action="store_true", help="every company with legacy rows or migrated rows")
        parser.add_argument("--dry-run", action="store_true", help="write nothing; say what would change")
        parser.add_argument("--export", type=Path, metavar="FILE.csv", help="write a line for each scored pair")
        parser.add_argument(
            "--auto-from", type=_probability, metavar="P", help="merge without asking from this probability (0.5 to 1)"
        )
        parser.add_argument(
            "--merge",
            action="store_true",
            help="then merge what the rules merge without asking, as one run with one undo",
        )
        parser.add_argument("--index", action="store_true", help="also rebuild what looking single contacts up needs")
        parser.add_argument(
            "--changed",
            action="store_true",
            help="look up only contacts that came or changed since the last run, and ask about them; needs the index",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str | None, **options: Any) -> None:
        """Search, export, render."""
        if options["merge"] and options["dry_run"]:
            raise CommandError("--merge and --dry-run exclude each other: a dry run writes nothing", returncode=2)
        if options["changed"]:
            self._changed(company, options)
            return
        outcomes = []
        merged = []
        with refusals(), ExitStack() as stack:
            exporter = stack.enter_context(_export(options["export"])) if options["export"] else None
            for each in companies_asked_for(company):
                with progress_of_search(each.name) as progress:
                    outcomes.append(
                        find_duplicates(
                            each, dry_run=options["dry_run"], auto_from=options["auto_from"], exporter=exporter,
                            with_index=options["index"],
                            progress=progress,
                        )
                    )  # fmt: skip
            for each in [outcome.company for outcome in outcomes if not options["dry_run"]]:
                if options["merge"]:
                    merged.append(_merge(each))
                rebuild_cases(each)
        if options["json"]:
            report = as_json(outcomes, is_single=company is not None, export=options["export"])
            self.stdout.write(json.dumps(report | ({"merged": [_as_json(each) for each in merged]} if merged else {})))
        else:
            self.stdout.write(as_text(outcomes, export=options["export"]))
            for run in merged:
                self.stdout.write(_as_text(run))
        if any(run.stopped for run in merged):
            raise CommandError("the audit of automatic merges stopped a company: people decide there", returncode=3)

    def _changed(self, company: str | None, options: dict[str, Any]) -> None:
        """Ask about what changed; render."""
        for other in ("dry_run", "merge", "index", "export", "auto_from"):
            if options[other]:
                flag = f"--{other.replace('_', '-')}"
                raise CommandError(f"--changed and {flag} exclude each other: {flag} needs a whole run", returncode=2)
        with refusals():
            found = []
            for each in companies_asked_for(company):
                found.append((each, ask_about_changed(each)))
                rebuild_cases(each)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "companies": [
                            {"company": str(each.pk), "slug": each.slug, "contacts": changed.contacts,
                             "questions": changed.questions}
                            for each, changed in found
                        ]
                    }
                )
            )  # fmt: skip
        for each, changed in found if not options["json"] else ():
            self.stdout.write(
                f"{each.name}: {changed.contacts:,} contacts came or changed, {changed.questions:,} new questions"
            )


def _merge(company: Company) -> MergedRun:
    with reported(f"Merging {company.name}", total=100, unit="%") as show:
        return merge_automatic(
            company, actor="find_duplicates", progress=lambda done, of: show(round(100 * done / of))
        )  # fmt: skip


def _as_json(merged: MergedRun) -> dict[str, Any]:
    return {
        "run": str(merged.run.pk) if merged.run else None, "merges": merged.merges, "customers": merged.customers,
        "left": list(merged.left), "stopped": merged.stopped or None,
    }  # fmt: skip


def _as_text(merged: MergedRun) -> str:
    lines = [f"  merged {merged.merges:,} groups: {merged.customers:,} customers became part of others"]
    if merged.run:
        lines.append(f"  one undo for all of them: Runs of merges in the admin, run {merged.run.pk}")
    if merged.stopped:
        lines.append(f"  {merged.stopped}")
    return "\n".join([*lines, *(f"  left: {reason}" for reason in merged.left)])


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.5 <= value < 1:
        raise ArgumentTypeError(f"{text}: give a probability from 0.5 to below 1, such as 0.99")
    return value


class _export:
    """The exporter of a file that appears whole or not at all."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> Exporter:
        try:
            self._file = tempfile.NamedTemporaryFile(
                "w",
                dir=self._target.parent,
                prefix=f".{self._target.name}.",
                delete=False,
                newline="",
                encoding="utf-8",
            )
        except OSError as error:
            raise BadArgument(
                argument="--export", value=str(self._target), remedy=f"cannot be written: {error.strerror}"
            ) from error
        return Exporter(self._file.file)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._file.close()
        written = Path(self._file.name)
        if kind is not None:
            written.unlink()
            return
        written.chmod(0o644)
        written.replace(self._target)
