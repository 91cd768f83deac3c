"""Puts a backup back: rows, files, the erasures since then once more; and holds all work until a person says so."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from complaints.management.commands.backup import address_of
from complaints.operations import backup


class Command(BaseCommand):
    help = (
        "Puts the backup in FOLDER back in an empty database (OWNER_DATABASE_URL, BACKUP_DATABASE_URL, DATABASE_URL) "
        "and an empty storage, compares both with the backup's list, and applies ERASURE_LEDGER. No sweep does "
        "anything until `manage.py resume`."
    )
    requires_system_checks = []  # there are no tables yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, **options: Any) -> None:
        try:
            done = backup.put_back(
                options["folder"],
                owner=address_of("OWNER_DATABASE_URL"),
                database=address_of("BACKUP_DATABASE_URL"),
                at=timezone.now(),
            )
        except backup.NotDone as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Rows and files are those of {done.made_at}.")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("They are of an older version. First: manage.py migrate, then: manage.py apply_erasures")
        else:
            self.stdout.write("What was erased since then goes again:")
            call_command("apply_erasures", stdout=self.stdout, stderr=self.stderr)
        self.stdout.write(
            "Nothing is sent yet. Look around, compare with `manage.py history --verify`, and then: manage.py resume"
        )
