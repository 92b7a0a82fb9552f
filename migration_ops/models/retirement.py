"""The end of a company's move: its certificate, and what became of its legacy rows."""

from django.db import models


class Certificate(models.Model):
    """What was proven of a company when a person signed it off; the database refuses to change or delete one.

    `document` is canonical JSON, whose SHA-256 is `sha256`. Whether it still holds is never written here:
    `retirement.standing` tells it from what was found since. Unmanaged: its table and trigger come from
    sql/ddl/certificate_v1.sql.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.DO_NOTHING, db_constraint=False, related_name="certificates")
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    signed_by = models.TextField()
    mapping_version = models.IntegerField()
    last_finding = models.BigIntegerField(help_text="The newest finding when it was issued; a newer one supersedes it.")
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "migration_certificate"
        ordering = ["-id"]
        permissions = [
            ("sign_certificate", "Can sign off a company's move"),
            ("retire_legacy", "Can remove a company's legacy rows"),
        ]

    def __str__(self) -> str:
        return f"Certificate {self.pk} of {self.company}"


class Retirement(models.Model):
    """The removal of a company's legacy rows: which archive was proven, by whose word, and how far it is."""

    class State(models.TextChoices):
        REMOVING = "removing", "Removing"
        REMOVED = "removed", "Removed"
        RESTORED = "restored", "Restored"

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="retirements")
    certificate = models.ForeignKey(Certificate, models.DO_NOTHING, db_constraint=False, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices)
    archive = models.TextField(help_text="Where the archive was when it was proven.")
    archive_sha256 = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    removed = models.BigIntegerField(default=0)
    actor = models.TextField()
    reason = models.TextField()
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "migration_retirement"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=models.Q(state="removing"), name="migration_retirement_one_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.company}: {self.get_state_display().lower()}"
