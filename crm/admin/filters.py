"""Filters that lists share."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from crm.models import Company
from crm.ports import company_scope
from crm.selectors.estimates import company_row_estimate, row_estimate

OFFERED_COMPANIES = 50
# A list is narrow below this estimate: it may then sort, search parts of texts and filter without an index.
NARROW_ROWS = 200_000
COMPANY = "company"


def uuid_or_none(text: str) -> UUID | None:
    """The text as an id; None where it is none."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def is_narrow(request: HttpRequest, model: Any) -> bool:
    """Whether the request reads few enough rows to sort and search them: a small table's, or a small company's."""
    company = uuid_or_none(request.GET.get(COMPANY) or "")
    known: dict[Any, int] = vars(request).setdefault("row_estimates", {})
    if model not in known:
        known[model] = row_estimate(model)
    if known[model] <= NARROW_ROWS:
        return True
    if company is None:
        return False
    if (model, company) not in known:
        known[model, company] = company_row_estimate(model, company)
    return known[model, company] <= NARROW_ROWS


class CompanyFilter(admin.SimpleListFilter):
    """One company; the first ones by name are offered, any other is reached from its own page."""

    title = "company"
    parameter_name = COMPANY

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The first companies by name, and the chosen one."""
        seen = company_scope()(request.user)
        companies = Company.objects.all() if seen is None else Company.objects.filter(pk__in=list(seen))
        offered = list(companies.values_list("pk", "name")[:OFFERED_COMPANIES])
        chosen = uuid_or_none(str(self.value() or ""))
        if chosen and len(offered) == OFFERED_COMPANIES and chosen not in dict(offered):
            offered += companies.filter(pk=chosen).values_list("pk", "name")
        return [(str(pk), name) for pk, name in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its rows; none for a value that is no id."""
        if not self.value():
            return queryset
        company = uuid_or_none(str(self.value()))
        return queryset.filter(company_id=company) if company else queryset.none()


class ChoiceFilter(admin.SimpleListFilter):
    """Known values of one column, offered while the list is narrow."""

    choices_offered: Sequence[tuple[str, str]] = ()
    column = ""
    # Columns with an index, or tables that stay small: offered always.
    is_always_offered = False
    # Columns with an index that begins with the company: offered once one is chosen.
    is_offered_in_a_company = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The values; none while the list is wide, so that the filter is not shown."""
        is_indexed = self.is_always_offered or (self.is_offered_in_a_company and bool(request.GET.get(COMPANY)))
        return self.choices_offered if is_indexed or is_narrow(request, model_admin.model) else ()

    def condition(self, value: str) -> Q:
        """What a chosen value means."""
        return Q(**{self.column: value})

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The rows of the chosen value; all of them for a value that is not offered."""
        value = self.value()
        return queryset.filter(self.condition(value)) if value in dict(self.lookup_choices) else queryset


def choice_filter(
    name: str,
    offered: Sequence[tuple[str, str]],
    *,
    words: str = "",
    is_always_offered: bool = False,
    is_offered_in_a_company: bool = False,
    conditions: dict[str, Q] | None = None,
) -> type[ChoiceFilter]:
    """A filter on the column `name`, or on `conditions` by value; `offered` is (value, words)."""

    class OfferedFilter(ChoiceFilter):
        title = words or name.replace("_", " ")
        parameter_name = name
        column = name
        choices_offered = offered

        def condition(self, value: str) -> Q:
            return conditions[value] if conditions else super().condition(value)

    OfferedFilter.is_always_offered = is_always_offered
    OfferedFilter.is_offered_in_a_company = is_offered_in_a_company
    return OfferedFilter
