"""manage.py procedure: check, publish, show and simulate a procedure document."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils.translation import override

from procedures import catalogue, loading, pages, wording
from procedures.answers import as_json
from procedures.calendars import FIRST, LAST, OutOfCalendar
from procedures.definition import Procedure
from procedures.engine import ActRefused, Deadline
from procedures.models import Organisation
from procedures.simulation import BadStory, Planned, SentLetter, Simulation, Step, local, simulate

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"


class Command(BaseCommand):
    help = "Controleert, publiceert en toont een procedure, en laat zien wat er met een klacht gebeurt."
    # Trying out a procedure needs no database, no broker and no settings.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        check = actions.add_parser("check", help="is de procedure in orde? Zegt niets als het goed is")
        check.add_argument("files", nargs="+", metavar="FILE")

        publish = actions.add_parser("publish", help="maakt er de nieuwste versie van")
        publish.add_argument("file", metavar="FILE")
        publish.add_argument("--by", required=True, metavar="USER", help="wie publiceert")

        show = actions.add_parser("show", help="toont de procedure als een leesbare pagina")
        show.add_argument("procedure", metavar="ORGANISATION|FILE")
        show.add_argument("--format", choices=["text", "html"], default="text")

        simulation = actions.add_parser("simulate", help="laat zien wat er met een klacht gebeurt")
        simulation.add_argument("procedure", metavar="ORGANISATION|FILE")
        simulation.add_argument(
            "--received", required=True, metavar="MOMENT", help="zoals 2026-11-20T10:15, lokale tijd"
        )
        simulation.add_argument("--opening", metavar="NAME", help="de handeling waarmee de zaak begint")
        simulation.add_argument("--act", action="append", default=[], dest="acts", metavar="NAME@MOMENT")
        simulation.add_argument(
            "--fact", action="append", default=[], dest="facts", metavar="KEY=VALUE", help="ook ACT.KEY=VALUE"
        )
        simulation.add_argument("--closed", action="append", default=[], metavar="DATE", help="ook DATE=NAAM")
        simulation.add_argument("--until", metavar="MOMENT", help="een dag geldt tot en met het einde van die dag")
        simulation.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, action: str, **options: Any) -> None:
        with override("nl"):
            match action:
                case "check":
                    self.check_files(options["files"])
                case "publish":
                    self.publish(options["file"], by=options["by"])
                case "show":
                    self.show(options["procedure"], page_format=options["format"])
                case "simulate":
                    self.simulate(options)

    # ------------------------------------------------------------------------------------------ check and publish

    def check_files(self, files: list[str]) -> None:
        problems: list[object] = []
        for file in files:
            try:
                loading.load(_text(file), source=file)
            except loading.Unsound as unsound:
                problems += unsound.problems
            except CommandError as error:
                problems.append(error)
        for problem in problems:
            self.stderr.write(str(problem))
        if problems:
            sys.exit(1)

    def publish(self, file: str, *, by: str) -> None:
        source = _text(file)
        procedure = _loaded(source, file)
        user_model = get_user_model()
        try:
            try:
                user = user_model.objects.get_by_natural_key(by)
            except user_model.DoesNotExist:
                raise CommandError(f"Er is geen gebruiker “{by}”.") from None
            organisation = Organisation.objects.filter(slug=procedure.organisation).first()
            if organisation is None:
                raise CommandError(f"Er is nog geen organisatie “{procedure.organisation}”.")
            version = catalogue.publish(source, by=str(user), roles=user.roles_at(organisation), at=datetime.now(UTC))
        except catalogue.NotPublished as refused:
            raise CommandError(f"Niet gepubliceerd: {refused}") from None
        except DatabaseError as error:
            raise CommandError(f"De databank antwoordt niet: {error}") from None
        self.stdout.write(f"Versie {version.number} van {procedure.name} is gepubliceerd.")

    # ------------------------------------------------------------------------------------------ show and simulate

    def show(self, name: str, *, page_format: str) -> None:
        procedure = self.procedure(name, on=datetime.now(UTC).date())
        page = pages.blocks(procedure)
        if page_format == "html":
            self.stdout.write(pages.as_html(page, title=f"Klachtenprocedure van {procedure.name}"), ending="")
        else:
            self.stdout.write(pages.as_text(page), ending="")

    def simulate(self, options: dict[str, Any]) -> None:
        received = _moment(options["received"])
        procedure = self.procedure(
            options["procedure"], on=received.date() if isinstance(received, datetime) else received
        )
        zone = ZoneInfo(procedure.zone)
        acts = [_split(each, "@", "--act NAME@MOMENT") for each in options["acts"]]
        try:
            simulation = simulate(
                procedure,
                received=local(received, zone=zone),
                opening=options["opening"],
                acts=[Planned(name, local(_moment(at), zone=zone)) for name, at in acts],
                facts=dict(_split(each, "=", "--fact KEY=VALUE") for each in options["facts"]),
                closed=dict(_closed(each) for each in options["closed"]),
                until=local(_moment(options["until"]), zone=zone, end_of_day=True) if options["until"] else None,
            )
        except ActRefused as refused:
            raise CommandError(f"Geweigerd: {_refusal(procedure, refused)}") from None
        except BadStory as bad:
            raise CommandError(f"Dat gaat niet: {bad}.") from None
        except OutOfCalendar:
            raise CommandError(f"De kalender loopt van {FIRST.year} tot en met {LAST.year}.") from None
        if options["as_json"]:
            self.stdout.write(json.dumps(as_object(simulation), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_lines(simulation)))

    def procedure(self, name: str, *, on: date) -> Procedure:
        """The procedure in a file, or the one of an organisation that is in force on the local day.

        Before the first was in force the newest is taken, and without a database the file among the definitions; both
        are said on standard error.
        """
        if name.endswith(".toml") or "/" in name or Path(name).is_file():
            return _loaded(_text(name), name)
        try:
            try:
                return catalogue.in_force(name, on)
            except catalogue.NotInForce:
                newest = catalogue.in_force(name, date.max)
        except Organisation.DoesNotExist:
            raise CommandError(f"Er is geen organisatie “{name}”.") from None
        except catalogue.NotInForce:
            raise CommandError(f"Van “{name}” is nog geen procedure gepubliceerd.") from None
        except DatabaseError:
            file = DEFINITIONS / f"{name}.toml"
        else:
            self.stderr.write(f"Op {wording.day(on)} gold nog geen procedure; gebruikt is versie {newest.version}.")
            return newest
        if not file.is_file():
            raise CommandError(f"Er is geen organisatie “{name}”: de databank antwoordt niet, en {file} is er niet.")
        self.stderr.write(f"De databank antwoordt niet; gelezen is {file}.")
        return _loaded(_text(str(file)), str(file))


# ---------------------------------------------------------------------------------------------- as JSON


def as_object(simulation: Simulation) -> dict[str, object]:
    """The simulation as one JSON object; days and instants are local."""
    zone = ZoneInfo(simulation.procedure.zone)
    return {
        "organisation": simulation.procedure.organisation,
        "version": simulation.procedure.version,
        "phase": simulation.case.phase,
        "deadlines": [_deadline(simulation, each, zone) for each in simulation.case.deadlines],
        "letters": [
            {"letter": letter.letter, "on": _local(letter.at, zone)[:10], "to": to, "channel": letter.channel.value}
            for letter in simulation.letters
            for to in letter.to
        ],
        "acts": [{"act": each.act.name, "by": list(each.by)} for each in simulation.open_acts],
        "events": [_event(step, zone) for step in simulation.steps],
    }


def _deadline(simulation: Simulation, each: Deadline, zone: ZoneInfo) -> dict[str, object]:
    rule = simulation.procedure.deadline(each.rule)
    return {
        "rule": each.rule,
        "kind": rule.kind.value,
        "owed_by": rule.owed_by.value,
        "starts_at": _local(each.start, zone),
        "raw_due": _local(each.due.raw, zone),
        "due": _local(each.due.due, zone),
        "skipped": [{"on": skipped.on.isoformat(), "name": skipped.name} for skipped in each.due.skipped],
        "rolled": each.due.rolled,
        "status": each.status.value,
        "met_at": _local(each.met_at, zone) if each.met_at else None,
    }


def _event(step: Step, zone: ZoneInfo) -> dict[str, object]:
    decision = step.decision
    return {
        "at": _local(decision.at, zone),
        "occurrence": decision.occurrence,
        "by": list(step.by),
        "acts": list(decision.acts),
        "phase": decision.case.phase,
        "facts": {name: as_json(fact) for name, fact in decision.facts.items()},
    }


def _local(moment: date | datetime, zone: ZoneInfo) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(zone).replace(microsecond=0).isoformat()
    return moment.isoformat()


# ---------------------------------------------------------------------------------------------- as text


def as_lines(simulation: Simulation) -> Iterator[str]:
    """The simulation as Dutch text."""
    procedure, case = simulation.procedure, simulation.case
    zone = ZoneInfo(procedure.zone)
    phase = procedure.phase(case.phase)
    yield f"{procedure.name}, procedure versie {procedure.version}"
    yield f"Stand op {wording.moment(simulation.at, zone=zone)}: {phase.title}" + (
        " (de zaak is gesloten)" if phase.is_end else ""
    )
    yield ""
    yield "Wat er gebeurde"
    letters = list(simulation.letters)
    for step in simulation.steps:
        decision = step.decision
        at = wording.moment(decision.at, zone=zone)
        if decision.occurrence.startswith("sent:"):
            continue  # told with what it was written for
        yield f"  {at}: {_told(procedure, step)}"
        while letters and letters[0].at == decision.at and letters[0].letter in {d.letter for d in decision.letters}:
            yield f"    brief: {_letter(procedure, letters.pop(0))}"
    yield ""
    yield "Termijnen"
    for each in case.deadlines:
        rule = procedure.deadline(each.rule)
        left = wording.left(each, at=simulation.at, calendar=simulation.calendar, zone=zone, kind=rule.kind)
        yield (
            f"  {rule.title}: {wording.end(each.due.due, zone=zone)} "
            f"({wording.kind(rule.kind)} voor {wording.owed_by(rule.owed_by)}; {left.text})"
        )
        because = simulation.started_by(each)
        for sentence in wording.counting(
            each, rule, procedure=procedure, calendar=simulation.calendar, because=because
        ):
            yield f"    {sentence}"
    yield ""
    yield "Wat nu kan"
    if not simulation.open_acts:
        yield "  Niets."
    for open_act in simulation.open_acts:
        who = wording.joined([_role(procedure, role) for role in open_act.by])
        first = [f"“{procedure.check(name).title}”" for name in open_act.waits_for]
        yield f"  {open_act.act.name}: {open_act.act.title} ({who})" + (
            f"; eerst afvinken: {wording.joined(first)}" if first else ""
        )


def _told(procedure: Procedure, step: Step) -> str:
    occurrence = step.decision.occurrence
    if occurrence.startswith("check:"):
        return f"afgevinkt: “{procedure.check(occurrence.removeprefix('check:')).title}”"
    told = wording.occurrence(occurrence, procedure=procedure)
    followed = [f"“{procedure.act(name).title}”" for name in step.decision.acts if name != occurrence]
    if followed:
        told += f"; vanzelf: {wording.joined(followed)}"
    if step.decision.before.phase != step.decision.case.phase:
        told += f" → fase “{procedure.phase(step.decision.case.phase).title}”"
    return told


def _letter(procedure: Procedure, letter: SentLetter) -> str:
    to = wording.joined([_role(procedure, each) for each in letter.to])
    look = "; gaat in het echt pas weg na een blik van een mens" if letter.after_look else ""
    return f"“{procedure.letter(letter.letter).title}” aan {to} ({wording.channel(letter.channel)}{look})"


def _role(procedure: Procedure, name: str) -> str:
    known = {"complainant": "de indiener", "respondent": "degene over wie het gaat", "handler": "de behandelaar"}
    known |= {f"appeal:{body.name}": str(body.title) for body in procedure.appeals}
    known |= {role.name: str(role.title) for role in procedure.roles}
    return known.get(name, name)


# ---------------------------------------------------------------------------------------------- reading what was typed


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(f"{file}: dit bestand is er niet.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file}: dit is geen tekst in UTF-8.") from None
    except OSError as error:
        raise CommandError(f"{file}: dit is niet te lezen: {error.strerror}.") from None


def _loaded(text: str, source: str) -> Procedure:
    try:
        return loading.load(text, source=source)
    except loading.Unsound as unsound:
        raise CommandError(f"De procedure is niet in orde.\n{unsound}") from None


def _moment(text: str) -> datetime | date:
    """A moment or a day as typed; it has no zone yet, unless an offset was typed."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-20") else datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is geen moment. Schrijf het zo: 2026-11-20T10:15.") from None


def _split(text: str, by: str, how: str) -> tuple[str, str]:
    key, found, value = text.partition(by)
    if not key or not found or not value:
        raise CommandError(f"“{text}” is niet te lezen. Schrijf het zo: {how}.")
    return key, value


def _closed(text: str) -> tuple[date, str]:
    day, _, name = text.partition("=")
    try:
        return date.fromisoformat(day), name or "gesloten"
    except ValueError:
        raise CommandError(f"“{day}” is geen dag. Schrijf het zo: 2026-12-24.") from None


def _refusal(procedure: Procedure, refused: ActRefused) -> str:
    titles = {field.name: str(field.title) for field in procedure.every_field()}
    wrong = "".join(f"\n  {name} ({titles.get(name, name)}): {text}" for name, text in refused.fields.items())
    return f"{refused.reason}{wrong}"
