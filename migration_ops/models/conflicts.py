"""DedupConflict: two customers that may be one, for a person to decide."""

from django.db import models
from django.db.models import F, Q


class DedupConflict(models.Model):
    """A doubtful pair of contacts with the evidence that made it; stays separate until a person decides.

    `evidence`: a list of {kind, field, level, text, weight}, the heaviest first: what was observed (kind, and field and
    level of the comparison), in words, and its weight in bits (negative speaks against). An item of weight 0 explains
    (a veto, a rule of the policy). `counterfactual`: the one fact that would turn the verdict, in words.
    `case`: conflicts with the same case hang together and are shown on one screen.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SAME = "same", "Same customer"
        DIFFERENT = "different", "Not the same"

    # No index of its own: the queue's begins with it, and another would tempt the planner to read the whole company.
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="dedup_conflicts", db_index=False)
    contact_a = models.ForeignKey("crm.CustomerContact", models.CASCADE, db_constraint=False, related_name="+")
    contact_b = models.ForeignKey("crm.CustomerContact", models.CASCADE, db_constraint=False, related_name="+")
    reason = models.CharField(max_length=48)
    score = models.FloatField(help_text="Probability that both are the same customer, 0 to 1.")
    evidence = models.JSONField(default=list)
    counterfactual = models.TextField(blank=True, default="", db_default="")
    case = models.UUIDField(null=True, help_text="The lowest customer of the connected conflicts it was found with.")
    fingerprint = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Of the evidence; another one reopens a decision.",
    )
    engine_version = models.CharField(max_length=32, blank=True, default="", db_default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "migration_dedup_conflict"
        verbose_name = "possible duplicate"
        ordering = ["-score", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contact_a", "contact_b"], name="migration_dedup_conflict_pair_key"),
            models.CheckConstraint(name="migration_dedup_conflict_order", condition=Q(contact_a__lt=F("contact_b"))),
        ]
        indexes = [
            models.Index(fields=["company", "state", "-score"], name="migration_dedup_queue_idx"),
            models.Index(fields=["-score", "id"], name="migration_dedup_score_idx"),
            # Counts of what waits: without it the front page reads every question with its evidence.
            models.Index(fields=["company", "reason"], name="migration_dedup_waits_idx", condition=Q(state="open")),
            models.Index(fields=["case"], name="migration_dedup_case_idx", condition=Q(case__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.contact_a} / {self.contact_b}"
