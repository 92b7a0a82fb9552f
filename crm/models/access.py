"""Which companies a member of staff sees."""

from django.conf import settings
from django.db import models


class StaffAccess(models.Model):
    """Limits one user to some companies; a user without a row, and a superuser, sees all of them.

    Whoever is limited and has no company sees none.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="company_access"
    )
    is_limited = models.BooleanField(
        default=True, verbose_name="limited to companies", help_text="Sees the companies below and nothing of others."
    )
    companies = models.ManyToManyField("crm.Company", blank=True, related_name="+", db_table="staff_access_companies")

    class Meta:
        db_table = "staff_access"
        verbose_name = "limit to companies"
        verbose_name_plural = "limit to companies"

    def __str__(self) -> str:
        return f"Companies of {self.user}"
