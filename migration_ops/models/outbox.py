"""Captured changes of the legacy table, until they are applied."""

from django.db import models
from django.db.models import Q


class CaptureInstallation(models.Model):
    """When change capture was switched on; what was copied before then may have changed unseen."""

    at = models.DateTimeField()

    class Meta:
        db_table = "migration_capture_installation"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"Change capture switched on {self.at:%Y-%m-%d %H:%M:%S}"


class OutboxEntry(models.Model):
    """One captured change: which legacy row, of which company. Claimed by state, never by id order."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    legacy_id = models.UUIDField()
    company_id = models.UUIDField()
    operation = models.CharField(max_length=1, help_text="I, U or D.")
    captured_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    attempts = models.IntegerField(default=0, db_default=0)
    error = models.TextField(default="", db_default="")

    class Meta:
        db_table = "migration_outbox"
        ordering = ["id"]
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(fields=["company_id", "id"], name="migration_outbox_pending_idx", condition=Q(state="pending"))
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.legacy_id}"
