"""Figures of each company, with their age."""

from typing import Any

from django.contrib import admin
from django.utils.timesince import timesince

from crm.admin.columns import link, money, number, when
from crm.admin.filters import CompanyFilter
from crm.admin.lists import ListAdmin
from crm.models import DashboardStats


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
    fieldsets = (
        (None, {"fields": (link("company"), number("pending_leads"), number("qualified_leads"),
                           number("total_customers"))}),
        ("This month", {"fields": (money("monthly_revenue"), money("monthly_quoted"), when("month_start"))}),
        ("Record", {"fields": (when("refreshed_at"), age)}),
    )  # fmt: skip
