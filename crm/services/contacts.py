"""Whose contact it is, for a new deal."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from crm.exceptions import BadInput, NotFound
from crm.models import Company, Customer, CustomerAddress, CustomerContact
from crm.ports import Contact, Placed, deal_writes


def contact_place(company: Company, contact: Contact, at: datetime) -> Placed:
    """The customer of a contact, made where it is new.

    Raises:
        BadInput: neither name, e-mail nor phone is given.
    """
    if not any((part or "").strip() for part in (contact.name, contact.email, contact.phone)):
        raise BadInput("A customer needs a name, an e-mail or a phone.")
    return deal_writes().place(company, contact, at) or _place(company, contact, at)


def customer_place(company: Company, customer_id: UUID) -> Placed:
    """A known customer's contact and address used last; a merged customer gives the survivor's.

    Raises:
        NotFound: the company has no such customer.
        BadInput: nothing is recorded of the customer that a new deal could go by.
    """
    survivor = survivor_of(company, customer_id)
    contact = (
        CustomerContact.objects.filter(company=company, customer=survivor)
        .exclude(Q(name=None) & Q(email=None) & Q(phone=None))
        .order_by("-last_seen_at", "pk")
        .first()
    )
    if contact is None or not any((part or "").strip() for part in (contact.name, contact.email, contact.phone)):
        raise BadInput("Nothing is recorded of this customer; give name, e-mail or phone instead of customer_id.")
    address = CustomerAddress.objects.filter(company=company, customer=survivor, is_primary=True).first()
    return Placed(customer_id=survivor, contact_id=contact.pk, address_id=address.pk if address else None)


def survivor_of(company: Company, customer_id: UUID) -> UUID:
    """The customer that stands for this one now: itself, or the one it was merged into.

    Raises:
        NotFound: the company has no such customer.
    """
    seen: set[UUID] = set()
    while customer_id not in seen:
        seen.add(customer_id)
        found = Customer.objects.filter(pk=customer_id, company=company).values_list("merged_into_id").first()
        if found is None:
            raise NotFound("customer")
        if found[0] is None:
            return customer_id
        customer_id = found[0]
    raise NotFound("customer")


def _place(company: Company, contact: Contact, at: datetime) -> Placed:
    known = CustomerContact.objects.filter(
        company=company, name=contact.name, email=contact.email, phone=contact.phone
    ).first()
    if known is None:
        shared = Customer.objects.filter(company=company, phone=contact.phone, merged_into=None)
        is_shared = bool(contact.phone) and shared.exists()
        shared.update(phone_is_shared=True) if is_shared else None
        customer = Customer.objects.create(
            id=uuid.uuid4(), company=company, name=contact.name or "", email=contact.email, phone=contact.phone,
            phone_is_shared=is_shared, created_at=at, updated_at=at,
        )  # fmt: skip
        known = CustomerContact.objects.create(
            company=company, customer=customer, name=contact.name, email=contact.email, phone=contact.phone,
            email_key=(contact.email or "").strip().lower() or None, phone_key=contact.phone or None,
            first_seen_at=at, last_seen_at=at,
        )  # fmt: skip
    CustomerContact.objects.filter(pk=known.pk, last_seen_at__lt=at).update(last_seen_at=at)
    address = None
    if contact.address and contact.address.strip():
        of_customer = CustomerAddress.objects.filter(company=company, customer_id=known.customer_id)
        of_customer.filter(is_primary=True).exclude(address=contact.address).update(is_primary=False)
        address, _ = CustomerAddress.objects.get_or_create(
            company=company, customer_id=known.customer_id, address=contact.address,
            defaults={"created_at": at, "last_used_at": at},
        )  # fmt: skip
        of_customer.filter(pk=address.pk).update(is_primary=True, last_used_at=F("last_used_at"))
    return Placed(
        customer_id=survivor_of(company, known.customer_id), contact_id=known.pk,
        address_id=address.pk if address else None,
    )  # fmt: skip
