"""Captured changes that are not applied yet."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from crm.admin.columns import code, minute, number, short, short_code, state, text, when
from crm.admin.filters import choice_filter
from crm.models import Company
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import OutboxEntry

OPERATIONS = {"I": "Insert", "U": "Update", "D": "Delete"}
STATE_COLOURS = {"pending": "info", "failed": "danger"}
STATE = state("state", STATE_COLOURS, labels=dict(OutboxEntry.State.choices))
OPERATION = state("operation", {}, labels=OPERATIONS)


@admin.register(OutboxEntry)
class OutboxEntryAdmin(MachineAdmin):
    """One captured change of a legacy row."""

    company_path = "company_id"
    list_display = (
        short_code("legacy_id", words="legacy row"),
        OPERATION,
        STATE,
        minute("captured_at"),
        number("attempts"),
        short("error"),
        short("company_name", words="company"),
    )
    list_filter = (*MachineAdmin.list_filter, choice_filter("state", OutboxEntry.State.choices))
    list_select_related = ()
    ordering = ("pk",)
    search_ids = ("legacy_id", "company_id")
    search_texts = ("error",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (code("legacy_id", words="legacy row"), OPERATION),
                    (STATE, number("attempts")),
                    (when("captured_at"), short("company_name", words="company")),
                    code("company_id", words="company id"),
                    text("error"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the company's name, where it is known already."""
        names = Company.objects.filter(pk=OuterRef("company_id")).values("name")[:1]
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(company_name=Subquery(names))
        return annotated
