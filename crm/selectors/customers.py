"""Reads of customers, shaped for their caller."""

from uuid import UUID

import phonenumbers
from django.db.models import Value
from django.db.models.functions import MD5
from django.db.models.lookups import Exact

from crm.models import Company, CustomerContact

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
