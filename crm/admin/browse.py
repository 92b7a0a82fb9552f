"""The quotes page: search, filters, infinite scroll, and the whole story of a quote."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.admin.columns import amount
from crm.admin.filters import OFFERED_COMPANIES, uuid_or_none
from crm.admin.scope import companies_seen
from crm.admin.states import QUOTE_STATUSES
from crm.models import Company, Quote
from crm.selectors.api import Position
from crm.selectors.browse import Found, quote_story, quotes_found

PERMISSION = "crm.view_quote"
SIGNER = Signer(salt="browse-quotes", sep="~")


def _companies(request: HttpRequest) -> Any:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return companies_seen(request)


def _chosen(request: HttpRequest) -> Company | None:
    companies = _companies(request)
    asked = request.GET.get("company")
    id = uuid_or_none(asked) if asked else None
    if asked and id is None:
        raise Http404
    found: Company | None = companies.filter(pk=id).first() if id else companies.first()
    if id and found is None:
        raise Http404
    return found


def _page(request: HttpRequest, company: Company | None) -> dict[str, Any]:
    term, status = request.GET.get("q", "").replace("\x00", "")[:200], request.GET.get("status", "")[:80]
    cursor = request.GET.get("after")
    after = None
    if cursor:
        try:
            at, _, id = SIGNER.unsign(cursor).rpartition("_")
            after = Position(created_at=datetime.fromisoformat(at), id=UUID(id))
        except (BadSignature, ValueError) as error:
            raise Http404 from error
    status = status if status in QUOTE_STATUSES or status == "rejected" else ""
    rows, more = quotes_found(company, term=term, status=status, after=after) if company else ([], None)
    # Any id will do: to find the way to each row's story anew would take longer than the rest of the row.
    story_url = reverse("admin:crm_quote_story", args=[UUID(int=0)])
    return {
        "rows": [_cells(row, story_url.replace(str(UUID(int=0)), str(row.id))) for row in rows],
        "company": company, "term": term, "status": status, "is_first": after is None,
        "more_url": _more_url(company, term, status, more) if company and more else "",
    }  # fmt: skip


def _cells(row: Found, story_url: str) -> tuple[str, ...]:
    """What a line of the list shows, made here: template filters take a millisecond for ten lines."""
    return (
        story_url, _short(row.quote_number or "no number", 40), _short(row.customer_name, 60),
        _short(row.job_name or "", 60), _short(row.status, 30), "" if row.total is None else amount(row.total),
        f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _more_url(company: Company, term: str, status: str, more: Position) -> str:
    after = SIGNER.sign(f"{more.created_at.isoformat()}_{more.id.hex}")
    asked = urlencode({"company": str(company.pk), "q": term, "status": status, "after": after})
    return f"{reverse('admin:crm_quote_browse_rows')}?{asked}"


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """The page with its first rows."""
    company = _chosen(request)
    offered = list(_companies(request)[:OFFERED_COMPANIES])
    if company is not None and company not in offered:
        offered.append(company)
    context = admin.site.each_context(request) | _page(request, company)
    context |= {"title": "Find quotes", "companies": offered, "statuses": (*QUOTE_STATUSES, "rejected")}
    return TemplateResponse(request, "admin/crm/browse.html", context)


@require_safe
def browse_rows(request: HttpRequest) -> HttpResponse:
    """The next rows, for the end of the list."""
    return TemplateResponse(request, "admin/crm/browse_rows.html", _page(request, _chosen(request)))


@require_safe
def story(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """A quote from lead to payment; one of a company that is not to be seen does not exist."""
    companies = _companies(request)
    company_id = Quote.objects.filter(pk=quote_id).values_list("company_id", flat=True).first()
    company = companies.filter(pk=company_id).first() if company_id else None
    chapters = quote_story(company, quote_id) if company else None
    if chapters is None:
        raise Http404
    context = admin.site.each_context(request) | {
        "title": "Story of a quote", "chapters": chapters, "company": company, "quote_id": quote_id,
    }  # fmt: skip
    return TemplateResponse(request, "admin/crm/story.html", context)
