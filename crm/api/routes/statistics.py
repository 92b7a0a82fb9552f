"""A company's figures."""

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from crm.api import schemas as s
from crm.api.answers import company_of
from crm.api.auth import Token
from crm.api.routes.parameters import ERRORS
from crm.exceptions import NotFound
from crm.models import DashboardStats, Scope

router = Router()


@router.get(
    "/statistics", response={200: s.Statistics, **ERRORS}, auth=Token(Scope.STATISTICS_READ), tags=["statistics"]
)
def statistics(request: HttpRequest) -> HttpResponse:
    """The company's figures as of the last refresh, and how old they are."""
    found = DashboardStats.objects.filter(company_id=company_of(request).pk).first()
    if found is None:
        raise NotFound("statistics of this company yet")
    body = {
        "pending_leads": found.pending_leads, "qualified_leads": found.qualified_leads,
        "total_customers": found.total_customers, "monthly_revenue": f"{found.monthly_revenue.normalize():f}",
        "monthly_quoted": f"{found.monthly_quoted.normalize():f}", "month_start": found.month_start,
        "refreshed_at": found.refreshed_at, "age_s": max(0, int((timezone.now() - found.refreshed_at).total_seconds())),
    }  # fmt: skip
    return HttpResponse(orjson.dumps(body), content_type="application/json")
