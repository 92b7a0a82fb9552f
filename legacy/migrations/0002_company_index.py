from django.db import migrations

from legacy.sql import statement


def create_company_index(apps, schema_editor):
    """An index on (company_id, id), unless there is a valid one; a broken leftover is built again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(statement("company_index_lookup_v1"))
        indexes = cursor.fetchall()
        if any(is_valid for _, is_valid, _ in indexes):
            return
        if any(is_ours for _, _, is_ours in indexes):
            cursor.execute(statement("company_index_drop_invalid_v1"))
        cursor.execute(statement("company_index_create_v1"))


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs in no transaction.
    atomic = False

    dependencies = [("legacy", "0001_initial")]

    # Going back leaves the index: it hurts nobody, and it may have been there before us.
    operations = [migrations.RunPython(create_company_index, migrations.RunPython.noop)]
