"""Unmanaged mirror of the legacy table, column for column."""

from django.db import models

from .fields import PlainNumericField


class LegacyQuote(models.Model):
    """One whole deal: a lead that may have become a quote, a job, an invoice, a payment.

    Other programs write the table by plain SQL, so that any text may stand in any text column.
    ``items`` should be an array of {name, description, quantity, unit_price, total, option_tier,
    is_upsell, is_discount, sort_order}, and often is not.
    """

    id = models.UUIDField(primary_key=True)
    company_id = models.UUIDField()
    user_id = models.UUIDField(null=True)
    customer_name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    address = models.TextField(null=True)
    lead_status = models.TextField(null=True)
    status = models.TextField(null=True)
    quote_number = models.TextField(null=True)
    job_name = models.TextField(null=True)
    job_number = models.TextField(null=True)
    description = models.TextField(null=True)
    items = models.JSONField(null=True)
    subtotal = PlainNumericField(null=True)
    discount_amount = PlainNumericField(null=True)
    tax_rate = PlainNumericField(null=True)
    tax_amount = PlainNumericField(null=True)
    total = PlainNumericField(null=True)
    notes = models.TextField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    invoice_number = models.TextField(null=True)
    invoice_sent_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    payment_method = models.TextField(null=True)
    payment_link_url = models.TextField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "quotes"
        verbose_name = "legacy quote"

    def __str__(self) -> str:
        return self.quote_number or str(self.id)


COLUMNS: tuple[str, ...] = tuple(str(field.column) for field in LegacyQuote._meta.concrete_fields)
REQUIRED_COLUMNS = ("id", "company_id", "created_at", "updated_at")
