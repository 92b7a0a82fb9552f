"""What every write of a deal shares: held while it is written, told to the other side, one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm.exceptions import NotFound
from crm.models import Company, Invoice, Job, Lead, Quote
from crm.models.base import CompanyOwned
from crm.ports import deal_writes

Row = TypeVar("Row", bound=CompanyOwned)


@contextmanager
def deal_write(company: Company, deal_id: UUID) -> Iterator[None]:
    """One write of a deal, in one transaction: the deal is held first, and the other side is told at the end."""
    writes = deal_writes()
    with transaction.atomic():
        writes.begin(company, deal_id)
        yield
        writes.written(company, deal_id)


def deal_hold(company: Company, deal_id: UUID) -> None:
    """Hold the deal for the current transaction, so that a precondition stays true until the write.

    Raises:
        NotFound: the company has no such deal.
    """
    deal_writes().begin(company, deal_id)
    leads = Lead.objects.select_for_update().filter(pk=deal_id, company=company)
    quotes = Quote.objects.select_for_update().filter(pk=deal_id, company=company)
    if not [*leads.values_list("pk"), *quotes.values_list("pk")]:
        raise NotFound("deal")


def locked(model: type[Row], company: Company, id: UUID) -> Row:
    """The company's row, locked until the transaction ends.

    Raises:
        NotFound: the company has no such row.
    """
    row = model._default_manager.select_for_update().filter(pk=id, company=company).first()
    if row is None:
        raise NotFound(str(model._meta.verbose_name))
    return row


def deal_of_job(company: Company, job_id: UUID) -> UUID:
    """The deal a job belongs to.

    Raises:
        NotFound: the company has no such job.
    """
    found = Job.objects.filter(pk=job_id, company=company).values_list("quote_id", flat=True).first()
    if found is None:
        raise NotFound("job")
    return found


def deal_of_invoice(company: Company, invoice_id: UUID) -> UUID:
    """The deal an invoice belongs to.

    Raises:
        NotFound: the company has no such invoice.
    """
    found = Invoice.objects.filter(pk=invoice_id, company=company).values_list("job__quote_id", flat=True).first()
    if found is None:
        raise NotFound("invoice")
    return found


def save(row: CompanyOwned, **changes: object) -> None:
    """Write these columns of a locked row, and when it was changed."""
    everything = changes | {"updated_at": timezone.now()}
    for name, value in everything.items():
        setattr(row, name, value)
    row.save(update_fields=list(everything))
