"""Programs that call the API: a company with a token, and a client that speaks JSON."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from crm.models import ApiToken, Company, Scope
from crm.services.tokens import token_create
from migration_ops.models import CompanyStage
from migration_ops.stages import Stage

WHO = {"name": "Ann Miller", "email": "ann@miller.example"}
LEAD = {"customer": WHO}


@dataclass(kw_only=True)
class Caller:
    """A program with a token."""

    company: Company
    token: ApiToken
    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        """One request; body as JSON, raw as it is; headers with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Authorization", f"Bearer {self.secret}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, path, data, content_type="application/json" if data else "", headers=named)


def caller(company: Company, *scopes: str, name: str = "test") -> Caller:
    token, secret = token_create(company, name=name, scopes=scopes or Scope.values, created_by="test")
    return Caller(company=company, token=token, secret=secret)


def company(slug: str, *, stage: Stage = Stage.OFF) -> Company:
    made = Company.objects.create(name=slug.title(), slug=slug)
    if stage is not Stage.OFF:
        to_stage(made, stage)
    return made


def to_stage(of: Company, stage: Stage) -> None:
    """Put a company there: the steps themselves are tested elsewhere."""
    CompanyStage.objects.update_or_create(company=of, defaults={"stage": stage, "since": timezone.now()})
