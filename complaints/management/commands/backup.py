"""Makes a backup of the database and the dossiers, while everything runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import environ
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.operations import backup, chain


class Command(BaseCommand):
    help = (
        "Makes a backup in FOLDER, which must be empty: the database (BACKUP_DATABASE_URL, a role that may read all "
        "and write nothing), every stored file, and a list of both with hashes. Exports the heads of the history first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--check", action="store_true", help="only compare an earlier backup with its list")

    def handle(self, **options: Any) -> None:
        folder: Path = options["folder"]
        try:
            if options["check"]:
                made = backup.check(folder)
            else:
                chain.export_heads(at=timezone.now())
                made = backup.make(folder, database=address_of("BACKUP_DATABASE_URL"), at=timezone.now())
        except backup.NotDone as problem:
            raise CommandError(str(problem)) from None
        except chain.NotSettled:
            raise CommandError("Somebody has been writing for a minute. Try again.") from None
        rows = sum(int(each[0]) for each in made.tables.values())
        self.stdout.write(f"{folder}: {rows} rows and {len(made.files)} files of {made.made_at}, all as they were.")


def address_of(variable: str) -> str:
    """The address of a database that only this command needs, or the file that names it. Raises CommandError."""
    address = str(environ.FileAwareEnv().str(variable, default="")).strip()
    if not address:
        raise CommandError(f"{variable} is not set.")
    return address
