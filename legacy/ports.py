"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

# Given a user, the companies whose rows that user may see; None for all of them.
CompanyScope = Callable[[Any], Collection[UUID] | None]

# Given a row, pages elsewhere that belong to it: (words, URL) in the order they are shown.
AdminLinks = Callable[[Any], list[tuple[str, str]]]


def company_scope() -> CompanyScope:
    """What ``LEGACY_COMPANY_SCOPE`` names (a dotted path); without it, everybody sees every company."""
    path = getattr(settings, "LEGACY_COMPANY_SCOPE", "")
    return import_string(path) if path else _every_company


def admin_links() -> AdminLinks | None:
    """What ``LEGACY_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "LEGACY_ADMIN_LINKS", "")
    return import_string(path) if path else None


def _every_company(user: Any) -> None:
    return None
