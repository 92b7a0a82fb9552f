"""Customers, as they are read and searched."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from crm.api import schemas as s
from crm.api.answers import company_of, list_answer, row_answer
from crm.api.auth import Token
from crm.api.problems import Refused
from crm.api.routes.parameters import ERRORS, ONE_ERRORS, Cursor, Limit, Offset
from crm.models import Scope
from crm.selectors.search import customer_filters
from crm.services.contacts import survivor_of

router = Router()

Text = Annotated[str, Field(max_length=200)]


@router.get(
    "/customers", response={200: s.CustomerPage, **ERRORS}, auth=Token(Scope.CUSTOMERS_READ), tags=["customers"]
)
def customer_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None,
    search: Annotated[Text | None, Query()] = None,
) -> HttpResponse:  # fmt: skip
    """Customers, the newest first; `search` takes an e-mail, a phone, or beginnings of words of the name."""
    filters: dict[str, Any] = {"merged_into": False}
    if search is not None:
        found = customer_filters(company_of(request), search)
        if not found:
            raise Refused(422, "Nothing to search for: give an e-mail, a phone or a part of a name.")
        filters |= found
    unknown = set(request.GET) - {"limit", "offset", "cursor", "search"}
    if unknown:
        raise Refused(400, f"There is no parameter {min(unknown)[:80]!r} here.")
    return list_answer(request, "customers", filters, limit=limit, offset=offset, cursor=cursor, known=("search",))


@router.get(
    "/customers/{customer_id}",
    response={200: s.Customer, **ONE_ERRORS},
    auth=Token(Scope.CUSTOMERS_READ),
    tags=["customers"],
)
def customer_detail(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """One customer; the id of a merged one gives the survivor."""
    return row_answer(request, "customers", survivor_of(company_of(request), customer_id))
