"""A case walked through without a database: acts at moments → phases, due days with explanation, letters.

What a story leaves open is filled in: answers with samples, the points of the checklist that an act waits for, the role
(any that may do it). Letters count as sent at the instant at which they are written, also those that a person looks at
first, unless they are held back. Moments must be aware; `local` makes them so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from procedures import deadlines as counting
from procedures import engine
from procedures.answers import BadAnswer, parse, sample
from procedures.calendars import Calendar
from procedures.definition import (
    SYSTEM,
    Act,
    Channel,
    Fact,
    Field,
    FieldKind,
    OccurrenceKind,
    Procedure,
    Roll,
    Term,
    Unit,
)
from procedures.engine import ActRefused, Case, Decision, LetterDue

_A_WHILE: Final = Term(14, Unit.DAYS)  # how far ahead a sample day lies when a term counts from it
_MORE: Final = frozenset({*engine.INTAKE_FACTS, engine.INDEPENDENCE_REASON})


class BadStory(ValueError):
    """What is asked to be walked through cannot be: the message says why, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An act, or a point of the checklist ("check:NAME"), that is to be done at an instant."""

    act: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter that left. `after_look`: in reality it leaves only once a person has seen it."""

    letter: str
    to: tuple[str, ...]
    channel: Channel
    at: datetime
    because: str
    after_look: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, the roles that it may have been done by, and the calendar of that moment."""

    decision: Decision
    by: tuple[str, ...]
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class OpenAct:
    """An act that may be done now, by whom, and the points that must be ticked before it."""

    act: Act
    by: tuple[str, ...]
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of a story, up to and including the instant `at`."""

    procedure: Procedure
    calendar: Calendar
    at: datetime
    case: Case
    steps: tuple[Step, ...]
    letters: tuple[SentLetter, ...]
    open_acts: tuple[OpenAct, ...]

    def started_by(self, deadline: engine.Deadline) -> str:
        """The occurrence that started this clock."""
        return next(
            (step.decision.occurrence for step in self.steps if deadline.key in {d.key for d in step.decision.started}),
            "",
        )


class Rehearsal:
    """A case while it is walked through. Time only goes forward."""

    def __init__(
        self,
        procedure: Procedure,
        *,
        facts: Mapping[str, object] | None = None,
        closed: Mapping[date, str] | None = None,
        respondents: Collection[str] = (),
    ) -> None:
        """`facts` are answers for whatever act asks for them ("KEY") or for one act alone ("ACT.KEY")."""
        self.procedure = procedure
        self.zone = ZoneInfo(procedure.zone)
        self.calendar = Calendar.for_policy(procedure.calendar, closed)
        self.given = dict(facts or {})
        self.case = Case()
        self.at: datetime | None = None
        self.steps: list[Step] = []
        self.letters: list[SentLetter] = []
        self._respondents = frozenset(respondents)
        _refuse_unknown(procedure, self.given)

    def branched(self) -> Rehearsal:
        """The same case as it stands, to be walked on in another way."""
        other = copy(self)
        other.steps, other.letters = list(self.steps), list(self.letters)
        return other

    @property
    def respondents(self) -> frozenset[str]:
        """Who the complaint is about: the people given, and those whom the answers name."""
        named = {
            str(self.case.facts[field.name])
            for field in self.procedure.every_field()
            if field.kind is FieldKind.PERSON and field.name in self.case.facts
        }
        return self._respondents | named

    def wait(self, until: datetime) -> tuple[Decision, ...]:
        """Lets time pass, up to and including `until`. Raises BadStory when that lies in the past."""
        until = until.astimezone(UTC)  # in one zone Python compares the clocks on the wall
        if self.at and until < self.at:
            raise BadStory(f"{_written(until, self.zone)} ligt voor {_written(self.at, self.zone)}")
        self.at = until
        came: list[Decision] = []
        while self.case.wake_at and self.case.wake_at <= until:
            # One thing at a time: a letter that leaves because of it may start or end a clock.
            decision = engine.pass_time(self.procedure, self.case, at=self.case.wake_at, calendar=self.calendar)[0]
            came += self._record(decision, by=(SYSTEM,))
        return tuple(came)

    def do(
        self,
        act: str,
        *,
        at: datetime,
        by: Collection[str] = (),
        facts: Mapping[str, object] | None = None,
        tick: bool = True,
        hold: Collection[str] = (),
    ) -> tuple[Decision, ...]:
        """Does the act at the instant `at`; time passes first. The decisions are those of ticks, act and letters.

        `hold` names letters that do not leave yet. Raises ActRefused, or BadStory for an act that the document lacks.
        """
        definition = _act(self.procedure, act)
        self.wait(at)
        roles = tuple(by) or definition.by
        came: list[Decision] = []
        before = self.case, len(self.steps), len(self.letters)
        try:
            if tick and self._waits_only_for_checks(definition, at=at, by=roles):
                for check in engine.waits_for(self.procedure, self.case, definition):
                    came += self.tick(check.name, at=at)
            decision = engine.decide(
                self.procedure,
                self.case,
                act,
                at=at,
                by=roles,
                facts=self.answers(definition, at=at, given=facts),
                calendar=self.calendar,
                respondents=self.respondents,
            )
        except ActRefused:  # then the ticks were for nothing
            self.case = before[0]
            del self.steps[before[1] :], self.letters[before[2] :]
            raise
        came += self._record(decision, by=roles, hold=hold)
        return tuple(came)

    def tick(
        self, check: str, *, at: datetime, by: Collection[str] = (), not_applicable: str = ""
    ) -> tuple[Decision, ...]:
        """Ticks a point of the checklist; time passes first. Raises ActRefused."""
        self.wait(at)
        known = {each.name: each for each in self.procedure.checks}
        roles = tuple(by) or (known[check].by if check in known else ())
        decision = engine.tick(
            self.procedure,
            self.case,
            check,
            at=at,
            by=roles,
            calendar=self.calendar,
            not_applicable=not_applicable,
        )
        return tuple(self._record(decision, by=roles))

    def send(self, letter: str, *, at: datetime) -> tuple[Decision, ...]:
        """A letter that was held back leaves at the instant `at`; time passes first."""
        self.wait(at)
        decision = engine.happen(self.procedure, self.case, f"sent:{letter}", at=at, facts={}, calendar=self.calendar)
        return tuple(self._record(decision, by=()))

    def recount(self, *, at: datetime, closed: Mapping[date, str]) -> tuple[Decision, ...]:
        """From `at` on these are the closing days, and the open deadlines are counted anew."""
        self.wait(at)
        self.calendar = Calendar.for_policy(self.procedure.calendar, closed)
        decision = engine.happen(self.procedure, self.case, engine.RECOUNT, at=at, facts={}, calendar=self.calendar)
        return tuple(self._record(decision, by=()))

    def answers(self, act: Act, *, at: datetime, given: Mapping[str, object] | None = None) -> dict[str, object]:
        """What the act is given: answers for it alone, then those for any act, then samples for what is required."""
        own = {key.split(".", 1)[1]: value for key, value in self.given.items() if key.startswith(f"{act.name}.")}
        wanted: dict[str, object] = {**own, **(given or {})}
        if act.opens:
            wanted = {**{key: value for key, value in self.given.items() if key in engine.INTAKE_FACTS}, **wanted}
        if act.independence and engine.INDEPENDENCE_REASON in self.given:
            wanted.setdefault(engine.INDEPENDENCE_REASON, self.given[engine.INDEPENDENCE_REASON])
        known: dict[str, Fact] = dict(self.case.facts)
        for field in self.procedure.fields_of(act):
            if not engine.is_asked(field, known, self.case.done):
                continue
            if field.name not in wanted and field.name in self.given:
                wanted[field.name] = self.given[field.name]
            if field.name not in wanted and field.required:
                wanted[field.name] = self._sample(act, field, at)
            if field.name in wanted:
                try:
                    known[field.name] = parse(field, wanted[field.name], zone=self.zone)
                except BadAnswer:
                    continue  # the engine says what is wrong with it
        return wanted

    def finish(self) -> Simulation:
        """What came of it, as it stands."""
        if self.at is None:
            raise BadStory("er is nog niets gebeurd")
        return Simulation(
            procedure=self.procedure,
            calendar=self.calendar,
            at=self.at,
            case=self.case,
            steps=tuple(self.steps),
            letters=tuple(self.letters),
            open_acts=open_acts(self.procedure, self.case, at=self.at),
        )

    def replay(self) -> Case:
        """The case that the occurrences give, one after the other, from an empty one."""
        case = Case()
        for step in self.steps:
            case = engine.happen(
                self.procedure,
                case,
                step.decision.occurrence,
                at=step.decision.at,
                facts=step.decision.facts,
                calendar=step.calendar,
            ).case
        return case

    def _record(self, decision: Decision, *, by: tuple[str, ...], hold: Collection[str] = ()) -> list[Decision]:
        """Keeps the decision, lets its letters leave, and keeps what follows from that."""
        came = [decision]
        self.case = decision.case
        self.steps.append(Step(decision, by, self.calendar))
        for due in decision.letters:
            if due.letter in hold:
                continue
            self.letters.append(self._sent(due, decision.at))
            followed = engine.happen(
                self.procedure,
                self.case,
                f"{OccurrenceKind.SENT}:{due.letter}",
                at=decision.at,
                facts={},
                calendar=self.calendar,
            )
            came += self._record(followed, by=(SYSTEM,), hold=hold)
        return came

    def _sent(self, due: LetterDue, at: datetime) -> SentLetter:
        letter = self.procedure.letter(due.letter)
        return SentLetter(
            letter=letter.name,
            to=due.to,
            channel=letter.channels[0],
            at=at,
            because=due.because,
            after_look=letter.is_held,
        )

    def _waits_only_for_checks(self, act: Act, *, at: datetime, by: Collection[str]) -> bool:
        offers = engine.offers(self.procedure, self.case, at=at, by=by)
        return any(each.act == act and each.refusal and each.refusal.code == "checks" for each in offers)

    def _sample(self, act: Act, field: Field, at: datetime) -> Fact:
        local_at = at.astimezone(self.zone)
        later = None
        if act.extends and field.name == engine.UNTIL:
            later = self._extended_until(act, local_at)
        elif any(rule.from_fact == field.name and not rule.term.amount for rule in self.procedure.deadlines):
            later = self._after(local_at.date(), _A_WHILE)
        return sample(field, at=local_at, later=later)

    def _extended_until(self, act: Act, at: datetime) -> date | None:
        """A day to extend to: as far as the document allows, else the same term once more."""
        rule = self.procedure.deadline(act.extends)
        running = self.case.deadline(act.extends)
        if running is None or rule.extension is None:
            return None
        today = at.date()
        end = _day(running.due.raw, self.zone)
        if rule.extension.at_most:
            start = {"start": _day(running.start, self.zone), "end": end, "act": today}[rule.extension.at_most_from]
            return self._after(start, rule.extension.at_most)
        term = rule.term if rule.term.amount else _A_WHILE
        return self._after(max(end, today), term)

    def _after(self, day: date, term: Term) -> date:
        due = counting.compute(day, term, calendar=self.calendar, zone=self.zone, roll=Roll.NONE)
        return _day(due.due, self.zone)


def simulate(
    procedure: Procedure,
    *,
    received: datetime,
    opening: str | None = None,
    acts: Sequence[Planned] = (),
    facts: Mapping[str, object] | None = None,
    closed: Mapping[date, str] | None = None,
    until: datetime | None = None,
    by: Collection[str] = (),
) -> Simulation:
    """What happens when a complaint is filed at `received` and these acts are done. `by` is who files it.

    Raises ActRefused when the procedure does not allow an act, and BadStory when the story itself is no good.
    """
    rehearsal = Rehearsal(procedure, facts=facts, closed=closed)
    for planned in acts:
        if not planned.act.startswith(engine.CHECK):
            _act(procedure, planned.act)
    first = opening or procedure.intake.act
    if not _act(procedure, first).opens:
        raise BadStory(f"met “{first}” begint geen zaak; wel met: {_names(procedure.opening_acts)}")
    rehearsal.do(first, at=received, by=by)
    for planned in sorted(acts, key=lambda each: each.at.astimezone(UTC)):
        if planned.act.startswith(engine.CHECK):
            rehearsal.tick(planned.act.removeprefix(engine.CHECK), at=planned.at)
        else:
            rehearsal.do(planned.act, at=planned.at)
    if until:
        rehearsal.wait(until)
    return rehearsal.finish()


def open_acts(procedure: Procedure, case: Case, *, at: datetime) -> tuple[OpenAct, ...]:
    """The acts by people that may be done now; also those that only wait for the checklist."""
    found = []
    for offer in engine.offers(procedure, case, at=at, by={role for act in procedure.acts for role in act.by}):
        if offer.refusal is None or offer.refusal.code == "checks":
            waits_for = tuple(check.name for check in engine.waits_for(procedure, case, offer.act))
            found.append(OpenAct(offer.act, offer.act.by, waits_for))
    return tuple(found)


def local(moment: datetime | date, *, zone: ZoneInfo, end_of_day: bool = False) -> datetime:
    """The instant of a local date or time; one that carries an offset is that instant. A date is its first moment.

    With `end_of_day` a date is its last moment: what is due on that day is not over yet.
    """
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.max if end_of_day else time.min)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _act(procedure: Procedure, name: str) -> Act:
    try:
        return procedure.act(name)
    except KeyError:
        raise BadStory(f"er is geen handeling “{name}”; wel: {_names(procedure.acts)}") from None


def _names(acts: Sequence[Act]) -> str:
    return ", ".join(act.name for act in acts if not act.is_automatic)


def _refuse_unknown(procedure: Procedure, given: Mapping[str, object]) -> None:
    everywhere = {field.name for field in procedure.every_field()} | _MORE
    for key in given:
        act, dot, name = key.rpartition(".")
        if dot:
            definition = _act(procedure, act)
            if name not in {field.name for field in procedure.fields_of(definition)} | _MORE:
                raise BadStory(f"de handeling “{act}” vraagt niet naar “{name}”")
        elif key not in everywhere:
            raise BadStory(f"geen handeling vraagt naar “{key}”")


def _day(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def _written(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


__all__ = [
    "ActRefused",
    "BadStory",
    "OpenAct",
    "Planned",
    "Rehearsal",
    "SentLetter",
    "Simulation",
    "Step",
    "local",
    "open_acts",
    "simulate",
]
