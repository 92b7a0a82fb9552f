"""Quotes: drafted, edited, sent, accepted or rejected."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from crm.exceptions import BadInput, Conflict
from crm.ids import deal_child_id
from crm.models import Company, Job, Lead, Quote, QuoteItem
from crm.moves import next_status
from crm.ports import Contact, deal_writes
from crm.services.deals import deal_write, locked, save
from crm.services.leads import placed
from crm.values import Line, Totals, totals


def quote_create(
    company: Company,
    *,
    lead_id: UUID | None = None,
    who: Contact | UUID | None = None,
    lines: Sequence[Line] = (),
    quote_number: str | None = None,
    job_name: str | None = None,
    description: str | None = None,
    notes: str | None = None,
    discount_amount: Decimal = Decimal(0),
    tax_rate: Decimal = Decimal(0),
) -> UUID:
    """A draft for a lead (whose id it takes, so that a deal has one id), or for a customer without one; its id.

    Raises:
        NotFound, BadInput: no such lead or customer, or neither is given.
        Conflict: the lead has a quote already.
        IllegalMove: the lead is in no state to be quoted.
    """
    now = timezone.now()
    id = lead_id or uuid.uuid4()
    with deal_write(company, id):
        lead = locked(Lead, company, lead_id) if lead_id else None
        if lead:
            if Quote.objects.filter(company=company, lead=lead).exists():
                raise Conflict("This lead has a quote already; edit that one.")
            save(lead, status=next_status("lead", lead.status, "quoted"))
            customer_id = lead.customer_id
        elif who is None:
            raise BadInput("A quote needs a lead_id, a customer_id or a customer.")
        else:
            whose = placed(company, who, now)
            deal_writes().opened(company, id, whose)
            customer_id = whose.customer_id
        sums = _totals(lines, discount_amount=discount_amount, tax_rate=tax_rate)
        # After the lead's: where both hold the same fact, the row written last is right.
        now = timezone.now()
        quote = Quote.objects.create(
            id=id, company=company, customer_id=customer_id, lead=lead,
            quote_number=quote_number or f"Q-{id.hex[:8].upper()}", job_name=job_name,
            description=description if description is not None or lead is None else lead.description,
            notes=notes if notes is not None or lead is None else lead.notes, status="draft",
            subtotal=sums.subtotal, discount_amount=sums.discount_amount, tax_rate=sums.tax_rate,
            tax_amount=sums.tax_amount, total=sums.total, created_at=now, updated_at=now,
        )  # fmt: skip
        _write_lines(quote, lines, now)
    return id


def quote_edit(
    company: Company, quote_id: UUID, changes: Mapping[str, Any], *, lines: Sequence[Line] | None = None
) -> UUID:
    """Change a quote that nobody has accepted; sums follow from lines, discount and tax rate.

    Args:
        changes: columns and values: job_name, description, notes, discount_amount, tax_rate.
        lines: all of them, in order; None leaves them as they are.
    Raises:
        NotFound, IllegalMove: no such quote, or it was accepted or rejected.
        BadInput: it comes to more than a number can hold.
    """
    with deal_write(company, quote_id):
        quote = locked(Quote, company, quote_id)
        next_status("quote", quote.status, "edited")
        new = dict(changes)
        if lines is not None or {"discount_amount", "tax_rate"} & set(new):
            if lines is None:
                # Recorded sums stay what they are; only the discount and the tax on the rest change.
                known = quote.subtotal if quote.subtotal is not None else Decimal(0)
                lines_now: Sequence[Line] = [Line(name="", quantity=Decimal(1), unit_price=known)]
            else:
                lines_now = lines
            sums = _totals(
                lines_now,
                discount_amount=_number(new.get("discount_amount"), quote.discount_amount),
                tax_rate=_number(new.get("tax_rate"), quote.tax_rate),
            )
            new |= {
                "subtotal": sums.subtotal, "discount_amount": sums.discount_amount, "tax_rate": sums.tax_rate,
                "tax_amount": sums.tax_amount, "total": sums.total,
            }  # fmt: skip
        save(quote, **new)
        if lines is not None:
            _write_lines(quote, lines, timezone.now())
    return quote_id


def quote_send(company: Company, quote_id: UUID) -> UUID:
    """The customer has it.

    Raises:
        NotFound, IllegalMove: no such quote, or it is no draft.
    """
    with deal_write(company, quote_id):
        quote = locked(Quote, company, quote_id)
        save(quote, status=next_status("quote", quote.status, "sent"), sent_at=timezone.now())
    return quote_id


def quote_accept(company: Company, quote_id: UUID) -> UUID:
    """The customer wants it: its job is opened and waits to be scheduled.

    Raises:
        NotFound, IllegalMove: no such quote, or it is not with the customer.
    """
    with deal_write(company, quote_id):
        quote = locked(Quote, company, quote_id)
        save(quote, status=next_status("quote", quote.status, "accepted"))
        now = timezone.now()
        Job.objects.get_or_create(
            quote=quote,
            defaults={
                "id": deal_child_id(quote_id, "job"), "company": company, "customer_id": quote.customer_id,
                "job_number": f"JOB-{quote_id}", "title": quote.job_name, "description": quote.description,
                "status": Job.Status.SCHEDULED, "created_at": now, "updated_at": now,
            },
        )  # fmt: skip
    return quote_id


def quote_reject(company: Company, quote_id: UUID) -> UUID:
    """The customer does not want it.

    Raises:
        NotFound, IllegalMove: no such quote, or it is not with the customer.
    """
    with deal_write(company, quote_id):
        quote = locked(Quote, company, quote_id)
        save(quote, status=next_status("quote", quote.status, "rejected"))
    return quote_id


def _number(asked: Decimal | None, known: Decimal | None) -> Decimal:
    return asked if asked is not None else known if known is not None else Decimal(0)


def _totals(lines: Sequence[Line], *, discount_amount: Decimal, tax_rate: Decimal) -> Totals:
    try:
        return totals(lines, discount_amount=discount_amount, tax_rate=tax_rate)
    except ValueError as error:
        raise BadInput(f"This cannot be stored: {error}.") from error


def _write_lines(quote: Quote, lines: Sequence[Line], now: datetime) -> None:
    QuoteItem.objects.filter(quote=quote).delete()
    QuoteItem.objects.bulk_create(
        QuoteItem(
            # By place: a repeat writes the same rows.
            id=deal_child_id(quote.pk, f"item:{place}"), company_id=quote.company_id, quote=quote, position=place,
            name=line.name, description=line.description, quantity=line.quantity, unit_price=line.unit_price,
            total=line.total, option_tier=line.option_tier, is_upsell=line.is_upsell, is_discount=line.is_discount,
            sort_order=place, created_at=now, updated_at=now,
        )
        for place, line in enumerate(lines, start=1)
    )  # fmt: skip
