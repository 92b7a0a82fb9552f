"""Company: whose data a row is."""

import uuid

from django.db import models


class Company(models.Model):
    """One company of the legacy table; region and time zone steer phones and monthly figures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.TextField()
    slug = models.SlugField(max_length=80, unique=True)
    phone_region = models.CharField(
        max_length=2, default="US", help_text="ISO country whose rules apply to phone numbers without a country code."
    )
    timezone = models.CharField(
        max_length=64, default="UTC", help_text="IANA time zone that decides in which month a payment falls."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "company"
        verbose_name_plural = "company settings"
        db_table = "companies"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
