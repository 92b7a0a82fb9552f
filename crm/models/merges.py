"""Merges of customers: who, when, why, which value won, which rows moved; what undo needs."""

from django.db import models
from django.db.models import Q

from crm.models.base import CompanyOwned, reference


class CustomerMergeRun(CompanyOwned):
    """Merges that were done together and can be undone together."""

    class Origin(models.TextChoices):
        RULES = "rules", "By the rules"
        PATTERN = "pattern", "By a person, many at once"

    origin = models.CharField(max_length=16, choices=Origin.choices)
    words = models.TextField(help_text="What was merged, in words.")
    rule_version = models.TextField(blank=True, default="")
    actor = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "run of merges"
        verbose_name_plural = "runs of merges"
        db_table = "customer_merge_runs"
        ordering = ["-at", "id"]
        indexes = [models.Index(fields=["company", "-at"], name="customer_merge_runs_at_idx")]

    def __str__(self) -> str:
        return self.words


class CustomerMerge(CompanyOwned):
    """One merge: some customers became part of another one, the survivor. Or a split, its opposite: some of the
    survivor's rows went to a customer made for them.

    `fields`: of each shown field, which value won, where it came from, and who settled it.
    `before`: of every customer that took part, its row as it was and a digest of its contacts, by customer id.
    `counts`: rows moved, by table.
    """

    class Origin(models.TextChoices):
        PERSON = "person", "By a person"
        RULES = "rules", "By the rules"
        SPLIT = "split", "Split by a person"

    survivor = reference("crm.Customer", "merges")
    run = reference("crm.CustomerMergeRun", "merges", null=True, blank=True)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    fingerprint = models.CharField(max_length=64, help_text="Of the plan it carried out.")
    fields = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    actor = models.TextField()
    reason = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    # Merges of one moment have an order all the same: undo goes back along it.
    number = models.BigIntegerField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.TextField(blank=True, default="")
    undone_reason = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "merge"
        verbose_name_plural = "merges"
        db_table = "customer_merges"
        ordering = ["-number"]
        permissions = [("merge_customers", "Can merge customers, decide about them, and undo both")]
        constraints = [models.UniqueConstraint(fields=["number"], name="customer_merges_number_key")]
        indexes = [
            models.Index(fields=["company", "survivor"], name="customer_merges_survivor_idx"),
            models.Index(fields=["run"], name="customer_merges_run_idx", condition=Q(run__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{'Split of' if self.origin == self.Origin.SPLIT else 'Merge into'} {self.survivor}"


class CustomerMergeMove(models.Model):
    """One row a merge changed: whose it was, and what it said where more than its owner changed."""

    class Change(models.TextChoices):
        MOVED = "moved", "Moved to the survivor"
        CHANGED = "changed", "Changed"
        REMOVED = "removed", "Removed, because the survivor has the same"
        MADE = "made", "Made by a split"

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    merge = reference("crm.CustomerMerge", "moves")
    table = models.CharField(max_length=64)
    row_id = models.UUIDField()
    column = models.CharField(max_length=64, blank=True, default="", help_text="The reference that was changed.")
    customer = reference("crm.Customer", "+", help_text="Whose row it was.")
    change = models.CharField(max_length=16, choices=Change.choices)
    before = models.JSONField(null=True, help_text="The row as it was, where more than its owner changed.")

    class Meta:
        db_table = "customer_merge_moves"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["merge", "table"], name="customer_merge_moves_merge_idx"),
            models.Index(fields=["row_id"], name="customer_merge_moves_row_idx"),
            models.Index(fields=["company", "customer"], name="customer_merge_moves_cust_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id}: {self.get_change_display()}"
