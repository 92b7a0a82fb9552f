"""Rows that are kept whole, in the order in which API v1 lists them."""

from django.db import migrations

from migration_ops.sql.loader import text


class Migration(migrations.Migration):

    dependencies = [
        ('migration_ops', '0013_shadow'),
    ]

    operations = [
        migrations.RunSQL(text("ddl/kept_rows_v1.sql"), reverse_sql=text("ddl/kept_rows_v1_drop.sql")),
    ]
