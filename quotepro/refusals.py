"""What was refused to whom, for those who watch over the site; one line each, whatever the request was made of."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("quotepro.security")
REFUSED = (400, 403, 405, 429)


class RefusedRequests:
    """Logs requests of the admin that were refused: who, from where, what, and the status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, after a line about it where it is a refusal."""
        response = self.get_response(request)
        if response.status_code in REFUSED and request.path.startswith("/admin/"):
            user = getattr(request, "user", None)
            log.warning(
                "refused %s %s to %s at %s: %d",
                ascii(request.method), ascii(request.path[:300]), ascii(user.get_username() if user else ""),
                ascii(request.META.get("REMOTE_ADDR", "")), response.status_code,
            )  # fmt: skip
        return response
