"""Who tries to sign in, for the throttle: the true address, and one name for all its spellings."""

import unicodedata
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that connected; behind a trusted proxy the one the proxy saw, which is the last it has noted."""
    connected = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUST_PROXY_HEADERS:
        return connected
    noted = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return noted or connected


def folded_username(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The name that was given, with case and look-alike forms folded, so that none is a new try."""
    given = (credentials or {}).get("username") or (request.POST.get("username", "") if request else "")
    return unicodedata.normalize("NFKC", str(given)).casefold()[:255]
