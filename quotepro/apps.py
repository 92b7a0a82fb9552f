from django.apps import AppConfig


class QuoteproConfig(AppConfig):
    """The project itself: its commands, its checks and the theme of the user pages."""

    name = "quotepro"
    verbose_name = "QuotePro"

    def ready(self) -> None:
        """Registers the system checks."""
        from quotepro import checks  # noqa: F401
