from django.apps import AppConfig


class CrmConfig(AppConfig):
    """The normalised side; it imports nothing of ours."""

    name = "crm"
    verbose_name = "Customers & work"
