"""Quote and its line items."""

from django.db import models
from django.db.models.functions import Left

from crm.fields import ExactDecimalField, number_range
from crm.models.base import CompanyOwned, reference


class Quote(CompanyOwned):
    """What was offered, and for how much."""

    customer = reference("crm.Customer", "quotes")
    lead = reference("crm.Lead", "quotes", null=True, blank=True)
    quote_number = models.TextField(null=True, blank=True)
    job_name = models.TextField(null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    subtotal = ExactDecimalField(null=True, blank=True)
    discount_amount = ExactDecimalField(null=True, blank=True)
    tax_rate = ExactDecimalField(null=True, blank=True)
    tax_amount = ExactDecimalField(null=True, blank=True)
    total = ExactDecimalField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    status = models.TextField()
    sent_at = models.DateTimeField(null=True, blank=True)
    created_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "quotes_new"
        ordering = ["-created_at", "id"]
        constraints = number_range("quotes_new", "subtotal", "discount_amount", "tax_rate", "tax_amount", "total")
        indexes = [
            models.Index(fields=["company", "customer"], name="quotes_new_customer_idx"),
            models.Index(fields=["company", "-created_at", "-id"], name="quotes_new_newest_idx"),
            models.Index(fields=["company", "status", "-created_at", "-id"], name="quotes_new_status_idx"),
            models.Index(
                models.F("company"),
                Left("quote_number", 64),
                name="quotes_new_number_idx",
                condition=models.Q(quote_number__isnull=False),
            ),
            models.Index(fields=["lead"], name="quotes_new_lead_idx", condition=models.Q(lead__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.quote_number or self.job_name or f"Quote {self.id}"


class QuoteItem(CompanyOwned):
    """One line of a quote; `position` is the line's place, from 1."""

    quote = reference("crm.Quote", "items")
    position = models.IntegerField()
    name = models.TextField(null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    quantity = ExactDecimalField(default=1)
    unit_price = ExactDecimalField(null=True, blank=True)
    total = ExactDecimalField(null=True, blank=True)
    option_tier = models.TextField(null=True, blank=True)
    is_upsell = models.BooleanField(null=True, default=False)
    is_discount = models.BooleanField(null=True, default=False)
    sort_order = models.IntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "quote_items_new"
        ordering = ["quote", "position"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_items_new_position_key"),
            *number_range("quote_items_new", "quantity", "unit_price", "total"),
        ]

    def __str__(self) -> str:
        return self.name or f"Line {self.position}"
