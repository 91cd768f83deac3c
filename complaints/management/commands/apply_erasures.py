"""Erases again what the ledger says was erased, after an old backup was restored."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.actions.erasing import erase_again, remove_files
from complaints.models import DoomedFile
from complaints.retention import ledger
from complaints.retention.searching import LeftOver, stray_files
from procedures.models import Organisation
from procedures.scoping import scope


class Command(BaseCommand):
    help = (
        "Erases the cases that the ledger (ERASURE_LEDGER) says were erased and that are back with an old backup. "
        "Do it before anything else runs on a restored database; it may be done again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether there is anything to erase again")

    def handle(self, **options: Any) -> None:
        waiting = ledger.unapplied()
        if options["check"]:
            if waiting:
                raise CommandError(f"{len(waiting)} cases are back that were erased. Run: manage.py apply_erasures")
            self.stdout.write("Nothing that was erased is back.")
            return
        strays = stray_files() if waiting else set()
        failed = 0
        for organisation, line in waiting:
            try:
                with scope(organisation):
                    erase_again(line, at=timezone.now(), strays=strays)
            except LeftOver as problem:
                failed += 1
                self.stderr.write(f"Case {line.case} is not erased: something was left in {problem}")
        for key in Organisation.objects.order_by("pk").values_list("pk", flat=True):
            with scope(key):
                while remove_files():
                    pass
                failed += DoomedFile.objects.count()
        self.stdout.write(f"{len(waiting)} cases were back.")
        if failed:
            raise CommandError(f"{failed} cases or files are still there.")
