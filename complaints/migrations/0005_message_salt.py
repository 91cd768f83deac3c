"""Gives a message the salt of its hash in the history."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0004_isolation_beside")]

    operations: ClassVar = [
        migrations.AddField(
            "message", "salt", models.CharField(blank=True, default="", max_length=32), preserve_default=False
        ),
    ]
