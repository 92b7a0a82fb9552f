"""Rows of a company as the move writes them: a deal a number, each with a whole story."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from crm.models import (
    Company,
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerRelation,
    Invoice,
    Job,
    Lead,
    Payment,
    Quote,
    QuoteItem,
)

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
SPACE = UUID(int=1)
HOSTILE = "<script>alert(1)</script>"


def an_id(name: str) -> UUID:
    return uuid5(SPACE, name)


def a_company(number: int = 0) -> Company:
    return Company.objects.create(id=an_id(f"company {number}"), name=f"Company {number}", slug=f"company-{number}")


def deals(company: Company, number: int, *, name: str = HOSTILE) -> list[UUID]:
    """So many customers, each with all that belongs to one and a lead that became a payment; the deals' ids."""
    return [_deal(company, f"{company.slug}/{place}", f"{name} {place}", place) for place in range(number)]


def _deal(company: Company, key: str, name: str, place: int) -> UUID:
    times = {"created_at": NOW, "updated_at": NOW}
    phone = f"+1813555{place:04d}"
    ids = {kind: an_id(f"{kind} {key}") for kind in ("customer", "contact", "deal", "job", "invoice", "payment")}
    customer = Customer.objects.create(id=ids["customer"], company=company, name=name, phone=phone, **times)
    CustomerContact.objects.create(
        id=ids["contact"],
        company=company,
        customer=customer,
        name=name,
        email=f"Person{place}@Example.com",
        email_key=f"person{place}@example.com",
        phone=phone,
        phone_key=phone,
        flags=["email_role"],
        first_seen_at=NOW,
        last_seen_at=NOW,
    )
    address = {"address": f"{HOSTILE} Street", "created_at": NOW, "last_used_at": NOW}
    CustomerAddress.objects.create(company=company, customer=customer, is_primary=True, **address)
    other = Customer.objects.create(company=company, name="Other", phone=f"+1813556{place:04d}", **times)
    CustomerRelation.objects.create(company=company, customer=customer, other=other, kind="household")
    owner = {"company": company, "customer": customer}
    lead = Lead.objects.create(id=ids["deal"], status="odd", description=HOSTILE, notes=HOSTILE, **owner, **times)
    quote = Quote.objects.create(
        id=ids["deal"],
        lead=lead,
        quote_number=f"Q-{place}",
        job_name=HOSTILE,
        status="sent",
        tax_rate=Decimal("8.2500"),
        total=Decimal("1200.500000"),
        **owner,
        **times,
    )
    for position in (1, 2):
        item = {"name": HOSTILE, "quantity": Decimal("2.500"), "unit_price": Decimal("10.005"), "sort_order": position}
        QuoteItem.objects.create(company=company, quote=quote, position=position, **item, **times)
    job = Job.objects.create(id=ids["job"], quote=quote, job_number=f"J-{place}", status="completed", **owner, **times)
    invoice = Invoice.objects.create(
        id=ids["invoice"],
        job=job,
        invoice_number=f"INV-{place}",
        amount_due=Decimal("1200.50"),
        amount_paid=Decimal("1200.50"),
        status="paid",
        payment_link_url="javascript:alert(1)",
        **owner,
        **times,
    )
    Payment.objects.create(
        id=ids["payment"],
        company=company,
        invoice=invoice,
        amount=Decimal("1200.50"),
        method=HOSTILE,
        paid_at=NOW,
        **times,
    )
    return ids["deal"]
