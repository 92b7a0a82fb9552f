from django.apps import AppConfig


class MigrationOpsConfig(AppConfig):
    """The move itself; goes away with it."""

    name = "migration_ops"
    verbose_name = "Migration"
