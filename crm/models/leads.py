"""Lead: somebody asked for something."""

from django.db import models

from crm.models.base import CompanyOwned, reference


class Lead(CompanyOwned):
    """A request that may become a quote."""

    customer = reference("crm.Customer", "leads")
    status = models.TextField()
    description = models.TextField(null=True, blank=True)
    scheduled_visit_at = models.DateTimeField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    created_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "leads_new"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["company", "customer"], name="leads_new_customer_idx"),
            models.Index(fields=["company", "-created_at", "-id"], name="leads_new_newest_idx"),
            models.Index(fields=["company", "status", "-created_at", "-id"], name="leads_new_status_idx"),
        ]

    def __str__(self) -> str:
        return f"Lead {self.id}"
