"""What every list and page here shares: bounded counts and searches, read-only rows, links to what belongs together."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from crm.admin.columns import Column, links, page_of
from crm.admin.filters import COMPANY, is_narrow, uuid_or_none
from crm.admin.paging import BoundedPaginator
from crm.admin.scope import Scoped
from crm.models import Company, Customer
from crm.ports import admin_links
from crm.selectors.customers import customers_by_key


class ReadOnly:
    """Rows that nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class ListAdmin(ReadOnly, Scoped, ModelAdmin):
    """A list that costs the same whatever its table holds, and a read-only page.

    While the list is narrow (the table is small, or the company that is chosen) it is sorted by `ordering`, sorts by
    any column that offers it, and finds parts of `search_texts`. While it is wide it follows `wide_ordering`, which an
    index serves, and finds ids, mailboxes and phones only.
    """

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    actions: tuple[str, ...] | None = None
    search_fields: tuple[str, ...] = ("pk",)
    search_help_text: str | None = "Id; e-mail or phone; in small tables or one company, a part of a name or number"
    list_filter_sheet = False
    list_fullwidth = True
    wide_ordering: tuple[str, ...] = ("pk",)
    # What an index serves within one large company; without, `wide_ordering`.
    company_ordering: tuple[str, ...] = ()
    # Columns of ids, and of texts, that a search looks at.
    search_ids: tuple[str, ...] = ("pk",)
    search_texts: tuple[str, ...] = ()
    # Names of the columns with the company and the customer, where a row has a customer.
    search_customer: tuple[str, str] | None = None
    # What a link of ours asks of the list besides its filters.
    linked_lookups: tuple[str, ...] = ("company", "customer__id__exact")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters that are offered and nothing else: any other lookup asks about columns nobody is shown."""
        offered = {getattr(each, "parameter_name", None) for each in self.list_filter}
        hierarchy = self.date_hierarchy
        days = {f"{hierarchy}__{part}" for part in ("year", "month", "day")} if hierarchy else set()
        return lookup in offered | days | set(self.linked_lookups)

    def get_ordering(self, request: HttpRequest) -> Any:
        """As wanted while narrow, else along an index: of the company that is chosen, or of the whole table."""
        if is_narrow(request, self.model):
            return super().get_ordering(request)
        return self.company_ordering or self.wide_ordering if request.GET.get(COMPANY) else self.wide_ordering

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Columns to sort by: none while wide."""
        return super().get_sortable_by(request) if is_narrow(request, self.model) else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact by id, by mailbox and by phone; parts of texts while narrow."""
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier = uuid_or_none(term)
        if identifier:
            return queryset.filter(_any(Q(**{column: identifier}) for column in self.search_ids)), False
        found = [Q(**{f"{column}__icontains": term}) for column in self.search_texts if is_narrow(request, self.model)]
        if self.search_customer:
            keys = customers_by_key(term)
            if keys:
                company, customer = self.search_customer
                ids = [customer_id for _, customer_id in keys]
                found.append(Q(**{f"{company}__in": {company_id for company_id, _ in keys}, f"{customer}__in": ids}))
        return (queryset.filter(_any(found)) if found else queryset.none()), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything shown that cannot be changed."""
        if self.has_change_permission(request, obj):
            return super().get_readonly_fields(request, obj)
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The page's own, below the links to what belongs to the row."""
        own = super().get_fieldsets(request, obj)
        return [(None, {"fields": (related_pages,)}), *own] if obj is not None and _pages_of(obj) else own


@admin.display(description="Belongs together")
def related_pages(row: Any) -> Any:
    """Pages elsewhere that belong to the row, in the order of the story."""
    between = " · " if isinstance(row, Company | Customer) else " → "
    return links(_pages_of(row), current=page_of(row), between=between)


def _pages_of(row: Any) -> list[tuple[str, str]]:
    # Asked for several times while a page is built; it costs a few statements.
    known = vars(row)
    if "related_pages" not in known:
        port = admin_links()
        known["related_pages"] = port(row) if port else []
    return list(known["related_pages"])


class ListInline(ReadOnly, Scoped, TabularInline):
    """Rows that belong to the page's row, fifty at a time."""

    extra = 0
    max_num = 0
    per_page = 50
    hide_title = True
    columns: tuple[Column, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The columns."""
        return self.columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.columns


def _any(conditions: Any) -> Q:
    """Rows that meet at least one of the conditions."""
    either = Q()
    for condition in conditions:
        either |= condition
    return either
