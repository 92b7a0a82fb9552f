"""The routes of API v2: each reads its input, calls one service or selector and shows the row."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from crm.api import schemas as s
from crm.api.answers import act, company_of, list_answer, row_answer
from crm.api.auth import Token
from crm.api.problems import Refused
from crm.exceptions import NotFound
from crm.models import Company, DashboardStats, Scope
from crm.selectors.api import one
from crm.selectors.search import customer_filters
from crm.services import deals, invoices, jobs, leads, quotes
from crm.services.contacts import survivor_of
from crm.services.drafting import draft

router = Router()

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
Cursor = Annotated[str | None, Query(max_length=300)]
Status = Annotated[str | None, Query(max_length=80)]
ERRORS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 413, 429, 503), s.Problem)
WRITE_ERRORS: dict[int, Any] = ERRORS | dict.fromkeys((409, 412, 415, 422), s.Problem)
LIST_ERRORS: dict[int, Any] = ERRORS | {422: s.Problem}
PATCH_ERRORS: dict[int, Any] = WRITE_ERRORS | {428: s.Problem}
Text = Annotated[str, Field(max_length=200)]


def itself(id: UUID) -> Callable[[Company], UUID]:
    """The deal of a lead or quote has its id."""
    return lambda company: id


# --- leads ---


@router.get("/leads", response={200: s.LeadPage, **LIST_ERRORS}, auth=Token(Scope.LEADS_READ), tags=["leads"])
def lead_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None, status: Status = None,
    customer_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Leads, the newest first; by limit and offset, or by cursor for depth."""
    filters = {"status": status, "customer_id": customer_id}
    return list_answer(request, "leads", filters, limit=limit, offset=offset, cursor=cursor)


@router.post("/leads", response={201: s.Lead, **WRITE_ERRORS}, auth=Token(Scope.LEADS_WRITE), tags=["leads"])
def lead_create(request: HttpRequest, body: s.LeadIn) -> HttpResponse:
    """A new lead of a known customer (customer_id) or of a contact as recorded (customer)."""
    who = body.who()
    if who is None:
        raise Refused(422, "A lead needs a customer_id or a customer.")
    facts = body.model_dump(exclude={"customer", "customer_id"})
    return act(request, lambda company: leads.lead_create(company, who, **facts), "leads", status=201)


@router.get("/leads/{lead_id}", response={200: s.Lead, **ERRORS}, auth=Token(Scope.LEADS_READ), tags=["leads"])
def lead_detail(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """One lead."""
    return row_answer(request, "leads", lead_id)


@router.patch("/leads/{lead_id}", response={200: s.Lead, **PATCH_ERRORS}, auth=Token(Scope.LEADS_WRITE), tags=["leads"])
def lead_edit(request: HttpRequest, lead_id: UUID, body: s.LeadPatch) -> HttpResponse:
    """Change a lead; needs If-Match."""
    changes = body.model_dump(exclude_unset=True)
    return act(request, lambda company: leads.lead_edit(company, lead_id, changes), "leads",
               deal=itself(lead_id), subject=lead_id, needs_match=True)  # fmt: skip


@router.post(
    "/leads/{lead_id}/contacted", response={200: s.Lead, **WRITE_ERRORS}, auth=Token(Scope.LEADS_WRITE), tags=["leads"]
)
def lead_contacted(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Somebody spoke to them."""
    return act(request, lambda company: leads.lead_contacted(company, lead_id), "leads",
               deal=itself(lead_id), subject=lead_id)  # fmt: skip


@router.post(
    "/leads/{lead_id}/qualified", response={200: s.Lead, **WRITE_ERRORS}, auth=Token(Scope.LEADS_WRITE), tags=["leads"]
)
def lead_qualified(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """It is worth a quote."""
    return act(request, lambda company: leads.lead_qualified(company, lead_id), "leads",
               deal=itself(lead_id), subject=lead_id)  # fmt: skip


# --- quotes ---


@router.get("/quotes", response={200: s.QuotePage, **LIST_ERRORS}, auth=Token(Scope.QUOTES_READ), tags=["quotes"])
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


@router.get("/quotes/{quote_id}", response={200: s.Quote, **ERRORS}, auth=Token(Scope.QUOTES_READ), tags=["quotes"])
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


# --- jobs ---


@router.get("/jobs", response={200: s.JobPage, **LIST_ERRORS}, auth=Token(Scope.JOBS_READ), tags=["jobs"])
def job_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None, status: Status = None,
    customer_id: UUID | None = None, quote_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Jobs, the newest first; by limit and offset, or by cursor for depth."""
    filters = {"status": status, "customer_id": customer_id, "quote_id": quote_id}
    return list_answer(request, "jobs", filters, limit=limit, offset=offset, cursor=cursor)


@router.post("/jobs", response={201: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"])
def job_create(request: HttpRequest, body: s.JobIn) -> HttpResponse:
    """Schedule the job of an accepted quote."""
    facts = body.model_dump(exclude={"quote_id"})
    return act(request, lambda company: jobs.job_schedule(company, body.quote_id, **facts), "jobs", status=201)


@router.get("/jobs/{job_id}", response={200: s.Job, **ERRORS}, auth=Token(Scope.JOBS_READ), tags=["jobs"])
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job."""
    return row_answer(request, "jobs", job_id)


@router.post("/jobs/{job_id}/start", response={200: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"])
def job_start(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The work has begun."""
    return act(request, lambda company: jobs.job_start(company, job_id), "jobs",
               deal=lambda company: deals.deal_of_job(company, job_id), subject=job_id)  # fmt: skip


@router.post(
    "/jobs/{job_id}/complete", response={200: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"]
)
def job_complete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The work is done."""
    return act(request, lambda company: jobs.job_complete(company, job_id), "jobs",
               deal=lambda company: deals.deal_of_job(company, job_id), subject=job_id)  # fmt: skip


# --- invoices ---


@router.get(
    "/invoices", response={200: s.InvoicePage, **LIST_ERRORS}, auth=Token(Scope.INVOICES_READ), tags=["invoices"]
)
def invoice_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None, status: Status = None,
    customer_id: UUID | None = None, job_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Invoices with what was received, the newest first; by limit and offset, or by cursor for depth."""
    filters = {"status": status, "customer_id": customer_id, "job_id": job_id}
    return list_answer(request, "invoices", filters, limit=limit, offset=offset, cursor=cursor)


@router.post(
    "/invoices", response={201: s.Invoice, **WRITE_ERRORS}, auth=Token(Scope.INVOICES_WRITE), tags=["invoices"]
)
def invoice_create(request: HttpRequest, body: s.InvoiceIn) -> HttpResponse:
    """An invoice of the quote's total for a job."""
    facts = body.model_dump(exclude={"job_id"})
    return act(request, lambda company: invoices.invoice_create(company, body.job_id, **facts), "invoices", status=201)


@router.get(
    "/invoices/{invoice_id}", response={200: s.Invoice, **ERRORS}, auth=Token(Scope.INVOICES_READ), tags=["invoices"]
)
def invoice_detail(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """One invoice."""
    return row_answer(request, "invoices", invoice_id)


@router.post(
    "/invoices/{invoice_id}/send",
    response={200: s.Invoice, **WRITE_ERRORS},
    auth=Token(Scope.INVOICES_WRITE),
    tags=["invoices"],
)
def invoice_send(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """The customer has it."""
    return act(request, lambda company: invoices.invoice_send(company, invoice_id), "invoices",
               deal=lambda company: deals.deal_of_invoice(company, invoice_id), subject=invoice_id)  # fmt: skip


@router.post(
    "/invoices/{invoice_id}/pay",
    response={200: s.Invoice, **WRITE_ERRORS},
    auth=Token(Scope.INVOICES_WRITE),
    tags=["invoices"],
)
def invoice_pay(request: HttpRequest, invoice_id: UUID, body: s.PayIn) -> HttpResponse:
    """The whole amount was received."""
    facts = body.model_dump()
    return act(request, lambda company: invoices.invoice_pay(company, invoice_id, **facts), "invoices",
               deal=lambda company: deals.deal_of_invoice(company, invoice_id), subject=invoice_id)  # fmt: skip


# --- customers ---


@router.get(
    "/customers", response={200: s.CustomerPage, **LIST_ERRORS}, auth=Token(Scope.CUSTOMERS_READ), tags=["customers"]
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
    response={200: s.Customer, **ERRORS},
    auth=Token(Scope.CUSTOMERS_READ),
    tags=["customers"],
)
def customer_detail(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """One customer; the id of a merged one gives the survivor."""
    return row_answer(request, "customers", survivor_of(company_of(request), customer_id))


# --- statistics ---


@router.get(
    "/statistics", response={200: s.Statistics, **ERRORS}, auth=Token(Scope.STATISTICS_READ), tags=["statistics"]
)
def statistics(request: HttpRequest) -> HttpResponse:
    """The company's figures as of the last refresh, and how old they are."""
    found = DashboardStats.objects.filter(company_id=company_of(request).pk).first()
    if found is None:
        raise NotFound("statistics of this company yet")
    body = {
        "pending_leads": found.pending_leads, "qualified_leads": found.qualified_leads,
        "total_customers": found.total_customers, "monthly_revenue": f"{found.monthly_revenue.normalize():f}",
        "monthly_quoted": f"{found.monthly_quoted.normalize():f}", "month_start": found.month_start,
        "refreshed_at": found.refreshed_at, "age_s": max(0, int((timezone.now() - found.refreshed_at).total_seconds())),
    }  # fmt: skip
    return HttpResponse(orjson.dumps(body), content_type="application/json")
