"""Tokens of programs: made, shown once, checked, revoked."""

import secrets
from collections.abc import Collection
from datetime import datetime
from functools import cache
from hashlib import sha256

from django.db import connection
from django.utils import timezone
from psycopg import sql

from crm.exceptions import BadInput
from crm.models import ApiToken, Company, Scope
from crm.sql.prepared import prepared_cursor


def token_create(
    company: Company,
    *,
    name: str,
    scopes: Collection[str],
    created_by: str,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is nowhere kept and cannot be shown again.

    Raises:
        BadInput: no name, no scope or an unknown one, or it would have expired already.
    """
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown:
        raise BadInput(f"There is no scope {unknown[0]!r}; there are {', '.join(Scope.values)}.")
    if not scopes:
        raise BadInput(f"A token needs a scope: {', '.join(Scope.values)}.")
    if not name.strip() or len(name) > 80:
        raise BadInput("A token needs a name of 1 to 80 characters that says whose it is.")
    if expires_at is not None and expires_at <= timezone.now():
        raise BadInput(f"{expires_at.isoformat()} has passed; give a later time.")
    prefix = f"qp_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        company=company, name=name.strip(), prefix=prefix, digest=_digest(secret), scopes=sorted(set(scopes)),
        created_by=created_by, expires_at=expires_at,
    )  # fmt: skip
    return token, secret


def token_revoke(token: ApiToken) -> None:
    """End a token; the next request with it is refused."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def token_check(secret: str) -> ApiToken | None:
    """The token with its company, read anew each time; None for one that is unknown, expired or revoked."""
    if not secret.isascii() or len(secret) > 100:
        return None
    token = _find(_digest(secret))
    if token is not None:
        today = timezone.now().date()
        if token.last_used_on != today:
            ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token


@cache
def _statement() -> str:
    columns = [sql.SQL("{}.{}").format(sql.Identifier(of), sql.Identifier(str(field.column)))
               for of, model in (("t", ApiToken), ("c", Company)) for field in model._meta.concrete_fields]  # fmt: skip
    return (
        sql.SQL(
            "SELECT {} FROM api_tokens t JOIN companies c ON c.id = t.company_id WHERE t.digest = %s"
            " AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())"
        )
        .format(sql.SQL(", ").join(columns))
        .as_string(None)
    )


def _find(digest: str) -> ApiToken | None:
    # Every request begins with this: composed by the ORM anew each time, it took a fifth of a request's time.
    with prepared_cursor() as cursor:
        cursor.execute(_statement(), [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    names, of_company = ([field.attname for field in model._meta.concrete_fields] for model in (ApiToken, Company))
    token = ApiToken.from_db(connection.alias, names, row[: len(names)])
    token.company = Company.from_db(connection.alias, of_company, row[len(names) :])
    return token


def _digest(secret: str) -> str:
    # The secret has 256 random bits: a slow hash would add nothing but time to each request.
    return sha256(secret.encode()).hexdigest()
