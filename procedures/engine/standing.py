"""What holds in a case as it stands: its checklist, what an act waits for, what is over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from procedures import deadlines as counting
from procedures.calendars import Calendar
from procedures.deadlines import Pause
from procedures.definition import (
    Act,
    Check,
    Fact,
    Field,
    Procedure,
    Roll,
)
from procedures.engine.values import (
    Case,
    Deadline,
)


def checks_of(procedure: Procedure, case: Case) -> tuple[Check, ...]:
    """The checklist of the case's phase."""
    return tuple(check for check in procedure.checks if stands_in(procedure, case, check.phases) and holds(case, check))


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
        and holds(case, check)
    )


def is_asked(asked_for: Field, facts: Mapping[str, Fact], done: Collection[str] = ()) -> bool:
    """Whether the field's conditions hold."""
    return all(condition.holds(facts, frozenset(done)) for condition in asked_for.when)


def stands_in(procedure: Procedure, case: Case, phases: tuple[str, ...]) -> bool:
    """Whether the case stands in one of these phases; "*" is every phase that is not an end. A stopped one in none."""
    if not case.phase or case.is_stopped:
        return False
    return case.phase in phases or ("*" in phases and not procedure.phase(case.phase).is_end)


def holds(case: Case, part: Act | Check) -> bool:
    return all(condition.holds(case.facts, frozenset(case.done)) for condition in part.when)
