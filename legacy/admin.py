"""The legacy table as support staff see it: a list and a detail, both read-only."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import DateTimeField, JSONField, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin

from .fields import PlainNumericField
from .models import COLUMNS, LegacyQuote
from .ports import admin_links, company_scope, row_finder
from .selectors import company_ids, row_estimate

# Exact counts up to here; beyond, an estimate of the table, or "at least so many" of a search.
COUNTED_ROWS = 10_000
OFFERED_COMPANIES = 50
# From this estimate on, nothing is offered that would have to read the table.
LARGE_ROWS = 200_000
LEAD_STATUSES = ("new", "contacted", "qualified", "converted")
STATUSES = ("draft", "sent", "accepted", "scheduled", "completed")
# Read as text: Python has no infinite times, no NaN that adds up, and gives up on deeply nested JSON.
TEXT_COLUMNS = tuple(
    str(field.column)
    for field in LegacyQuote._meta.concrete_fields
    if isinstance(field, DateTimeField | JSONField | PlainNumericField)
)


def is_large() -> bool:
    """Whether the table is too large to be read for one page."""
    return row_estimate() > LARGE_ROWS


class BoundedPaginator(Paginator):
    """Counts no more than `COUNTED_ROWS` rows, whatever the table holds."""

    @cached_property
    def count(self) -> int:
        """Rows: exact when few; of the whole table as estimated; of a search at most `COUNTED_ROWS`."""
        rows: QuerySet[LegacyQuote] = self.object_list  # type: ignore[assignment]
        if not rows.query.where:
            estimate = row_estimate()
            if estimate > COUNTED_ROWS:
                return estimate
        return rows.order_by()[:COUNTED_ROWS].count()

    def page(self, number: Any) -> Page:
        """A page; of one further down the keys are found first, so that no row before it is read whole."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        if start == 0:
            return super().page(number)
        rows: QuerySet[LegacyQuote] = self.object_list  # type: ignore[assignment]
        return Page(
            rows.filter(pk__in=list(rows.values_list("pk", flat=True)[start : start + self.per_page])), number, self
        )


class CompanyFilter(admin.SimpleListFilter):
    """One company; the first ones are offered, any other can be searched by its id."""

    title = "company"
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The first companies in id order that this user may see."""
        seen = company_scope()(request.user)
        companies = company_ids(most=OFFERED_COMPANIES) if seen is None else sorted(seen)[:OFFERED_COMPANIES]
        return [(str(company_id), str(company_id)) for company_id in companies]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LegacyQuote]) -> QuerySet[LegacyQuote]:
        """Its rows; none for a value that is no id."""
        if not self.value():
            return queryset
        company_id = _uuid(str(self.value()))
        return queryset.filter(company_id=company_id) if company_id else queryset.none()


def _status_filter(column: str, known: tuple[str, ...]) -> type[admin.SimpleListFilter]:
    """A filter on the known statuses: finding the unknown ones would read the whole table. None while it is large."""

    class StatusFilter(admin.SimpleListFilter):
        title = column.replace("_", " ")
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [] if is_large() else [*((status, status) for status in known), ("none", "none")]

        def queryset(self, request: HttpRequest, queryset: QuerySet[LegacyQuote]) -> QuerySet[LegacyQuote]:
            if not self.lookup_choices:
                return queryset
            if self.value() == "none":
                return queryset.filter(**{f"{column}__isnull": True})
            return queryset.filter(**{column: self.value()}) if self.value() else queryset

    return StatusFilter


def _shown(column: str) -> Callable[[LegacyQuote], str | None]:
    """The column as text, isolated so that right-to-left marks do not reach beyond it."""
    attribute = f"{column}_text" if column in TEXT_COLUMNS else column

    @admin.display(description=column.replace("_", " "), empty_value="NULL")
    def show(row: LegacyQuote) -> str | None:
        value = getattr(row, attribute)
        return None if value is None else format_html('<bdi style="white-space: pre-wrap">{}</bdi>', value)

    show.__name__ = f"show_{column}"
    return show


@admin.display(description="Belongs together", empty_value="–")
def related_pages(row: LegacyQuote) -> Any:
    """Pages elsewhere that belong to the row; the first is this one."""
    port = admin_links()
    pages = port(row)[1:] if port else []
    return (
        format_html_join(" → ", '<a class="text-link" href="{}">{}</a>', ((url, words) for words, url in pages)) or None
    )


def _short_id(column: str) -> Callable[[LegacyQuote], str]:
    """The beginning of an id, for the list; the whole of it when pointed at."""

    @admin.display(description=column.replace("_", " "))
    def show(row: LegacyQuote) -> str:
        value = str(getattr(row, column))
        return format_html('<code class="whitespace-nowrap" title="{}">{}…</code>', value, value[:8])

    show.__name__ = f"short_{column}"
    return show


SHOWN = {column: _shown(column) for column in COLUMNS}


@admin.register(LegacyQuote)
class LegacyQuoteAdmin(ModelAdmin):
    """Read-only: other programs own the table, and the move reads it."""

    list_display = (
        _short_id("id"),
        _short_id("company_id"),
        *(SHOWN[column] for column in ("customer_name", "lead_status", "status", "quote_number")),
        *(SHOWN[column] for column in ("invoice_number", "total", "created_at")),
    )
    list_filter = (CompanyFilter, _status_filter("lead_status", LEAD_STATUSES), _status_filter("status", STATUSES))
    search_fields = ("id",)
    search_help_text = "Id of a row or a company, quote number or e-mail, exactly; in large tables, of migrated rows"
    # Follows the index (company_id, id); any other order would sort the whole table.
    ordering = ("company_id", "id")
    sortable_by = ()
    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    actions = None
    fields = readonly_fields = (related_pages, *SHOWN.values())

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegacyQuote]:
        """The rows of the user's companies, with what Python may not be able to hold as text."""
        rows: QuerySet[LegacyQuote] = super().get_queryset(request)
        seen = company_scope()(request.user)
        if seen is not None:
            rows = rows.filter(company_id__in=list(seen))
        texts = {f"{column}_text": Cast(column, TextField()) for column in TEXT_COLUMNS}
        return rows.defer(*TEXT_COLUMNS).annotate(**texts)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters that are offered and nothing else: any other lookup asks about columns bit by bit."""
        return lookup in {each.parameter_name for each in self.list_filter}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LegacyQuote], search_term: str
    ) -> tuple[QuerySet[LegacyQuote], bool]:
        """Exact matches only: a part of a text would read the whole table."""
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier = _uuid(term)
        if identifier:
            return queryset.filter(Q(pk=identifier) | Q(company_id=identifier)), False
        found = queryset.filter(Q(quote_number=term) | Q(email__iexact=term))
        finder = row_finder()
        # No index has either: while the table is large, those of the new tables say which rows to look at.
        return (found.filter(pk__in=finder(term)) if finder and is_large() else found), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LegacyQuote | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LegacyQuote | None = None) -> bool:
        """Never."""
        return False


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
