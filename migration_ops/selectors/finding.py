"""Legacy rows by what the new tables have an index for."""

from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Left

from crm.models import Company, Quote
from crm.selectors.customers import customers_by_key
from migration_ops.models import LegacyLink

MOST = 1_000


def legacy_ids_of(term: str) -> list[UUID]:
    """Ids of migrated rows with this quote number, or of customers who used this mailbox; so many at most.

    They may have it: the caller compares the rows themselves.
    """
    numbers = Quote.objects.annotate(start=Left("quote_number", 64)).filter(
        start=Left(Value(term), 64),
        # The index begins with the company.
        company__in=Company.objects.values("pk"),
        quote_number=term,
    )
    found = list(numbers.order_by().values_list("pk", flat=True)[:MOST])
    customers = customers_by_key(term) if "@" in term else []
    if customers:
        links = LegacyLink.objects.filter(
            contact__company__in={company for company, _ in customers},
            contact__customer__in=[customer for _, customer in customers],
        )
        found += links.order_by().values_list("pk", flat=True)[:MOST]
    return found
