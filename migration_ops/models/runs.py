"""MigrationRun and MigrationBatch: status, ranges, counters, error."""

from django.db import models
from django.db.models import Q

from migration_ops.stages import ACTIVE, BatchKind, BatchState, RunStatus


class MigrationRun(models.Model):
    """One backfill of one company.

    `generation` grows each time somebody takes the run over; a worker of an older generation
    writes nothing. `owner` names the process that drives the run, `heartbeat_at` when it last did.
    """

    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="migration_runs")
    status = models.CharField(max_length=16, choices=RunStatus.choices, default=RunStatus.RUNNING)
    phase = models.CharField(max_length=16, choices=BatchKind.choices, default=BatchKind.CONTACTS)
    generation = models.IntegerField(default=1)
    mapping_version = models.IntegerField()
    is_enqueued = models.BooleanField(default=False, help_text="Celery workers do the batches.")
    rows_planned = models.BigIntegerField(help_text="Rows of the company when the run was planned.")
    high_watermark = models.UUIDField(null=True, help_text="Highest legacy id when the run was planned.")
    batch_rows = models.IntegerField()
    pause_ms = models.IntegerField(
        default=0, help_text="Rest after each batch, milliseconds; changeable while it runs."
    )
    target_ms = models.IntegerField(
        default=1_000,
        help_text="What a batch of rows should take, milliseconds; 0: as planned. Changeable while it runs.",
    )
    rest_ms = models.IntegerField(default=0, help_text="Rest after the last batch, milliseconds.")
    rest_reason = models.TextField(default="", help_text="Why the run rested after the last batch.")
    owner = models.TextField(default="")
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    accepts_quarantine = models.BooleanField(
        default=False,
        help_text="Started again after it had stopped for too many quarantined rows: it goes on regardless.",
    )
    busy_seconds = models.FloatField(default=0, help_text="Time in which the run was driven, without pauses.")
    error = models.TextField(default="")

    class Meta:
        verbose_name = "run"
        verbose_name_plural = "runs"
        db_table = "migration_run"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company"], name="migration_run_active_key", condition=Q(status__in=list(ACTIVE))
            )
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.company}"


class IndexAside(models.Model):
    """An index that a first run does without while it writes, and the statement that builds it again."""

    name = models.TextField(primary_key=True)
    definition = models.TextField()

    class Meta:
        db_table = "migration_index_aside"

    def __str__(self) -> str:
        return self.name


class MigrationBatch(models.Model):
    """A planned piece of a run: for rows, the legacy ids from `low` to `high`, both included.

    `rows` is the planned number, so that progress is exact; the counters say what the batch did.
    """

    run = models.ForeignKey(MigrationRun, models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=16, choices=BatchKind.choices)
    part = models.IntegerField(help_text="Place in its kind, from 0; a half keeps its parent's place.")
    low = models.UUIDField(null=True)
    high = models.UUIDField(null=True)
    rows = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=BatchState.choices, default=BatchState.PENDING)
    attempts = models.IntegerField(default=0)
    error = models.TextField(default="")
    migrated = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    worker = models.TextField(default="")
    finished_at = models.DateTimeField(null=True)
    duration_ms = models.IntegerField(null=True)

    class Meta:
        verbose_name = "batch"
        verbose_name_plural = "batches"
        db_table = "migration_batch"
        ordering = ["run", "id"]
        indexes = [
            models.Index(
                fields=["run", "kind", "part"], name="migration_batch_pending_idx", condition=Q(state="pending")
            ),
            # The rows of the last hours, whatever ran before.
            models.Index(fields=["finished_at"], name="migration_batch_done_idx", condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk} of run {self.run_id}"
