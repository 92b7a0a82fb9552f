"""Rows set aside, with reason code."""

from django.db import models
from django.db.models import Q

from migration_ops.projection.reasons import QuarantineReason


class QuarantinedRow(models.Model):
    """A legacy row that could not be represented without losing or inventing something.

    Open while `resolution` is empty. A waived row stays set aside, by a person's decision.
    """

    class Resolution(models.TextChoices):
        RETRIED = "retried", "Migrated after a retry"
        CORRECTED = "corrected", "Corrected in legacy, then migrated"
        WAIVED = "waived", "Waived"
        GONE = "gone", "The legacy row was deleted"

    legacy_id = models.UUIDField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    reason = models.CharField(max_length=32, choices=QuarantineReason.choices)
    field = models.TextField()
    original = models.TextField()
    source = models.JSONField()
    mapping_version = models.IntegerField()
    batch = models.ForeignKey("MigrationBatch", models.SET_NULL, null=True, db_constraint=False, db_index=False)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolution = models.CharField(max_length=16, choices=Resolution.choices, blank=True, default="")
    resolved_by = models.TextField(blank=True, default="")
    resolved_reason = models.TextField(blank=True, default="")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_quarantined_row"
        ordering = ["company", "reason", "legacy_id"]
        indexes = [models.Index(fields=["company", "reason", "legacy_id"], name="migration_quarantine_co_idx")]
        constraints = [
            models.CheckConstraint(
                name="migration_quarantine_resolved",
                condition=Q(resolution="", resolved_at__isnull=True) | Q(resolved_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.legacy_id}: {self.reason}"
