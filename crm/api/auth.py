"""Who asks, whether they may, and how often."""

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import HttpBearer

from crm.api.problems import Refused
from crm.models import ApiToken, Scope
from crm.services.tokens import token_check

log = logging.getLogger("quotepro.api")
SAFE = ("GET", "HEAD", "OPTIONS")
WINDOW_S = 60


class Token(HttpBearer):
    """A company's token in ``Authorization: Bearer …``, with every scope that is asked for."""

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token, or None for one that is not valid now.

        Raises:
            Refused: a scope is missing, or there were too many requests.
        """
        found = token_check(token)
        if found is None:
            return None
        request.api_client = f"{found.prefix} {found.name}"  # type: ignore[attr-defined]
        check_rate(request, str(found.pk))
        missing = [scope for scope in self.scopes if scope not in found.scopes]
        if missing:
            raise Refused(403, f"This token lacks the scope {missing[0].value}.")
        return found


def check_rate(request: HttpRequest, client: str) -> None:
    """Count this request of a client.

    Without the store that counts, reading goes on (the token was checked already) and writing is refused.

    Raises:
        Refused: more than ``API_REQUESTS_PER_MINUTE`` in this minute, or nobody can tell.
    """
    now = time.time()
    key = f"api-rate:{client}:{int(now // WINDOW_S)}"
    try:
        # The project's cache counts in one round trip (CACHES).
        count = cache.count(key, seconds=2 * WINDOW_S)  # type: ignore[attr-defined]
    except Exception as error:
        log.warning("requests cannot be counted: %s", error)
        if request.method in SAFE:
            return
        raise Refused(503, "Requests cannot be counted now, so nothing is written; try again in a moment.",
                      headers={"Retry-After": "5"}) from error  # fmt: skip
    if count > settings.API_REQUESTS_PER_MINUTE:
        left = WINDOW_S - int(now % WINDOW_S)
        raise Refused(429, f"More than {settings.API_REQUESTS_PER_MINUTE} requests in a minute.",
                      headers={"Retry-After": str(left)})  # fmt: skip


def client_of(request: HttpRequest) -> ApiToken:
    """The token a request came with; only where a route asked for one."""
    token: Any = request.auth  # type: ignore[attr-defined]
    assert isinstance(token, ApiToken)
    return token
