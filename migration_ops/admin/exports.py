"""A list as a CSV file: the rows the list shows with its filters, and no others."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from crm.admin.scope import allowed_companies
from migration_ops import exporting
from migration_ops.admin.records import MachineAdmin
from migration_ops.csv_cells import lines
from migration_ops.exceptions import ExportRefused

MAY_EXPORT = "migration_ops.export_rows"
CHUNK_ROWS = 1_000


class ExportedAdmin(MachineAdmin):
    """A list that can be taken along as CSV."""

    list_before_template = "admin/migration_ops/export.html"
    # Heading, and what of a row stands below it: a path of attributes, or a function of the row.
    exported: tuple[tuple[str, str | Callable[[Any], Any]], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """With the export."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The file, row by row as it is read; it is noted in the audit log before its first row."""
        if not self.has_view_permission(request) or not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{back}?e=1")  # as the list itself answers
        allowed = allowed_companies(request)
        try:
            mark = exporting.begin(
                request.user, what=str(self.opts.model_name), filters=_query(request),
                seen=None if allowed is None else sorted(map(str, allowed)),
            )  # fmt: skip
        except ExportRefused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(f"{back}?{request.GET.urlencode()}")
        head = [*(heading for heading, _ in self.exported), "exported"]
        rows = listed.queryset.iterator(chunk_size=CHUNK_ROWS)
        name = f"{self.opts.model_name}-{timezone.now():%Y%m%d-%H%M}.csv"
        return StreamingHttpResponse(
            lines(head, self._cells(rows, mark)), content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )  # fmt: skip

    def _cells(self, rows: Iterator[Any], mark: str) -> Iterator[list[Any]]:
        for row in rows:
            yield [*(read(row) if callable(read) else _at(row, read) for _, read in self.exported), mark]


def _query(request: HttpRequest) -> dict[str, str]:
    """What the list was narrowed to, as the audit log can hold it."""
    return {_plain(name): _plain(str(value)) for name, value in list(request.GET.items())[:20]}


def _plain(text: str) -> str:
    return text.replace("\x00", "")[:200]


def _at(row: Any, way: str) -> Any:
    for name in way.split("."):
        row = getattr(row, name, None)
        if row is None:
            return None
    return row
