"""Yearly reports that are frozen once adopted, yearly duties that were done, mails about those, and who came back."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate, append_only


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0017_measure_index"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyDone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("duty", models.CharField(max_length=60)),
                ("year", models.PositiveIntegerField()),
                ("done_on", models.DateField(verbose_name="gedaan op")),
                ("note", models.TextField(blank=True, verbose_name="toelichting")),
                ("at", models.DateTimeField(verbose_name="vastgelegd")),
            ],
            options={
                "ordering": ["-year", "pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="YearReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveIntegerField(verbose_name="jaar")),
                ("words", models.JSONField(default=dict)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(verbose_name="gewijzigd")),
                ("figures", models.JSONField(blank=True, null=True)),
                ("figures_sha256", models.CharField(blank=True, max_length=64)),
                ("pdf", models.FileField(blank=True, max_length=200, upload_to="reports/")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("adopted_at", models.DateTimeField(blank=True, null=True, verbose_name="vastgesteld")),
                ("adopted_as", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "verbose_name": "jaarverslag",
                "verbose_name_plural": "jaarverslagen",
                "ordering": ["-year"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="came_back_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="duty",
            field=models.CharField(blank=True, db_default="", max_length=60),
        ),
        migrations.AddField(
            model_name="notice",
            name="year",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="case",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="complaints.case",
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
                    ("duty_soon", "Duty Soon"),
                    ("duty_late", "Duty Late"),
                    ("report", "Report"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("duty", ""), _negated=True),
                fields=("member", "kind", "duty", "year"),
                name="notice_of_duty_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("case__isnull", False), ("duty", "")),
                    models.Q(("case", None), models.Q(("duty", ""), _negated=True)),
                    _connector="OR",
                ),
                name="notice_of_case_or_duty",
            ),
        ),
        migrations.AddField(
            model_name="dutydone",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.membership"
            ),
        ),
        migrations.AddField(
            model_name="dutydone",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
            ),
        ),
        migrations.AddField(
            model_name="yearreport",
            name="adopted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="complaints.membership",
            ),
        ),
        migrations.AddField(
            model_name="yearreport",
            name="changed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.membership"
            ),
        ),
        migrations.AddField(
            model_name="yearreport",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutydone",
            constraint=models.UniqueConstraint(fields=("organisation", "duty", "year"), name="duty_done_once"),
        ),
        migrations.AddConstraint(
            model_name="yearreport",
            constraint=models.UniqueConstraint(fields=("organisation", "year"), name="report_once_a_year"),
        ),
        migrations.AddConstraint(
            model_name="yearreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adopted_at", None),
                    models.Q(
                        ("figures__isnull", False),
                        models.Q(("sha256", ""), _negated=True),
                        ("adopted_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="adopted_report_is_whole",
            ),
        ),
        Isolate("YearReport", "DutyDone"),
        append_only("complaints_yearreport", when="OLD.adopted_at IS NOT NULL", what="an adopted report"),
    ]
