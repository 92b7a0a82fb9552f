from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import pre_migrate


class MigrationOpsConfig(AppConfig):
    """The move itself; goes away with it."""

    name = "migration_ops"
    verbose_name = "Migration"

    def ready(self) -> None:
        """A schema migration meets the indexes it expects."""
        pre_migrate.connect(put_indexes_back, sender=self)


def put_indexes_back(**_: Any) -> None:
    """Build what an unfinished first run has set aside."""
    from migration_ops.backfill import list_indexes
    from migration_ops.models import IndexAside

    if IndexAside._meta.db_table in connection.introspection.table_names():
        list_indexes.put_back()
