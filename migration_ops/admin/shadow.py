"""Differences of API v1's answers, in groups and side by side; and how many reads were compared."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils.html import format_html

from crm.admin.columns import (
    anchor,
    badge,
    code,
    column,
    link,
    links,
    list_of,
    minute,
    number,
    page_of,
    recorded,
    short,
    short_code,
    state,
    text,
    when,
)
from crm.admin.filters import choice_filter, uuid_or_none
from crm.admin.lists import ListInline
from crm.models import Lead, Quote
from legacy.models import LegacyQuote
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import ShadowCount, ShadowGroup, ShadowMismatch
from migration_ops.models.shadow import Endpoint, Rule
from migration_ops.stages import Stage

RULE_COLOURS = {
    "value": "danger", "form": "warning", "type": "danger", "missing": "danger", "extra": "danger", "order": "warning",
    "error": "danger",
}  # fmt: skip
ROWS: tuple[tuple[str, Any], ...] = (("Legacy row", LegacyQuote), ("Quote", Quote), ("Lead", Lead))


def address_of(endpoint: str) -> Any:
    """Method and path, in letters of one width."""
    return format_html("<code>{}</code>", Endpoint(endpoint).label)


ENDPOINT = column("endpoint", address_of)
STAGE = state("stage", {}, labels=dict(Stage.choices))


@admin.display(description="state")
def is_open(row: Any) -> Any:
    """Open or resolved, as a label."""
    return badge("resolved", "success") if row.resolved_at else badge("open", "danger")


@admin.display(description="field")
def field_of(row: Any) -> Any:
    """The field; the whole answer where it is about more than one."""
    return format_html("<code>{}</code>", row.field) if row.field else "the whole"


@admin.display(description="both sides")
def side_by_side(mismatch: ShadowMismatch) -> Any:
    """What each side says, beside each other."""
    head = format_html("<tr><th>{}</th><th>{}</th></tr>", "Legacy", "New")
    cells = format_html("<tr><td>{}</td><td>{}</td></tr>", _value(mismatch.legacy_value), _value(mismatch.new_value))
    return format_html('<table class="qp-table">{}{}</table>', head, cells)


def _value(value: str | None) -> Any:
    if value is None:
        return badge("nothing")
    return recorded(value) if value else badge("empty text")


@admin.display(description="figures")
def counts_of(group: ShadowGroup) -> Any:
    """The way to the figures of the company."""
    return links([("Compared reads of the company", list_of(ShadowCount, company=group.company_id))])


@admin.display(description="object")
def object_of(mismatch: ShadowMismatch) -> Any:
    """The object, as the way to its page."""
    return anchor(mismatch.object, page_of(mismatch))


@admin.display(description="the row itself")
def row_of(mismatch: ShadowMismatch) -> Any:
    """The ways to the row on both sides; none where it is about a page."""
    if (id := uuid_or_none(mismatch.object)) is None:
        return None
    company = mismatch.group.company_id
    sides = ((words, model.objects.filter(pk=id, company_id=company).first()) for words, model in ROWS)
    return links([(words, page_of(row)) for words, row in sides if row is not None]) or None


class ShadowMismatchInline(ListInline):
    """The objects, each with both values."""

    company_path = "group__company"
    model = ShadowMismatch
    verbose_name_plural = "Objects that differ"
    columns = (
        object_of,
        short("legacy_value", words="legacy"),
        short("new_value", words="new"),
        is_open,
        number("seen"),
        minute("at", words="last seen"),
        short_code("request_id", words="request"),
    )


@admin.register(ShadowGroup)
class ShadowGroupAdmin(MachineAdmin):
    """Mismatches of one endpoint, field and rule."""

    list_display = (
        ENDPOINT,
        field_of,
        state("rule", RULE_COLOURS, labels=dict(Rule.choices)),
        short("company.name", words="company"),
        is_open,
        number("seen"),
        minute("last_at", words="last seen"),
    )
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("endpoint", Endpoint.choices, is_always_offered=True),
        choice_filter("rule", Rule.choices, is_always_offered=True),
        choice_filter(
            "state",
            (("open", "Open"), ("resolved", "Resolved")),
            conditions={"open": Q(resolved_at=None), "resolved": Q(resolved_at__isnull=False)},
            is_always_offered=True,
        ),
    )
    ordering = ("-last_at", "-pk")
    search_ids = ("company_id",)
    search_texts = ("field", "company__name")
    search_help_text = "Id of a company, or a part of its name or of a field's"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (ENDPOINT, link("company")),
                    (field_of, state("rule", RULE_COLOURS, labels=dict(Rule.choices))),
                    (is_open, when("resolved_at")),
                    (number("seen"), number("not_kept", words="without a line")),
                    (when("first_at", words="first seen"), when("last_at", words="last seen")),
                    counts_of,
                )
            },
        ),
    )
    inlines = (ShadowMismatchInline,)


@admin.register(ShadowMismatch)
class ShadowMismatchAdmin(MachineAdmin):
    """One object, field by field beside each other."""

    company_path = "group__company"
    list_display = (link("group"), short("object"), short("legacy_value", words="legacy"),
                    short("new_value", words="new"), is_open, minute("at", words="last seen"))  # fmt: skip
    list_filter = ()
    list_select_related = ("group__company",)
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    sortable_by = ()
    search_ids = ("group_id",)
    search_texts = ("object", "request_id")
    search_help_text = "A part of an id of a row or a request"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (link("group"), link("group.company", words="company")),
                    (code("object"), is_open),
                    side_by_side,
                    row_of,
                    (code("request_id", words="request"), STAGE),
                    (number("seen"), when("at", words="last seen")),
                    when("resolved_at"),
                )
            },
        ),
    )


@admin.register(ShadowCount)
class ShadowCountAdmin(MachineAdmin):
    """Reads of a company on a day."""

    list_display = (
        text("day"),
        short("company.name", words="company"),
        ENDPOINT,
        STAGE,
        number("equal"),
        number("rows", words="rows equal"),
        number("mismatched", words="different"),
        number("noise"),
        number("late"),
        number("dropped"),
    )
    ordering = ("-day", "-pk")
    wide_ordering = ("-pk",)
    search_ids = ("company_id",)
    search_texts = ("company__name",)
    search_help_text = "Id of a company, or a part of its name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (text("day"), link("company")),
                    (ENDPOINT, STAGE),
                    (number("equal"), number("rows", words="rows equal")),
                    (number("mismatched", words="different"), number("noise")),
                    (number("late"), number("dropped")),
                    (when("last_equal_at"), code("basis")),
                )
            },
        ),
    )
