"""Where each company stands, with its history."""

from django.db import models

from migration_ops.stages import Stage


class CompanyStage(models.Model):
    """The stage of one company; a company without a row is off."""

    company = models.OneToOneField("crm.Company", models.PROTECT, primary_key=True, related_name="migration_stage")
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.OFF)
    since = models.DateTimeField()
    shadow_percent = models.SmallIntegerField(
        null=True,
        db_default=None,
        help_text="Share of API v1's reads that are compared; without it QUOTEPRO_SHADOW_PERCENT.",
    )

    class Meta:
        verbose_name = "company"
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(
                name="migration_company_stage_percent", condition=models.Q(shadow_percent__range=(0, 100))
            )
        ]
        db_table = "migration_company_stage"
        ordering = ["company"]
        permissions = [
            ("steer_runs", "Can start, pause, resume and cancel runs, and set their pace"),
            ("prove_company", "Can validate a company, rehearse its rollback and repair drift"),
            ("move_stage", "Can take a company to another stage"),
            ("export_rows", "Can take lists along as CSV files"),
            ("correct_quarantine", "Can retry and waive quarantined rows"),
        ]

    def __str__(self) -> str:
        return f"{self.company}: {self.get_stage_display()}"


class StageChange(models.Model):
    """One step of a company, forward or back; never changed."""

    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="stage_changes")
    before = models.CharField(max_length=16, choices=Stage.choices)
    after = models.CharField(max_length=16, choices=Stage.choices)
    reason = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "migration_stage_change"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.company}: {self.before} → {self.after}"
