"""What was refused to whom, for those who watch over the site; one line each, whatever the request was made of."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("quotepro.security")
REFUSED = (400, 403, 405, 429)


class RefusedRequests:
    """Logs requests of the admin that were refused, and what people asked for that is absent or another company's.

    Who, from where, what, and the status.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, after a line about it where it is a refusal."""
        response = self.get_response(request)
        if not request.path.startswith("/admin/"):
            return response
        user = getattr(request, "user", None)
        # Passers-by mistype; of somebody who has signed in it is worth a line.
        is_absent = response.status_code == 404 or getattr(response, "is_absent", False)
        if response.status_code in REFUSED or (is_absent and user is not None and user.is_authenticated):
            log.warning(
                "refused %s %s to %s at %s: %d",
                ascii(request.method), ascii(request.path[:300]), ascii(user.get_username() if user else ""),
                ascii(request.META.get("REMOTE_ADDR", "")), response.status_code,
            )  # fmt: skip
        return response
