"""What follows from an occurrence: one step of a case, and the steps that time alone takes. Asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from procedures import deadlines as counting
from procedures.calendars import Calendar
from procedures.deadlines import Due, Extended, Pause
from procedures.definition import (
    Act,
    DeadlineRule,
    Fact,
    Letter,
    Occurrence,
    OccurrenceKind,
    Procedure,
)
from procedures.engine.standing import checks_of, filed_late, is_over, stands_in
from procedures.engine.values import (
    CHECK,
    CLOCKS,
    FILED_LATE,
    PHASE,
    RECOUNT,
    RESUME,
    STOP,
    TAKE_OVER,
    UNTIL,
    Case,
    Deadline,
    Decision,
    LetterDue,
    Status,
)


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
            what_comes(procedure, first, calendar)[0],
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
    step = Step(procedure, case, at.astimezone(UTC), calendar, dict(facts))
    if occurrence.startswith(CHECK):
        name = occurrence.removeprefix(CHECK)
        step.case = replace(step.case, checks={**step.case.checks, name: str(facts.get("not_applicable", ""))})
    elif occurrence == RECOUNT:
        step.recount()
    elif occurrence == STOP:
        step.stop()
    elif occurrence == TAKE_OVER:
        step.take_over()
    elif occurrence == RESUME:
        clocks = facts.get(CLOCKS, ())
        step.resume([str(each) for each in clocks] if isinstance(clocks, (list, tuple)) else [])
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


class Step:
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
            self._remind(occurrence)
            return
        if occurrence.kind is OccurrenceKind.PASSED:
            self._change(occurrence.name, lambda each: replace(each, status=Status.MISSED))
        self._occur(occurrence)

    def _remind(self, occurrence: Occurrence) -> None:
        """Moments before an end that fall together happen as one: nobody is reminded of it twice at once."""
        together = [occurrence]
        running = self.case.deadline(occurrence.name)
        for each in self.procedure.reminders.get(occurrence.name, ()) if running else ():
            if running and each.ahead and each != occurrence and str(each) not in running.reminded:
                moment = counting.reminder_at(running.due, each.ahead, calendar=self.calendar, zone=self.zone)
                together += [each] if moment == self.at else []
        given = tuple(str(each) for each in together)
        self._change(occurrence.name, lambda each: replace(each, reminded=tuple(dict.fromkeys(each.reminded + given))))
        for each in together:
            still = self.case.deadline(occurrence.name)
            if each == occurrence or (still and still.status is Status.OPEN):
                self._occur(each)

    def recount(self) -> None:
        """Every running deadline anew, with the calendar as it is now."""
        for each in self.case.deadlines:
            if each.status is Status.OPEN:
                rule = self.procedure.deadline(each.rule)
                self._put(self._woken(replace(each, due=self._count(rule, each))))

    def stop(self) -> None:
        """Nothing follows from anything any more, and no clock runs."""
        self.case = replace(self.case, is_stopped=True)
        self._stop_clocks()

    def take_over(self) -> None:
        """A part of what an earlier register says of a case: the first part opens it, and no clock starts."""
        told = {name: fact for name, fact in self.given.items() if name != PHASE}
        self.case = replace(
            self.case,
            phase=str(self.given.get(PHASE, self.case.phase)),
            opened_at=self.case.opened_at or self.at,
            facts={**self.case.facts, **told},
            is_stopped=True,
            is_taken_over=True,
        )

    def resume(self, clocks: Collection[str]) -> None:
        """The case goes on, and these clocks run again to the ends that they had."""
        self.case = replace(self.case, is_stopped=False)
        for each in self.case.deadlines:
            if each.name in clocks and each.status is Status.DROPPED:
                self._put(self._woken(replace(each, status=Status.OPEN)))

    def _occur(self, occurrence: Occurrence) -> None:
        if self.case.is_stopped:
            return
        for rule in self.procedure.deadlines:
            self._advance(rule, occurrence)
        for letter in self.procedure.letters:
            about = occurrence.name if occurrence.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED) else ""
            is_written = any((each.letter, each.deadline) == (letter.name, about) for each in self.letters if about)
            if occurrence in letter.on and self._holds(letter) and not is_written:
                self.letters.append(LetterDue(letter.name, letter.to, str(occurrence), about))
        for act in self.procedure.acts:
            if (
                occurrence in act.on
                and stands_in(self.procedure, self.case, act.phases)
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
        return replace(each, wake_at=max(self.at, what_comes(self.procedure, each, self.calendar)[1]))

    def _put(self, new: Deadline) -> None:
        others = [new if each.key == new.key else each for each in self.case.deadlines]
        if new not in others:
            others.append(new)
        self.case = replace(self.case, deadlines=tuple(others))

    def _holds(self, part: Act | DeadlineRule | Letter) -> bool:
        return all(c.holds(self.case.facts, frozenset(self.case.done)) for c in part.when)


def what_comes(procedure: Procedure, each: Deadline, calendar: Calendar) -> tuple[str, datetime]:
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
