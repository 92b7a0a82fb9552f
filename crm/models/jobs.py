"""Job: the work that was agreed."""

from django.db import models

from crm.models.base import CompanyOwned, reference


class Job(CompanyOwned):
    """Work that follows an accepted quote."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed"

    quote = reference("crm.Quote", "jobs")
    customer = reference("crm.Customer", "jobs")
    job_number = models.TextField()
    title = models.TextField(null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    status = models.TextField(choices=Status.choices)
    scheduled_start = models.DateTimeField(null=True, blank=True)
    actual_start = models.DateTimeField(null=True, blank=True)
    actual_end = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "jobs_new"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["company", "customer"], name="jobs_new_customer_idx"),
            models.Index(fields=["company", "-created_at", "-id"], name="jobs_new_newest_idx"),
            models.Index(fields=["company", "status", "-created_at", "-id"], name="jobs_new_status_idx"),
            models.Index(fields=["quote"], name="jobs_new_quote_idx"),
        ]

    def __str__(self) -> str:
        return self.job_number
