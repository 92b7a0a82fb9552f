"""Who still uses API v1: when nobody does, it may go."""

from django.db import models


class V1Use(models.Model):
    """Requests of one client on one day (UTC)."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    client = models.CharField(max_length=120, help_text="The token's visible part, or anonymous.")
    company = models.ForeignKey("crm.Company", models.CASCADE, null=True, related_name="+")
    requests = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0, help_text="Of these, answered with an error.")
    last_at = models.DateTimeField()

    class Meta:
        db_table = "migration_v1_use"
        ordering = ["-day", "-requests", "id"]
        verbose_name = "use of API v1"
        verbose_name_plural = "use of API v1"
        constraints = [models.UniqueConstraint(fields=["day", "client"], name="migration_v1_use_key")]

    def __str__(self) -> str:
        return f"{self.client} on {self.day}"
