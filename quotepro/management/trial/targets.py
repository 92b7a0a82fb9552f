"""What users of the load test ask for: the lists, records and pages of companies that have some."""

import json
from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse

from crm.models import Company, Customer, Invoice, Job, Lead, Quote
from migration_ops.selectors.legacy_rows import legacy_page, reads_new
from quotepro.management.trial.load import Target

MOST_COMPANIES = 5
IDS = 50


def companies_with_quotes() -> list[Company]:
    """Some companies that have quotes, found by the index of each; none where nothing was migrated."""
    found: list[Company] = []
    for company in Company.objects.order_by("pk").iterator():
        if Quote.objects.filter(company=company).exists():
            found.append(company)
        if len(found) == MOST_COMPANIES:
            break
    return found


def targets_of(company: Company) -> list[Target]:
    """The requests of one company's users."""

    def ids(model: type[Quote] | type[Lead] | type[Job] | type[Invoice] | type[Customer]) -> Sequence[UUID]:
        newest = model._default_manager.filter(company=company).order_by("-created_at", "-id")
        return list(newest.values_list("pk", flat=True)[:IDS])

    quotes, invoices = ids(Quote), ids(Invoice)
    rows = legacy_page(company, limit=IDS, offset=0, is_new=reads_new(company))
    in_v1 = [json.loads(row)["id"] for row in rows]
    browse = f"{reverse('admin:crm_quote_browse')}?company={company.pk}"
    targets = [
        Target(name="v2 quotes", weight=30, paths=["/api/v2/quotes?limit=20", "/api/v2/quotes?limit=20&offset=20",
                                                    "/api/v2/quotes?limit=20&offset=200"]),
        Target(name="v2 quote", weight=15, paths=[f"/api/v2/quotes/{id}" for id in quotes]),
        Target(name="v2 leads", weight=15, paths=["/api/v2/leads?limit=20", "/api/v2/leads?limit=20&offset=40"]),
        Target(name="v2 jobs", weight=10, paths=["/api/v2/jobs?limit=20"]),
        Target(name="v2 invoices", weight=10, paths=["/api/v2/invoices?limit=20"]),
        Target(name="v2 invoice", weight=5, paths=[f"/api/v2/invoices/{id}" for id in invoices]),
        Target(name="v2 customers", weight=5, paths=["/api/v2/customers?limit=20"]),
        Target(name="v1 quotes", weight=4, paths=["/api/quotes?limit=20"]),
        Target(name="v1 quote", weight=4, paths=[f"/api/quotes/{id}" for id in in_v1]),
        Target(name="page quotes", weight=1, paths=[browse], is_page=True),
        Target(name="page story", weight=1, paths=[reverse("admin:crm_quote_story", args=[id]) for id in quotes],
               is_page=True),
    ]  # fmt: skip
    return [target for target in targets if target.paths]
