"""Fills an empty installation with the procedures at hand, invented staff, and example cases in every phase."""

from __future__ import annotations

import tomllib
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from complaints import access_codes
from complaints.actions import opened_with
from complaints.demo.paths import ways
from complaints.demo.playing import HERE, Cast, play
from complaints.models import Case, Membership, User
from procedures.catalogue import establish, publish
from procedures.definition import COMPLAINANT, FieldKind, Procedure
from procedures.loading import load
from procedures.models import Organisation
from procedures.scoping import scope

DEFINITIONS = Path(settings.BASE_DIR) / "procedures" / "definitions"
SINCE = datetime(2024, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    help = (
        "Publishes the procedures in procedures/definitions, with invented staff and example cases. Not in production."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", nargs="*", help="only these (their name in addresses); without: all")
        parser.add_argument("--accounts", action="store_true", help="only print who can sign in")

    def handle(self, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo has known passwords and is not for production.")
        people = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))
        documents = [path.read_text(encoding="utf-8") for path in sorted(DEFINITIONS.glob("*.toml"))]
        procedures = {load(source): source for source in documents}
        if unknown := set(options["organisation"]) - {each.organisation for each in procedures}:
            raise CommandError(f"No definition for {', '.join(sorted(unknown))} in {DEFINITIONS.name}/")
        if options["organisation"]:
            procedures = {each: procedures[each] for each in procedures if each.organisation in options["organisation"]}
        if options["accounts"]:
            self._print_accounts(list(procedures), people)
            return
        for procedure, source in procedures.items():
            if Organisation.objects.filter(slug=procedure.organisation, is_open=True).exists():
                self.stdout.write(f"{procedure.name}: nothing to do")
                continue
            count = self._fill(procedure, source, people)
            self.stdout.write(f"{procedure.name}: published, with {count} example cases")

    def _fill(self, procedure: Procedure, source: str, people: dict[str, Any]) -> int:
        organisation = establish(source, at=SINCE)
        password = make_password(people["password"])
        members = _hire(procedure, organisation, people["staff"], password)
        publish(source, by=people["staff"][0], roles={procedure.publisher}, at=SINCE)
        now = timezone.now()
        cast = Cast(people["complainants"], people["phrases"], members)
        found = ways(procedure)
        plans = [(way, timedelta(hours=3 + 26 * (number % 3)), True) for number, way in enumerate(found.values())]
        # And a few that were left lying, so that something is late, or nearly.
        left_lying = [way for phase, way in found.items() if len(way) <= 2 and not procedure.phase(phase).is_end]
        plans += [(way, timedelta(days=days), False) for way, days in zip(left_lying, (4, 26, 17), strict=False)]
        for number, (way, ago, is_diligent) in enumerate(plans):
            with scope(organisation.pk):
                play(procedure, way, cast, number=number, ends_at=now - ago, until=now, is_diligent=is_diligent)
        with scope(organisation.pk):
            return Case.objects.count()

    def _print_accounts(self, procedures: list[Procedure], people: dict[str, Any]) -> None:
        self.stdout.write(f"Demo accounts, all with the password {people['password']}")
        for procedure in procedures:
            for role in procedure.roles:
                self.stdout.write(f"  {procedure.name + ':':22} {role.title.nl:34} {_address(procedure, role.name, 0)}")
        self.stdout.write("Complainants, to follow a case")
        for procedure in procedures:
            self._print_complainant(procedure)

    def _print_complainant(self, procedure: Procedure) -> None:
        """The number and the code of the newest case in which the complainant has something to do."""
        organisation = Organisation.objects.filter(slug=procedure.organisation, is_open=True).first()
        if organisation is None:
            return
        waiting = [phase for act in procedure.acts if COMPLAINANT in act.by for phase in act.phases if phase != "*"]
        with scope(organisation.pk):
            case = Case.objects.filter(phase__in=waiting).exclude(nonce=None).order_by("-received_at").first()
            opened = opened_with(str(case.nonce)) if case else None
        if opened:
            number = f"{opened.case.reference}  {' '.join(access_codes.written(opened.access_code))}"
            self.stdout.write(f"  {procedure.name + ':':22} {number}")


def _hire(
    procedure: Procedure, organisation: Organisation, names: list[str], password: str
) -> dict[str, list[Membership]]:
    """Someone for each role, and as many as are asked for where an act chooses several."""
    counts = {field.role: field.count for field in procedure.every_field() if field.kind is FieldKind.MEMBERS}
    handlers = {role.name for role in procedure.roles if role.is_handler and role.per_case}
    members: dict[str, list[Membership]] = {}
    turn = 0
    for role in procedure.roles:
        for number in range(max(counts.get(role.name, 1), 2 if role.name in handlers else 1)):
            first, _, last = names[turn % len(names)].partition(" ")
            turn += 1
            address = _address(procedure, role.name, number)
            user, _ = User.objects.get_or_create(
                username=address,
                defaults={"email": address, "first_name": first, "last_name": last, "password": password},
            )
            with scope(organisation.pk):
                member, _ = Membership.objects.get_or_create(user=user, defaults={"roles": [role.name], "since": SINCE})
            members.setdefault(role.name, []).append(member)
    return members


def _address(procedure: Procedure, role: str, number: int) -> str:
    return f"{role.replace('_', '-')}{number + 1 if number else ''}@{procedure.organisation}.example"
