"""Invoices and their payment."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from crm.api import schemas as s
from crm.api.answers import act, list_answer, row_answer
from crm.api.auth import Token
from crm.api.routes.parameters import ERRORS, ONE_ERRORS, WRITE_ERRORS, Cursor, Limit, Offset, Status
from crm.models import Scope
from crm.services import deals, invoices

router = Router()


@router.get("/invoices", response={200: s.InvoicePage, **ERRORS}, auth=Token(Scope.INVOICES_READ), tags=["invoices"])
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
    "/invoices/{invoice_id}",
    response={200: s.Invoice, **ONE_ERRORS},
    auth=Token(Scope.INVOICES_READ),
    tags=["invoices"],
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
