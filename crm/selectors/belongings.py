"""Everything that belongs to a customer, in a constant number of statements."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from crm.models import Customer, Invoice, Job, Lead, Quote

SHOWN_DEALS = 50


@dataclass(frozen=True, kw_only=True)
class Deal:
    """A quote with the first of its jobs and that job's first invoice, or a lead that has no quote."""

    lead: Lead | None
    quote: Quote | None
    job: Job | None
    invoice: Invoice | None


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """The latest deals, and the sums over all of them; ``more``: quotes and leads that are not shown."""

    deals: tuple[Deal, ...]
    quotes: int
    leads: int
    quoted: Decimal
    invoiced: Decimal
    paid: Decimal
    more: int


def belongings_of(customer: Customer) -> Belongings:
    """What a customer asked for, was offered, and paid."""
    mine = {"company": customer.company_id, "customer": customer}
    quotes = list(
        Quote.objects.filter(**mine)
        .select_related("lead")
        .prefetch_related("jobs__invoices")
        .order_by("-created_at", "pk")[:SHOWN_DEALS]
    )
    # A lead without a quote is a deal of its own; one more than shown tells whether there are more.
    leads = list(Lead.objects.filter(**mine, quotes__isnull=True).order_by("-created_at", "pk")[:SHOWN_DEALS])
    offered = Quote.objects.filter(**mine).aggregate(n=Count("pk"), total=Sum("total"))
    asked = Lead.objects.filter(**mine).aggregate(n=Count("pk"))
    owed = Invoice.objects.filter(**mine).aggregate(due=Sum("amount_due"), paid=Sum("amount_paid"))
    deals = [_deal(quote) for quote in quotes] + [Deal(lead=lead, quote=None, job=None, invoice=None) for lead in leads]
    return Belongings(
        deals=tuple(deals), quotes=offered["n"], leads=asked["n"], quoted=offered["total"] or Decimal(0),
        invoiced=owed["due"] or Decimal(0), paid=owed["paid"] or Decimal(0),
        more=max(0, offered["n"] - len(quotes)),
    )  # fmt: skip


def _deal(quote: Quote) -> Deal:
    job = next(iter(quote.jobs.all()), None)
    invoice = next(iter(job.invoices.all()), None) if job else None
    return Deal(lead=quote.lead, quote=quote, job=job, invoice=invoice)
