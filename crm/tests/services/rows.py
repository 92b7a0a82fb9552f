"""Customers of a company with everything that belongs to them, as programs other than the move would write it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from crm.models import (
    Company,
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerRelation,
    Invoice,
    Job,
    Lead,
    Quote,
)
from crm.ports import NoCompanion
from crm.services.references import Fate, Reference


class IdleCompanion(NoCompanion):
    """While the move's tables are there, somebody must answer for what they refer to."""

    references = (
        Reference(table="migration_legacy_link", column="address_id", to="customer_addresses", fate=Fate.COMPANION),
    )  # fmt: skip


NOW = datetime(2025, 5, 1, 9, tzinfo=UTC)
_numbers = count(1)


def a_company(slug: str = "acme") -> Company:
    return Company.objects.create(name=slug.title(), slug=slug)


def a_customer(company: Company, name: str, *, quotes: int = 1, addresses: tuple[str, ...] = (), **columns) -> Customer:
    """A customer with one contact, a lead, and so many quotes, each with a job and an invoice."""
    number = next(_numbers)
    values = {"email": f"c{number}@example.com", "phone": f"+1202555{number:04}"} | columns
    times = {"created_at": NOW + timedelta(days=number), "updated_at": NOW + timedelta(days=number)}
    customer = Customer.objects.create(company=company, name=name, **values, **times)
    CustomerContact.objects.create(
        company=company, customer=customer, name=name, email=values["email"], phone=values["phone"],
        email_key=values["email"], phone_key=values["phone"], name_key=name.lower(), first_seen_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    for place, address in enumerate(addresses):
        CustomerAddress.objects.create(
            company=company, customer=customer, address=address, is_primary=place == 0, created_at=NOW,
            last_used_at=NOW + timedelta(days=100 * number - place),
        )  # fmt: skip
    owner = {"company": company, "customer": customer}
    Lead.objects.create(status="new", **owner, **times)
    for _ in range(quotes):
        a_quote(customer)
    return customer


def a_quote(customer: Customer, total: str = "100") -> Quote:
    owner = {"company": customer.company, "customer": customer, "created_at": NOW, "updated_at": NOW}
    quote = Quote.objects.create(status="sent", total=Decimal(total), **owner)
    job = Job.objects.create(quote=quote, job_number=f"J-{quote.pk}", status="scheduled", **owner)
    Invoice.objects.create(job=job, status="sent", amount_due=Decimal(total), **owner)
    return quote


def household(one: Customer, other: Customer) -> CustomerRelation:
    return CustomerRelation.objects.create(company=one.company, customer=one, other=other, kind="household")
