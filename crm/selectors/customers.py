"""Reads of customers, shaped for their caller."""

from collections.abc import Sequence
from uuid import UUID

import phonenumbers
from django.db import connection
from django.db.models import Value
from django.db.models.functions import MD5
from django.db.models.lookups import Exact

from crm.exceptions import CustomerUnknown
from crm.models import Company, CustomerContact
from crm.sql import block

FEWEST_DIGITS = 7


def customers_by_key(term: str, *, most: int = 200) -> list[tuple[UUID, UUID]]:
    """Customers who ever used this mailbox or phone, as (company id, customer id), `most` of them at most.

    Found by the indexes of the match keys, whatever the tables hold. A phone is read by the rules of every region
    that a company has. Empty for a term that is neither.
    """
    if "@" in term:
        column, keys = "email_key", [term.strip().lower()]
    elif sum(sign.isdigit() for sign in term) >= FEWEST_DIGITS:
        column, keys = "phone_key", _phone_keys(term)
    else:
        return []
    found: dict[tuple[UUID, UUID], None] = {}
    for key in keys:
        rows = CustomerContact.objects.filter(
            Exact(MD5(column), MD5(Value(key))),
            # The indexes begin with the company.
            company__in=Company.objects.values("pk"),
            **{f"{column}__isnull": False},
        ).order_by()
        found |= dict.fromkeys(rows.values_list("company_id", "customer_id")[:most])
    return list(found)[:most]


def _phone_keys(term: str) -> list[str]:
    keys = dict.fromkeys([term])
    for region in Company.objects.order_by("phone_region").values_list("phone_region", flat=True).distinct():
        try:
            number = phonenumbers.parse(term, region)
        except phonenumbers.NumberParseException:
            continue
        keys[phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)] = None
    return list(keys)


def living(company: Company, customers: Sequence[UUID]) -> dict[UUID, UUID]:
    """The living customer each of these is part of by now, itself where it was never merged."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "roots"), {"company": company.pk, "customers": list(customers)})
        return dict(cursor.fetchall())


def hold_living(company: Company, customer: UUID) -> UUID:
    """The living customer that this one is part of, held so that nobody merges it before the transaction ends.

    Whoever writes a row for a customer asks here first, in the transaction of that row.

    Raises:
        CustomerUnknown: the company has no such customer.
    """
    at: UUID = customer
    with connection.cursor() as cursor:
        while True:
            cursor.execute(block("merge", "hold"), {"company": company.pk, "customer": at})
            row = cursor.fetchone()
            if row is None:
                raise CustomerUnknown(customer=at, company=company.slug)
            if row[0] is None:
                return at
            at = row[0]
