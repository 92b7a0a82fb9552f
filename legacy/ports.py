"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

# Given a user, the companies whose rows that user may see; None for all of them.
CompanyScope = Callable[[Any], Collection[UUID] | None]

# Given a row, pages elsewhere that belong to it: (words, URL) in the order they are shown.
AdminLinks = Callable[[Any], list[tuple[str, str]]]

# Given an e-mail or a number, ids of rows that may have it, found by indexes that the legacy table lacks.
RowFinder = Callable[[str], list[UUID]]

# Given a company and the ids of the rows that are written, what a service's transaction runs in.
WriteGuard = Callable[[UUID, Sequence[UUID]], AbstractContextManager[None]]


def write_guard(company: UUID, ids: Sequence[UUID]) -> AbstractContextManager[None]:
    """What ``LEGACY_WRITE_GUARD`` names (a dotted path), for these rows; without it, nothing stands in the way.

    Every service that writes does so inside ``with transaction.atomic(), write_guard(company_id, ids):``.

    Raises:
        WriteRefused: another side leads the company.
    """
    path = getattr(settings, "LEGACY_WRITE_GUARD", "")
    guard: WriteGuard | None = import_string(path) if path else None
    return guard(company, ids) if guard else nullcontext()


def company_scope() -> CompanyScope:
    """What ``LEGACY_COMPANY_SCOPE`` names (a dotted path); without it, everybody sees every company."""
    path = getattr(settings, "LEGACY_COMPANY_SCOPE", "")
    return import_string(path) if path else _every_company


def admin_links() -> AdminLinks | None:
    """What ``LEGACY_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "LEGACY_ADMIN_LINKS", "")
    return import_string(path) if path else None


def row_finder() -> RowFinder | None:
    """What ``LEGACY_ROW_FINDER`` names (a dotted path); without it, None: a search reads the legacy table itself."""
    path = getattr(settings, "LEGACY_ROW_FINDER", "")
    return import_string(path) if path else None


def _every_company(user: Any) -> None:
    return None
