"""When something is due: day + Term + calendar → the last day or the instant, with its explanation.

The rules are those of section 4 of the house plan; `statutory` is the Algemene termijnenwet (Atw). Units:

- A day term (days, weeks, months, years, working days, working weeks) has a local date as its end, and is overdue once
  that local day is over. Day 0 is the local date of the start in the organisation's zone, and never counts.
- An hour term has an aware instant as its end, expressed in the organisation's zone, and is overdue from it on.

The raw end is what the term, its extensions and its pauses give; the due end is the raw end after the roll. Whatever
moves a deadline counts from the raw end. An end that is an instant is never rolled.

Instants must be aware: a naive one raises ValueError. Counting past the calendar's tables, or past the year 9999,
raises `OutOfCalendar`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from procedures.calendars import STATUTORY, Calendar, OutOfCalendar
from procedures.definition import Roll, Term, Unit

REMINDER_TIME = time(8)  # local time at which people are reminded of a day term
_Moment = TypeVar("_Moment", date, datetime)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A local day that did not count, and why: "Tweede Paasdag", "zaterdag"."""

    on: date
    name: str


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a term. `skipped` is ordered by day: those that did not count, then those that the roll passed over.

    Days that the roll passed over lie on or after the raw day, the others before it. `rolled`: the roll moved the end.
    """

    raw: date | datetime
    due: date | datetime
    skipped: tuple[Skipped, ...] = ()
    rolled: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock stands still, from one instant to another; without `end` it still does."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension that was given, as stored. `by` is how much; without it, `raw_due` was chosen by the actor."""

    at: datetime
    raw_due_before: date | datetime
    raw_due: date | datetime
    reason: str
    in_time: bool
    by: Term | None = None


def compute(start: datetime | date, term: Term, *, calendar: Calendar, zone: ZoneInfo, roll: Roll) -> Due:
    """The end of `term` from `start`, an aware instant or a local date.

    Hours count from the instant, along elapsed time; from a local date, they count from its first instant.
    """
    day = _local_day(start, zone)
    if term.unit is Unit.HOURS:
        instant = start if isinstance(start, datetime) else _first_instant(start, zone)
        return _due(_hours_on(instant, term.amount, zone), (), day, term, calendar, roll)
    raw = _days_on(day, term, calendar)
    return _due(raw, _skipped(day, raw, term, calendar), day, term, calendar, roll)


def extend_by(
    due: Due, by: Term, *, start: datetime | date, term: Term, calendar: Calendar, zone: ZoneInfo, roll: Roll
) -> Due:
    """`due` moved by a fixed amount, counted from the raw end, then rolled. `term` and `start` are the deadline's own.

    Hours on top of a last day count from the end of that day, and give an instant; when that comes before the rolled
    end, `due` comes back as it was. Days on top of an instant keep its local time of day.
    """
    day = _local_day(due.raw, zone)
    raw: date | datetime
    if by.unit is Unit.HOURS:
        raw = _hours_on(due.raw if isinstance(due.raw, datetime) else _over_at(due.raw, zone), by.amount, zone)
        more: tuple[Skipped, ...] = ()
    else:
        raw = _days_on(day, by, calendar)
        more = _skipped(day, raw, by, calendar)
        if isinstance(due.raw, datetime):
            raw = _at_local_time(raw, due.raw.astimezone(zone).time(), zone)
    return _later_of(due, _due(raw, _counted(due, zone) + more, _local_day(start, zone), term, calendar, roll), zone)


def extend_until(
    due: Due,
    until: date | datetime,
    *,
    start: datetime | date,
    term: Term,
    calendar: Calendar,
    zone: ZoneInfo,
    roll: Roll,
) -> Due:
    """`due` moved to a last day (or instant) that the actor chose, then rolled as the deadline is.

    An extension never shortens: when `until` is over no later than the raw end, `due` comes back as it was. So a chosen
    day keeps its worth when an earlier part of the history is recomputed with another calendar.
    """
    if isinstance(until, datetime):
        until = _aware(until).astimezone(zone)
    if _over_at(until, zone) <= _over_at(due.raw, zone):
        return due
    return _later_of(due, _due(until, _counted(due, zone), _local_day(start, zone), term, calendar, roll), zone)


def shift_for_pause(
    due: Due, pause: Pause, *, start: datetime | date, term: Term, calendar: Calendar, zone: ZoneInfo, roll: Roll
) -> Due:
    """`due` moved by the time that the clock stood still, counted from the raw end, then rolled.

    A last day moves by the days after the local day on which the pause began, up to and including the one on which it
    ended: the working days among them for terms in working days, all of them for other day terms. An instant moves by
    the exact time. Only the time since `start` counts. A pause that has not ended moves nothing yet, and one that began
    when the deadline was already overdue moves nothing at all. ValueError when the pause ends before it starts.
    """
    if pause.end is None:
        return due
    begin, end = _aware(pause.start), _aware(pause.end)
    if end < begin:
        raise ValueError(f"a pause from {begin} cannot end before it, at {end}")
    begin = max(begin, start if isinstance(start, datetime) else _first_instant(start, zone), key=_utc)
    if _utc(begin) >= overdue_at(due, zone) or _utc(end) <= _utc(begin):
        return due
    first, last = _local_day(begin, zone), _local_day(end, zone)
    raw: date | datetime
    more: tuple[Skipped, ...] = ()
    if isinstance(due.raw, datetime):
        raw = _later(_utc(due.raw), _utc(end) - _utc(begin)).astimezone(zone)
    elif term.is_working:
        raw = calendar.add_working_days(due.raw, max(0, calendar.working_days_between(first, last)))
        more = _skipped(due.raw, raw, term, calendar)
    else:
        raw = _later(due.raw, max(timedelta(0), last - first))
    return _due(raw, _counted(due, zone) + more, _local_day(start, zone), term, calendar, roll)


def recompute(
    start: datetime | date,
    term: Term,
    history: Sequence[Extended | Pause] = (),
    *,
    calendar: Calendar,
    zone: ZoneInfo,
    roll: Roll,
) -> Due:
    """The end of `term` after its whole history, from stored values only; equal to applying each part as it came.

    Parts work in the order in which they took effect, whatever their order in `history`: an extension when it was
    given, a pause when it ended (until then nobody knew how long it would be). So an extension given during a pause is
    counted from the end as it then stood, and the pause moves the result. The order matters for months, years and
    chosen days, and for a calendar term extended by working days or the other way round.

    An extension `by` a term is counted anew, so with a changed calendar it may end on another day than `raw_due` says;
    one to a chosen day stays on that day. ValueError when pauses overlap: their time would be counted twice.
    """
    pauses = sorted(
        (part for part in history if isinstance(part, Pause)),
        key=lambda pause: (_utc(pause.start), _utc(pause.end or pause.start)),
    )
    for one, next_one in pairwise(pauses):
        if one.end is None or _utc(next_one.start) < _utc(one.end):
            raise ValueError(f"the pause from {next_one.start} overlaps the one from {one.start}")
    ended = [part for part in history if isinstance(part, Extended) or part.end is not None]
    due = compute(start, term, calendar=calendar, zone=zone, roll=roll)
    for part in sorted(ended, key=_took_effect_at):
        if isinstance(part, Pause):
            due = shift_for_pause(due, part, start=start, term=term, calendar=calendar, zone=zone, roll=roll)
        elif part.by is not None:
            due = extend_by(due, part.by, start=start, term=term, calendar=calendar, zone=zone, roll=roll)
        else:
            due = extend_until(due, part.raw_due, start=start, term=term, calendar=calendar, zone=zone, roll=roll)
    return due


def overdue_at(due: Due, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which it is overdue: `at >= overdue_at(…)` is the whole test.

    For a last day that is the first instant of the next local day; for an instant it is that instant itself, so what
    was due at 17:00 is overdue at 17:00 sharp.
    """
    return _over_at(due.due, zone)


def is_overdue(due: Due, *, at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is over at the instant `at`; an extension given then is not in time."""
    return _utc(_aware(at)) >= overdue_at(due, zone)


def reminder_at(due: Due, ahead: Term, *, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, that lies `ahead` before the due end (after the roll).

    `ahead` in working days or weeks: the n-th working day before the due day; in days, weeks, months or years: calendar
    days, the day number clipped to the month's end; both at 08:00 local time. `ahead` in hours: so much elapsed time
    before `overdue_at`.
    """
    if ahead.unit is Unit.HOURS:
        return _later(overdue_at(due, zone), timedelta(hours=-ahead.amount))
    day = _local_day(due.due, zone)
    if ahead.is_working:
        day = calendar.working_days_before(day, _working_days(ahead))
    else:
        day = _calendar_days_on(day, -ahead.amount, ahead.unit)
    return _utc(_at_local_time(day, REMINDER_TIME, zone))


def is_statutory(term: Term) -> bool:
    """Whether the Atw rolls the end of such a term: not for hours, years, > 90 days, > 12 weeks, > 3 months (art. 4).

    The law knows no working days; a number of working days or weeks is read as that number of days or weeks.
    """
    limit = {
        Unit.DAYS: 90,
        Unit.WORKING_DAYS: 90,
        Unit.WEEKS: 12,
        Unit.WORKING_WEEKS: 12,
        Unit.MONTHS: 3,
    }.get(term.unit)
    return limit is not None and term.amount <= limit


def _due(
    raw: date | datetime,
    counted: tuple[Skipped, ...],
    day_0: date,
    term: Term,
    calendar: Calendar,
    roll: Roll,
) -> Due:
    if isinstance(raw, datetime):
        return Due(raw, raw, counted)
    if roll is Roll.FORWARD:
        due, by_whom = calendar.next_working(raw), calendar
    elif roll is Roll.STATUTORY and is_statutory(term):
        due, by_whom = _statutory(raw, day_0, term), STATUTORY
    else:
        return Due(raw, raw, counted)
    passed = tuple(Skipped(day, by_whom.name_of(day)) for day in by_whom.days_off(_later(raw, timedelta(-1)), due))
    return Due(raw, due, counted + passed, due != raw)


def _later_of(before: Due, after: Due, zone: ZoneInfo) -> Due:
    """No extension shortens, as one to an instant (never rolled) could do to an end that was rolled past it."""
    return before if overdue_at(after, zone) < overdue_at(before, zone) else after


def _statutory(raw: date, day_0: date, term: Term) -> date:
    """Atw art. 1(1): to the next day that is no Saturday, Sunday or holiday. Art. 2: a term of three days or more holds
    at least two such days. The term that decides is the deadline's own, also after an extension."""
    due = STATUTORY.next_working(raw)
    if term.amount >= (3 if term.unit in (Unit.DAYS, Unit.WORKING_DAYS) else 1):
        due = max(due, STATUTORY.add_working_days(day_0, 2))
    return due


def _counted(due: Due, zone: ZoneInfo) -> tuple[Skipped, ...]:
    """The skipped days of the counting alone: those that the roll passed over are counted anew after a move."""
    raw_day = _local_day(due.raw, zone)
    return tuple(skipped for skipped in due.skipped if skipped.on < raw_day)


def _skipped(after: date, until: date, term: Term, calendar: Calendar) -> tuple[Skipped, ...]:
    if not term.is_working:
        return ()
    return tuple(Skipped(day, calendar.name_of(day)) for day in calendar.days_off(after, until))


def _days_on(day: date, term: Term, calendar: Calendar) -> date:
    if term.is_working:
        return calendar.add_working_days(day, _working_days(term))
    return _calendar_days_on(day, term.amount, term.unit)


def _working_days(term: Term) -> int:
    return term.amount * (5 if term.unit is Unit.WORKING_WEEKS else 1)


def _calendar_days_on(day: date, amount: int, unit: Unit) -> date:
    """Also backwards, for a negative amount."""
    if unit is Unit.DAYS:
        return _later(day, timedelta(days=amount))
    if unit is Unit.WEEKS:
        return _later(day, timedelta(weeks=amount))
    months = day.year * 12 + day.month - 1 + amount * (12 if unit is Unit.YEARS else 1)
    year, month = divmod(months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OutOfCalendar(f"{amount} {unit.value} from {day} is outside what a date can be")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _hours_on(instant: datetime, hours: int, zone: ZoneInfo) -> datetime:
    return _later(_utc(_aware(instant)), timedelta(hours=hours)).astimezone(zone)


def _later(moment: _Moment, by: timedelta) -> _Moment:
    try:
        return moment + by
    except OverflowError:
        raise OutOfCalendar(f"{by} from {moment} is outside what a date can be") from None


def _took_effect_at(part: Extended | Pause) -> datetime:
    return _utc(part.at if isinstance(part, Extended) else part.end or part.start)


def _local_day(moment: date | datetime, zone: ZoneInfo) -> date:
    return _aware(moment).astimezone(zone).date() if isinstance(moment, datetime) else moment


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no zone, so it is no instant")
    return moment


def _utc(moment: datetime) -> datetime:
    """Instants are compared in UTC: Python compares two moments of one zone by the clock on the wall."""
    return _aware(moment).astimezone(UTC)


def _at_local_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant at which clocks show `at`; where a clock change leaves that time out, as much later."""
    return datetime.combine(day, at, zone).astimezone(UTC).astimezone(zone)


def _over_at(end: date | datetime, zone: ZoneInfo) -> datetime:
    return _utc(end) if isinstance(end, datetime) else _first_instant(_later(end, timedelta(1)), zone)


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which `day` begins and all days before it are over, also where no midnight exists."""
    midnight = datetime.combine(day, time(), zone)
    one, other = _utc(midnight), _utc(midnight.replace(fold=1))
    if one <= other:  # one midnight, or two: the second only when the clocks went back into the day before
        return other if _local_day(other - _TICK, zone) < day else one
    while one - other > _TICK:  # clocks jumped over midnight: the jump lies in (other, one]
        middle = other + (one - other) / 2
        one, other = (one, middle) if _local_day(middle, zone) < day else (middle, other)
    return one
