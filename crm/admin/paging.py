"""Pages of lists whose tables may be large."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from crm.selectors.estimates import row_estimate

# Exact counts up to here; beyond, an estimate of the table, or "so many or more" of a search.
COUNTED_ROWS = 10_000


class BoundedPaginator(Paginator):
    """Counts no more than `COUNTED_ROWS` rows, whatever the table holds, and says so."""

    template_name = "admin/bounded_pagination.html"
    is_estimate = False

    @cached_property
    def count(self) -> int:
        """Rows: exact when few; of the whole table as estimated; of a search at most `COUNTED_ROWS`."""
        rows: QuerySet = self.object_list  # type: ignore[assignment]
        if not rows.query.where:
            estimate = row_estimate(rows.model)
            if estimate > COUNTED_ROWS:
                self.is_estimate = True
                return estimate
        return rows.order_by()[:COUNTED_ROWS].count()

    def page(self, number: Any) -> Page:
        """A page; of one further down the keys are found first, so that no row before it is read whole."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        rows: QuerySet = self.object_list  # type: ignore[assignment]
        if start == 0:
            return super().page(number)
        keys = list(rows.values_list("pk", flat=True)[start : start + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)

    @property
    def count_words(self) -> str:
        """The count as shown: 812, about 1,204,000, or 10,000 or more."""
        rows = f"{self.count:,}"  # counting says whether it is an estimate
        if self.is_estimate:
            return f"about {rows}"
        return f"{rows} or more" if self.count == COUNTED_ROWS else rows
