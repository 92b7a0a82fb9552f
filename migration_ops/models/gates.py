"""What opens a company's gates, and what closes them again."""

from django.db import models


class Finding(models.Model):
    """Something that voids the company's evidence until a complete validation that began after it has passed."""

    class Kind(models.TextChoices):
        FOREIGN_WRITE = "foreign_write", "A write to a new table while legacy leads"
        CAPTURE_HOLE = "capture_hole", "Change capture had a hole"
        REPAIR = "repair", "Drift was repaired"
        MISMATCH = "mismatch", "A validation found differences"
        STEP_BACK = "step_back", "The company was taken a stage back"
        SHADOW_MISMATCH = "shadow_mismatch", "An answer of API v1 differs between the sides"

    id = models.BigAutoField(primary_key=True)
    company_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    detail = models.TextField()
    at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_finding"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["company_id", "kind", "id"],
                name="migration_finding_open_idx",
                condition=models.Q(cleared_at__isnull=True),
            ),
            # Counted: what later evidence rests on.
            models.Index(fields=["company_id"], name="migration_finding_company_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detail}"


class GateEvidence(models.Model):
    """A proof some service left for a gate: shadow reads, a verified backup, a rehearsed rollback.

    The newest of a gate counts, while nothing has voided it.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="gate_evidence")
    gate = models.CharField(max_length=32)
    has_passed = models.BooleanField()
    detail = models.JSONField(default=dict)
    mapping_version = models.IntegerField()
    findings = models.BigIntegerField(
        null=True, help_text="Findings of the company when the proof was begun; one more voids it."
    )
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    voided_by = models.TextField(default="")

    class Meta:
        db_table = "migration_gate_evidence"
        ordering = ["-id"]
        verbose_name_plural = "gate evidence"
        indexes = [models.Index(fields=["company", "gate", "-id"], name="migration_gate_latest_idx")]

    def __str__(self) -> str:
        return f"{self.gate} of {self.company}: {'passed' if self.has_passed else 'failed'}"


class RefusedWrites(models.Model):
    """How many legacy writes of a company the fence had refused when it was last looked at."""

    company = models.OneToOneField("crm.Company", models.PROTECT, primary_key=True, related_name="+")
    count = models.BigIntegerField(default=0)
    noticed_at = models.DateTimeField()

    class Meta:
        db_table = "migration_refused_writes"
        verbose_name_plural = "refused writes"

    def __str__(self) -> str:
        return f"{self.count} refused writes of {self.company}"


class Repair(models.Model):
    """One row a repair changed, before and after; never changed itself."""

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="repairs")
    table_name = models.TextField()
    row_id = models.UUIDField()
    legacy_id = models.UUIDField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "migration_repair"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_id}"


class AuditLine(models.Model):
    """A line of the audit log, hash-chained by the database, which refuses to change or delete one.

    Unmanaged: its table, trigger and functions come from sql/ddl/audit_v1.sql.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField()
    action = models.TextField()
    company_id = models.UUIDField(null=True)
    detail = models.JSONField()
    prev_hash = models.TextField()
    hash = models.TextField()

    class Meta:
        verbose_name = "audit log line"
        verbose_name_plural = "audit log lines"
        managed = False
        db_table = "migration_audit_log"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} {self.action}"
