from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """A customer is never part of itself, whoever writes."""

    dependencies = [
        ("crm", "0007_list_indexes"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(
                name="customers_new_not_into_itself", condition=Q(("merged_into", F("id")), _negated=True)
            ),
        ),
    ]
