from django.db import migrations

from migration_ops.sql.loader import text


class Migration(migrations.Migration):
    dependencies = [("migration_ops", "0001_initial"), ("crm", "0002_composite_references")]

    operations = [
        migrations.RunSQL(
            text("ddl/projection_functions_v1.sql"), reverse_sql=text("ddl/projection_functions_v1_drop.sql")
        ),
        # Going back, 0001 drops the tables and the references with them.
        migrations.RunSQL(text("ddl/references_v1.sql"), reverse_sql=migrations.RunSQL.noop),
    ]
