"""Keeping and erasing: what holds a case, lists of cases to erase, and since when only the row of a case is left."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0012_letter_wording"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="erased_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="ErasureList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("proposed_at", models.DateTimeField(verbose_name="voorgesteld")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="goedgekeurd")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="ingetrokken")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="klaar")),
                ("certificate", models.FileField(blank=True, max_length=200, upload_to="certificates/")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.membership",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.membership"
                    ),
                ),
                (
                    "withdrawn_by",
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
            name="ListedCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=20)),
                ("also", models.JSONField(default=list)),
                ("last_on", models.DateField()),
                ("taken_out_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, verbose_name="waarom")),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.JSONField(default=dict)),
                ("problem", models.JSONField(default=dict)),
                ("try_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="listed", to="complaints.case"
                    ),
                ),
                (
                    "erasure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="complaints.erasurelist"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "taken_out_by",
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
                "ordering": ["last_on", "pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="DoomedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "listed",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doomed",
                        to="complaints.listedcase",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="RetentionHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(verbose_name="waarom")),
                ("made_at", models.DateTimeField(verbose_name="sinds")),
                ("lifted_reason", models.TextField(blank=True, verbose_name="waarom niet meer")),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="opgeheven")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="complaints.case"
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.membership",
                    ),
                ),
                (
                    "member",
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
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="RetentionWatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("looked_on", models.DateField()),
                ("waits_since", models.DateField(blank=True, null=True)),
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
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name="erasurelist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="listedcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_out_at__isnull", True)), fields=("case",), name="on_one_list_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionhold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)), fields=("case",), name="one_hold_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionwatch",
            constraint=models.UniqueConstraint(fields=("organisation",), name="watched_once"),
        ),
        Isolate("ErasureList", "ListedCase", "DoomedFile", "RetentionHold", "RetentionWatch"),
    ]
