from django.apps import AppConfig


class QuoteproConfig(AppConfig):
    """The project itself: its commands, its checks and the theme of the user pages."""

    name = "quotepro"
    verbose_name = "QuotePro"

    def ready(self) -> None:
        """Registers the system checks, and what happens in front of each request."""
        from quotepro import checks, connections  # noqa: F401
