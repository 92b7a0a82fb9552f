"""What comparing the answers of API v1 from both sides came to."""

from django.db import models
from django.db.models import Q

from migration_ops.stages import Stage


class Endpoint(models.TextChoices):
    """The read endpoints of API v1."""

    LIST = "list", "GET /api/quotes"
    DETAIL = "detail", "GET /api/quotes/{id}"


class Rule(models.TextChoices):
    """In what way two answers differ."""

    VALUE = "value", "Another value"
    FORM = "form", "The same value, written otherwise"
    TYPE = "type", "Another type"
    MISSING = "missing", "Only legacy has it"
    EXTRA = "extra", "Only the new side has it"
    ORDER = "order", "In another order, or on another page"
    ERROR = "error", "One side cannot answer"


class ShadowCount(models.Model):
    """How many reads of a company were compared on a day (UTC), and how it went.

    Every read that was taken ends in exactly one of equal, mismatched, noise, late and dropped. `basis` names what the
    comparisons rest on (mapping version, findings so far, newest finished run): those of another basis prove nothing.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+")
    day = models.DateField()
    endpoint = models.CharField(max_length=8, choices=Endpoint.choices)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    basis = models.CharField(max_length=64)
    equal = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0, help_text="Rows in the answers that were equal.")
    mismatched = models.BigIntegerField(default=0, help_text="Differed, and still did in one snapshot.")
    noise = models.BigIntegerField(default=0, help_text="Changed between two reads, or a change still waited.")
    late = models.BigIntegerField(default=0, help_text="Given up: over the time budget.")
    dropped = models.BigIntegerField(default=0, help_text="Not compared: the queue was full, or the process ended.")
    last_equal_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_shadow_count"
        ordering = ["-day", "company", "endpoint", "-id"]
        verbose_name = "compared reads"
        verbose_name_plural = "compared reads"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "day", "endpoint", "stage", "basis"], name="migration_shadow_count_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_endpoint_display()} of {self.company} on {self.day}"


class ShadowGroup(models.Model):
    """Confirmed mismatches of one endpoint, field and rule; open until every object of it was found equal again."""

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="shadow_groups")
    endpoint = models.CharField(max_length=8, choices=Endpoint.choices)
    field = models.CharField(max_length=128, blank=True, help_text="Empty where it is about the whole row or page.")
    rule = models.CharField(max_length=8, choices=Rule.choices)
    seen = models.BigIntegerField(default=0, help_text="Times it was seen, over all objects.")
    not_kept = models.BigIntegerField(default=0, help_text="Of these, without a line of their own.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_shadow_group"
        ordering = ["-last_at", "-id"]
        verbose_name = "difference of v1 answers"
        verbose_name_plural = "differences of v1 answers"
        constraints = [
            models.UniqueConstraint(fields=["company", "endpoint", "field", "rule"], name="migration_shadow_group_key")
        ]
        indexes = [
            models.Index(fields=["company"], name="migration_shadow_open_idx", condition=Q(resolved_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.get_endpoint_display()} {self.field or 'the whole'}: {self.get_rule_display().lower()}"


class ShadowMismatch(models.Model):
    """One object in which the answers differ, with what each side said when it was last seen."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(ShadowGroup, models.CASCADE, related_name="mismatches")
    object = models.CharField(max_length=64, help_text="Id of the row; limit and offset where it is about a page.")
    legacy_value = models.TextField(null=True)
    new_value = models.TextField(null=True)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    request_id = models.CharField(max_length=64, blank=True, help_text="Of the request; replay for one that was made.")
    seen = models.BigIntegerField(default=1)
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_shadow_mismatch"
        ordering = ["group", "id"]
        verbose_name = "mismatch of v1 answers"
        verbose_name_plural = "mismatches of v1 answers"
        constraints = [models.UniqueConstraint(fields=["group", "object"], name="migration_shadow_mismatch_key")]

    def __str__(self) -> str:
        return f"{self.group}, {self.object}"
