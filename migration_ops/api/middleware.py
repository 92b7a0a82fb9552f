"""Every answer of API v1 says that it will end, and every request is counted."""

import logging
from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import http_date

from crm.models import ApiToken
from migration_ops.sql.loader import block

log = logging.getLogger("quotepro.api")
PREFIX, SUCCESSOR = "/api/", "/api/v2/"


class EndOfV1:
    """Outside everything else, so that refusals and redirects carry the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer with Deprecation (RFC 9745), Sunset (RFC 8594) and its successor."""
        response = self.get_response(request)
        if request.path.startswith(PREFIX) and not request.path.startswith(SUCCESSOR):
            part = "quotes/generate" if request.path.endswith("/generate-quote") else "quotes"
            response.headers["Deprecation"] = f"@{int(settings.LEGACY_API_DEPRECATED_AT.timestamp())}"
            response.headers["Sunset"] = http_date(settings.LEGACY_API_SUNSET_AT.timestamp())
            response.headers["Link"] = f'<{SUCCESSOR}{part}>; rel="successor-version"'
            _count(getattr(request, "auth", None), is_refused=response.status_code >= 400)
        return response


def _count(token: Any, *, is_refused: bool) -> None:
    is_known = isinstance(token, ApiToken)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                block("queries/v1.sql", "count_use").sql,
                {
                    "since": timezone.now().astimezone(UTC), "part": int(is_refused),
                    "name": f"{token.prefix} {token.name}" if is_known else "anonymous",
                    "company": token.company_id if is_known else None,
                },
            )  # fmt: skip
    except DatabaseError as error:
        # The answer is right whether or not it could be counted.
        log.warning("use of API v1 could not be counted: %s", error)
