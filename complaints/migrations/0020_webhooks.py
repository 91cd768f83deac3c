"""Addresses where other systems are told what happens, isolated by organisation, and where a message is due."""

import uuid

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate

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
        UNION
        SELECT organisation_id FROM complaints_measure WHERE remind_at <= at
        {work}
    $$;
    CREATE OR REPLACE FUNCTION work_that_waits(at timestamptz) RETURNS TABLE (what text, due bigint, oldest timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT 'letters', count(*), min(try_at) FROM complaints_letter WHERE try_at <= at
        UNION ALL
        SELECT 'deadlines', count(*), min(wake_at) FROM complaints_case WHERE wake_at <= at
        UNION ALL
        SELECT 'notices', count(*), min(try_at) FROM complaints_notice WHERE try_at <= at
        UNION ALL
        SELECT 'mails', count(*), min(try_at) FROM complaints_incomingmail WHERE try_at <= at
        {waits}
    $$;
"""
WORK = """
        UNION
        SELECT organisation_id FROM complaints_delivery WHERE try_at <= at
"""
WAITS = """
        UNION ALL
        SELECT 'deliveries', count(*), min(try_at) FROM complaints_delivery WHERE try_at <= at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0019_api_keys"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
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
                    ("duty_soon", "Duty Soon"),
                    ("duty_late", "Duty Late"),
                    ("webhook", "Webhook"),
                    ("report", "Report"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.URLField(max_length=500, verbose_name="adres")),
                ("secret", models.TextField()),
                ("made_at", models.DateTimeField(verbose_name="gemaakt")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="gestopt")),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.membership",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "adres voor meldingen",
                "verbose_name_plural": "adressen voor meldingen",
                "ordering": ["-pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("try_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("token", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=60)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("given_up_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.case"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.event"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="complaints.webhook"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
                "indexes": [
                    models.Index(condition=models.Q(("try_at__isnull", False)), fields=["try_at"], name="delivery_try")
                ],
                "constraints": [models.UniqueConstraint(fields=("webhook", "event"), name="delivery_once")],
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        Isolate("Webhook", "Delivery"),
        migrations.RunSQL(
            sql=f"""
            CREATE POLICY sweep ON complaints_delivery FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, try_at) ON complaints_delivery TO gehoor_sweeper;
            {WITH_WORK.format(work=WORK, waits=WAITS)}
            """,
            reverse_sql=f"""
            {WITH_WORK.format(work="", waits="")}
            DROP POLICY sweep ON complaints_delivery;
            """,
        ),
    ]
