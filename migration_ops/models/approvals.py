"""Steps that cannot be taken back, until a second person agrees."""

from django.conf import settings
from django.db import models


class StepRequest(models.Model):
    """One person asks for a step that cannot be taken back; another one takes it, or declines."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a second person"
        DONE = "done", "Done"
        DECLINED = "declined", "Declined"

    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="step_requests")
    after = models.CharField(max_length=16, help_text="The stage the company is to go to.")
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_step_request"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "after"], name="migration_step_request_open_key",
                condition=models.Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="migration_step_request_two_people",
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(state="done")
                | ~models.Q(decided_by=models.F("asked_by")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.company} to {self.after}, asked for by {self.asked_by}"
