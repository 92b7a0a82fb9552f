"""The base of the pages of what the move writes."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from crm.admin.filters import CompanyFilter
from crm.admin.lists import ListAdmin


def render_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page besides lists and forms; without a model's options, so that its heading is its own title."""
    return TemplateResponse(request, f"admin/migration_ops/{template}", {**admin.site.each_context(request), **context})


class MachineAdmin(ListAdmin):
    """Read-only: machines write these rows; the commands and the services change them."""

    list_filter: tuple = (CompanyFilter,)
    list_select_related: tuple[str, ...] = ("company",)
    search_ids: tuple[str, ...] = ("pk",)
    search_help_text: str | None = "Id of a legacy row or a company"
    # JSON of legacy rows, read as text: Python gives up on deeply nested JSON, and floats lose what was recorded.
    json_columns: tuple[str, ...] = ()
    # Whether the list says something of them; reading them takes longer than all the rest of a line.
    is_json_listed = True
    change_form_before_template = "admin/migration_ops/read_only_note.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the JSON columns as texts, named ..._text."""
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        if not self.is_json_listed and match is not None and str(match.url_name).endswith("_changelist"):
            return rows.defer(*self.json_columns)
        texts = {f"{name}_text": Cast(name, TextField()) for name in self.json_columns}
        annotated: QuerySet[Any] = rows.defer(*self.json_columns).annotate(**texts)
        return annotated
