from django.db import migrations

from migration_ops.roles import ensure_roles


def make(apps, schema_editor):
    ensure_roles(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("crm", "0009_staff_access"),
        ("legacy", "0003_newest_index"),
        ("migration_ops", "0015_console"),
    ]

    # Going back leaves the groups: people are in them.
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
