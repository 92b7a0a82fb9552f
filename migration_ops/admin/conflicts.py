"""Possible duplicates, with the evidence that made each."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from crm.admin.columns import anchor, column, link, state, text, when, words_of
from crm.admin.filters import choice_filter
from crm.admin.splits import MAY_MERGE
from migration_ops.admin.evidence import weights_table
from migration_ops.admin.exports import ExportedAdmin
from migration_ops.admin.records import MachineAdmin
from migration_ops.identity.duplicates.explain import REASON_WORDS as SEARCH_WORDS
from migration_ops.identity.evidence import REASON_WORDS
from migration_ops.models import DedupCase, DedupConflict

STATE_COLOURS = {"open": "warning", "same": "success", "different": ""}
STATE = state("state", STATE_COLOURS, labels=dict(DedupConflict.State.choices))
WORDS = {reason.value: words for reason, words in (*REASON_WORDS.items(), *SEARCH_WORDS.items()) if words}


def percent(value: float) -> str:
    """A probability as people read it."""
    # 99.98 % is no certainty and must not read as one.
    return f"{min(value * 100, 99.9):.1f} %" if value < 1 else "100 %"


def reason_in_words(value: str) -> str:
    """Why a person is asked."""
    return WORDS.get(value, value.replace("_", " ").capitalize())


@admin.display(description="case")
def decided_in(conflict: DedupConflict) -> Any:
    """Leads to where a person decides it; nothing where no case was made of it."""
    case = getattr(conflict, "in_case", None)
    words = "Decide" if conflict.state == DedupConflict.State.OPEN else "Look at it"
    return anchor(words, reverse("admin:migration_ops_dedupcase_decide", args=[case])) if case else None


@admin.register(DedupConflict)
class DedupConflictAdmin(ExportedAdmin):
    """Two contacts that may be one customer; a person decides."""

    exported = (
        ("conflict", "pk"), ("company", "company.name"), ("company_id", "company_id"), ("state", "state"),
        ("reason", "reason"), ("score", "score"), ("one", "contact_a.customer_id"), ("one_name", "contact_a.name"),
        ("one_email", "contact_a.email"), ("one_phone", "contact_a.phone"), ("other", "contact_b.customer_id"),
        ("other_name", "contact_b.name"), ("other_email", "contact_b.email"), ("other_phone", "contact_b.phone"),
        ("created_at", "created_at"),
    )  # fmt: skip

    list_display = (
        column("score", percent, words="likely", order="score"),
        link("contact_a.customer", words="one"),
        link("contact_b.customer", words="other"),
        words_of("reason", reason_in_words),
        STATE,
        link("company"),
        decided_in,
    )
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("state", DedupConflict.State.choices),
        choice_filter("reason", tuple((value, value.replace("_", " ").capitalize()) for value in WORDS)),
    )
    list_select_related = ("company", "contact_a__customer", "contact_b__customer")
    ordering = ("-score", "pk")
    search_ids = ("contact_a_id", "contact_b_id", "contact_a__customer_id", "contact_b__customer_id")
    search_texts = ("contact_a__name", "contact_b__name")
    search_help_text = "Id of a customer or a contact; in small tables or one company a part of a name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (column("score", percent, words="likely the same"), STATE),
                    column("reason", reason_in_words, words="why a person is asked"),
                    decided_in,
                    link("company"),
                )
            },
        ),
        (
            "One and other",
            {
                "fields": (
                    (link("contact_a.customer", words="customer"), link("contact_b.customer", words="customer ")),
                    (text("contact_a.name", words="name"), text("contact_b.name", words="name ")),
                    (text("contact_a.email", words="e-mail"), text("contact_b.email", words="e-mail ")),
                    (text("contact_a.phone", words="phone"), text("contact_b.phone", words="phone ")),
                )
            },
        ),
        (
            "Evidence",
            {"fields": (column("evidence", weights_table, words="for and against, in bits"), when("created_at"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with the case it is decided in, of those who may decide."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if not request.user.has_perm(MAY_MERGE):
            return rows
        cases = DedupCase.objects.filter(pk=OuterRef("case")).values("pk")[:1]
        annotated: QuerySet[Any] = rows.annotate(in_case=Subquery(cases))
        return annotated
