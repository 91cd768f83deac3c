"""Finds the measures that somebody is to be reminded of; made beside the traffic."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("complaints", "0016_measures")]

    operations: ClassVar = [
        AddIndexConcurrently(
            model_name="measure",
            index=models.Index(
                condition=models.Q(("remind_at__isnull", False)), fields=["remind_at"], name="measure_remind"
            ),
        ),
    ]
