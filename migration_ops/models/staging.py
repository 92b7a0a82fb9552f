"""What a run has read of the company's contacts, until its customers are written; emptied afterwards."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class StagedContact(models.Model):
    """A distinct (name, e-mail, phone) with its match keys."""

    id = models.UUIDField(primary_key=True)
    company_id = models.UUIDField()
    name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    name_key = models.TextField(null=True)
    email_key = models.TextField(null=True)
    phone_key = models.TextField(null=True)
    extra_keys = ArrayField(models.TextField())
    email_is_role = models.BooleanField()
    display_name = models.TextField(null=True)
    display_email = models.TextField(null=True)
    display_phone = models.TextField(null=True)
    flags = ArrayField(models.TextField())
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "migration_staged_contact"


class StagedAddress(models.Model):
    """A distinct address of a staged contact."""

    id = models.BigAutoField(primary_key=True)
    company_id = models.UUIDField()
    contact_id = models.UUIDField()
    address = models.TextField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "migration_staged_address"


class StagedCluster(models.Model):
    """A staged contact that belongs to the customer of another one, the cluster's first."""

    contact_id = models.UUIDField(primary_key=True)
    company_id = models.UUIDField()
    first_contact_id = models.UUIDField()

    class Meta:
        db_table = "migration_staged_cluster"


class StagedFinding(models.Model):
    """A doubtful pair or a relation, until both contacts are written."""

    id = models.BigAutoField(primary_key=True)
    company_id = models.UUIDField()
    kind = models.CharField(max_length=16, help_text="conflict, household or works_for")
    contact_a_id = models.UUIDField()
    contact_b_id = models.UUIDField()
    reason = models.CharField(max_length=48, default="")
    score = models.FloatField(default=0)
    evidence = models.JSONField(default=list)

    class Meta:
        db_table = "migration_staged_finding"


class StagedDoubt(models.Model):
    """A staged contact of a component that only the full rules can decide; keys that say nothing are blanked out."""

    contact_id = models.UUIDField(primary_key=True)
    company_id = models.UUIDField()
    component = models.IntegerField()
    email_key = models.TextField(null=True)
    phone_key = models.TextField(null=True)
    extra_keys = ArrayField(models.TextField())

    class Meta:
        db_table = "migration_staged_doubt"
