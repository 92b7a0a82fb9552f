from django.db import migrations

from legacy.sql import statement


def create_newest_index(apps, schema_editor):
    """An index on (company_id, created_at, id), newest first; a broken leftover is built again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(statement("newest_index_invalid_v1"))
        if cursor.fetchone()[0]:
            cursor.execute(statement("newest_index_drop_v1"))
        cursor.execute(statement("newest_index_create_v1"))


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False

    dependencies = [("legacy", "0002_company_index")]

    # Going back leaves the index: it hurts nobody.
    operations = [migrations.RunPython(create_newest_index, migrations.RunPython.noop)]
