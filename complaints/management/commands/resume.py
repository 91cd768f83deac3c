"""Lets the sweeps go on after a backup was restored."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from complaints.actions.moments import resume_work
from complaints.retention import ledger


class Command(BaseCommand):
    help = "Lets letters leave and time pass again, after `manage.py restore` put all work on hold."

    def handle(self, **_options: Any) -> None:
        if waiting := len(ledger.unapplied()):
            raise CommandError(f"{waiting} cases are back that were erased. First: manage.py apply_erasures")
        self.stdout.write("Work goes on." if resume_work() else "Work was not on hold.")
