from django.apps import AppConfig
from django.core.checks import Tags, register


class LegacyConfig(AppConfig):
    """The legacy side; it imports nothing of ours."""

    name = "legacy"
    verbose_name = "Legacy quotes table"

    def ready(self) -> None:
        """Registers the checks of the table."""
        from .checks import check_legacy_columns

        register(check_legacy_columns, Tags.database)
