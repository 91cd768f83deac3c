"""Cases that had ended in an earlier register, with the number that they had there, isolated by organisation."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0020_webhooks"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="imported_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="EarlierNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="oud nummer")),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="earlier", to="complaints.case"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
                "constraints": [models.UniqueConstraint(fields=("organisation", "number"), name="earlier_number_once")],
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        Isolate("EarlierNumber"),
    ]
