"""Invoices with their payments."""

from typing import Any

from django.contrib import admin

from crm.admin.columns import code, link, minute, money, short, shortened, state, text, when
from crm.admin.filters import CompanyFilter, choice_filter
from crm.admin.lists import ListInline
from crm.admin.records import RecordAdmin
from crm.admin.states import COLOURS
from crm.models import Invoice, Payment

STATUS = state("status", COLOURS, labels=dict(Invoice.Status.choices))


class PaymentInline(ListInline):
    """What was received."""

    model = Payment
    verbose_name_plural = "Payments"
    columns = (when("paid_at"), money("amount"), text("method"), when("created_at"))


@admin.display(description="invoice")
def invoice_name(invoice: Invoice) -> Any:
    """Its number, which not every invoice has."""
    return shortened(invoice.invoice_number or "no number")


@admin.register(Invoice)
class InvoiceAdmin(RecordAdmin):
    """What is owed."""

    list_display = (
        invoice_name,
        link("customer"),
        STATUS,
        money("amount_due", words="due", order="amount_due"),
        money("amount_paid", words="paid amount", order="amount_paid"),
        minute("paid_at"),
        link("company"),
    )
    list_filter = (CompanyFilter, choice_filter("status", Invoice.Status.choices, is_offered_in_a_company=True))
    company_ordering = ("-created_at", "-pk")
    search_texts = ("invoice_number", "customer__name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (text("invoice_number"), STATUS),
                    (money("amount_due", words="due"), money("amount_paid", words="paid amount")),
                    (when("sent_at"), when("paid_at")),
                    (text("payment_method"), text("payment_link_url", words="payment link")),
                    (link("customer"), link("company")),
                    link("job"),
                    (when("created_at"), when("updated_at")),
                    code("id"),
                )
            },
        ),
    )
    inlines = (PaymentInline,)


@admin.register(Payment)
class PaymentAdmin(RecordAdmin):
    """What was received."""

    list_display = (
        minute("paid_at", order="paid_at"),
        money("amount", order="amount"),
        short("method", order="method"),
        link("invoice"),
        link("invoice.customer"),
        link("company"),
    )
    list_select_related = ("company", "invoice__customer")
    ordering = ("-paid_at", "pk")
    search_ids = ("pk", "invoice_id")
    search_texts = ("method", "invoice__invoice_number", "invoice__customer__name")
    search_customer = ("company_id", "invoice__customer_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (money("amount"), text("method")),
                    (when("paid_at"), link("company")),
                    (link("invoice"), link("invoice.customer")),
                    (when("created_at"), when("updated_at")),
                    code("id"),
                )
            },
        ),
    )
