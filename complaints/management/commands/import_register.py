"""Takes over the register that an organisation kept before, from a csv file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints.actions import staff
from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.importing import NotTaken, take_over, try_out
from complaints.actions.memberships import may_manage
from complaints.earlier.judging import Trial
from complaints.earlier.reading import LARGEST, NotRead
from complaints.models import Membership
from procedures.catalogue import NotInForce, procedure_of, version_at
from procedures.models import Organisation
from procedures.scoping import scope

SHOWN = 200  # faults; who mends those sees the others


class Command(BaseCommand):
    help = "Takes over complaints that had ended in an earlier register: all rows of the file, or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", help="its name in addresses")
        parser.add_argument("file", type=Path, help="the register, as csv; the desk gives an example")
        parser.add_argument("--dry-run", action="store_true", help="says what would happen, and takes over nothing")
        parser.add_argument("--by", default="", metavar="EMAIL", help="the member in whose name; else Gehoor's own")

    def handle(self, *, organisation: str, file: Path, dry_run: bool, by: str, **_options: Any) -> None:
        found = Organisation.objects.filter(slug=organisation).first()
        if found is None:
            raise CommandError(f'There is no organisation "{organisation}".')
        try:
            with file.open("rb") as opened:
                content = opened.read(LARGEST + 1)
        except OSError as problem:
            raise CommandError(f"{file} cannot be read: {problem.strerror}.") from None
        now = timezone.now()
        try:
            with scope(found.pk):
                actor = _actor(by)
                trial = try_out(content, at=now) if dry_run else take_over(content, actor=actor, at=now)
        except (NotRead, NotInForce) as problem:
            raise CommandError(str(problem)) from None
        except NotTaken as refused:
            trial = refused.trial
        self._tell(trial, is_done=not dry_run)

    def _tell(self, trial: Trial, *, is_done: bool) -> None:
        for each in trial.faults[:SHOWN]:
            self.stderr.write(f"row {each.row}, {each.column}: {each.what}")
        if trial.faults:
            raise CommandError(f"{len(trial.faults)} faults: nothing was taken over.")
        self.stdout.write(f"{len(trial.entries)} {'taken over' if is_done else 'would be taken over'}")
        self.stdout.write(f"{trial.known} here already")
        self.stdout.write(f"{trial.due} passed by, because the term for which they may be kept is over")
        for year in trial.years:
            self.stdout.write(f"The report of {year} was adopted and stays as it is: it does not count these cases.")


def _actor(by: str) -> Actor:
    """The member with this mail address, who must be one that manages the organisation; without one, Gehoor itself."""
    if not by:
        return THE_CLOCK
    member = Membership.objects.select_related("user").filter(user__email__iexact=by, is_active=True).first()
    procedure = procedure_of(version_at(timezone.now()))
    if member is None or not may_manage(member, procedure):
        raise CommandError(f"{by} does not manage this organisation.")
    return staff(member, procedure)
