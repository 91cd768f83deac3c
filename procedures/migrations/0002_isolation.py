"""Isolates organisations from each other, and freezes what was published."""

from typing import ClassVar

from django.db import migrations

from procedures.isolation import Isolate, append_only


class Migration(migrations.Migration):
    dependencies: ClassVar = [("procedures", "0001_initial")]

    operations: ClassVar = [
        Isolate("ProcedureVersion", "ClosingDay"),
        append_only("procedures_procedureversion", when="OLD.state = 'published'", what="a published version"),
    ]
