"""Verdicts and the differences they found."""

from django.db import models


class Verdict(models.Model):
    """The result of one validation at one depth.

    A verdict that compared nothing, or not everything, did not pass: `rows_checked` must equal
    `rows_expected`.
    """

    class Depth(models.TextChoices):
        COUNTS = "counts", "Counts"
        CHECKSUM = "checksum", "Checksum"
        FIELDS = "fields", "Fields"
        ROUNDTRIP = "roundtrip", "Round trip"
        BUSINESS = "business", "Business"

    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="verdicts")
    depth = models.CharField(max_length=16, choices=Depth.choices)
    has_passed = models.BooleanField()
    checks = models.JSONField(default=list)
    rows_expected = models.BigIntegerField()
    rows_checked = models.BigIntegerField()
    missing = models.BigIntegerField(default=0)
    extra = models.BigIntegerField(default=0)
    mismatched = models.BigIntegerField(default=0)
    mapping_version = models.IntegerField()
    seconds = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        db_table = "migration_verdict"
        ordering = ["-id"]
        indexes = [models.Index(fields=["company", "depth", "-id"], name="migration_verdict_latest_idx")]

    def __str__(self) -> str:
        return f"{self.company} {self.depth}: {'passed' if self.has_passed else 'failed'}"


class Mismatch(models.Model):
    """One difference a verdict found, down to the column."""

    class Kind(models.TextChoices):
        MISSING = "missing", "Missing in the new tables"
        EXTRA = "extra", "Only in the new tables"
        MISMATCHED = "mismatched", "Different"

    verdict = models.ForeignKey(Verdict, models.CASCADE, related_name="mismatches")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    table = models.CharField(max_length=64)
    row_id = models.UUIDField(help_text="Id of the row in `table`.")
    legacy_id = models.UUIDField(null=True)
    column = models.CharField(max_length=64, blank=True, default="")
    expected = models.TextField(null=True)
    found = models.TextField(null=True)

    class Meta:
        db_table = "migration_mismatch"
        ordering = ["verdict", "table", "row_id", "column"]
        verbose_name_plural = "mismatches"

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} {self.column}"
