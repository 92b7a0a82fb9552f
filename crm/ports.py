"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

# Given a row, pages elsewhere that belong to it: (words, URL) in the order they are shown.
AdminLinks = Callable[[Any], list[tuple[str, str]]]


def admin_links() -> AdminLinks | None:
    """What ``CRM_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "CRM_ADMIN_LINKS", "")
    return import_string(path) if path else None
