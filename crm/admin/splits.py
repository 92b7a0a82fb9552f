"""The page that splits a customer who is two people, and the one that does an undone merge again."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from crm.admin.columns import anchor, page_of
from crm.admin.filters import uuid_or_none
from crm.admin.records import RecordAdmin
from crm.exceptions import CrmError
from crm.models import Customer, CustomerContact, Lead, Quote
from crm.services.split import made_by, split
from crm.services.split_plan import SplitPlan, deals_of, plan_split

MAY_MERGE = "crm.merge_customers"
MOST_DEALS = 200


@admin.display(description="two people in one?")
def split_link(customer: Customer) -> Any:
    """Leads to a page where one chooses who goes; only where there is somebody to choose."""
    if customer.merged_into_id or customer.is_placeholder or customer.contacts.count() < 2:
        return None
    return anchor("Split this customer…", reverse("admin:crm_customer_split", args=[customer.pk]))


class SplitPages(RecordAdmin):
    """The split page besides the usual ones of a customer."""

    def get_urls(self) -> list[URLPattern]:
        """With the split page."""
        view = self.admin_site.admin_view(self.split_view)
        return [path("<uuid:pk>/split/", view, name="crm_customer_split"), *super().get_urls()]

    def split_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET: whom to choose from; POST: what would happen, or with step=split, do it."""
        customer = self.get_queryset(request).filter(pk=pk).first()
        if customer is None:
            raise Http404
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        contacts = _ids(request, "contact")
        deals = _ids(request, "deal")
        plan: SplitPlan | None = None
        if request.method == "POST":
            try:
                if request.POST.get("step") == "split":
                    return self._split(request, customer, contacts, deals)
                plan = plan_split(customer.company, customer.pk, contacts, deals=deals)
            except CrmError as error:
                messages.error(request, str(error))
        context = {
            **self.admin_site.each_context(request), "title": f"Split: {customer}", "opts": self.model._meta,
            "customer": customer, "back": page_of(customer), "plan": plan, "why": request.POST.get("why", ""),
            "seen": json.dumps(dict(plan.parts)) if plan else "", **_choices(customer, contacts, deals),
        }  # fmt: skip
        return TemplateResponse(request, "admin/crm/split.html", context)

    def _split(self, request: HttpRequest, customer: Customer, contacts: set[UUID], deals: set[UUID]) -> HttpResponse:
        done = split(
            customer.company, customer.pk, contacts, deals=deals, actor=request.user.get_username(),
            reason=request.POST.get("why", "").strip(), seen=seen_parts(request),
        )  # fmt: skip
        undo = reverse("admin:crm_customermerge_undo", args=[done.pk])
        messages.success(
            request,
            format_html(
                "This customer was split from {}. {}", anchor(str(customer), page_of(customer)), anchor("Undo…", undo)
            ),
        )
        return HttpResponseRedirect(reverse("admin:crm_customer_change", args=[made_by(done)]))


def _choices(customer: Customer, contacts: set[UUID], deals: set[UUID]) -> dict[str, Any]:
    """Contacts with how many deals go with each, and deals that no contact takes along, the latest first."""
    found = deals_of(customer.company, customer.pk)
    known = CustomerContact.objects.filter(company=customer.company_id, customer=customer)
    free = found.free()
    quotes = Quote.objects.filter(company=customer.company_id, customer=customer)
    rows: list[Any] = list(quotes.filter(lead__in=free).order_by("-created_at")[:MOST_DEALS])
    rows += quotes.filter(pk__in=free, lead__isnull=True).order_by("-created_at")[:MOST_DEALS]
    leads = Lead.objects.filter(company=customer.company_id, pk__in=free, quotes__isnull=True)
    rows += leads.order_by("-created_at")[:MOST_DEALS]
    shown: dict[UUID, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row.created_at, reverse=True):
        deal = getattr(row, "lead_id", None) or row.pk
        shown.setdefault(deal, {"id": deal, "row": row, "is_lead": isinstance(row, Lead), "is_chosen": deal in deals})
    listed = list(shown.values())[:MOST_DEALS]
    return {
        "contacts": [(each, len(found.of({each.pk})), each.pk in contacts) for each in known],
        "deals": listed,
        "more_deals": len(free) - len(listed),
    }


def _ids(request: HttpRequest, name: str) -> set[UUID]:
    found = (uuid_or_none(value) for value in request.POST.getlist(name))
    return {id for id in found if id is not None}


def seen_parts(request: HttpRequest) -> dict[str, str]:
    """What the person saw; nothing of it where the field was tampered with, so that everything counts as changed."""
    try:
        seen = json.loads(request.POST.get("seen", ""))
    except ValueError:
        return {}
    return {str(part): str(value) for part, value in seen.items()} if isinstance(seen, dict) else {}
