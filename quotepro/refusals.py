"""What was refused to whom, for those who watch over the site; one line each, whatever the request was made of."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

log = logging.getLogger("quotepro.security")
REFUSED = (400, 403, 405, 429)
PAGES_OF_A_ROW = ("_change", "_history", "_delete")


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
        is_known = user is not None and user.is_authenticated
        if response.status_code in REFUSED or (is_known and _is_absent(request, response)):
            log.warning(
                "refused %s %s to %s at %s: %d",
                ascii(request.method), ascii(request.path[:300]), ascii(user.get_username() if user else ""),
                ascii(request.META.get("REMOTE_ADDR", "")), response.status_code,
            )  # fmt: skip
        return response


def _is_absent(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether what was asked for is not there for this person: the admin sends them back to its front page."""
    found = request.resolver_match
    if response.status_code == 302 and found is not None and (found.url_name or "").endswith(PAGES_OF_A_ROW):
        return response["Location"] == reverse("admin:index")
    return response.status_code == 404
