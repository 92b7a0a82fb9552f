"""What the routes of API v2 share: parameters of lists, and the errors each may answer."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from ninja import Query

from crm.api import schemas as s
from crm.models import Company

Limit = Annotated[int, Query(ge=1, le=100)]
# Deeper costs more with each page: the cursor is for that, and costs the same everywhere.
Offset = Annotated[int, Query(ge=0, le=10_000)]
Cursor = Annotated[str | None, Query(max_length=300)]
Status = Annotated[str | None, Query(max_length=80)]
ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 413, 422, 429, 503), s.Problem)
# To a reader who has the row already.
ONE_ERRORS: dict[int, Any] = ERRORS | {304: None}
WRITE_ERRORS: dict[int, Any] = ERRORS | dict.fromkeys((409, 412, 415), s.Problem)
PATCH_ERRORS: dict[int, Any] = WRITE_ERRORS | {428: s.Problem}


def itself(id: UUID) -> Callable[[Company], UUID]:
    """The deal of a lead or quote has its id."""
    return lambda company: id
