"""Finds what waits for somebody, and a line of the register, among very many cases; made beside the traffic."""

from typing import ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("complaints", "0021_earlier_register")]

    operations: ClassVar = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("erased_at", None)),
                fields=["organisation", "received_at", "id"],
                include=("closed_at", "merged_into"),
                name="case_register",
            ),
        ),
        AddIndexConcurrently(
            model_name="deadline",
            index=models.Index(
                condition=models.Q(("met_at", None), ("status", "missed")),
                fields=["organisation", "case"],
                name="deadline_missed",
            ),
        ),
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("state__in", ("failed", "held", "to_post"))),
                fields=["organisation", "case"],
                name="letter_stuck",
            ),
        ),
    ]
