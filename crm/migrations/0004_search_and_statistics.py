from django.db import migrations

from crm.sql import statement


class Migration(migrations.Migration):
    dependencies = [("crm", "0003_api")]

    operations = [
        migrations.RunSQL(statement("search_v1"), statement("search_v1_drop")),
        migrations.RunSQL(statement("dashboard_stats_v1"), "DROP MATERIALIZED VIEW dashboard_stats"),
    ]
