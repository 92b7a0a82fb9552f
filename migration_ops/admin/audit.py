"""The audit log: read-only here as in the database, which chains its lines and refuses to change one."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.text import Truncator

from crm.admin.columns import code, column, minute, number, recorded, short, text, when
from crm.models import Company
from migration_ops.admin.exports import ExportedAdmin
from migration_ops.console.company import in_words
from migration_ops.models import AuditLine


def begun(detail: Any) -> Any:
    """The beginning of the details, broken anywhere: what was recorded may be one long word."""
    return recorded(Truncator(in_words(detail)).chars(160))


@admin.register(AuditLine)
class AuditLineAdmin(ExportedAdmin):
    """Who did what to which company, and on what it rested."""

    company_path = "company_id"
    exported = (
        ("line", "id"), ("at", "at"), ("actor", "actor"), ("action", "action"), ("company_id", "company_id"),
        ("company", "company_name"), ("detail", "detail"), ("hash", "hash"), ("previous_hash", "prev_hash"),
    )  # fmt: skip
    list_display = (
        number("id", words="line"), minute("at", words="when"), short("actor", words="by"),
        short("action", words="what"), short("company_name", words="company"),
        column("detail", begun, words="details"),
    )  # fmt: skip
    list_select_related = ()
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_ids = ("company_id",)
    search_texts = ("actor", "action")
    search_help_text = "Id of a company, or a part of a name or an action"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (when("at", words="when"), text("actor", words="by")),
                    (text("action", words="what"), short("company_name", words="company")),
                    column("detail", in_words, words="details"),
                    (code("prev_hash", words="hash of the line before"), code("hash")),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditLine]:
        """With the company's name."""
        names = Company.objects.filter(pk=OuterRef("company_id")).values("name")[:1]
        rows: QuerySet[AuditLine] = super().get_queryset(request).annotate(company_name=Subquery(names))
        return rows
