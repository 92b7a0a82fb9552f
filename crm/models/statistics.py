"""Figures of each company, as of the last refresh."""

from django.db import models


class DashboardStats(models.Model):
    """One company's line of the materialised view dashboard_stats."""

    company = models.OneToOneField(
        "crm.Company", models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    pending_leads = models.BigIntegerField()
    qualified_leads = models.BigIntegerField()
    total_customers = models.BigIntegerField(help_text="Customers with a quote.")
    monthly_revenue = models.DecimalField(max_digits=40, decimal_places=12, help_text="Received this month.")
    monthly_quoted = models.DecimalField(max_digits=40, decimal_places=12, help_text="Offered this month.")
    month_start = models.DateTimeField(help_text="Where the month began, in the company's time zone.")
    refreshed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "dashboard_stats"
        ordering = ["company"]
        verbose_name = verbose_name_plural = "statistics"

    def __str__(self) -> str:
        return f"Statistics of {self.company}"
