"""Plays example cases through the real actions, at moments in the past weeks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from complaints.actions import (
    THE_CLOCK,
    THE_COMPLAINANT,
    Actor,
    confirm_posted,
    expire_due,
    open_case,
    perform,
    release_letter,
    send_waiting,
    staff,
    tick_check,
)
from complaints.demo.paths import WAIT, Move, Way
from complaints.models import Case, Letter, Membership
from complaints.queries.state import state_of
from procedures.calendars import Calendar
from procedures.catalogue import zone_of
from procedures.definition import COMPLAINANT, Act, FieldKind, Measure, Procedure
from procedures.engine import Status, waits_for
from procedures.scoping import current
from procedures.simulation import Rehearsal, open_acts

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the demo: who complains, and who plays which role."""

    complainants: list[dict[str, str]]
    phrases: dict[str, str]
    members: Mapping[str, list[Membership]]


def complaints_of(organisation: str) -> list[dict[str, str]]:
    """The invented complaints for an organisation; a plain one where there is no file."""
    path = HERE / f"{organisation}.toml"
    if not path.exists():
        return [{"subject": "Afspraak niet nagekomen", "description": "Er is niet gedaan wat was afgesproken."}]
    found: list[dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))["complaint"]
    return found


def play(
    procedure: Procedure, way: Way, cast: Cast, *, number: int, ends_at: datetime, until: datetime, is_diligent: bool
) -> Case:
    """A case along this way, its last act at about `ends_at`, after which time passes until `until`.

    `is_diligent`: on the way people also send what a running limit asks for.
    """
    return _Player(procedure, cast, number, is_diligent=is_diligent).play(way, ends_at, until)


class _Player:
    def __init__(self, procedure: Procedure, cast: Cast, number: int, *, is_diligent: bool) -> None:
        self.is_diligent = is_diligent
        self.procedure = procedure
        self.cast = cast
        self.number = number
        self.zone = zone_of(procedure)
        self.calendar = Calendar.for_policy(procedure.calendar)
        self.rehearsal = Rehearsal(procedure)
        self.case: Case | None = None

    def play(self, way: Way, ends_at: datetime, until: datetime) -> Case:
        at = self._office_hours(ends_at - self._length(way))
        for step, move in enumerate(way):
            if move.act == WAIT:
                at = self._wait(at)
                continue
            at = self._office_hours(at, later=step)
            self._let_time_pass(at)
            self._do(move, at)
            if self.is_diligent:
                self._keep_promises(at + timedelta(hours=1), besides={each.act for each in way})
        self._let_time_pass(until)
        if self.case is None:
            raise ValueError("a way begins with an act that opens")
        return self.case

    def _length(self, way: Way) -> timedelta:
        """How long the way takes: two days an act, and a generous month and a half for waiting."""
        return sum((timedelta(days=50 if move.act == WAIT else 2) for move in way), timedelta(hours=2))

    def _office_hours(self, at: datetime, *, later: int = 0) -> datetime:
        """The next working day, at an hour that differs a little from case to case."""
        local = at.astimezone(self.zone) + (timedelta(days=1) if later else timedelta())
        day = self.calendar.next_working(local.date())
        return datetime(
            day.year, day.month, day.day, 9 + (self.number + later) % 7, (self.number * 13) % 60, tzinfo=self.zone
        )

    def _do(self, move: Move, at: datetime) -> None:
        act = self.procedure.act(move.act)
        case = self._fresh()
        if case:
            self.rehearsal.case = state_of(case, self.procedure)
        answers = {**self.rehearsal.answers(act, at=at, given=move.answers(at)), **self._told(act)}
        answers |= self._promised(act, answers, at)
        if case is None:
            channel = self.procedure.intake.channels[self.number % len(self.procedure.intake.channels)].name
            self.case = open_case(
                answers={**self._as_stored(act, answers), "channel": channel},
                actor=self._actor(act),
                received_at=at,
                recorded_at=at,
                act=act.name,
            ).case
        else:
            for check in waits_for(self.procedure, self.rehearsal.case, act):
                tick_check(case, check.name, actor=self._actor_for(check.by), at=at)
            perform(case, act.name, answers=self._as_stored(act, answers), actor=self._actor(act), at=at)
        self._send(at)

    def _keep_promises(self, at: datetime, *, besides: set[str]) -> None:
        """What somebody diligent does on the way: the letters that a running limit waits for, such as confirming."""
        case = self._fresh()
        if case is None:
            return
        state = state_of(case, self.procedure)
        running = [each.rule for each in state.deadlines if each.status is Status.OPEN]
        awaited = {str(each) for rule in running for each in self.procedure.deadline(rule).met_by}
        for offer in open_acts(self.procedure, state, at=at):
            written = {f"sent:{each.name}" for each in self.procedure.letters if offer.act.name in map(str, each.on)}
            is_kept = awaited & (written | {offer.act.name})
            if is_kept and not (offer.act.to or offer.waits_for or offer.act.name in besides or offer.act.extends):
                self._do(Move(offer.act.name), at)
                return

    def _told(self, act: Act) -> dict[str, object]:
        """The words of the invented complaint and complainant, where the act asks for them."""
        complaints = complaints_of(self.procedure.organisation)
        words: dict[str, str] = {
            **self.cast.phrases,
            **self.cast.complainants[self.number % len(self.cast.complainants)],
            **complaints[self.number % len(complaints)],
        }
        asked = {field.name: field.kind for field in self.procedure.fields_of(act)}
        return {
            name: text
            for name, text in words.items()
            if asked.get(name) in (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.EMAIL, FieldKind.PHONE)
        }

    def _promised(self, act: Act, answers: Mapping[str, object], at: datetime) -> dict[str, object]:
        """A measure where the act asks for one, and in every second case where it leaves that open."""
        what, owner = self.cast.phrases["measure"], next(iter(self.cast.members.values()))[0].name
        return {
            field.name: (Measure(what, owner, (at + timedelta(days=30)).date()),)
            for field in self.procedure.fields_of(act)
            if field.kind is FieldKind.MEASURES and (field.name in answers or (self.number % 2 and not field.when))
        }

    def _as_stored(self, act: Act, answers: Mapping[str, object]) -> dict[str, object]:
        """Answers with keys of real members, and without names of files that nobody sent."""
        given = dict(answers)
        for field in self.procedure.fields_of(act):
            members = self.cast.members.get(field.role, [])
            if field.kind is FieldKind.MEMBER and members:
                given[field.name] = str(members[self.number % len(members)].pk)
            elif field.kind is FieldKind.MEMBERS:
                given[field.name] = [str(each.pk) for each in members[: field.count or 1]]
            elif field.kind is FieldKind.PERSON:
                given.pop(field.name, None) if not field.required else None
            elif isinstance(given.get(field.name), date):
                given[field.name] = given[field.name].isoformat()  # type: ignore[attr-defined]
        return given

    def _actor(self, act: Act) -> Actor:
        return THE_COMPLAINANT if COMPLAINANT in act.by else self._actor_for(act.by)

    def _actor_for(self, roles: tuple[str, ...]) -> Actor:
        case = self._fresh()
        actors = [staff(member, self.procedure, case) for role in roles for member in self.cast.members.get(role, [])]
        return next((each for each in actors if each.roles & set(roles)), actors[0])

    def _fresh(self) -> Case | None:
        if self.case:
            self.case = Case.objects.select_related("version", "handler").get(pk=self.case.pk)
        return self.case

    def _let_time_pass(self, until: datetime) -> None:
        for _ in range(100):
            case = self._fresh()
            if case is None or case.wake_at is None or case.wake_at > until:
                return
            at = case.wake_at
            expire_due(at=at)
            self._send(at)

    def _wait(self, at: datetime) -> datetime:
        """Until time alone has changed the phase, or nothing is left to come."""
        case = self._fresh()
        before = case.phase if case else ""
        for _ in range(12):
            case = self._fresh()
            if case is None or case.wake_at is None or case.phase != before:
                break
            at = max(at, case.wake_at)
            self._let_time_pass(at)
        return at

    def _send(self, at: datetime) -> None:
        for letter in Letter.objects.filter(case=self.case, state=Letter.State.HELD):
            release_letter(letter, actor=THE_CLOCK, at=at)
        while send_waiting(current(), at=at):
            pass
        for letter in Letter.objects.filter(case=self.case, state=Letter.State.TO_POST).select_related("case__version"):
            confirm_posted(letter, on=at.astimezone(self.zone).date(), actor=THE_CLOCK, at=at)
