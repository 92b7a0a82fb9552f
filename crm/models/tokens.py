"""Access of programs: tokens of a company, and requests that must not be done twice."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Scope(models.TextChoices):
    """What a token may do."""

    LEADS_READ = "leads:read", "Read leads"
    LEADS_WRITE = "leads:write", "Write leads"
    QUOTES_READ = "quotes:read", "Read quotes"
    QUOTES_WRITE = "quotes:write", "Write quotes"
    JOBS_READ = "jobs:read", "Read jobs"
    JOBS_WRITE = "jobs:write", "Write jobs"
    INVOICES_READ = "invoices:read", "Read invoices"
    INVOICES_WRITE = "invoices:write", "Write invoices"
    CUSTOMERS_READ = "customers:read", "Read customers"
    STATISTICS_READ = "statistics:read", "Read statistics"


class ApiToken(models.Model):
    """A token of one company. The secret itself is shown once, when it is made; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="Whose it is: a program, a partner.")
    prefix = models.CharField(max_length=12, unique=True, help_text="The visible part, to tell tokens apart.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole token.")
    scopes = ArrayField(models.CharField(max_length=24, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "api_tokens"
        ordering = ["company", "name", "id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotentRequest(models.Model):
    """A request that came with an Idempotency-Key, and what it was answered."""

    company = models.ForeignKey("crm.Company", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.SmallIntegerField()
    etag = models.CharField(max_length=80, blank=True)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "api_idempotent_requests"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["company", "key"], name="api_idempotent_requests_key")]

    def __str__(self) -> str:
        return self.key
