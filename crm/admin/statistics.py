"""Figures of each company, with their age."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timesince import timesince

from crm.admin.columns import link, money, number, when
from crm.admin.filters import CompanyFilter
from crm.admin.lists import ListAdmin
from crm.admin.scope import companies_seen, company_seen
from crm.models import DashboardStats

SHOWN = 15
"""Companies a chart shows, the largest first."""
OLD_H = 2
"""Hours after which figures that are computed hourly are late."""
CHARTS = (
    ("monthly_revenue", "Received this month", True),
    ("monthly_quoted", "Offered this month", True),
    ("pending_leads", "Pending leads", False),
    ("qualified_leads", "Qualified leads", False),
    ("total_customers", "Customers with a quote", False),
)
"""Figure, its words, whether it is money."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One company of a chart: `percent` of the longest bar; a figure below zero has none."""

    company: Any
    shown: str
    percent: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One figure of every company: its sum, and the companies where it is largest."""

    words: str
    name: str
    total: str
    bars: tuple[Bar, ...]
    more: int


@admin.display(description="age")
def age(stats: DashboardStats) -> str:
    """How long ago they were computed."""
    return timesince(stats.refreshed_at)


@admin.register(DashboardStats)
class DashboardStatsAdmin(ListAdmin):
    """One line a company; refreshed hourly, or by refresh_dashboard_stats."""

    list_display: tuple[Any, ...] = (
        link("company"), number("pending_leads"), number("qualified_leads"), number("total_customers"),
        money("monthly_revenue"), money("monthly_quoted"), age,
    )  # fmt: skip
    list_filter = (CompanyFilter,)
    list_select_related = ("company",)
    ordering = ("company_id",)
    list_before_template = "admin/crm/figures_link.html"
    fieldsets = (
        (None, {"fields": (link("company"), number("pending_leads"), number("qualified_leads"),
                           number("total_customers"))}),
        ("This month", {"fields": (money("monthly_revenue"), money("monthly_quoted"), when("month_start"))}),
        ("Record", {"fields": (when("refreshed_at"), age)}),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        """With the charts."""
        view = self.admin_site.admin_view(self.figures_view)
        return [path("figures/", view, name="crm_dashboardstats_figures"), *super().get_urls()]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """The figures of the companies the person may see, as charts, with the age of the oldest."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        company = company_seen(request, request.GET.get("company", ""))
        rows = self.get_queryset(request)
        rows = rows.filter(company=company) if company else rows
        times = rows.aggregate(oldest=Min("refreshed_at"), newest=Max("refreshed_at"))
        sums = rows.aggregate(**{f"{name}_sum": Sum(name) for name, _, _ in CHARTS})
        count = rows.count()
        oldest = times["oldest"]
        context = {
            **self.admin_site.each_context(request), "title": "Statistics", "opts": self.model._meta,
            "company": company, "companies": list(companies_seen(request).order_by("name")[:200]), "count": count,
            "charts": [
                _chart(rows, name, words, is_money=is_money, total=sums[f"{name}_sum"], count=count)
                for name, words, is_money in CHARTS
            ],
            "oldest": oldest, "is_old": oldest is not None and oldest < timezone.now() - timedelta(hours=OLD_H),
        }  # fmt: skip
        return TemplateResponse(request, "admin/crm/figures.html", context)


def _chart(rows: Any, name: str, words: str, *, is_money: bool, total: Any, count: int) -> Chart:
    largest = list(rows.select_related("company").order_by(f"-{name}", "company_id")[:SHOWN])
    most = max((getattr(each, name) for each in largest), default=0)
    return Chart(
        words=words, name=name, total=_figure(total or 0, is_money=is_money), more=max(0, count - len(largest)),
        bars=tuple(
            Bar(
                company=each.company, shown=_figure(getattr(each, name), is_money=is_money),
                percent=f"{_percent(getattr(each, name), most):.1f}",
            )
            for each in largest
        ),
    )  # fmt: skip


def _figure(value: Any, *, is_money: bool) -> str:
    return f"{Decimal(value):,.2f}" if is_money else f"{value:,}"


def _percent(value: Any, most: Any) -> float:
    """Of the longest bar: 0 to 100."""
    return 0.0 if most <= 0 or value <= 0 else float(value * 100 / most)
