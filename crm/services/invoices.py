"""Invoices: created, sent, paid."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from crm.exceptions import BadInput, Conflict
from crm.ids import deal_child_id
from crm.models import Company, Invoice, Job, Payment, Quote
from crm.moves import next_status
from crm.services.deals import deal_of_invoice, deal_of_job, deal_write, locked, save


def invoice_create(
    company: Company, job_id: UUID, *, invoice_number: str | None = None, payment_link_url: str | None = None
) -> UUID:
    """What is owed for a job: the quote's total; the invoice's id.

    Raises:
        NotFound: no such job.
        Conflict: the job has an invoice.
    """
    deal_id = deal_of_job(company, job_id)
    with deal_write(company, deal_id):
        quote = locked(Quote, company, deal_id)
        job = locked(Job, company, job_id)
        next_status("job", job.status, "invoiced")
        if Invoice.objects.filter(company=company, job=job).exists():
            raise Conflict("This job has an invoice already.")
        now = timezone.now()
        invoice = Invoice.objects.create(
            id=deal_child_id(deal_id, "invoice"), company=company, job=job, customer_id=job.customer_id,
            invoice_number=invoice_number or f"INV-{deal_id.hex[:8].upper()}", amount_due=quote.total,
            amount_paid=Decimal(0), status=Invoice.Status.PENDING, payment_link_url=payment_link_url,
            created_at=now, updated_at=now,
        )  # fmt: skip
    return invoice.pk


def invoice_send(company: Company, invoice_id: UUID) -> UUID:
    """The customer has it.

    Raises:
        NotFound, IllegalMove: no such invoice, or it was sent or paid.
    """
    with deal_write(company, deal_of_invoice(company, invoice_id)):
        invoice = locked(Invoice, company, invoice_id)
        save(invoice, status=next_status("invoice", invoice.status, "sent"), sent_at=timezone.now())
    return invoice_id


def invoice_pay(
    company: Company,
    invoice_id: UUID,
    *,
    method: str,
    amount: Decimal | None = None,
    paid_at: datetime | None = None,
) -> UUID:
    """The whole amount was received.

    Raises:
        NotFound, IllegalMove: no such invoice, or it is paid.
        BadInput: another amount than is due; a part cannot be recorded.
    """
    deal_id = deal_of_invoice(company, invoice_id)
    with deal_write(company, deal_id):
        invoice = locked(Invoice, company, invoice_id)
        status = next_status("invoice", invoice.status, "paid")
        due = invoice.amount_due if invoice.amount_due is not None else Decimal(0)
        if amount is not None and amount != due:
            raise BadInput(f"{amount} is not the amount due, {due}; an invoice is paid in one payment.")
        now = timezone.now()
        save(invoice, status=status, amount_paid=due, paid_at=paid_at or now, payment_method=method)
        Payment.objects.create(
            id=deal_child_id(deal_id, "payment"), company=company, invoice=invoice, amount=due, method=method,
            paid_at=paid_at or now, created_at=now, updated_at=now,
        )  # fmt: skip
    return invoice_id
