"""What people decided about two customers; it outranks every later run of the rules."""

from django.db import models
from django.db.models import F, Q

from crm.models.base import CompanyOwned, reference


class CustomerDecision(CompanyOwned):
    """One person's answer to "are these two the same?", with the evidence as it was then.

    It stays with the two customers it was made about, also when one of them is merged into a third later: whoever
    asks resolves both sides to the customers they are part of now. A newer answer supersedes an older one, which is
    kept.
    """

    class Verdict(models.TextChoices):
        SAME = "same", "Same customer"
        DIFFERENT = "different", "Not the same"
        HOUSEHOLD = "household", "Same household, not the same"
        WORKS_FOR = "works_for", "Works for the other, not the same"
        BRANCH_OF = "branch_of", "Branch of the other, not the same"

    customer_a = reference("crm.Customer", "decisions_as_a")
    customer_b = reference("crm.Customer", "decisions_as_b")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    subject = reference(
        "crm.Customer", "+", null=True, blank=True, help_text="Who works for, or is a branch of, the other."
    )
    evidence = models.JSONField(default=list, help_text="What spoke for and against when it was decided.")
    evidence_fingerprint = models.CharField(max_length=64, blank=True, default="")
    actor = models.TextField()
    reason = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    merge = reference(
        "crm.CustomerMerge", "decisions", null=True, blank=True, help_text="The merge, or the undo, that said so."
    )
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="Empty while the decision is in force.")
    superseded_by = reference("crm.CustomerDecision", "supersedes", null=True, blank=True)

    class Meta:
        verbose_name = "decision"
        verbose_name_plural = "decisions"
        db_table = "customer_decisions"
        ordering = ["-at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer_a", "customer_b"],
                name="customer_decisions_pair_key",
                condition=Q(superseded_at__isnull=True),
            ),
            models.CheckConstraint(name="customer_decisions_order", condition=Q(customer_a__lt=F("customer_b"))),
        ]
        indexes = [
            models.Index(fields=["company", "customer_a"], name="customer_decisions_a_idx"),
            models.Index(fields=["company", "customer_b"], name="customer_decisions_b_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.customer_a} / {self.customer_b}"
