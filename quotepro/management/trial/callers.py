"""Companies, tokens and sessions made for a trial, and gone after it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.management.base import CommandError

from crm.models import ApiToken, Company, IdempotentRequest, Scope
from crm.services.tokens import token_create


@contextmanager
def trial_company(named: str | None) -> Iterator[Company]:
    """The company that is named, by id or slug, or one of our own that is deleted at the end.

    Raises:
        CommandError: there is no such company.
    """
    if named is not None:
        yield company_named(named)
        return
    company = Company.objects.create(name="Smoke test", slug=f"smoke-test-{secrets.token_hex(6)}")
    try:
        yield company
    finally:
        company.delete()


def company_named(named: str) -> Company:
    """The company of this id or slug.

    Raises:
        CommandError: there is none.
    """
    try:
        found = Company.objects.filter(pk=UUID(named)).first()
    except ValueError:
        found = Company.objects.filter(slug=named).first()
    if found is None:
        raise CommandError(f"--company {named!r}: no such company; give an id or a slug", returncode=2)
    return found


@contextmanager
def trial_token(company: Company) -> Iterator[str]:
    """A token of the company with every scope; it and what was remembered for it are deleted at the end."""
    token, secret = token_create(company, name="trial", scopes=Scope.values, created_by="trial")
    try:
        yield secret
    finally:
        ApiToken.objects.filter(pk=token.pk).delete()
        IdempotentRequest.objects.filter(company=company, key__startswith="trial-").delete()


@contextmanager
def trial_session() -> Iterator[str]:
    """The session cookie of a superuser made for the trial, as a header's text."""
    users = get_user_model().objects
    user = users.create_user(username=f"trial-{secrets.token_hex(8)}", is_staff=True, is_superuser=True)
    name, value = session_of(user)
    try:
        yield f"{name}={value}"
    finally:
        _store()(value).delete()
        user.delete()


def session_of(user: Any) -> tuple[str, str]:
    """Name and value of the cookie of a new session of this user."""
    session = _store()()
    session[SESSION_KEY] = str(user.pk)
    # The last one is Django's own; those before it refuse, and know no users.
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return settings.SESSION_COOKIE_NAME, str(session.session_key)


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
