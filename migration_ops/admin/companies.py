"""Where each company stands, and how it came there."""

from typing import Any

from django.contrib import admin
from django.db.models import IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path

from crm.admin.columns import column, link, minute, number, short, state, text, when
from crm.admin.filters import choice_filter
from migration_ops.admin import company_page, dashboard
from migration_ops.admin.records import MachineAdmin
from migration_ops.admin.runs import RUN_COLOURS
from migration_ops.models import CompanyStage, DedupConflict, MigrationRun, QuarantinedRow, StageChange
from migration_ops.stages import RunStatus, Stage

STAGE_COLOURS = {
    Stage.OFF.value: "",
    Stage.DUALWRITE.value: "info",
    Stage.SHADOW.value: "primary",
    Stage.LIVE.value: "success",
    Stage.RAMPDOWN.value: "success",
    Stage.COMPLETE.value: "success",
}
STAGE = state("stage", STAGE_COLOURS, labels=dict(Stage.choices))


# What waits of a company, counted for each line of the list.
COUNTED_WAITING = 1_000


def _waiting(rows: int) -> str:
    return f"{rows:,} or more" if rows == COUNTED_WAITING else f"{rows:,}"


@admin.register(CompanyStage)
class CompanyStageAdmin(MachineAdmin):
    """Companies with their stage, their last run and what waits for a person."""

    list_display = (
        text("company.name", words="company", order="company__name"),
        STAGE,
        minute("since"),
        state("last_status", RUN_COLOURS, labels=dict(RunStatus.choices), words="last run"),
        number("last_rows", words="legacy rows"),
        column("quarantined", _waiting, words="in quarantine"),
        column("conflicts", _waiting, words="possible duplicates"),
    )
    list_filter = (choice_filter("stage", Stage.choices, is_always_offered=True),)
    ordering = ("company__name", "pk")
    search_texts = ("company__name", "company__slug")
    search_help_text = "Id, or a part of the name or slug"

    def get_urls(self) -> list[URLPattern]:
        """The front page's and a company's own pages besides the list."""
        view, name = self.admin_site.admin_view, "migration_ops_companystage"
        return [
            *dashboard.urls_of(self.admin_site),
            path("<uuid:pk>/change/", view(company_page.page_view), name=f"{name}_change"),
            path("<uuid:pk>/part/", view(company_page.part_view), name=f"{name}_part"),
            path("<uuid:pk>/act/<slug:verb>/", view(company_page.act_view), name=f"{name}_act"),
            path("<uuid:pk>/act/<slug:verb>/<slug:to>/", view(company_page.act_view), name=f"{name}_act_to"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the last run, and what waits; each by an index that begins with the company."""
        runs = MigrationRun.objects.filter(company=OuterRef("company")).order_by("-id")
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(
            last_status=Subquery(runs.values("status")[:1]),
            last_rows=Subquery(runs.values("rows_planned")[:1]),
            quarantined=_how_many(QuarantinedRow, Q(resolution="")),
            conflicts=_how_many(DedupConflict, Q(state=DedupConflict.State.OPEN)),
        )
        return annotated


@admin.register(StageChange)
class StageChangeAdmin(MachineAdmin):
    """Every step of every company."""

    list_display = (
        minute("at"),
        link("company"),
        state("before", STAGE_COLOURS, labels=dict(Stage.choices)),
        state("after", STAGE_COLOURS, labels=dict(Stage.choices)),
        short("actor"),
        short("reason"),
    )
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("after", Stage.choices, words="stage", is_always_offered=True),
    )
    ordering = ("-at", "-pk")
    search_texts = ("actor", "reason", "company__name")
    fieldsets = ((None, {"fields": (*(list_display[1:4]), text("reason"), text("actor"), when("at"))}),)


class _HowMany(Subquery):
    """How many rows the subquery has."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS waiting)"
    output_field = IntegerField()


def _how_many(model: Any, waiting: Q) -> _HowMany:
    """Up to `COUNTED_WAITING`: a hundred thousand of each company would be the slowest part of the page."""
    rows = model.objects.filter(waiting, company=OuterRef("company")).order_by().values("pk")
    return _HowMany(rows[:COUNTED_WAITING])
