"""Lists by status and quotes by number: a rare one is found by its index, not by reading the company's rows."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0006_splits'),
    ]

    operations = [
        migrations.AddIndex(
            model_name=model,
            index=models.Index(fields=['company', 'status', '-created_at', '-id'], name=f'{table}_status_idx'),
        )
        for model, table in (('lead', 'leads_new'), ('quote', 'quotes_new'), ('job', 'jobs_new'), ('invoice', 'invoices_new'))
    ] + [
        migrations.RemoveIndex(model_name='customer', name='customers_new_newest_idx'),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(
                fields=['company', '-created_at', '-id'], include=['merged_into'], name='customers_new_newest_idx'
            ),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(
                models.F('company'), django.db.models.functions.text.Left('quote_number', 64),
                name='quotes_new_number_idx', condition=models.Q(quote_number__isnull=False),
            ),
        ),
    ]
