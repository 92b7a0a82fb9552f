from django.apps import AppConfig


class CrmConfig(AppConfig):
    """The normalised schema."""

    name = "crm"
    verbose_name = "Customers & work"
