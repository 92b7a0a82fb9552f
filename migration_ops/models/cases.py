"""DedupCase: possible duplicates that hang together and are decided on one screen."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class DedupCase(models.Model):
    """The open questions about a few customers, in the queue of the people who decide.

    Its id is that of the lowest customer it was found with. `stake`: how much money and how many records hang on it,
    times the doubt; the queue begins with the highest. A claim is a lease: it ends by itself.
    `outcome`: {"merges": [ids], "decisions": [ids]} of what was decided.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"
        GONE = "gone", "No question any more"

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+")
    customers = ArrayField(models.UUIDField())
    words = models.TextField(help_text="The customers' names, for lists.")
    reason = models.CharField(max_length=48, help_text="Of its most doubtful question.")
    score = models.FloatField(help_text="Of its most doubtful question, 0 to 1.")
    questions = models.IntegerField()
    records = models.IntegerField(help_text="Leads and quotes of the customers.")
    money = models.DecimalField(max_digits=40, decimal_places=4, help_text="Quoted to the customers.")
    stake = models.FloatField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    claimed_by = models.TextField(blank=True, default="")
    claimed_until = models.DateTimeField(null=True)
    decided_by = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_words = models.TextField(blank=True, default="")
    outcome = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "migration_dedup_case"
        verbose_name = "case"
        ordering = ["-stake", "id"]
        indexes = [
            models.Index(fields=["state", "-stake", "id"], name="migration_dedup_case_all_idx"),
            models.Index(fields=["company", "state", "-stake", "id"], name="migration_dedup_case_co_idx"),
            models.Index(fields=["state", "reason", "-stake"], name="migration_dedup_case_why_idx"),
        ]

    def __str__(self) -> str:
        return self.words
