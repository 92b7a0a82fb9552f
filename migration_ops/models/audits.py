"""The standing audit of automatic merges: what people are asked, and where merging without asking has stopped."""

from uuid import uuid4

from django.db import models


class MergeSample(models.Model):
    """One automatic merge put before a person who does not know that it is one; or two customers that were kept apart,
    so that the answer cannot be guessed. `sides`: [{name, lines: [[words, value], …]}] as they were before.
    """

    class Answer(models.TextChoices):
        SAME = "same", "Same customer"
        DIFFERENT = "different", "Not the same"
        UNSURE = "unsure", "Cannot be told"

    id = models.UUIDField(primary_key=True, default=uuid4)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    is_merged = models.BooleanField(help_text="The machine merged them; otherwise it kept them apart.")
    merge = models.ForeignKey("crm.CustomerMerge", models.CASCADE, null=True, db_constraint=False, related_name="+")
    sides = models.JSONField()
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True, default="")
    answered_by = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_merge_sample"
        verbose_name = "audited merge"
        ordering = ["-created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["merge"], name="migration_merge_sample_key")]
        indexes = [
            models.Index(fields=["company", "day"], name="migration_merge_sample_day_idx"),
            models.Index(fields=["answer", "company", "id"], name="migration_merge_sample_todo_ix"),
        ]

    def __str__(self) -> str:
        return " / ".join(side["name"] for side in self.sides)


class AutomaticMerging(models.Model):
    """Whether a company's customers are merged without asking. No row: they are.

    Answers given before `counted_from` are not counted: whoever resumes it begins anew.
    """

    company = models.OneToOneField("crm.Company", models.PROTECT, primary_key=True, related_name="+")
    is_stopped = models.BooleanField(default=False)
    why = models.TextField(blank=True, default="")
    since = models.DateTimeField()
    counted_from = models.DateTimeField(null=True)
    actor = models.TextField(blank=True, default="")

    class Meta:
        db_table = "migration_automatic_merging"
        verbose_name_plural = "automatic merging"

    def __str__(self) -> str:
        return f"{self.company}: {'stopped' if self.is_stopped else 'on'}"
