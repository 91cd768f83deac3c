"""Closing days of the organisation: what a change would move, shown first, and the recounting once somebody says so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from complaints import nudge
from complaints.access import cases_for
from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.recording import Recorder
from complaints.models import Case, Event, Membership, Party, ReferenceCounter
from complaints.queries.state import state_of
from procedures import engine
from procedures.calendars import Calendar
from procedures.catalogue import procedure_of, zone_of
from procedures.deadlines import overdue_at
from procedures.definition import Procedure, Text
from procedures.models import ClosingDay, Organisation
from procedures.scoping import current


class PreviewMovedOn(Exception):
    """Other deadlines would move than were shown, or the closing days changed meanwhile."""


@dataclass(frozen=True, slots=True)
class NewDay:
    """A day on which the organisation will be closed."""

    on: date
    name: str


@dataclass(frozen=True, slots=True)
class EndedDay:
    """A closing day, by its key, that counts as a working day again."""

    key: int


@dataclass(frozen=True, slots=True)
class Move:
    """A deadline of a case that ends at another moment; `is_over`: by then it would be too late at once."""

    reference: str
    title: Text
    before: date | datetime
    after: date | datetime
    is_over: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move. `others` counts deadlines of cases that the viewer may not open.

    Not counted are those of cases that are about the viewer: a number that is one too high would tell of them.
    """

    moves: Sequence[Move]
    others: int

    @property
    def seen(self) -> str:
        """What the viewer was shown, as a hash; it says nothing of what was not shown."""
        told = [(each.reference, each.title.nl, each.before.isoformat(), each.after.isoformat()) for each in self.moves]
        return hashlib.sha256(repr((told, self.others)).encode()).hexdigest()


def closing_days(*, at: datetime) -> list[ClosingDay]:
    """The closing days in scope that count at the instant `at`, in their order."""
    return list(ClosingDay.objects.filter(Q(removed_at=None) | Q(removed_at__gt=at), added_at__lte=at))


def preview(change: NewDay | EndedDay, *, member: Membership, procedure: Procedure, at: datetime) -> Preview:
    """What a change of the closing days would move for `member`. `procedure` is the one in force. Writes nothing.

    Raises PreviewMovedOn when the day is there already, or the one that would end does not count any more.
    """
    return _shown(_open_cases(Case.objects.all()), _closed_after(change, at), member, procedure, at)


@transaction.atomic
def change_closing_days(
    change: NewDay | EndedDay, *, member: Membership, procedure: Procedure, seen: str, at: datetime
) -> int:
    """Adds or ends a closing day at the instant `at`, and counts the open deadlines anew; in how many cases.

    Raises PreviewMovedOn when it would move something else than `seen`, the hash of what was shown; then nothing is
    written. Side effects, in order: the closing day, then in each open case what time brought and, where anything
    changes, an event that its deadlines were counted anew. Filings wait meanwhile, so that none misses the day.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=current())
    list(ReferenceCounter.objects.select_for_update().order_by("pk"))
    locked = Case.objects.filter(
        pk__in=[case.pk for case in Case.objects.select_for_update().filter(closed_at=None).order_by("pk").only("pk")]
    )
    closed = _closed_after(change, at)
    if _shown(_open_cases(locked), closed, member, procedure, at).seen != seen:
        raise PreviewMovedOn
    if isinstance(change, NewDay):
        ClosingDay.objects.create(on=change.on, name=change.name, added_at=at)
    else:
        ClosingDay.objects.filter(pk=change.key, removed_at=None).update(removed_at=at)
    actor = Actor(Event.By.STAFF, frozenset(member.roles), member)
    return sum(_recounted(case, closed, actor, at) for case in _open_cases(locked))


def _recounted(case: Case, closed: dict[date, str], actor: Actor, at: datetime) -> bool:
    """Writes down what time brought and, when that changes any clock, the recount; whether it did."""
    own = procedure_of(case.version)
    calendar = Calendar.for_policy(own.calendar, closed)
    recorder = Recorder(case, own, calendar, at)
    passed, recount = _decisions(case, own, calendar, at)
    for decision in passed:
        recorder.record(decision, THE_CLOCK)
    if not recount.changed:
        return False
    recorder.record(recount, actor)
    transaction.on_commit(nudge.workers)  # what is over now is dealt with at once
    return True


def _decisions(
    case: Case, procedure: Procedure, calendar: Calendar, at: datetime
) -> tuple[Sequence[engine.Decision], engine.Decision]:
    """What time brought to the case since it was looked at, and what counting anew gives."""
    state = state_of(case, procedure)
    passed = engine.pass_time(procedure, state, at=at, calendar=calendar)
    state = passed[-1].case if passed else state
    return passed, engine.happen(procedure, state, engine.RECOUNT, at=at, facts={}, calendar=calendar)


def _shown(
    cases: QuerySet[Case], closed: dict[date, str], member: Membership, procedure: Procedure, at: datetime
) -> Preview:
    visible = set(cases_for(member, procedure, at=at).filter(closed_at=None).values_list("pk", flat=True))
    about_them = set(
        Party.objects.filter(kind=Party.Kind.RESPONDENT, membership=member).values_list("case_id", flat=True)
    )
    moves: list[Move] = []
    others = 0
    for case in cases:
        found = list(_moves(case, closed, at))
        if case.pk in visible:
            moves += found
        elif case.pk not in about_them:
            others += len(found)
    return Preview(moves, others)


def _moves(case: Case, closed: dict[date, str], at: datetime) -> Iterator[Move]:
    own = procedure_of(case.version)
    recount = _decisions(case, own, Calendar.for_policy(own.calendar, closed), at)[1]
    were = {each.key: each.due.due for each in recount.before.deadlines}
    for clock in recount.moved:
        yield Move(
            reference=case.reference,
            title=own.deadline(clock.rule).title,
            before=were[clock.key],
            after=clock.due.due,
            is_over=overdue_at(clock.due, zone_of(own)) <= at,
        )


def _open_cases(cases: QuerySet[Case]) -> QuerySet[Case]:
    """With what the engine looks at, in three queries whatever their number."""
    return (
        cases.filter(closed_at=None).select_related("version").prefetch_related("answers", "deadlines").order_by("pk")
    )


def _closed_after(change: NewDay | EndedDay, at: datetime) -> dict[date, str]:
    days = closing_days(at=at)
    if isinstance(change, NewDay):
        if change.on in {day.on for day in days}:
            raise PreviewMovedOn
        return {day.on: day.name for day in days} | {change.on: change.name}
    if change.key not in {day.pk for day in days}:
        raise PreviewMovedOn
    return {day.on: day.name for day in days if day.pk != change.key}
