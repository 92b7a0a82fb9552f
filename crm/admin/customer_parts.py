"""Parts of a customer's page: its deals with money, its merges with undo, what people decided about it."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crm.admin.columns import EMPTY, amount, anchor, badge, link_to, moment_in_list
from crm.models import Customer, CustomerMerge
from crm.selectors.belongings import Deal, belongings_of
from crm.selectors.decisions import decisions_about
from crm.selectors.merges import merges_of
from crm.services.decisions import in_words
from crm.services.undo import did, names


@admin.display(description="Everything that belongs to this customer")
def deals_of(customer: Customer) -> Any:
    """A line a deal: the quote, its job, its invoice, and what was paid; the sums below."""
    found = belongings_of(customer)
    if not found.deals:
        return None
    head = _row("th", ("Date", "Lead", "Quote", "Job", "Invoice", "Quoted", "Invoiced", "Paid"))
    lines = format_html_join("", "{}", ((_row("td", _deal(deal)),) for deal in found.deals))
    more = f", {found.more:,} more not shown" if found.more else ""
    sums = _row(
        "th", (f"{found.quotes:,} quotes, {found.leads:,} leads{more}", "", "", "", "", amount(found.quoted),
               amount(found.invoiced), amount(found.paid)),
    )  # fmt: skip
    return format_html('<table class="qp-table qp-deals">{}{}{}</table>', head, lines, sums)


@admin.display(description="Merges and splits")
def merges_part(customer: Customer) -> Any:
    """Every merge and split the customer took part in, with its undo."""
    lines = [_row("td", _merge(merge, customer)) for merge in merges_of(customer)]
    if not lines:
        return None
    head = _row("th", ("When", "What", "By", "Why", ""))
    return format_html(
        '<table class="qp-table">{}{}</table>', head, format_html_join("", "{}", ((line,) for line in lines))
    )


@admin.display(description="What people decided")
def decisions_part(customer: Customer) -> Any:
    """Answers that are in force, also those about what became part of this customer."""
    decided = decisions_about(customer.company, customer.pk)
    lines = format_html_join(
        "", "<li><bdi>{}</bdi> {}</li>", ((in_words(decision), decision.reason) for decision in decided)
    )
    return format_html('<ul class="qp-lines">{}</ul>', lines) if decided else None


def _deal(deal: Deal) -> tuple[Any, ...]:
    first = deal.quote or deal.lead
    quote, job, invoice = deal.quote, deal.job, deal.invoice
    return (
        moment_in_list(first.created_at) if first else EMPTY,
        _state(deal.lead) if deal.lead else EMPTY,
        format_html("{} {}", link_to(quote), badge(quote.status)) if quote else EMPTY,
        format_html("{} {}", link_to(job), badge(job.status)) if job else EMPTY,
        format_html("{} {}", link_to(invoice), badge(invoice.status)) if invoice else EMPTY,
        amount(quote.total) if quote and quote.total is not None else EMPTY,
        amount(invoice.amount_due) if invoice and invoice.amount_due is not None else EMPTY,
        amount(invoice.amount_paid) if invoice else EMPTY,
    )


def _state(row: Any) -> SafeString:
    return anchor(badge(row.status), reverse("admin:crm_lead_change", args=[row.pk]))


def _merge(merge: CustomerMerge, customer: Customer) -> tuple[Any, ...]:
    if merge.survivor_id == customer.pk:
        what = format_html("<bdi>{}</bdi> {} this customer", names(merge), did(merge))
    else:
        what = format_html("{} {}", did(merge), link_to(merge.survivor))
    page = reverse("admin:crm_customermerge_change", args=[merge.pk])
    if merge.undone_at is not None:
        undo = format_html("undone {} by {}", moment_in_list(merge.undone_at), merge.undone_by)
        if merge.origin != CustomerMerge.Origin.SPLIT:
            again = anchor("Merge again…", reverse("admin:crm_customermerge_redo", args=[merge.pk]))
            undo = format_html("{}<br>{}", undo, again)
    else:
        undo = anchor("Undo…", reverse("admin:crm_customermerge_undo", args=[merge.pk]))
    return anchor(moment_in_list(merge.at), page), what, merge.actor, merge.reason or EMPTY, undo


def _row(tag: str, cells: tuple[Any, ...]) -> SafeString:
    shown = format_html_join("", "<{0}>{1}</{0}>", ((tag, cell) for cell in cells))
    return format_html("<tr>{}</tr>", shown)
