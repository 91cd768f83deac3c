"""Lets a held letter have words of its own and be sent back to its writer, and a mail say that a letter waits."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0011_isolation_inbox")]

    operations: ClassVar = [
        migrations.AddField("letter", "wording", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField(
            "letter", "salt", models.CharField(blank=True, default="", max_length=32), preserve_default=False
        ),
        migrations.AddField("letter", "returned_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            "notice",
            "kind",
            models.CharField(choices=[("link", "Link"), ("message", "Message"), ("letter", "Letter")], max_length=10),
        ),
    ]
