"""Leads."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from crm.api import schemas as s
from crm.api.answers import act, list_answer, row_answer
from crm.api.auth import Token
from crm.api.problems import Refused
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
from crm.models import Scope
from crm.services import leads

router = Router()


@router.get("/leads", response={200: s.LeadPage, **ERRORS}, auth=Token(Scope.LEADS_READ), tags=["leads"])
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


@router.get("/leads/{lead_id}", response={200: s.Lead, **ONE_ERRORS}, auth=Token(Scope.LEADS_READ), tags=["leads"])
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
