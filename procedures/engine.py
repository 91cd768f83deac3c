"""What follows from an act: `decide` and `pass_time`, pure functions from a case and what happens to a Decision.

A `Case` here is what the engine needs to know of one: its phase, facts, clocks, ticks and past acts. Names of people
and free text never matter to it. A Decision holds the case as it is afterwards, and what changed on the way.

Everything that happens is an occurrence with a written name: an act ("decide"), a tick ("check:dossier_read"), a letter
that left ("sent:decision"), or a moment that came ("before:…", "passed:…"). `happen` works out what follows from one of
them, without asking whether it was allowed; replaying a case's events is `happen`, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from procedures import deadlines as counting
from procedures.answers import BadAnswer, parse
from procedures.calendars import Calendar
from procedures.deadlines import Due, Extended, Pause
from procedures.definition import (
    Act,
    Check,
    Choice,
    Confidentiality,
    DeadlineRule,
    Fact,
    Field,
    FieldKind,
    FilingChannel,
    Independence,
    Letter,
    Occurrence,
    OccurrenceKind,
    Procedure,
    Roll,
    Text,
)

CHECK = "check:"  # how the ticking of a check is written
RECOUNT = "recount"  # open deadlines counted anew with another calendar
FILED_LATE = "filed_late"  # derived at opening, where the procedure has a filing window
# Facts that any opening may state besides its fields.
INTAKE_FACTS = frozenset({"channel", "confidentiality", "represented", "meant_as_complaint"})
INDEPENDENCE_REASON = "independence_reason"
UNTIL = "until"


class ActRefused(Exception):
    """The procedure does not allow this now. `reason` says why, and `fields` what is wrong with each answer."""

    def __init__(self, reason: Text, *, code: str, fields: Mapping[str, Text] | None = None) -> None:
        super().__init__(reason.nl + "".join(f" {name}: {text.nl}" for name, text in (fields or {}).items()))
        self.reason = reason
        self.code = code
        self.fields = dict(fields or {})


class Status(StrEnum):
    OPEN = "open"
    MET = "met"
    MISSED = "missed"  # over, and not met in time; `met_at` tells when it was met after all
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock of a case: when it started, what it counts to, and everything that moved it."""

    rule: str
    number: int  # the how-manieth time this rule's clock started, from 1
    starts_at: datetime
    start: date | datetime  # what is counted from: a day from a fact, or `starts_at`
    due: Due
    status: Status = Status.OPEN
    met_at: datetime | None = None
    history: tuple[Extended | Pause, ...] = ()
    reminded: tuple[str, ...] = ()
    wake_at: datetime | None = None  # the next instant at which time alone makes something happen

    @property
    def key(self) -> tuple[str, int]:
        return self.rule, self.number

    @property
    def is_paused(self) -> bool:
        return any(isinstance(part, Pause) and part.end is None for part in self.history)

    @property
    def extensions(self) -> tuple[Extended, ...]:
        return tuple(part for part in self.history if isinstance(part, Extended))


@dataclass(frozen=True, slots=True)
class Case:
    phase: str = ""  # empty until something opens it
    opened_at: datetime | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)  # name → "" when done, else why it does not apply
    done: tuple[str, ...] = ()  # every act, in order

    def deadline(self, rule: str) -> Deadline | None:
        """The latest clock of this rule."""
        return next((each for each in reversed(self.deadlines) if each.rule == rule), None)

    @property
    def wake_at(self) -> datetime | None:
        return min((each.wake_at for each in self.deadlines if each.wake_at), default=None)


@dataclass(frozen=True, slots=True)
class LetterDue:
    """A letter to be written: to these recipients, because of this occurrence, about this deadline (if it is)."""

    letter: str
    to: tuple[str, ...]
    because: str
    deadline: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one occurrence. `acts` are those that came with it: the act itself, then automatic ones."""

    occurrence: str
    at: datetime
    facts: Mapping[str, Fact]
    before: Case
    case: Case
    acts: tuple[str, ...]
    letters: tuple[LetterDue, ...]
    checks_opened: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Deadline, ...]:
        """Deadlines that started or changed."""
        old = {each.key: each for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if old.get(each.key) != each)

    @property
    def started(self) -> tuple[Deadline, ...]:
        old = {each.key for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.key not in old)

    def turned(self, status: Status) -> tuple[Deadline, ...]:
        """Deadlines that have this status now and had another before."""
        old = {each.key: each.status for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.status is status and old.get(each.key) != status)

    @property
    def moved(self) -> tuple[Deadline, ...]:
        old = {each.key: each.due for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.key in old and old[each.key].due != each.due.due)


@dataclass(frozen=True, slots=True)
class Offer:
    """An act in the present phase; `refusal` says why it cannot be done now, None when it can."""

    act: Act
    refusal: ActRefused | None = None


# ---------------------------------------------------------------------------------------------- asking and doing


def decide(
    procedure: Procedure,
    case: Case,
    act: str,
    *,
    at: datetime,
    by: Collection[str],
    facts: Mapping[str, object] | None = None,
    calendar: Calendar,
    respondents: Collection[str] = (),
) -> Decision:
    """What follows when someone who plays the roles `by` does `act` at the instant `at`, with these answers.

    Raises ActRefused when the procedure does not allow it. `respondents` are the people complained about, as member
    keys or names. Moments that came before `at` must have been dealt with first (`pass_time`).
    """
    definition = _act(procedure, act)
    _refuse_place(procedure, case, definition, at)
    _refuse_role(definition, by)
    _refuse_conditions(procedure, case, definition)
    answers = _answers(procedure, case, definition, facts or {})
    _refuse_conflict(definition, answers, respondents)
    _refuse_extension(procedure, case, definition, answers, at=at, calendar=calendar)
    return happen(procedure, case, act, at=at, facts=answers, calendar=calendar)


def tick(
    procedure: Procedure,
    case: Case,
    check: str,
    *,
    at: datetime,
    by: Collection[str],
    calendar: Calendar,
    not_applicable: str = "",
) -> Decision:
    """What follows when a point of the checklist is ticked; `not_applicable` says why it need not be done."""
    try:
        definition = procedure.check(check)
    except KeyError:
        raise ActRefused(Text("Dit punt staat niet op de lijst.", "There is no such check."), code="unknown") from None
    if not _is_in(procedure, case, definition.phases) or not _hold(case, definition):
        raise ActRefused(
            Text("Dit punt hoort niet bij deze fase.", "This check does not belong to this phase."), code="phase"
        )
    if not set(definition.by) & set(by):
        raise _wrong_role()
    if check in case.checks:
        raise ActRefused(Text("Dit punt is al afgevinkt.", "This check is already ticked."), code="done")
    if not_applicable and not definition.where_applicable:
        raise ActRefused(
            Text("Dit punt moet altijd gedaan worden.", "This check always has to be done."), code="not_applicable"
        )
    return happen(procedure, case, CHECK + check, at=at, facts={"not_applicable": not_applicable}, calendar=calendar)


def offers(procedure: Procedure, case: Case, *, at: datetime, by: Collection[str]) -> tuple[Offer, ...]:
    """The acts by people that belong to the case's phase, in the document's order, each with whether it may be done."""
    found = []
    for act in procedure.acts:
        if act.is_automatic or act.opens is bool(case.phase) or not (act.opens or _is_in(procedure, case, act.phases)):
            continue
        try:
            _refuse_place(procedure, case, act, at)
            _refuse_role(act, by)
            _refuse_conditions(procedure, case, act)
            _refuse_no_more_time(procedure, case, act)
        except ActRefused as refusal:
            found.append(Offer(act, refusal))
        else:
            found.append(Offer(act))
    return tuple(found)


def checks_of(procedure: Procedure, case: Case) -> tuple[Check, ...]:
    """The checklist of the case's phase."""
    return tuple(check for check in procedure.checks if _is_in(procedure, case, check.phases) and _hold(case, check))


def pass_time(procedure: Procedure, case: Case, *, at: datetime, calendar: Calendar) -> tuple[Decision, ...]:
    """Everything that time alone makes happen up to and including `at`, each at its own instant, in order."""
    decisions: list[Decision] = []
    while True:
        due = [each for each in case.deadlines if each.wake_at and each.wake_at <= at]
        if not due:
            return tuple(decisions)
        first = min(due, key=lambda each: (each.wake_at or at, each.key))
        decision = happen(
            procedure,
            case,
            _what_comes(procedure, first, calendar)[0],
            at=first.wake_at or at,
            facts={},
            calendar=calendar,
        )
        decisions.append(decision)
        case = decision.case


def happen(
    procedure: Procedure,
    case: Case,
    occurrence: str,
    *,
    at: datetime,
    facts: Mapping[str, Fact],
    calendar: Calendar,
) -> Decision:
    """What follows from an occurrence that took place at the instant `at`. Asks nothing; see the module's docstring."""
    step = _Step(procedure, case, at.astimezone(UTC), calendar, dict(facts))
    if occurrence.startswith(CHECK):
        name = occurrence.removeprefix(CHECK)
        step.case = replace(step.case, checks={**step.case.checks, name: str(facts.get("not_applicable", ""))})
    elif occurrence == RECOUNT:
        step.recount()
    else:
        parsed = Occurrence.parse(occurrence)
        if parsed.kind is OccurrenceKind.ACT:
            step.do(procedure.act(parsed.name))
        else:
            step.time_or_post(parsed)
    opened = {check.name for check in checks_of(procedure, step.case)} - {
        check.name for check in checks_of(procedure, case)
    }
    return Decision(
        occurrence=occurrence,
        at=step.at,
        facts=facts,
        before=case,
        case=step.case,
        acts=tuple(step.acts),
        letters=tuple(step.letters),
        checks_opened=tuple(check.name for check in procedure.checks if check.name in opened),
    )


def filed_late(procedure: Procedure, facts: Mapping[str, Fact], *, at: datetime, calendar: Calendar) -> bool:
    """Whether the filing window of the procedure was over at the instant `at`, counted from the day in its fact."""
    window = procedure.intake.window
    day = facts.get(window.from_fact) if window else None
    if window is None or not isinstance(day, date):
        return False
    zone = ZoneInfo(procedure.zone)
    due = counting.compute(day, window.term, calendar=calendar, zone=zone, roll=Roll.FORWARD)
    return counting.is_overdue(due, at=at, zone=zone)


def is_over(deadline: Deadline, *, at: datetime, zone: ZoneInfo) -> bool:
    """Whether its end had passed at the instant `at`; not while the clock stands still that was stopped in time."""
    for part in deadline.history:
        if isinstance(part, Pause) and part.end is None:
            at = min(at, part.start)
    return counting.is_overdue(deadline.due, at=at, zone=zone)


def waits_for(procedure: Procedure, case: Case, act: Act) -> tuple[Check, ...]:
    """The points of the checklist that must be ticked before this act."""
    return tuple(
        check
        for check in procedure.checks
        if (act.name in check.before or check.name in act.needs)
        and check.name not in case.checks
        and _hold(case, check)
    )


# ---------------------------------------------------------------------------------------------- one step


class _Step:
    """Works out one occurrence: the case as it becomes, and the letters that are due."""

    def __init__(
        self, procedure: Procedure, case: Case, at: datetime, calendar: Calendar, facts: dict[str, Fact]
    ) -> None:
        self.procedure = procedure
        self.case = case
        self.at = at
        self.calendar = calendar
        self.zone = ZoneInfo(procedure.zone)
        self.given = facts
        self.acts: list[str] = []
        self.letters: list[LetterDue] = []

    def do(self, act: Act) -> None:
        facts = {**self.case.facts, **(self.given if not self.acts else {})}
        if act.opens:
            self.case = replace(self.case, opened_at=self.at)
            if self.procedure.intake.window:
                facts[FILED_LATE] = filed_late(self.procedure, facts, at=self.at, calendar=self.calendar)
        self.acts.append(act.name)
        self.case = replace(self.case, phase=act.to or self.case.phase, facts=facts, done=(*self.case.done, act.name))
        if act.extends:
            self._extend(act)
        self._occur(Occurrence(OccurrenceKind.ACT, act.name))
        if self.procedure.phase(self.case.phase).is_end:
            self._stop_clocks()

    def time_or_post(self, occurrence: Occurrence) -> None:
        if occurrence.kind is OccurrenceKind.BEFORE:
            self._change(occurrence.name, lambda each: replace(each, reminded=(*each.reminded, str(occurrence))))
        elif occurrence.kind is OccurrenceKind.PASSED:
            self._change(occurrence.name, lambda each: replace(each, status=Status.MISSED))
        self._occur(occurrence)

    def recount(self) -> None:
        """Every running deadline anew, with the calendar as it is now."""
        for each in self.case.deadlines:
            if each.status is Status.OPEN:
                rule = self.procedure.deadline(each.rule)
                self._put(self._woken(replace(each, due=self._count(rule, each))))

    def _occur(self, occurrence: Occurrence) -> None:
        for rule in self.procedure.deadlines:
            self._advance(rule, occurrence)
        for letter in self.procedure.letters:
            if occurrence in letter.on and self._holds(letter):
                about = occurrence.name if occurrence.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED) else ""
                self.letters.append(LetterDue(letter.name, letter.to, str(occurrence), about))
        for act in self.procedure.acts:
            if (
                occurrence in act.on
                and _is_in(self.procedure, self.case, act.phases)
                and self._holds(act)
                and not (act.once and act.name in self.case.done)
            ):
                self.do(act)
                break

    def _advance(self, rule: DeadlineRule, occurrence: Occurrence) -> None:
        running = self.case.deadline(rule.name)
        if running and running.status in (Status.OPEN, Status.MISSED) and running.met_at is None:
            if occurrence in rule.met_by:
                stopped = self._resumed(rule, running)
                in_time = self.at < counting.overdue_at(stopped.due, self.zone)
                self._put(
                    replace(stopped, status=Status.MET if in_time else Status.MISSED, met_at=self.at, wake_at=None)
                )
            elif occurrence in rule.dropped_by and running.status is Status.OPEN:
                self._put(replace(running, status=Status.DROPPED, wake_at=None))
            elif occurrence in rule.paused_by and not running.is_paused:
                self._put(replace(running, history=(*running.history, Pause(self.at)), wake_at=None))
            elif occurrence in rule.resumed_by and running.is_paused:
                self._put(self._woken(replace(self._resumed(rule, running), reminded=())))
        running = self.case.deadline(rule.name)
        if (
            occurrence in rule.starts
            and not (running and running.status is Status.OPEN)
            and not self.procedure.phase(self.case.phase).is_end  # a letter may leave after the case was closed
            and self._holds(rule)
        ):
            self._start(rule, number=running.number + 1 if running else 1)

    def _start(self, rule: DeadlineRule, *, number: int) -> None:
        start: date | datetime = self.at
        if rule.from_fact:
            day = self.case.facts.get(rule.from_fact)
            if not isinstance(day, date):
                return  # the fact was not asked: there is nothing to count from
            start = day
        due = counting.compute(start, rule.term, calendar=self.calendar, zone=self.zone, roll=rule.roll)
        self._put(self._woken(Deadline(rule.name, number, self.at, start, due)))

    def _extend(self, act: Act) -> None:
        running = self.case.deadline(act.extends)
        if running is None:
            return
        rule = self.procedure.deadline(act.extends)
        extension = rule.extension
        by = extension.by if extension else None
        until = self.given.get(UNTIL)
        part = Extended(
            at=self.at,
            raw_due_before=running.due.raw,
            raw_due=until if isinstance(until, date) else running.due.raw,
            reason=act.name,
            in_time=not is_over(running, at=self.at, zone=self.zone),
            by=by,
        )
        moved = replace(running, history=(*running.history, part), status=Status.OPEN, reminded=())
        due = self._count(rule, moved)
        part = replace(part, raw_due=due.raw)
        self._put(self._woken(replace(moved, history=(*running.history, part), due=due)))

    def _resumed(self, rule: DeadlineRule, running: Deadline) -> Deadline:
        """The clock with the pause that lasts until now, if there is one, ended and counted."""
        if not running.is_paused:
            return running
        history = tuple(
            replace(part, end=self.at) if isinstance(part, Pause) and part.end is None else part
            for part in running.history
        )
        resumed = replace(running, history=history)
        return replace(resumed, due=self._count(rule, resumed))

    def _count(self, rule: DeadlineRule, each: Deadline) -> Due:
        return counting.recompute(
            each.start, rule.term, each.history, calendar=self.calendar, zone=self.zone, roll=rule.roll
        )

    def _stop_clocks(self) -> None:
        for each in self.case.deadlines:
            if each.status is Status.OPEN:
                self._put(replace(each, status=Status.DROPPED, wake_at=None))

    def _change(self, rule: str, change: Callable[[Deadline], Deadline]) -> None:
        running = self.case.deadline(rule)
        if running is not None:
            self._put(self._woken(change(running)))

    def _woken(self, each: Deadline) -> Deadline:
        """The same clock with the next instant at which time alone makes something happen."""
        if each.status is not Status.OPEN or each.is_paused:
            return replace(each, wake_at=None)
        # Never before what happens now: a clock may start or move when its end is already past.
        return replace(each, wake_at=max(self.at, _what_comes(self.procedure, each, self.calendar)[1]))

    def _put(self, new: Deadline) -> None:
        others = [new if each.key == new.key else each for each in self.case.deadlines]
        if new not in others:
            others.append(new)
        self.case = replace(self.case, deadlines=tuple(others))

    def _holds(self, part: Act | DeadlineRule | Letter) -> bool:
        return all(c.holds(self.case.facts, frozenset(self.case.done)) for c in part.when)


def _what_comes(procedure: Procedure, each: Deadline, calendar: Calendar) -> tuple[str, datetime]:
    """The next thing that time brings to a running clock: a reminder that was not given yet, else that it is over."""
    zone = ZoneInfo(procedure.zone)
    over_at = counting.overdue_at(each.due, zone)
    moments = [(f"passed:{each.rule}", over_at)]
    since = max([each.starts_at, *(_moved_at(part) for part in each.history)])
    for occurrence in procedure.reminders.get(each.rule, ()):
        if str(occurrence) not in each.reminded and occurrence.ahead:
            moment = counting.reminder_at(each.due, occurrence.ahead, calendar=calendar, zone=zone)
            if since < moment < over_at:
                moments.append((str(occurrence), moment))
    return min(moments, key=lambda pair: pair[1])


def _moved_at(part: Extended | Pause) -> datetime:
    return part.at if isinstance(part, Extended) else part.end or part.start


# ---------------------------------------------------------------------------------------------- refusing


def _act(procedure: Procedure, name: str) -> Act:
    try:
        return procedure.act(name)
    except KeyError:
        raise ActRefused(
            Text(f"Deze procedure kent geen handeling “{name}”.", f"This procedure has no act “{name}”."),
            code="unknown",
        ) from None


def _refuse_place(procedure: Procedure, case: Case, act: Act, at: datetime) -> None:
    if act.opens and case.phase:
        raise ActRefused(Text("Deze zaak is al geopend.", "This case has been opened already."), code="phase")
    if not act.opens and not _is_in(procedure, case, act.phases):
        phase = procedure.phase(case.phase).title if case.phase else Text("nog niet ingediend", "not yet filed")
        where = [procedure.phase(name).title for name in act.phases if name != "*"]
        raise ActRefused(
            Text(
                f"Dat kan niet in de fase “{phase.nl}”."
                + (f" Het kan in: {', '.join(t.nl for t in where)}." if where else ""),
                f"That is not possible in the phase “{phase.in_language('en')}”.",
            ),
            code="phase",
        )
    zone = ZoneInfo(procedure.zone)
    for rule, must_be_over in ((act.within, False), (act.after, True)):
        running = case.deadline(rule) if rule else None
        if not rule or (running and is_over(running, at=at, zone=zone) is must_be_over):
            continue
        title = procedure.deadline(rule).title
        if running is None:
            reason = Text(
                f"De termijn “{title.nl}” loopt nog niet.", f"The term “{title.in_language('en')}” is not running."
            )
        elif must_be_over:
            reason = Text(
                f"De termijn “{title.nl}” loopt nog tot en met {_written(running.due.due)}.",
                f"The term “{title.in_language('en')}” runs until {_written(running.due.due)}.",
            )
        else:
            reason = Text(
                f"De termijn “{title.nl}” is voorbij sinds {_written(running.due.due)}.",
                f"The term “{title.in_language('en')}” was over on {_written(running.due.due)}.",
            )
        raise ActRefused(reason, code="late" if act.within else "early")


def _refuse_role(act: Act, by: Collection[str]) -> None:
    if not set(act.by) & set(by):
        raise _wrong_role()


def _wrong_role() -> ActRefused:
    return ActRefused(Text("Dat hoort niet bij uw rol.", "That does not belong to your role."), code="role")


def _refuse_conditions(procedure: Procedure, case: Case, act: Act) -> None:
    if not _hold(case, act):
        raise ActRefused(
            Text("Dat is in deze zaak niet aan de orde.", "That does not apply to this case."), code="condition"
        )
    if act.once and act.name in case.done:
        raise ActRefused(Text("Dat is al gedaan.", "That has been done already."), code="done")
    missing = [check.title for check in waits_for(procedure, case, act)]
    if missing:
        raise ActRefused(
            Text(
                f"Dat kan pas als dit is gedaan: {', '.join(title.nl for title in missing)}.",
                f"First do this: {', '.join(title.in_language('en') for title in missing)}.",
            ),
            code="checks",
        )


def _answers(procedure: Procedure, case: Case, act: Act, given: Mapping[str, object]) -> dict[str, Fact]:
    """The answers as facts. Raises ActRefused naming every field that is missing, wrong or not asked."""
    zone = ZoneInfo(procedure.zone)
    asked = {each.name: each for each in procedure.fields_of(act)}
    answers: dict[str, Fact] = {}
    wrong: dict[str, Text] = {}
    for name, raw in given.items():
        asked_for = asked.get(name)
        if raw is None or raw in ("", (), []):
            continue
        if asked_for is None:
            asked_for = _unwritten(procedure, act, name)
        if asked_for is None:
            wrong[name] = Text("Dit wordt hier niet gevraagd.", "This is not asked here.")
            continue
        try:
            answers[name] = parse(asked_for, raw, zone=zone)
        except BadAnswer as bad:
            wrong[name] = bad.message
    known = {**case.facts, **answers}
    for each in asked.values():
        if each.name in wrong:
            continue
        if not is_asked(each, known, case.done):
            answers.pop(each.name, None)  # answered, and then made needless by another answer
            known = {**case.facts, **answers}
        elif each.required and each.name not in answers:
            wrong[each.name] = Text("Vul dit in.", "Fill this in.")
    if wrong:
        raise ActRefused(
            Text("Er ontbreekt nog iets, of er klopt iets niet.", "Something is missing or not right."),
            code="answers",
            fields=wrong,
        )
    return answers


def _unwritten(procedure: Procedure, act: Act, name: str) -> Field | None:
    """What may be told besides the fields that the document writes out."""
    if act.independence and name == INDEPENDENCE_REASON:
        return Field(name, Text("Waarom kan het niet anders?"), FieldKind.LONG_TEXT)
    if not act.opens or name not in INTAKE_FACTS:
        return None
    parts: tuple[FilingChannel, ...] | tuple[Confidentiality, ...]
    if name == "channel":
        parts = procedure.intake.channels
    elif name == "confidentiality":
        parts = procedure.intake.confidentiality
    else:
        return Field(name, Text(name), FieldKind.YES_NO)
    return Field(name, Text(name), FieldKind.CHOICE, choices=tuple(Choice(each.name, each.title) for each in parts))


def is_asked(asked_for: Field, facts: Mapping[str, Fact], done: Collection[str] = ()) -> bool:
    """Whether the field's conditions hold."""
    return all(condition.holds(facts, frozenset(done)) for condition in asked_for.when)


def _refuse_conflict(act: Act, answers: Mapping[str, Fact], respondents: Collection[str]) -> None:
    """The member chosen may not be someone the complaint is about (KO-09; soft with a written reason: KP-05)."""
    if act.independence is None:
        return
    chosen: set[str] = set()
    for asked_for in act.fields:
        value = answers.get(asked_for.name)
        if asked_for.kind is FieldKind.MEMBER and isinstance(value, str):
            chosen.add(value)
        elif asked_for.kind is FieldKind.MEMBERS and isinstance(value, tuple):
            chosen.update(str(each) for each in value)
    if not chosen & set(respondents):
        return
    if act.independence is Independence.HARD:
        raise ActRefused(
            Text(
                "De klacht gaat over deze persoon. Kies iemand anders.",
                "The complaint is about this person. Choose someone else.",
            ),
            code="independence",
        )
    if not answers.get(INDEPENDENCE_REASON):
        wanted = Text(
            "De klacht gaat over deze persoon. Kies iemand anders, of schrijf op waarom het niet anders kan.",
            "The complaint is about this person. Choose someone else, or write down why that is not possible.",
        )
        raise ActRefused(wanted, code="independence", fields={INDEPENDENCE_REASON: wanted})


def _refuse_no_more_time(procedure: Procedure, case: Case, act: Act) -> None:
    """A deadline is extended only while it is owed, and as often as the document says."""
    if not act.extends:
        return
    running = case.deadline(act.extends)
    extension = procedure.deadline(act.extends).extension
    if running is None or extension is None or running.met_at or running.status is Status.DROPPED:
        raise ActRefused(
            Text("Deze termijn loopt niet (meer).", "This term is not running (any more)."), code="extension"
        )
    if extension.times and len(running.extensions) >= extension.times:
        raise ActRefused(
            Text(
                f"Deze termijn mag hoogstens {extension.times} keer worden verlengd.",
                f"This term may be extended {extension.times} time(s) at most.",
            ),
            code="extension",
        )


def _refuse_extension(
    procedure: Procedure,
    case: Case,
    act: Act,
    answers: Mapping[str, Fact],
    *,
    at: datetime,
    calendar: Calendar,
) -> None:
    """How often, how much, until when at most and how late is what the document says."""
    _refuse_no_more_time(procedure, case, act)
    running = case.deadline(act.extends) if act.extends else None
    extension = procedure.deadline(act.extends).extension if act.extends else None
    if running is None or extension is None:
        return
    zone = ZoneInfo(procedure.zone)
    today = at.astimezone(zone).date()
    old_end = _day(running.due.raw, zone)
    if extension.may_be_late:
        last = counting.compute(old_end, extension.may_be_late, calendar=calendar, zone=zone, roll=Roll.NONE)
        if counting.is_overdue(last, at=at, zone=zone):
            raise ActRefused(
                Text(
                    f"Verlengen kon nog tot en met {_written(last.due)}.",
                    f"Extending was possible until {_written(last.due)}.",
                ),
                code="extension",
            )
    if extension.by:
        return
    until = answers.get(UNTIL)
    wrong: Text | None = None
    if not isinstance(until, date):
        wrong = Text("Vul een datum in.", "Enter a date.")
    elif until <= old_end:
        wrong = Text(f"Kies een dag na {_written(old_end)}.", f"Choose a day after {_written(old_end)}.")
    elif until < today:
        wrong = Text("Kies een dag die nog komt.", "Choose a day that is still to come.")
    elif extension.at_most:
        base = {"start": _day(running.start, zone), "end": old_end, "act": today}[extension.at_most_from]
        last = counting.compute(base, extension.at_most, calendar=calendar, zone=zone, roll=Roll.NONE)
        if until > _day(last.due, zone):
            wrong = Text(
                f"Kies een dag tot en met {_written(last.due)}.",
                f"Choose a day up to and including {_written(last.due)}.",
            )
    if wrong:
        raise ActRefused(wrong, code="extension", fields={UNTIL: wrong})


def _day(moment: date | datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def _written(day: date | datetime) -> str:
    return f"{day.day}-{day.month}-{day.year}"


def _is_in(procedure: Procedure, case: Case, phases: tuple[str, ...]) -> bool:
    """Whether the case stands in one of these phases; "*" is every phase that is not an end."""
    if not case.phase:
        return False
    return case.phase in phases or ("*" in phases and not procedure.phase(case.phase).is_end)


def _hold(case: Case, part: Act | Check) -> bool:
    return all(condition.holds(case.facts, frozenset(case.done)) for condition in part.when)
