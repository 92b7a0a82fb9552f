"""Leads."""

from django.contrib import admin

from crm.admin.columns import code, link, minute, short, state, text, when
from crm.admin.filters import CompanyFilter, choice_filter
from crm.admin.records import RecordAdmin
from crm.admin.states import COLOURS, LEAD_STATUSES, same_words
from crm.models import Lead


@admin.register(Lead)
class LeadAdmin(RecordAdmin):
    """What was asked for."""

    list_display = (
        minute("created_at", order="created_at"),
        link("customer"),
        state("status", COLOURS),
        short("description"),
        minute("scheduled_visit_at", words="visit"),
        link("company"),
    )
    list_filter = (CompanyFilter, choice_filter("status", same_words(LEAD_STATUSES), is_offered_in_a_company=True))
    company_ordering = ("-created_at", "-pk")
    search_texts = ("customer__name",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (link("customer"), link("company")),
                    (state("status", COLOURS), when("scheduled_visit_at", words="visit")),
                    text("description"),
                    text("notes"),
                    (when("created_at"), when("updated_at")),
                    (code("created_by", words="created by (user id)"), code("id")),
                )
            },
        ),
    )
