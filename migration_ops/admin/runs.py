"""Runs with their batches."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm.admin.columns import code, column, link, minute, number, short, state, text, when, yes_no
from crm.admin.filters import choice_filter
from crm.admin.lists import ListInline
from migration_ops.admin.charts import batch_map
from migration_ops.admin.records import MachineAdmin
from migration_ops.console.run import run_page
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import BatchKind, BatchState, RunStatus

RUN_COLOURS = {
    RunStatus.RUNNING.value: "info",
    RunStatus.PAUSING.value: "warning",
    RunStatus.PAUSED.value: "warning",
    RunStatus.CANCELLING.value: "warning",
    RunStatus.CANCELLED.value: "",
    RunStatus.FAILED.value: "danger",
    RunStatus.FINISHED.value: "success",
}
BATCH_COLOURS = {BatchState.PENDING.value: "info", BatchState.DONE.value: "success", BatchState.SPLIT.value: "warning"}
STATUS = state("status", RUN_COLOURS, labels=dict(RunStatus.choices))
PHASE = state("phase", {}, labels=dict(BatchKind.choices))
KIND = state("kind", {}, labels=dict(BatchKind.choices))
STATE = state("state", BATCH_COLOURS, labels=dict(BatchState.choices))


def _run_name(value: int) -> SafeString:
    return format_html('<span class="whitespace-nowrap">Run {}</span>', value)


def _seconds(value: float) -> str:
    return f"{value:,.1f} s" if value < 60 else f"{int(value) // 60:,} min {int(value) % 60} s"


def _milliseconds(value: int) -> str:
    return f"{value:,} ms"


class BatchInline(ListInline):
    """The batches in the order they were planned."""

    model = MigrationBatch
    company_path = "run__company"
    verbose_name_plural = "Batches"
    ordering = ("pk",)
    # The theme takes its time for each cell; the map above shows all of them.
    per_page = 20
    show_change_link = True
    columns = (
        KIND,
        STATE,
        number("rows"),
        number("migrated"),
        number("quarantined"),
        number("attempts"),
        column("duration_ms", _milliseconds, words="took"),
        when("finished_at"),
        short("worker"),
        short("error"),
    )


@admin.register(MigrationRun)
class MigrationRunAdmin(MachineAdmin):
    """One backfill of one company."""

    list_display = (
        column("pk", _run_name, words="run"),
        link("company"),
        STATUS,
        number("rows_planned", words="rows"),
        number("rows_migrated", words="migrated"),
        number("rows_quarantined", words="set aside"),
        minute("started_at"),
        minute("finished_at"),
        column("busy_seconds", _seconds, words="worked for"),
    )
    list_filter = (*MachineAdmin.list_filter, choice_filter("status", RunStatus.choices, is_always_offered=True))
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_ids = ("company_id",)
    search_texts = ("company__name", "owner", "error")
    search_help_text = "Id of a company, or a part of its name, of an owner or of an error"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (link("company"), STATUS),
                    (PHASE, number("generation")),
                    (number("rows_planned"), number("rows_migrated", words="migrated")),
                    (number("rows_quarantined", words="quarantined"), number("mapping_version")),
                    (when("started_at"), when("finished_at")),
                    (
                        when("heartbeat_at", words="last heartbeat"),
                        column("busy_seconds", _seconds, words="worked for"),
                    ),
                    (
                        text("rest_reason", words="pace"),
                        column("rest_ms", _milliseconds, words="rest after the last batch"),
                    ),
                    text("error"),
                )
            },
        ),
        (
            "How",
            {
                "classes": ("collapse",),
                "fields": (
                    (
                        number("batch_rows", words="rows a batch"),
                        column("pause_ms", _milliseconds, words="rest after a batch"),
                    ),
                    column("target_ms", _milliseconds, words="a batch should take"),
                    (text("owner"), yes_no("is_enqueued", words="by Celery workers")),
                    yes_no("accepts_quarantine", words="goes on whatever is quarantined"),
                    code("high_watermark"),
                ),
            },
        ),
    )
    inlines = (BatchInline,)
    change_form_before_template = "admin/migration_ops/run.html"

    class Media:
        js = ("quotepro/live.js",)

    def get_urls(self) -> list[URLPattern]:
        """The part of a run's page that changes by itself, besides the usual ones."""
        part = path(
            "<int:pk>/part/", self.admin_site.admin_view(self.part_view), name="migration_ops_migrationrun_part"
        )
        return [part, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page, with how the run goes on above its figures."""
        run = self.get_object(request, unquote(object_id))
        if run is not None and self.has_view_permission(request, run):
            extra_context = (extra_context or {}) | self._live(request, run)
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def part_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the run goes on."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        run = self.get_object(request, str(pk))
        if run is None:
            raise Http404
        return TemplateResponse(request, "admin/migration_ops/_run.html", self._live(request, run))

    def _live(self, request: HttpRequest, run: MigrationRun) -> dict[str, Any]:
        page = run_page(run)
        squares, height = batch_map(page.cells)
        return {
            "page": page, "squares": squares, "map_height": height,
            "offers": [offer for offer in page.offers if request.user.has_perm(offer.permission)],
        }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what the batches have done so far."""
        batches = MigrationBatch.objects.filter(run=OuterRef("pk")).order_by().values("run")
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(
            rows_migrated=Subquery(batches.annotate(done=Sum("migrated")).values("done")),
            rows_quarantined=Subquery(batches.annotate(done=Sum("quarantined")).values("done")),
        )
        return annotated


@admin.register(MigrationBatch)
class MigrationBatchAdmin(MachineAdmin):
    """One transaction of a run."""

    company_path = "run__company"
    list_display = (
        short("__str__", words="batch"),
        KIND,
        STATE,
        *BatchInline.columns[2:7],
        minute("finished_at"),
        short("error"),
    )
    list_filter = (
        choice_filter("state", BatchState.choices),
        choice_filter("kind", BatchKind.choices),
    )
    list_select_related = ("run__company",)
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_ids = ("run__company_id",)
    search_texts = ("worker", "error")
    search_help_text = "Id of a company, or a part of a worker's name or of an error"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (link("run"), link("run.company")),
                    (KIND, STATE),
                    (number("rows"), number("part")),
                    (number("migrated"), number("quarantined")),
                    (code("low", words="from legacy id"), code("high", words="to legacy id")),
                    (number("attempts"), column("duration_ms", _milliseconds, words="took")),
                    (when("finished_at"), text("worker")),
                    text("error"),
                )
            },
        ),
    )
