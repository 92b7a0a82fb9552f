from django.apps import AppConfig


class MigrationOpsConfig(AppConfig):
    name = "migration_ops"
    verbose_name = "Migration"
