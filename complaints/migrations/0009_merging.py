"""The case that another one was merged into, always of the same organisation; and letters that were stopped by that."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0008_print_batches")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="case",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="complaints.case",
                verbose_name="samengevoegd met",
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
                choices=[
                    ("held", "wacht op controle"),
                    ("waiting", "wordt verstuurd"),
                    ("to_post", "te posten"),
                    ("sent", "verstuurd"),
                    ("failed", "niet gelukt"),
                    ("stopped", "tegengehouden"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None),
                    models.Q(
                        ("closed_at__isnull", False),
                        models.Q(("merged_into", models.F("pk")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_merged_is_closed",
            ),
        ),
        # As procedures.isolation does for new tables: PostgreSQL checks foreign keys without looking at policies.
        migrations.RunSQL(
            sql="""
            ALTER TABLE complaints_case ADD CONSTRAINT complaints_case_merged_into_id_same_organisation
            FOREIGN KEY (organisation_id, merged_into_id) REFERENCES complaints_case (organisation_id, id)
            DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE complaints_case DROP CONSTRAINT complaints_case_merged_into_id_same_organisation",
        ),
    ]
