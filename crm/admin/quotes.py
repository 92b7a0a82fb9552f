"""Quotes with their line items."""

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from crm.admin.browse import browse, browse_rows, story
from crm.admin.columns import code, link, minute, money, number, short, shortened, state, text, when, yes_no
from crm.admin.filters import CompanyFilter, choice_filter
from crm.admin.lists import ListInline
from crm.admin.records import RecordAdmin
from crm.admin.states import COLOURS, QUOTE_STATUSES, same_words
from crm.models import Quote, QuoteItem


class ItemInline(ListInline):
    """The lines, in order."""

    model = QuoteItem
    verbose_name_plural = "Line items"
    ordering = ("position",)
    columns = (
        number("position", words="no."),
        text("name"),
        text("description"),
        number("quantity"),
        money("unit_price"),
        money("total"),
        text("option_tier", words="tier"),
        yes_no("is_upsell", words="upsell"),
        yes_no("is_discount", words="discount"),
    )


@admin.display(description="quote")
def quote_name(quote: Quote) -> Any:
    """Its number, which not every quote has."""
    return shortened(quote.quote_number or "no number")


@admin.register(Quote)
class QuoteAdmin(RecordAdmin):
    """What was offered."""

    list_display = (
        quote_name,
        link("customer"),
        state("status", COLOURS),
        money("total", order="total"),
        short("job_name"),
        minute("created_at", order="created_at"),
        link("company"),
    )
    list_filter = (CompanyFilter, choice_filter("status", same_words(QUOTE_STATUSES), is_offered_in_a_company=True))
    company_ordering = ("-created_at", "-pk")
    search_texts = ("quote_number", "job_name", "customer__name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (text("quote_number"), text("job_name")),
                    (state("status", COLOURS), when("sent_at")),
                    (link("customer"), link("company")),
                    text("description"),
                    text("notes"),
                )
            },
        ),
        (
            "Money",
            {
                "fields": (
                    (money("subtotal"), money("discount_amount", words="discount")),
                    (number("tax_rate"), money("tax_amount")),
                    money("total"),
                )
            },
        ),
        (
            "Record",
            {
                "fields": (
                    (link("lead"), code("created_by", words="created by (user id)")),
                    (when("created_at"), when("updated_at")),
                    code("id"),
                )
            },
        ),
    )
    inlines = (ItemInline,)

    def get_urls(self) -> list[URLPattern]:
        """The quotes page, its next rows and the story of a quote, before the record's own pages."""
        view = self.admin_site.admin_view
        return [
            path("browse/", view(browse), name="crm_quote_browse"),
            path("browse/rows/", view(browse_rows), name="crm_quote_browse_rows"),
            path("<uuid:quote_id>/story/", view(story), name="crm_quote_story"),
            *super().get_urls(),
        ]
