"""Is a company's move signed off?"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.models import Company
from migration_ops.backfill import owner as owners
from migration_ops.management.persons import person
from migration_ops.management.reporting import NEEDS_ATTENTION, refusals
from migration_ops.models import Certificate
from migration_ops.retirement import certificate as certificates
from migration_ops.retirement import evidence
from migration_ops.selectors.companies import company_named


class Command(BaseCommand):
    """Parse, look or sign, render."""

    help = "Show what a company's certificate rests on; --sign issues it, --verify checks the newest one or a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which company, and what to do."""
        parser.add_argument("--company", metavar="ID|SLUG", required=True, help="the company that is signed off")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--sign",
            metavar="USERNAME",
            default="",
            help="sign it off; the password is asked for, or stdin's first line",
        )
        what.add_argument(
            "--verify",
            metavar="FILE",
            nargs="?",
            const="",
            help="check this file, or without one the newest certificate",
        )
        parser.add_argument("--statement", metavar="WORDS", default="", help="with --sign: words of the person's own")
        parser.add_argument("--output", metavar="FILE", default="", help="write the certificate into a new file")
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *, company: str, **options: Any) -> None:
        """Exit code 2 when it is refused or no certificate of ours, 3 when a proof is missing or it is superseded."""
        actor = owners.in_words(owners.this_process())
        with refusals():
            found = company_named(company, is_looking=True)
            if options["sign"]:
                who = person(options["sign"], "migration_ops.sign_certificate")
                with _output(options["output"]) as write:
                    made = certificates.sign(found, person=who, actor=actor, statement=options["statement"])
                    write(certificates.as_file(made))
                self.stdout.write(f"certificate {made.pk} of {found.name}, signed off by {made.signed_by}")
                self._told(certificates.check(made), options)
            elif options["verify"] is not None:
                checked = certificates.check(_asked_for(found, options["verify"]))
                with _output(options["output"]) as write:
                    write(certificates.as_file(checked.certificate))
                self._told(checked, options)
            elif options["output"]:
                raise CommandError("--output writes a certificate: with --sign or --verify", returncode=2)
            else:
                self._proofs(found, options)

    def _told(self, checked: certificates.Checked, options: dict[str, Any]) -> None:
        made = checked.certificate
        held = "superseded by " + checked.superseded_by if checked.superseded_by else "holds"
        self.stdout.write(f"  sha256   {made.sha256}")
        self.stdout.write(f"  signed   by {made.signed_by} at {made.at:%Y-%m-%d %H:%M:%S} UTC")
        self.stdout.write(f"  state    {'WRONG: ' + '; '.join(checked.wrong) if checked.wrong else held}")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"company": str(made.company_id), "certificate": made.pk, "sha256": made.sha256,
                     "signed_by": made.signed_by, "signed_at": made.at.isoformat(), "passed": checked.passed,
                     "wrong": checked.wrong, "superseded_by": checked.superseded_by,
                     "document": json.loads(made.document)}
                )
            )  # fmt: skip
        if not checked.passed:
            told = "; ".join(checked.wrong) or f"superseded by {checked.superseded_by}"
            raise CommandError(f"certificate {made.pk} does not hold: {told}", returncode=NEEDS_ATTENTION)

    def _proofs(self, company: Company, options: dict[str, Any]) -> None:
        found = evidence.collect(company)
        for proof in found:
            told = "" if proof.passed else f": {proof.missing}"
            self.stdout.write(f"  {'passed' if proof.passed else 'MISSING'}  {proof.name}{told}")
        missing = [proof.name for proof in found if not proof.passed]
        if options["json"]:
            proofs = [
                {"name": each.name, "passed": each.passed, "missing": each.missing, "evidence": each.evidence}
                for each in found
            ]
            self.stdout.write(
                json.dumps({"company": str(company.pk), "passed": not missing, "proofs": proofs}, default=str)
            )
        if missing:
            raise CommandError(f"{company.slug} cannot be signed off: {', '.join(missing)}", returncode=NEEDS_ATTENTION)


def _asked_for(company: Company, file: str) -> Certificate:
    if file:
        return certificates.read(Path(file), company)
    newest = certificates.newest_of(company)
    if newest is None:
        raise CommandError(f"{company.slug} has no certificate: certificate --sign", returncode=NEEDS_ATTENTION)
    return newest


@contextmanager
def _output(path: str) -> Iterator[Callable[[str], object]]:
    """Writes into a new file, made before anything is signed and gone again where nothing was; into none without."""
    if not path:
        yield lambda _: None
        return
    is_made = False
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            is_made = True
            yield file.write
    except BaseException as error:
        if is_made:
            Path(path).unlink()
        if isinstance(error, OSError):
            raise CommandError(f"{path}: it cannot be written: {error.strerror}", returncode=2) from error
        raise
