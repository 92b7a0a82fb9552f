"""Make, list and revoke tokens of the API."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.exceptions import CrmError
from crm.models import ApiToken, Company, Scope
from crm.services.tokens import token_create, token_revoke


class Command(BaseCommand):
    """Parse, call, render."""

    help = "Make a token of a company (its secret is shown once), list a company's tokens, or revoke one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, and with which company or token."""
        parser.add_argument("action", choices=("create", "list", "revoke"))
        parser.add_argument("--company", help="id or slug")
        parser.add_argument("--name", default="", help="whose token it is")
        parser.add_argument(
            "--scope", action="append", default=[], help=f"one of {', '.join(Scope.values)}; may repeat"
        )
        parser.add_argument("--days", type=int, help="days until it expires; without, it does not")
        parser.add_argument("--prefix", default="", help="the visible part of the token to revoke")
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, *, action: str, **options: Any) -> None:
        """Do it."""
        try:
            found = getattr(self, f"_{action}")(**options)
        except CrmError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            for line in found.get("tokens", [found]):
                self.stdout.write("  ".join(f"{name}: {value}" for name, value in line.items()))

    def _create(
        self, *, company: str | None, name: str, scope: list[str], days: int | None, **_: Any
    ) -> dict[str, Any]:
        if days is not None and not 1 <= days <= 3650:
            raise CommandError(f"--days {days}: give 1 to 3650", returncode=2)
        expires_at = timezone.now() + timedelta(days=days) if days else None
        token, secret = token_create(
            _company(company), name=name, scopes=scope, created_by="api_token", expires_at=expires_at
        )
        return {"token": secret, "prefix": token.prefix, "scopes": " ".join(token.scopes)}

    def _list(self, *, company: str | None, **_: Any) -> dict[str, Any]:
        return {"tokens": [_line(token) for token in ApiToken.objects.filter(company=_company(company))]}

    def _revoke(self, *, prefix: str, **_: Any) -> dict[str, Any]:
        token = ApiToken.objects.filter(prefix=prefix).first()
        if token is None:
            raise CommandError(f"--prefix {prefix!r}: no such token; api_token list shows them", returncode=2)
        token_revoke(token)
        token.refresh_from_db()
        return _line(token)


def _line(token: ApiToken) -> dict[str, Any]:
    return {
        "prefix": token.prefix, "name": token.name, "scopes": " ".join(token.scopes),
        "expires": str(token.expires_at or "never"), "revoked": str(token.revoked_at or "no"),
        "last_used": str(token.last_used_on or "never"),
    }  # fmt: skip


def _company(text: str | None) -> Company:
    try:
        found = Company.objects.filter(pk=UUID(text or "")).first()
    except ValueError:
        found = Company.objects.filter(slug=text).first()
    if found is None:
        raise CommandError(f"--company {text!r}: no such company; give an id or a slug", returncode=2)
    return found
