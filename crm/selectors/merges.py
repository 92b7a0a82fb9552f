"""Reads of merges, shaped for their caller."""

from crm.models import Customer, CustomerMerge, CustomerMergeMove

SHOWN_MERGES = 50


def merges_of(customer: Customer) -> list[CustomerMerge]:
    """Merges this customer took part in, on either side, the latest first."""
    as_part = CustomerMergeMove.objects.filter(
        company=customer.company_id, row_id=customer.pk, table="customers_new"
    ).values("merge")
    mine = CustomerMerge.objects.filter(company=customer.company_id).select_related("survivor")
    found = {
        merge.pk: merge
        for merge in (*mine.filter(survivor=customer)[:SHOWN_MERGES], *mine.filter(pk__in=as_part)[:SHOWN_MERGES])
    }
    return sorted(found.values(), key=lambda merge: merge.number, reverse=True)
