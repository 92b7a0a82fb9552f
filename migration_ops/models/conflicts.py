"""DedupConflict: two customers that may be one, for a person to decide."""

from django.db import models
from django.db.models import F, Q


class DedupConflict(models.Model):
    """A doubtful pair of contacts with the evidence that made it; stays separate until a person decides."""

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
        indexes = [models.Index(fields=["company", "state", "-score"], name="migration_dedup_queue_idx")]

    def __str__(self) -> str:
        return f"{self.contact_a} / {self.contact_b}"
