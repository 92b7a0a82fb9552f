"""Which companies a member of staff sees: the one place that answers it."""

from typing import Any
from uuid import UUID

from crm.models import StaffAccess


def companies_of(user: Any) -> frozenset[UUID] | None:
    """Ids of the companies whose rows the user may see; None for all of them. One statement for each request."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return None
    known = vars(user)
    if "qp_companies" not in known:
        found = StaffAccess.objects.filter(user_id=user.pk, is_limited=True).values_list("companies", flat=True)
        rows = list(found)
        # Limited without a company is one row with nothing in it; not limited is no row.
        known["qp_companies"] = frozenset(filter(None, rows)) if rows else None
    companies: frozenset[UUID] | None = known["qp_companies"]
    return companies
