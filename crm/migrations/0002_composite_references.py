from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "composite_references_v1.sql"


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    # Going back, 0001 drops the tables and the references with them.
    operations = [migrations.RunSQL(SQL.read_text(), reverse_sql=migrations.RunSQL.noop)]
