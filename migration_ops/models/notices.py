"""What people are told of by e-mail and webhook."""

from django.db import models


class Notice(models.Model):
    """One event for one channel, told once; the key says which event of its kind it is."""

    class Event(models.TextChoices):
        RUN_FINISHED = "run_finished", "Run finished"
        RUN_FAILED = "run_failed", "Run failed"
        RUN_STALLED = "run_stalled", "Run stalled"
        GATE_VOIDED = "gate_voided", "Gate voided"
        QUARANTINE = "quarantine", "Quarantine over budget"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        PENDING = "pending", "Waits"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    id = models.BigAutoField(primary_key=True)
    event = models.CharField(max_length=16, choices=Event.choices)
    key = models.CharField(max_length=80)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+", db_index=False)
    subject = models.TextField()
    text = models.TextField()
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_notice"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["event", "key", "channel"], name="migration_notice_key")]
        indexes = [
            models.Index(fields=["next_at"], name="migration_notice_todo_idx", condition=models.Q(state="pending"))
        ]

    def __str__(self) -> str:
        return self.subject
