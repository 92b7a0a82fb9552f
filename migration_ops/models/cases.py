"""DedupCase: possible duplicates that hang together and are decided on one screen. BulkDecision: many at once."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


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
    pattern = models.CharField(
        max_length=32, blank=True, default="", db_default="",
        help_text="Of the reason and of what agrees and differs; empty where there is more than one question.",
    )  # fmt: skip
    bulk = models.ForeignKey(
        "BulkDecision",
        models.SET_NULL,
        null=True,
        related_name="decided_cases",
        help_text="Decided together with others.",
    )

    class Meta:
        db_table = "migration_dedup_case"
        verbose_name = "case"
        ordering = ["-stake", "id"]
        indexes = [
            models.Index(fields=["state", "-stake", "id"], name="migration_dedup_case_all_idx"),
            models.Index(fields=["company", "state", "-stake", "id"], name="migration_dedup_case_co_idx"),
            models.Index(fields=["state", "reason", "-stake"], name="migration_dedup_case_why_idx"),
            models.Index(
                fields=["company", "pattern"],
                name="migration_dedup_case_like_idx",
                include=["money", "records"],
                condition=Q(state="open") & ~Q(pattern=""),
            ),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def holder(self) -> str:
        """Who looks at it now; empty where nobody does, or their time is up."""
        return self.claimed_by if self.claimed_until is not None and self.claimed_until > timezone.now() else ""


class BulkDecision(models.Model):
    """One answer to every open case of a pattern, after a random sample of them was looked at.

    It fixes the cases with a digest of what each rests on, and the sample, when it is drawn; what changed since is left
    out. `cases`: {case id: digest}. `sample`: case ids. `answers`: {case id: verdict} of what was looked at.
    `left`: [{case, words, why}] of the cases that were left out.
    """

    class State(models.TextChoices):
        LOOKING = "looking", "The sample is being looked at"
        RUNNING = "running", "Being carried out"
        DONE = "done", "Carried out"
        UNDOING = "undoing", "Being taken back"
        UNDONE = "undone", "Taken back"
        DROPPED = "dropped", "Not carried out"

    id = models.UUIDField(primary_key=True, default=uuid4)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+")
    pattern = models.CharField(max_length=32)
    reason = models.CharField(max_length=48)
    words = models.JSONField(default=list, help_text="What the cases have in common, a line each.")
    cases = models.JSONField(default=dict)
    sample = models.JSONField(default=list)
    answers = models.JSONField(default=dict)
    verdict = models.CharField(max_length=16, blank=True, default="")
    why = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.LOOKING)
    decided = models.IntegerField(default=0)
    left = models.JSONField(default=list)
    run = models.ForeignKey("crm.CustomerMergeRun", models.PROTECT, null=True, db_constraint=False, related_name="+")
    actor = models.TextField()
    at = models.DateTimeField()
    undone_by = models.TextField(blank=True, default="")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_bulk_decision"
        verbose_name = "decision for a pattern"
        verbose_name_plural = "decisions for patterns"
        ordering = ["-at", "id"]
        indexes = [models.Index(fields=["company", "-at"], name="migration_bulk_decision_idx")]

    def __str__(self) -> str:
        return f"{len(self.cases):,} cases like one another"
