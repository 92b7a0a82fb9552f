"""Quotes: drafted from past ones, edited, sent, accepted, rejected."""

from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Router

from crm.api import schemas as s
from crm.api.answers import act, list_answer, row_answer
from crm.api.auth import Token
from crm.api.routes.parameters import (
    ERRORS,
    ONE_ERRORS,
    PATCH_ERRORS,
    WRITE_ERRORS,
    Cursor,
    Limit,
    Offset,
    Status,
    itself,
)
from crm.models import Company, Scope
from crm.selectors.api import one
from crm.services import quotes
from crm.services.drafting import draft

router = Router()


@router.get("/quotes", response={200: s.QuotePage, **ERRORS}, auth=Token(Scope.QUOTES_READ), tags=["quotes"])
def quote_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None, status: Status = None,
    customer_id: UUID | None = None, lead_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Quotes with their items, the newest first; by limit and offset, or by cursor for depth."""
    filters = {"status": status, "customer_id": customer_id, "lead_id": lead_id}
    return list_answer(request, "quotes", filters, limit=limit, offset=offset, cursor=cursor)


@router.post("/quotes", response={201: s.Quote, **WRITE_ERRORS}, auth=Token(Scope.QUOTES_WRITE), tags=["quotes"])
def quote_create(request: HttpRequest, body: s.QuoteIn) -> HttpResponse:
    """A draft with the items given; sums are computed here."""
    facts = body.model_dump(exclude={"customer", "customer_id", "items"})
    lines = [item.line() for item in body.items]
    return act(request, lambda company: quotes.quote_create(company, who=body.who(), lines=lines, **facts), "quotes",
               status=201)  # fmt: skip


@router.post(
    "/quotes/generate", response={201: s.Draft, **WRITE_ERRORS}, auth=Token(Scope.QUOTES_WRITE), tags=["quotes"]
)
def quote_generate(request: HttpRequest, body: s.GenerateIn) -> HttpResponse:
    """A draft with items from the company's own past quotes most like the description, which are named.

    Quantities are the usual ones, prices the median of those asked. Empty where nothing like it was quoted.
    """

    def work(company: Company) -> str:
        drafted = draft(company, body.description, leave_out=body.lead_id)
        id = quotes.quote_create(
            company, lead_id=body.lead_id, who=body.who(), lines=[each.line for each in drafted.lines],
            job_name=body.job_name, description=body.description, discount_amount=body.discount_amount,
            tax_rate=body.tax_rate,
        )  # fmt: skip
        sources = [
            {"id": each.id, "quote_number": each.quote_number, "job_name": each.job_name,
             "likeness": str(each.likeness)}
            for each in drafted.sources
        ]  # fmt: skip
        places = [{"position": n, "sources": list(each.sources)} for n, each in enumerate(drafted.lines, start=1)]
        return (
            f'{{"quote":{one("quotes", company, id)},"sources":{orjson.dumps(sources).decode()}'
            f',"item_sources":{orjson.dumps(places).decode()}}}'
        )

    return act(request, work, "quotes", status=201)


@router.get("/quotes/{quote_id}", response={200: s.Quote, **ONE_ERRORS}, auth=Token(Scope.QUOTES_READ), tags=["quotes"])
def quote_detail(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """One quote."""
    return row_answer(request, "quotes", quote_id)


@router.patch(
    "/quotes/{quote_id}", response={200: s.Quote, **PATCH_ERRORS}, auth=Token(Scope.QUOTES_WRITE), tags=["quotes"]
)
def quote_edit(request: HttpRequest, quote_id: UUID, body: s.QuotePatch) -> HttpResponse:
    """Change a quote that nobody has accepted; needs If-Match."""
    changes = body.model_dump(exclude_unset=True, exclude={"items"})
    lines = None if body.items is None else [item.line() for item in body.items]
    return act(request, lambda company: quotes.quote_edit(company, quote_id, changes, lines=lines), "quotes",
               deal=itself(quote_id), subject=quote_id, needs_match=True)  # fmt: skip


@router.post(
    "/quotes/{quote_id}/send", response={200: s.Quote, **WRITE_ERRORS}, auth=Token(Scope.QUOTES_WRITE), tags=["quotes"]
)
def quote_send(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The customer has it."""
    return act(request, lambda company: quotes.quote_send(company, quote_id), "quotes",
               deal=itself(quote_id), subject=quote_id)  # fmt: skip


@router.post(
    "/quotes/{quote_id}/accept",
    response={200: s.Quote, **WRITE_ERRORS},
    auth=Token(Scope.QUOTES_WRITE),
    tags=["quotes"],
)
def quote_accept(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The customer wants it; its job waits to be scheduled."""
    return act(request, lambda company: quotes.quote_accept(company, quote_id), "quotes",
               deal=itself(quote_id), subject=quote_id)  # fmt: skip


@router.post(
    "/quotes/{quote_id}/reject",
    response={200: s.Quote, **WRITE_ERRORS},
    auth=Token(Scope.QUOTES_WRITE),
    tags=["quotes"],
)
def quote_reject(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """The customer does not want it."""
    return act(request, lambda company: quotes.quote_reject(company, quote_id), "quotes",
               deal=itself(quote_id), subject=quote_id)  # fmt: skip
