"""Measures are done, dropped and judged, by an owner who is reminded; the sweep knows when."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

WITH_WORK = """
    CREATE OR REPLACE FUNCTION organisations_with_work(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT organisation_id FROM complaints_case WHERE wake_at <= at
        UNION
        SELECT organisation_id FROM complaints_letter WHERE try_at <= at
        UNION
        SELECT organisation_id FROM complaints_notice WHERE try_at <= at
        UNION
        SELECT organisation_id FROM complaints_draft WHERE expires_at <= at
        UNION
        SELECT organisation_id FROM complaints_attempt WHERE forget_at <= at
        UNION
        SELECT organisation_id FROM complaints_request WHERE remind_at <= at
        UNION
        SELECT organisation_id FROM complaints_incomingmail WHERE try_at <= at
        {more}
    $$;
"""
MORE = """
        UNION
        SELECT organisation_id FROM complaints_measure WHERE remind_at <= at
"""
KEYS = (
    ("complaints_measure", "member_id", "complaints_membership"),
    ("complaints_measure", "document_id", "complaints_document"),
    ("complaints_notice", "measure_id", "complaints_measure"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("complaints", "0015_operations"),
        ("procedures", "0002_isolation"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="measure",
            name="document",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="complaints.document",
            ),
        ),
        migrations.AddField(
            model_name="measure",
            name="done_on",
            field=models.DateField(blank=True, null=True, verbose_name="gedaan op"),
        ),
        migrations.AddField(
            model_name="measure",
            name="dropped_on",
            field=models.DateField(blank=True, null=True, verbose_name="vervallen op"),
        ),
        migrations.AddField(
            model_name="measure",
            name="effect",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                choices=[("worked", "werkte"), ("failed", "werkte niet"), ("too_early", "te vroeg om te zeggen")],
                max_length=10,
                verbose_name="werkte het?",
            ),
        ),
        migrations.AddField(
            model_name="measure",
            name="effect_reason",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="waarom"),
        ),
        migrations.AddField(
            model_name="measure",
            name="evidence",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="waaruit dat blijkt"),
        ),
        migrations.AddField(
            model_name="measure",
            name="judged_on",
            field=models.DateField(blank=True, null=True, verbose_name="beoordeeld op"),
        ),
        migrations.AddField(
            model_name="measure",
            name="kind",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                choices=[("corrective", "herstellen"), ("preventive", "voorkomen")],
                max_length=10,
                verbose_name="soort",
            ),
        ),
        migrations.AddField(
            model_name="measure",
            name="member",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="complaints.membership",
            ),
        ),
        migrations.AddField(
            model_name="measure",
            name="remind_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="measure",
            name="repeats",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="measure",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="complaints.measure",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("link", "Link"),
                    ("message", "Message"),
                    ("invite", "Invite"),
                    ("letter", "Letter"),
                    ("measure", "Measure"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(("done_on", None), ("dropped_on", None), _connector="OR"),
                name="measure_done_or_dropped",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effect", ""), models.Q(("done_on__isnull", False), ("judged_on__isnull", False)), _connector="OR"
                ),
                name="measure_judged_once_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("remind_at", None), models.Q(("done_on", None), ("dropped_on", None)), _connector="OR"
                ),
                name="measure_reminded_while_open",
            ),
        ),
        # As procedures.isolation does for new tables: PostgreSQL checks foreign keys without looking at policies.
        *(
            migrations.RunSQL(
                sql=f"""
                ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_organisation
                FOREIGN KEY (organisation_id, {column}) REFERENCES {target} (organisation_id, id)
                DEFERRABLE INITIALLY DEFERRED
                """,
                reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_same_organisation",
            )
            for table, column, target in KEYS
        ),
        migrations.RunSQL(
            sql=f"""
            CREATE POLICY sweep ON complaints_measure FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, remind_at) ON complaints_measure TO gehoor_sweeper;
            {WITH_WORK.format(more=MORE)}
            """,
            reverse_sql=f"""
            {WITH_WORK.format(more="")}
            DROP POLICY sweep ON complaints_measure;
            """,
        ),
    ]
