"""Rows set aside, with what to do about each."""

from typing import Any

from django.contrib import admin
from django.db.models import Q

from crm.admin.columns import badge, code, column, link, number, short, text, when, words_of
from crm.admin.filters import choice_filter
from migration_ops.admin.evidence import source_row
from migration_ops.admin.records import MachineAdmin
from migration_ops.admin.workbench import WorkbenchPages, row_link
from migration_ops.models import QuarantinedRow
from migration_ops.projection.reasons import REMEDIES, QuarantineReason

REASON_WORDS = {value: str(words) for value, words in QuarantineReason.choices}
RESOLUTIONS = {"": "Open", **dict(QuarantinedRow.Resolution.choices)}
RESOLUTION_COLOURS = {"": "warning", "retried": "success", "corrected": "success", "waived": "info", "gone": ""}
REASON = words_of("reason", REASON_WORDS.__getitem__)


@admin.display(description="state")
def resolution_of(row: QuarantinedRow) -> Any:
    """Open, or how it was resolved, as a label."""
    return badge(RESOLUTIONS[row.resolution], RESOLUTION_COLOURS[row.resolution])


@admin.display(description="what to do")
def remedy_of(row: QuarantinedRow) -> str:
    """The way out."""
    return REMEDIES.get(row.reason, "").capitalize()


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(WorkbenchPages):
    """One a row set aside."""

    exported = (
        ("legacy_id", "legacy_id"), ("company", "company.name"), ("company_id", "company_id"), ("reason", "reason"),
        ("field", "field"), ("recorded", "original"), ("first_seen_at", "first_seen_at"),
        ("last_seen_at", "last_seen_at"), ("resolution", "resolution"), ("resolved_by", "resolved_by"),
        ("resolved_reason", "resolved_reason"), ("resolved_at", "resolved_at"), ("row", "source_text"),
    )  # fmt: skip

    list_display = (
        row_link,
        resolution_of,
        REASON,
        short("field"),
        link("company"),
        short("original", words="recorded value"),
    )
    list_display_links = None
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("reason", QuarantineReason.choices),
        choice_filter(
            "state",
            (("open", "Open"), *QuarantinedRow.Resolution.choices),
            conditions={
                "open": Q(resolution=""),
                **{value: Q(resolution=value) for value in QuarantinedRow.Resolution.values},
            },
        ),
    )
    ordering = ("company_id", "reason", "legacy_id")
    wide_ordering = ("company_id", "reason", "legacy_id")
    sortable_by = ()
    json_columns = ("source",)
    is_json_listed = False
    search_ids = ("pk", "company_id")
    search_texts = ("field", "original")
    search_help_text = "Id of a legacy row or a company; in small tables a part of the field or the recorded value"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (code("legacy_id", words="legacy row"), link("company")),
                    (REASON, resolution_of),
                    text("field"),
                    text("original", words="recorded value"),
                    remedy_of,
                )
            },
        ),
        (
            "Resolution",
            {"fields": ((text("resolved_by"), when("resolved_at")), text("resolved_reason", words="reason given"))},
        ),
        (
            "Record",
            {
                "fields": (
                    (when("first_seen_at", words="first seen"), when("last_seen_at", words="last seen")),
                    (link("batch"), number("mapping_version")),
                )
            },
        ),
        (
            "The whole legacy row when it was set aside",
            {"fields": (column("source_text", source_row, words="columns"),)},
        ),
    )
