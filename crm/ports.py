"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

# Given a row, pages elsewhere that belong to it: (words, URL) in the order they are shown.
AdminLinks = Callable[[Any], list[tuple[str, str]]]

# Given a company, what a service's transaction runs in: refuses a write that must not be, and carries it on before it
# commits.
WriteGuard = Callable[[UUID], AbstractContextManager[None]]


def write_guard(company: UUID) -> AbstractContextManager[None]:
    """What ``CRM_WRITE_GUARD`` names (a dotted path), for this company; without it, nothing stands in the way.

    Every service that writes does so inside ``with transaction.atomic(), write_guard(company_id):``.

    Raises:
        WriteRefused: on entering, another side leads; on leaving, what was written has no place there.
    """
    path = getattr(settings, "CRM_WRITE_GUARD", "")
    guard: WriteGuard | None = import_string(path) if path else None
    return guard(company) if guard else nullcontext()


def admin_links() -> AdminLinks | None:
    """What ``CRM_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "CRM_ADMIN_LINKS", "")
    return import_string(path) if path else None
