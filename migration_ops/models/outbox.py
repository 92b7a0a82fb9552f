"""Captured changes of the legacy table, until they are applied."""

from django.db import models
from django.db.models import Q


class CaptureInstallation(models.Model):
    """When change capture was switched on; what was copied before then may have changed unseen."""

    at = models.DateTimeField()
    fingerprint = models.TextField(
        default="", help_text="The triggers and the table's file as they were then: a change means capture was touched."
    )

    class Meta:
        db_table = "migration_capture_installation"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"Change capture switched on {self.at:%Y-%m-%d %H:%M:%S}"


class OutboxEntry(models.Model):
    """One captured change: which legacy row, of which company. Claimed by state, never by id order.

    `not_before` puts off an entry that could not be applied; it waits alone.
    """

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
    not_before = models.DateTimeField(null=True)
    error = models.TextField(default="", db_default="")

    class Meta:
        verbose_name = "captured change"
        verbose_name_plural = "captured changes"
        db_table = "migration_outbox"
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["company_id", "id"], name="migration_outbox_pending_idx", condition=Q(state="pending")
            ),
            models.Index(fields=["not_before"], name="migration_outbox_again_idx", condition=Q(attempts__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.legacy_id}"


class ReverseEntry(models.Model):
    """One captured change of a new table while the new side leads; carried back to the deal's legacy row.

    `deal_id` is the legacy id; null for a customer, contact or address, whose deals are found when it is applied.
    `xid` is the writer's transaction, so that our own writers find what they have just written.
    """

    id = models.BigAutoField(primary_key=True)
    company_id = models.UUIDField()
    table_name = models.TextField()
    row_id = models.UUIDField()
    deal_id = models.UUIDField(null=True)
    operation = models.CharField(max_length=1, help_text="I, U or D.")
    captured_at = models.DateTimeField()
    xid = models.BigIntegerField()
    state = models.CharField(
        max_length=8,
        choices=OutboxEntry.State.choices,
        default=OutboxEntry.State.PENDING,
        db_default=OutboxEntry.State.PENDING,
    )
    attempts = models.IntegerField(default=0, db_default=0)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(default="", db_default="")

    class Meta:
        db_table = "migration_reverse_outbox"
        ordering = ["id"]
        verbose_name_plural = "reverse entries"
        indexes = [models.Index(fields=["company_id", "id"], name="migration_reverse_outbox_idx")]

    def __str__(self) -> str:
        return f"{self.operation} {self.table_name} {self.row_id}"


class ApplyListener(models.Model):
    """Until when an applying worker waits to be woken; while none waits, writers notify nobody. One row."""

    waiting_until = models.DateTimeField()

    class Meta:
        db_table = "migration_apply_listener"

    def __str__(self) -> str:
        return f"waits until {self.waiting_until}"
