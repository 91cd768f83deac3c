"""Keys of other systems, and which of them read what, isolated by organisation."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0018_reports"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reading",
            name="what",
            field=models.CharField(
                choices=[
                    ("page", "de zaak"),
                    ("letter", "een brief"),
                    ("document", "een stuk"),
                    ("export", "een uitvoer"),
                    ("api", "de regel in het register, met een sleutel"),
                ],
                max_length=10,
                verbose_name="wat",
            ),
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="naam")),
                ("hint", models.CharField(max_length=8)),
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read_register", "het register lezen"),
                                ("file_complaint", "klachten indienen"),
                                ("personal", "ook gegevens van personen lezen"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                        verbose_name="mag",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="gemaakt")),
                ("expires_on", models.DateField(verbose_name="werkt tot en met")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="laatst gebruikt")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="ingetrokken")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.membership"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "sleutel",
                "verbose_name_plural": "sleutels",
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="reading",
            name="key",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="complaints.apikey",
            ),
        ),
        Isolate("ApiKey"),
        # As procedures.isolation does for new tables: PostgreSQL checks foreign keys without looking at policies.
        migrations.RunSQL(
            sql="""
            ALTER TABLE complaints_reading ADD CONSTRAINT complaints_reading_key_id_same_organisation
            FOREIGN KEY (organisation_id, key_id) REFERENCES complaints_apikey (organisation_id, id)
            DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE complaints_reading DROP CONSTRAINT complaints_reading_key_id_same_organisation",
        ),
    ]
