"""What every answer below /api/ has in common: a request id, no caching, problems instead of pages."""

import logging
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from crm.api.problems import CONTENT_TYPE, problem

log = logging.getLogger("quotepro.api")

PREFIX = "/api/"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
WORDS = {
    400: "The request cannot be understood.",
    401: "A valid token is needed.",
    403: "This token may not do this.",
    404: "There is nothing here.",
    405: "This method is not offered here.",
    413: "The body is too large.",
    500: "Something went wrong here; quote the request id when you ask.",
}


class ApiBoundary:
    """Outermost for /api/: what Django or a server error would answer as a page is answered as a problem."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with its headers."""
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        asked = request.headers.get("X-Request-ID", "")
        request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self._refusal(request) or self.get_response(request)
        status = response.status_code
        if status >= 400 and not response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
            kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
            words = WORDS.get(status, WORDS[500 if status >= 500 else 400])
            response = problem(request, status, words, headers=kept)
        response.headers["X-Request-ID"] = request_id
        # The answer belongs to one company: no proxy or browser may give it to another.
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Vary"] = "Authorization"
        self._note(request, status, request_id)
        return response

    def _note(self, request: HttpRequest, status: int, request_id: str) -> None:
        """A line for what went wrong here, and for what a known program was not allowed."""
        # Encoded: a path may hold line breaks, and a line of a log is one line.
        what = ascii(f"{request.method} {request.path}"[:300])
        client = getattr(request, "api_client", None)
        if status >= 500:
            log.error("%s answered %s, request %s", what, status, request_id)
        elif status == 403 and client is not None:
            log.warning("%s refused, token %s, request %s", what, ascii(client), request_id)

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """What no view needs to see."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return problem(request, 400, "A NUL character is in the address; no text here can hold it.")
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return problem(request, 400, "Content-Length is no number.")
        if length > settings.API_MAX_BODY_BYTES:
            return problem(request, 413, f"The body has {length} bytes; {settings.API_MAX_BODY_BYTES} are the most.")
        if length and request.method in ("POST", "PUT", "PATCH") and request.content_type != "application/json":
            return problem(request, 415, "Send application/json.")
        return None
