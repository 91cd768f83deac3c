"""The room of whoever judges an appeal, isolated by organisation."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from procedures.isolation import Isolate


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0013_retention"),
        ("procedures", "0002_isolation"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[("link", "Link"), ("message", "Message"), ("invite", "Invite"), ("letter", "Letter")],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=60)),
                ("places", models.PositiveIntegerField()),
                ("file", models.FileField(max_length=200, upload_to="dossiers/")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("manifest", models.JSONField()),
                ("sealed_at", models.DateTimeField(verbose_name="verzegeld")),
                ("text", models.TextField(blank=True, verbose_name="tekst van het oordeel")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="stemming gesloten")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rooms", to="complaints.case"
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.event"
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
            name="RoomNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(verbose_name="notitie")),
                ("written_at", models.DateTimeField(verbose_name="geschreven")),
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
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="complaints.room"
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
            name="Opinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verdict", models.CharField(blank=True, max_length=60, verbose_name="oordeel")),
                ("text", models.TextField(blank=True, verbose_name="waarom")),
                ("voted_at", models.DateTimeField(blank=True, null=True, verbose_name="gestemd")),
                ("salt", models.CharField(blank=True, max_length=32)),
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
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="opinions", to="complaints.room"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
                "constraints": [models.UniqueConstraint(fields=("room", "member"), name="opinion_once")],
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="RoomDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added_at", models.DateTimeField(verbose_name="toegevoegd")),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="complaints.membership",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="complaints.document"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="procedures.organisation"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="complaints.room"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
                "constraints": [models.UniqueConstraint(fields=("room", "document"), name="room_document_once")],
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="RoomMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_chair", models.BooleanField(default=False, verbose_name="voorzitter")),
                ("came_at", models.DateTimeField()),
                ("invited_at", models.DateTimeField(blank=True, null=True, verbose_name="uitgenodigd")),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="geopend")),
                ("is_hindered", models.BooleanField(default=False, verbose_name="verhinderd")),
                ("left_at", models.DateTimeField(blank=True, null=True)),
                (
                    "membership",
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
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="complaints.room"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "scoped",
                "default_manager_name": "scoped",
                "constraints": [
                    models.UniqueConstraint(fields=("room", "membership"), name="room_member_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_chair", True), ("left_at", None)),
                        fields=("room",),
                        name="room_one_chair",
                    ),
                ],
            },
            managers=[
                ("scoped", django.db.models.manager.Manager()),
            ],
        ),
        Isolate("Room", "RoomMember", "RoomNote", "Opinion", "RoomDocument"),
    ]
