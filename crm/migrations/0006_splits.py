from django.db import migrations, models


class Migration(migrations.Migration):
    """A split stands beside the merges; only what the columns may say is new."""

    dependencies = [
        ("crm", "0005_merges"),
    ]

    operations = [
        migrations.AlterField(
            model_name="customermerge",
            name="origin",
            field=models.CharField(
                choices=[("person", "By a person"), ("rules", "By the rules"), ("split", "Split by a person")],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="customermergemove",
            name="change",
            field=models.CharField(
                choices=[
                    ("moved", "Moved to the survivor"),
                    ("changed", "Changed"),
                    ("removed", "Removed, because the survivor has the same"),
                    ("made", "Made by a split"),
                ],
                max_length=16,
            ),
        ),
    ]
