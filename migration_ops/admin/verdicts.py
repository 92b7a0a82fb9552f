"""Verdicts of validation, with the differences they found."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from crm.admin.columns import badge, code, column, link, minute, number, short, short_code, state, text, when
from crm.admin.filters import CompanyFilter, choice_filter
from crm.admin.lists import ListInline
from migration_ops.admin.evidence import checks_table
from migration_ops.admin.exports import ExportedAdmin
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import Mismatch, Verdict

DEPTH = state("depth", {}, labels=dict(Verdict.Depth.choices))
KIND_COLOURS = {"missing": "danger", "extra": "warning", "mismatched": "danger"}
KIND = state("kind", KIND_COLOURS, labels=dict(Mismatch.Kind.choices))


def _seconds(value: float) -> str:
    return f"{value:,.2f} s"


@admin.display(description="verdict")
def outcome_of(verdict: Verdict) -> Any:
    """Passed or failed, as a label."""
    return badge("passed", "success") if verdict.has_passed else badge("failed", "danger")


@admin.display(description="rows compared")
def compared(verdict: Verdict) -> str:
    """How many of how many."""
    return f"{verdict.rows_checked:,} of {verdict.rows_expected:,}"


class MismatchInline(ListInline):
    """The differences, by table and row."""

    model = Mismatch
    company_path = "verdict__company"
    verbose_name_plural = "Differences"
    show_change_link = True
    columns = (
        KIND,
        short("table"),
        short_code("row_id", words="row"),
        short("column"),
        text("expected"),
        text("found"),
    )


@admin.register(Verdict)
class VerdictAdmin(MachineAdmin):
    """One validation at one depth."""

    list_display = (
        short("company.name", words="company"),
        DEPTH,
        outcome_of,
        compared,
        number("missing"),
        number("extra"),
        number("mismatched", words="different"),
        minute("at"),
        column("seconds", _seconds, words="took"),
    )
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("depth", Verdict.Depth.choices, is_always_offered=True),
        choice_filter(
            "verdict",
            (("passed", "Passed"), ("failed", "Failed")),
            conditions={"passed": Q(has_passed=True), "failed": Q(has_passed=False)},
            is_always_offered=True,
        ),
    )
    date_hierarchy = "at"
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_ids = ("company_id",)
    search_texts = ("company__name",)
    search_help_text = "Id of a company, or a part of its name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (link("company"), DEPTH),
                    (outcome_of, compared),
                    (number("missing"), number("extra")),
                    (number("mismatched", words="different"), number("mapping_version")),
                    (when("at"), column("seconds", _seconds, words="took")),
                    column("checks", checks_table),
                )
            },
        ),
    )
    inlines = (MismatchInline,)


class VerdictCompanyFilter(CompanyFilter):
    """The company of the verdict."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Its rows; none for a value that is no company."""
        if not self.value():
            return queryset
        if str(self.value()) not in {str(key) for key, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(verdict__company=self.value())


@admin.register(Mismatch)
class MismatchAdmin(ExportedAdmin):
    """One difference."""

    company_path = "verdict__company"
    exported = (
        ("verdict", "verdict_id"), ("company", "verdict.company.name"), ("company_id", "verdict.company_id"),
        ("depth", "verdict.depth"), ("at", "verdict.at"), ("kind", "kind"), ("table", "table"), ("row", "row_id"),
        ("legacy_id", "legacy_id"), ("column", "column"), ("expected", "expected"), ("found", "found"),
    )  # fmt: skip
    list_display = (
        KIND,
        short("table"),
        short_code("row_id", words="row"),
        short("column"),
        short("expected"),
        short("found"),
        link("verdict"),
    )
    list_filter = (VerdictCompanyFilter, choice_filter("kind", Mismatch.Kind.choices))
    list_select_related = ("verdict__company",)
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    sortable_by = ()
    search_ids = ("row_id", "legacy_id")
    search_texts = ("table", "column")
    search_help_text = "Id of a row; in small tables a part of a table's or column's name"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (KIND, link("verdict")),
                    (text("table"), text("column")),
                    (code("row_id", words="row"), code("legacy_id", words="legacy row")),
                    text("expected"),
                    text("found"),
                )
            },
        ),
    )
