"""Invoice and payment: the money."""

from django.db import models

from crm.fields import ExactDecimalField, number_range
from crm.models.base import CompanyOwned, reference


class Invoice(CompanyOwned):
    """What is owed for a job."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        PAID = "paid", "Paid"

    job = reference("crm.Job", "invoices")
    customer = reference("crm.Customer", "invoices")
    invoice_number = models.TextField(null=True, blank=True)
    amount_due = ExactDecimalField(null=True, blank=True)
    amount_paid = ExactDecimalField(default=0)
    status = models.TextField(choices=Status.choices)
    sent_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    payment_method = models.TextField(null=True, blank=True)
    payment_link_url = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "invoices_new"
        ordering = ["-created_at", "id"]
        constraints = number_range("invoices_new", "amount_due", "amount_paid")
        indexes = [
            models.Index(fields=["company", "customer"], name="invoices_new_customer_idx"),
            models.Index(fields=["company", "-created_at", "-id"], name="invoices_new_newest_idx"),
            models.Index(fields=["company", "status", "-created_at", "-id"], name="invoices_new_status_idx"),
            models.Index(fields=["job"], name="invoices_new_job_idx"),
        ]

    def __str__(self) -> str:
        return self.invoice_number or f"Invoice {self.id}"


class Payment(CompanyOwned):
    """Money received for an invoice."""

    invoice = reference("crm.Invoice", "payments")
    amount = ExactDecimalField()
    method = models.TextField()
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payments"
        ordering = ["-paid_at", "id"]
        constraints = number_range("payments", "amount")
        indexes = [models.Index(fields=["invoice"], name="payments_invoice_idx")]

    def __str__(self) -> str:
        return f"{self.amount} by {self.method}"
