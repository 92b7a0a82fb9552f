"""Contacts of a company in the database, each a customer of its own."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid5

from benchmarks.made.traps import Row
from crm.models import Company, Customer, CustomerAddress, CustomerContact, CustomerRelation
from migration_ops.identity.keys import contact_keys
from migration_ops.models import DedupConflict, DedupContact, DedupGroup, DedupRun, DedupValue

NOW = datetime(2024, 3, 1, tzinfo=UTC)


def contact_id(company: Company, number: int) -> UUID:
    """The id of the contact of a row."""
    return uuid5(company.pk, f"contact {number}")


def customer_id(company: Company, number: int) -> UUID:
    """The id of the customer of a row."""
    return uuid5(company.pk, f"customer {number}")


def store(company: Company, rows: Iterable[tuple[int, Row]]) -> None:
    """Write the numbered rows as contacts, in the order given."""
    for number, row in rows:
        keys = contact_keys(row.name, row.email, row.phone, company.phone_region)
        customer = Customer.objects.create(
            pk=customer_id(company, number), company=company, name=row.name or "", email=row.email, phone=row.phone,
            phone_is_shared=True, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        CustomerContact.objects.create(
            pk=contact_id(company, number), company=company, customer=customer, name=row.name, email=row.email,
            phone=row.phone, name_key=keys.name_key, email_key=keys.email_key, phone_key=keys.phone_key,
            extra_keys=list(keys.extra_keys), flags=list(keys.flags), first_seen_at=NOW, last_seen_at=NOW,
        )  # fmt: skip
        if row.address:
            CustomerAddress.objects.create(
                company=company,
                customer=customer,
                address=row.address,
                is_primary=True,
                created_at=NOW,
                last_used_at=NOW,
            )


def forget(company: Company) -> None:
    """Delete all that was written for the company."""
    DedupGroup.objects.filter(run__company=company).delete()
    for model in (
        DedupRun,
        DedupConflict,
        DedupContact,
        DedupValue,
        CustomerRelation,
        CustomerAddress,
        CustomerContact,
        Customer,
    ):
        model.objects.filter(company=company).delete()
