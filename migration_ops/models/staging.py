"""What a run has read of the company's contacts, until its customers are written; emptied afterwards."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class StagedContact(models.Model):
    """A distinct (name, e-mail, phone) with its match keys; `cluster` is the first contact of its customer."""

    id = models.UUIDField(primary_key=True)
    company_id = models.UUIDField()
    cluster = models.UUIDField()
    name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    name_key = models.TextField(null=True)
    email_key = models.TextField(null=True)
    phone_key = models.TextField(null=True)
    extra_keys = ArrayField(models.TextField(), null=True)
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
