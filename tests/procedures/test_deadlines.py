"""When something is due: literal dates, ten years of start days against the oracle, and random histories."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from procedures.calendars import Calendar, OutOfCalendar
from procedures.deadlines import (
    Due,
    Extended,
    Pause,
    Skipped,
    compute,
    extend_by,
    extend_until,
    is_overdue,
    is_statutory,
    overdue_at,
    recompute,
    reminder_at,
    shift_for_pause,
)
from procedures.definition import CalendarPolicy, LiberationDay, Roll, Term
from tests.procedures import oracle

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DEFAULT = Calendar.for_policy(CalendarPolicy())
WIDEST = CalendarPolicy(good_friday=True, liberation_day=LiberationDay.EVERY_YEAR, decree_days=True)
CLOSED = {date(2026, 12, 24): "Kerstsluiting", date(2029, 5, 11): "Brugdag"}
TEN_YEARS = [date(2024, 1, 1) + timedelta(days=n) for n in range(3653)]
YEARS = range(2023, 2037)
STARTS = st.integers(0, 10 * 365 * 24 * 60).map(lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


def due_in(start: date | datetime, term: str, *, calendar: Calendar = DEFAULT, roll: Roll = Roll.NONE) -> Due:
    return compute(start, Term.parse(term), calendar=calendar, zone=AMSTERDAM, roll=roll)


def skips(*days: tuple[date, str]) -> tuple[Skipped, ...]:
    return tuple(Skipped(on, name) for on, name in days)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM)  # type: ignore[arg-type,misc]


# Working days -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "closed"),
    [
        (CalendarPolicy(), {}),
        (CalendarPolicy(liberation_day=LiberationDay.NEVER), CLOSED),
        (CalendarPolicy(good_friday=True), {}),
        (WIDEST, CLOSED),
    ],
    ids=["default", "never and closing days", "Good Friday", "everything"],
)
def test_working_day_terms_from_every_day_of_ten_years(policy, closed):
    calendar = Calendar.for_policy(policy, closed)
    off = oracle.days_off(
        YEARS,
        good_friday=policy.good_friday,
        liberation_day=policy.liberation_day.value,
        decree_days=policy.decree_days,
        closed=closed,
    )
    terms = {n: Term.parse(f"{n} working days") for n in (1, 2, 3, 5, 10, 15, 20)}
    weeks = {n: Term.parse(f"{n} working weeks") for n in (1, 2, 3, 4)}
    for start in TEN_YEARS:
        for n, (raw, skipped) in enumerate(oracle.working_days_after(start, off), 1):
            if n in terms:
                due = compute(start, terms[n], calendar=calendar, zone=AMSTERDAM, roll=Roll.FORWARD)
                assert due == Due(raw, raw, skips(*skipped)), (start, n)
            if n % 5 == 0 and n // 5 in weeks:
                assert compute(start, weeks[n // 5], calendar=calendar, zone=AMSTERDAM, roll=Roll.NONE) == due
            if n == 20:
                break


@pytest.mark.parametrize(
    ("start", "term", "policy", "due"),
    [
        (date(2026, 4, 2), "3 working days", CalendarPolicy(), date(2026, 4, 8)),  # Easter
        (date(2026, 4, 2), "3 working days", CalendarPolicy(good_friday=True), date(2026, 4, 9)),
        (date(2026, 4, 24), "5 working days", CalendarPolicy(), date(2026, 5, 4)),  # King's Day on a Monday
        (date(2025, 4, 25), "1 working day", CalendarPolicy(), date(2025, 4, 28)),  # … on a Saturday, not on the Sunday
        (date(2031, 4, 25), "1 working day", CalendarPolicy(), date(2031, 4, 28)),
        (date(2026, 5, 13), "1 working day", CalendarPolicy(), date(2026, 5, 15)),  # Ascension
        (date(2026, 5, 13), "1 working day", CalendarPolicy(decree_days=True), date(2026, 5, 18)),
        (date(2026, 5, 22), "1 working day", CalendarPolicy(), date(2026, 5, 26)),  # Whit
        (date(2026, 12, 23), "5 working days", CalendarPolicy(), date(2026, 12, 31)),  # Christmas
        (date(2026, 12, 23), "6 working days", CalendarPolicy(), date(2027, 1, 4)),  # and New Year
        (date(2025, 5, 2), "1 working day", CalendarPolicy(), date(2025, 5, 6)),  # 5 May in a lustrum
        (date(2025, 5, 2), "1 working day", CalendarPolicy(liberation_day=LiberationDay.NEVER), date(2025, 5, 5)),
        (date(2026, 5, 4), "1 working day", CalendarPolicy(), date(2026, 5, 5)),  # and in another year
        (date(2026, 5, 4), "1 working day", CalendarPolicy(liberation_day=LiberationDay.EVERY_YEAR), date(2026, 5, 6)),
        (date(2030, 5, 3), "1 working day", CalendarPolicy(), date(2030, 5, 6)),  # the lustrum of 2030 is a Sunday
        (date(2028, 2, 28), "1 working day", CalendarPolicy(), date(2028, 2, 29)),  # leap day
        (date(2026, 4, 4), "1 working day", CalendarPolicy(), date(2026, 4, 7)),  # from a day that does not count
        (date(2026, 1, 5), "3 working weeks", CalendarPolicy(), date(2026, 1, 26)),
    ],
)
def test_working_days_around_the_holidays(start, term, policy, due):
    assert due_in(start, term, calendar=Calendar.for_policy(policy)).due == due


def test_explanation_of_working_days_names_every_day_that_did_not_count():
    assert due_in(date(2026, 4, 2), "3 working days") == Due(
        raw=date(2026, 4, 8),
        due=date(2026, 4, 8),
        skipped=skips(
            (date(2026, 4, 4), "zaterdag"), (date(2026, 4, 5), "zondag"), (date(2026, 4, 6), "Tweede Paasdag")
        ),
        rolled=False,
    )


def test_spanish_calendar_needs_no_more_than_its_name():
    spain = Calendar.for_policy(CalendarPolicy(country="ES"))

    assert due_in(date(2026, 10, 9), "1 working day", calendar=spain).due == date(2026, 10, 13)


# Calendar days, weeks, months, years --------------------------------------------------------------------------------


def test_calendar_terms_from_every_day_of_ten_years_rolled_each_way():
    widest = Calendar.for_policy(WIDEST, CLOSED)
    off_by_default = oracle.days_off(YEARS)
    off_at_most = oracle.days_off(YEARS, good_friday=True, liberation_day="every_year", decree_days=True, closed=CLOSED)
    by_law = oracle.statutory_days_off(YEARS)
    terms = [
        ("2 days", oracle.add_days, 2, True, False),
        ("3 days", oracle.add_days, 3, True, True),
        ("90 days", oracle.add_days, 90, True, True),
        ("91 days", oracle.add_days, 91, False, True),
        ("1 week", oracle.add_days, 7, True, True),
        ("6 weeks", oracle.add_days, 42, True, True),
        ("13 weeks", oracle.add_days, 91, False, True),
        ("1 month", oracle.add_months, 1, True, True),
        ("3 months", oracle.add_months, 3, True, True),
        ("4 months", oracle.add_months, 4, False, True),
        ("1 year", oracle.add_months, 12, False, True),
    ]
    for text, add, n, is_short, at_least_three_days in terms:
        term = Term.parse(text)
        for start in TEN_YEARS:
            raw = add(start, n)
            assert compute(start, term, calendar=DEFAULT, zone=AMSTERDAM, roll=Roll.NONE) == Due(raw, raw)
            for calendar, off in ((DEFAULT, off_by_default), (widest, off_at_most)):
                day, passed = oracle.rolled_forward(raw, off)
                assert compute(start, term, calendar=calendar, zone=AMSTERDAM, roll=Roll.FORWARD) == Due(
                    raw, day, skips(*passed), day != raw
                ), (start, text)
            day, passed = raw, ()
            if is_short:
                day, passed = oracle.rolled_by_law(start, raw, by_law, at_least_three_days=at_least_three_days)
            assert compute(start, term, calendar=DEFAULT, zone=AMSTERDAM, roll=Roll.STATUTORY) == Due(
                raw, day, skips(*passed), day != raw
            ), (start, text)


@pytest.mark.parametrize(
    ("start", "term", "due"),
    [
        (date(2027, 1, 31), "1 month", date(2027, 2, 28)),
        (date(2028, 1, 31), "1 month", date(2028, 2, 29)),
        (date(2028, 2, 29), "1 month", date(2028, 3, 29)),
        (date(2026, 11, 30), "3 months", date(2027, 2, 28)),
        (date(2026, 12, 31), "12 months", date(2027, 12, 31)),
        (date(2028, 2, 29), "1 year", date(2029, 2, 28)),
        (date(2028, 2, 29), "4 years", date(2032, 2, 29)),
        (date(2026, 12, 18), "2 weeks", date(2027, 1, 1)),
        (date(2026, 12, 18), "14 days", date(2027, 1, 1)),
        (date(2026, 12, 18), "0 days", date(2026, 12, 18)),
    ],
)
def test_calendar_terms_at_the_ends_of_months_and_years(start, term, due):
    assert due_in(start, term) == Due(due, due)


@pytest.mark.parametrize(
    ("start", "day_0"),
    [
        (local(2026, 3, 31, 23, 59), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_day_0_is_the_local_date_of_the_start(start, day_0):
    for term in ("5 working days", "2 weeks", "1 month"):
        assert due_in(start, term) == due_in(day_0, term)


# Rolling ------------------------------------------------------------------------------------------------------------


def test_forward_roll_names_the_days_it_passed():
    assert due_in(date(2026, 12, 11), "2 weeks", roll=Roll.FORWARD) == Due(
        raw=date(2026, 12, 25),
        due=date(2026, 12, 28),
        skipped=skips(
            (date(2026, 12, 25), "Eerste Kerstdag"), (date(2026, 12, 26), "zaterdag"), (date(2026, 12, 27), "zondag")
        ),
        rolled=True,
    )


def test_statutory_roll_has_its_own_holidays_whatever_the_organisation_chose():
    liberation_day = due_in(date(2026, 4, 21), "2 weeks", roll=Roll.STATUTORY)
    decree_day = due_in(date(2026, 4, 3), "6 weeks", roll=Roll.STATUTORY)

    assert liberation_day == Due(
        date(2026, 5, 5), date(2026, 5, 6), skips((date(2026, 5, 5), "Bevrijdingsdag")), rolled=True
    )
    assert decree_day.due == date(2026, 5, 18)
    assert due_in(date(2026, 4, 21), "2 weeks", roll=Roll.FORWARD).due == date(2026, 5, 5)


def test_statutory_roll_passes_no_closing_day_of_the_organisation():
    closed = Calendar.for_policy(CalendarPolicy(), {date(2026, 3, 16): "Teamdag"})

    assert due_in(date(2026, 3, 2), "2 weeks", calendar=closed, roll=Roll.STATUTORY).due == date(2026, 3, 16)
    assert due_in(date(2026, 3, 2), "2 weeks", calendar=closed, roll=Roll.FORWARD).due == date(2026, 3, 17)


def test_statutory_term_of_three_days_holds_two_working_days():
    # 24 December 2026 is a Thursday; the first days that are no Saturday, Sunday or holiday are 28 and 29 December.
    assert due_in(date(2026, 12, 24), "2 days", roll=Roll.STATUTORY).due == date(2026, 12, 28)
    assert due_in(date(2026, 12, 24), "3 days", roll=Roll.STATUTORY).due == date(2026, 12, 29)


def test_statutory_roll_of_working_days_only_over_holidays_that_the_organisation_works_on():
    assert due_in(date(2026, 4, 1), "2 working days", roll=Roll.STATUTORY) == Due(
        raw=date(2026, 4, 3),  # Good Friday, a working day by default
        due=date(2026, 4, 7),
        skipped=skips(
            (date(2026, 4, 3), "Goede Vrijdag"),
            (date(2026, 4, 4), "zaterdag"),
            (date(2026, 4, 5), "zondag"),
            (date(2026, 4, 6), "Tweede Paasdag"),
        ),
        rolled=True,
    )


@pytest.mark.parametrize(
    ("term", "applies"),
    [
        ("48 hours", False),
        ("90 days", True),
        ("91 days", False),
        ("12 weeks", True),
        ("13 weeks", False),
        ("3 months", True),
        ("4 months", False),
        ("1 year", False),
        ("90 working days", True),
        ("91 working days", False),
        ("12 working weeks", True),
        ("13 working weeks", False),
    ],
)
def test_statutory_terms_up_to_the_limits_of_article_4(term, applies):
    assert is_statutory(Term.parse(term)) is applies


# Hours --------------------------------------------------------------------------------------------------------------


@given(
    seconds=st.integers(0, 8 * 24 * 3600),
    change=st.sampled_from([datetime(y, 1, 1, tzinfo=UTC) for y in range(2024, 2034)]),
    in_spring=st.booleans(),
    hours=st.integers(0, 24 * 9),
    roll=st.sampled_from(Roll),
)
def test_hours_over_both_clock_changes(seconds, change, in_spring, hours, roll):
    start = change.replace(month=3 if in_spring else 10, day=24) + timedelta(seconds=seconds)
    clock, ahead = oracle.amsterdam_clock((start + timedelta(hours=hours)).replace(tzinfo=None))

    due = due_in(start.astimezone(AMSTERDAM), f"{hours} hours", roll=roll)

    assert isinstance(due.due, datetime)
    assert (due.due.replace(tzinfo=None, fold=0), due.due.utcoffset()) == (clock, ahead)
    assert due == Due(due.raw, due.raw)
    assert overdue_at(due, AMSTERDAM) - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (local(2026, 3, 27, 16, 0), "2026-03-29T17:00:00+02:00"),
        (local(2026, 10, 23, 16, 0), "2026-10-25T15:00:00+01:00"),
        (local(2026, 10, 23, 3, 30), "2026-10-25T02:30:00+01:00"),
        (local(2026, 10, 23, 2, 30), "2026-10-25T02:30:00+02:00"),
        (local(2026, 6, 1, 9, 0), "2026-06-03T09:00:00+02:00"),
        (datetime(2026, 6, 1, 7, 0, tzinfo=UTC), "2026-06-03T09:00:00+02:00"),
        (date(2026, 6, 1), "2026-06-03T00:00:00+02:00"),  # from the first instant of that day
    ],
)
def test_48_hours_are_48_elapsed_hours_in_the_organisations_zone(start, due):
    found = due_in(start, "48 hours")

    assert isinstance(found.due, datetime)
    assert found.due.isoformat() == due


# Overdue and reminders ----------------------------------------------------------------------------------------------


def test_day_term_is_overdue_once_the_local_day_is_over():
    due = Due(date(2026, 4, 3), date(2026, 4, 7))

    assert overdue_at(due, AMSTERDAM) == datetime(2026, 4, 7, 22, 0, tzinfo=UTC)
    assert overdue_at(due, AMSTERDAM).tzinfo is UTC
    assert not is_overdue(due, at=local(2026, 4, 7, 23, 59, 59, 999999), zone=AMSTERDAM)
    assert is_overdue(due, at=local(2026, 4, 8), zone=AMSTERDAM)


def test_hour_term_is_overdue_from_its_instant_on():
    due = due_in(local(2026, 3, 27, 16, 0), "48 hours")

    assert overdue_at(due, AMSTERDAM) == datetime(2026, 3, 29, 15, 0, tzinfo=UTC)
    assert not is_overdue(due, at=local(2026, 3, 29, 16, 59, 59, 999999), zone=AMSTERDAM)
    assert is_overdue(due, at=local(2026, 3, 29, 17, 0), zone=AMSTERDAM)


@pytest.mark.parametrize(
    ("day", "overdue"),
    [
        (date(2026, 3, 28), "2026-03-28T23:00"),
        (date(2026, 3, 29), "2026-03-29T22:00"),
        (date(2026, 10, 24), "2026-10-24T22:00"),
        (date(2026, 10, 25), "2026-10-25T23:00"),
    ],
)
def test_last_day_next_to_a_clock_change_is_over_at_local_midnight(day, overdue):
    assert overdue_at(Due(day, day), AMSTERDAM).isoformat() == overdue + ":00+00:00"


@pytest.mark.parametrize(
    ("zone", "day", "overdue"),
    [
        ("America/Sao_Paulo", date(2018, 11, 3), "2018-11-04T03:00"),  # no midnight: 00:00 became 01:00
        ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-18T03:00"),  # 24:00 became 23:00 of the same day
        ("America/Toronto", date(1919, 3, 30), "1919-03-31T04:30"),  # no midnight: 23:30 became 00:30
        ("America/St_Johns", date(2006, 10, 28), "2006-10-29T03:30"),  # two: 00:01 became 23:01 of the day before
        ("America/Havana", date(2023, 11, 4), "2023-11-05T04:00"),  # two on one day: 01:00 became 00:00
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-30T10:00"),  # 30 December did not happen
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00"),
    ],
)
def test_last_day_is_over_where_midnight_is_missing_or_comes_twice(zone, day, overdue):
    assert overdue_at(Due(day, day), ZoneInfo(zone)).isoformat() == overdue + ":00+00:00"


@pytest.mark.parametrize(
    ("due", "ahead", "at"),
    [
        (date(2026, 4, 8), "3 working days", local(2026, 4, 2, 8)),  # over Easter; Good Friday counts
        (date(2026, 4, 8), "0 working days", local(2026, 4, 8, 8)),
        (date(2026, 4, 8), "1 working week", local(2026, 3, 31, 8)),
        (date(2026, 4, 8), "3 days", local(2026, 4, 5, 8)),
        (date(2026, 4, 8), "2 weeks", local(2026, 3, 25, 8)),  # in winter time
        (date(2026, 3, 31), "1 month", local(2026, 2, 28, 8)),
        (date(2028, 2, 29), "1 year", local(2027, 2, 28, 8)),
        (date(2026, 4, 8), "3 hours", local(2026, 4, 8, 21)),
        (local(2026, 3, 29, 17), "24 hours", local(2026, 3, 28, 16)),
        (local(2026, 3, 29, 17), "1 working day", local(2026, 3, 27, 8)),
    ],
)
def test_reminder_before_the_due_end(due, ahead, at):
    found = reminder_at(Due(due, due), Term.parse(ahead), calendar=DEFAULT, zone=AMSTERDAM)

    assert (found, found.tzinfo) == (at.astimezone(UTC), UTC)


def test_reminder_counts_from_the_end_after_the_roll():
    due = due_in(date(2026, 12, 11), "2 weeks", roll=Roll.FORWARD)

    assert reminder_at(due, Term.parse("1 working day"), calendar=DEFAULT, zone=AMSTERDAM) == local(2026, 12, 24, 8)


# Extensions ---------------------------------------------------------------------------------------------------------


class Clock:
    """One deadline's own start, term, calendar and roll, for the functions that move an end."""

    def __init__(self, start: date | datetime, term: str, *, calendar: Calendar = DEFAULT, roll: Roll = Roll.NONE):
        self.start, self.term, self.calendar, self.roll = start, Term.parse(term), calendar, roll

    def first(self) -> Due:
        return compute(self.start, self.term, calendar=self.calendar, zone=AMSTERDAM, roll=self.roll)

    def by(self, due: Due, by: str) -> Due:
        return extend_by(
            due,
            Term.parse(by),
            start=self.start,
            term=self.term,
            calendar=self.calendar,
            zone=AMSTERDAM,
            roll=self.roll,
        )

    def until(self, due: Due, until: date | datetime) -> Due:
        return extend_until(
            due, until, start=self.start, term=self.term, calendar=self.calendar, zone=AMSTERDAM, roll=self.roll
        )

    def shift(self, due: Due, pause: Pause) -> Due:
        return shift_for_pause(
            due, pause, start=self.start, term=self.term, calendar=self.calendar, zone=AMSTERDAM, roll=self.roll
        )

    def again(self, *history: Extended | Pause) -> Due:
        return recompute(self.start, self.term, history, calendar=self.calendar, zone=AMSTERDAM, roll=self.roll)


def given_at(at: datetime, *, by: str = "", until: date | datetime = date(1, 1, 1)) -> Extended:
    """An extension as stored; `raw_due` means something only when the actor chose it."""
    return Extended(at, date(1, 1, 1), until, "meer onderzoek nodig", True, Term.parse(by) if by else None)


def test_extension_counts_from_the_unrolled_end_then_rolls():
    clock = Clock(date(2026, 12, 11), "2 weeks", roll=Roll.FORWARD)
    due = clock.first()

    assert (due.raw, due.due) == (date(2026, 12, 25), date(2026, 12, 28))
    assert clock.by(due, "2 weeks") == Due(date(2027, 1, 8), date(2027, 1, 8))
    assert clock.by(due, "1 week") == Due(
        date(2027, 1, 1),
        date(2027, 1, 4),
        skips((date(2027, 1, 1), "Nieuwjaarsdag"), (date(2027, 1, 2), "zaterdag"), (date(2027, 1, 3), "zondag")),
        rolled=True,
    )


def test_extension_in_working_days_is_the_longer_term():
    clock = Clock(date(2026, 3, 27), "3 working days")

    assert clock.by(clock.first(), "5 working days") == due_in(date(2026, 3, 27), "8 working days")
    assert clock.by(clock.first(), "1 working week") == due_in(date(2026, 3, 27), "8 working days")


def test_extension_of_a_working_day_term_by_calendar_days_keeps_what_was_skipped_before():
    clock = Clock(date(2026, 3, 27), "3 working days", roll=Roll.FORWARD)
    weekend = skips((date(2026, 3, 28), "zaterdag"), (date(2026, 3, 29), "zondag"))

    assert clock.by(clock.first(), "2 days") == Due(date(2026, 4, 3), date(2026, 4, 3), weekend)
    assert clock.by(clock.first(), "5 days") == Due(
        date(2026, 4, 6), date(2026, 4, 7), (*weekend, Skipped(date(2026, 4, 6), "Tweede Paasdag")), rolled=True
    )


def test_extension_of_an_hour_term():
    clock = Clock(local(2026, 3, 27, 16, 0), "24 hours", roll=Roll.FORWARD)
    due = clock.first()

    assert clock.by(due, "24 hours").due == local(2026, 3, 29, 17, 0)
    assert clock.by(due, "1 day").due == local(2026, 3, 29, 16, 0)
    assert clock.by(due, "1 working day") == Due(
        local(2026, 3, 30, 16, 0), local(2026, 3, 30, 16, 0), skips((date(2026, 3, 29), "zondag"))
    )
    assert clock.until(due, date(2026, 3, 29)) == Due(
        date(2026, 3, 29), date(2026, 3, 30), skips((date(2026, 3, 29), "zondag")), rolled=True
    )
    assert clock.until(due, datetime(2026, 3, 30, 10, 0, tzinfo=UTC)).due == local(2026, 3, 30, 12, 0)


def test_extension_of_a_day_term_by_hours_counts_from_the_end_of_the_day():
    clock = Clock(date(2026, 3, 20), "8 days")

    assert clock.by(clock.first(), "3 hours").due == local(2026, 3, 29, 4, 0)  # 02:00 did not happen


def test_extension_to_an_instant_before_the_rolled_end_changes_nothing():
    clock = Clock(date(2026, 3, 14), "2 weeks", roll=Roll.FORWARD)
    due = clock.first()

    assert (due.raw, due.due) == (date(2026, 3, 28), date(2026, 3, 30))
    assert clock.by(due, "24 hours") == clock.until(due, local(2026, 3, 29, 12)) == due
    assert clock.by(due, "72 hours").due == local(2026, 4, 1, 1)


def test_extension_to_a_chosen_day_is_rolled_and_never_shortens():
    clock = Clock(date(2026, 3, 2), "2 weeks", roll=Roll.FORWARD)
    due = clock.first()

    assert clock.until(due, date(2026, 4, 4)).due == date(2026, 4, 7)
    assert clock.until(due, date(2026, 3, 16)) == due
    assert clock.until(due, date(2026, 3, 9)) == due
    assert clock.until(due, local(2026, 3, 16, 23, 59)) == due
    assert clock.until(due, local(2026, 3, 17, 9, 30)).due == local(2026, 3, 17, 9, 30)


def test_statutory_roll_of_an_extension_is_judged_by_the_deadlines_own_term():
    short = Clock(date(2026, 1, 5), "12 weeks", roll=Roll.STATUTORY)
    long = Clock(date(2026, 1, 5), "13 weeks", roll=Roll.STATUTORY)

    assert short.by(short.first(), "1 week") == Due(
        date(2026, 4, 6), date(2026, 4, 7), skips((date(2026, 4, 6), "Tweede Paasdag")), rolled=True
    )
    assert long.first() == Due(date(2026, 4, 6), date(2026, 4, 6))


def test_statutory_extension_by_a_day_does_not_bring_the_end_nearer():
    clock = Clock(date(2026, 12, 24), "3 days", roll=Roll.STATUTORY)

    assert clock.by(clock.first(), "1 day").due == clock.first().due == date(2026, 12, 29)


# Pauses -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "start", "end", "due"),
    [
        ("10 working days", local(2026, 3, 25, 9), local(2026, 3, 25, 17), date(2026, 4, 3)),  # within one day
        ("10 working days", local(2026, 3, 25, 9), local(2026, 3, 27, 9), date(2026, 4, 8)),  # 2 working days
        ("10 working days", local(2026, 3, 27, 9), local(2026, 3, 30, 9), date(2026, 4, 7)),  # over a weekend: 1
        ("10 working days", local(2026, 3, 28, 9), local(2026, 3, 29, 9), date(2026, 4, 3)),  # a weekend: 0
        ("10 working days", local(2026, 4, 3, 9), local(2026, 4, 7, 9), date(2026, 4, 7)),  # begun on the last day
        ("2 weeks", local(2026, 3, 27, 9), local(2026, 3, 30, 9), date(2026, 4, 6)),  # calendar days
        ("2 weeks", local(2026, 3, 26, 23), local(2026, 3, 27, 1), date(2026, 4, 4)),
        ("300 hours", local(2026, 3, 27, 9), local(2026, 3, 30, 9), local(2026, 4, 5, 11)),  # 71 hours
    ],
)
def test_pause_moves_the_end(term, start, end, due):
    clock = Clock(local(2026, 3, 20, 23), term)

    assert clock.shift(clock.first(), Pause(start.astimezone(UTC), end)).due == due


def test_pause_within_working_days_explains_the_longer_run():
    clock = Clock(date(2026, 3, 27), "3 working days")
    shifted = clock.shift(clock.first(), Pause(local(2026, 3, 30, 9), local(2026, 4, 2, 9)))

    assert shifted == due_in(date(2026, 3, 27), "6 working days")


def test_pause_that_has_not_ended_moves_nothing_yet():
    clock = Clock(date(2026, 3, 27), "3 working days")

    assert clock.shift(clock.first(), Pause(local(2026, 3, 30, 9))) == clock.first()
    assert clock.again(Pause(local(2026, 3, 30, 9))) == clock.first()


def test_pause_of_what_was_overdue_moves_nothing():
    clock = Clock(date(2026, 3, 27), "3 working days")

    assert clock.first().due == date(2026, 4, 1)
    assert clock.shift(clock.first(), Pause(local(2026, 4, 2, 0), local(2026, 4, 9))) == clock.first()
    assert clock.shift(clock.first(), Pause(local(2026, 4, 1, 23), local(2026, 4, 9))) != clock.first()


def test_pause_counts_only_from_the_start():
    clock = Clock(local(2026, 3, 27, 12), "48 hours")

    assert clock.shift(clock.first(), Pause(local(2026, 3, 27, 9), local(2026, 3, 27, 13))).due == local(
        2026, 3, 29, 14
    )
    assert clock.shift(clock.first(), Pause(local(2026, 3, 20, 9), local(2026, 3, 21, 9))) == clock.first()


def test_pause_that_ends_before_it_starts_is_refused():
    clock = Clock(date(2026, 3, 27), "3 working days")

    with pytest.raises(ValueError, match="cannot end before it"):
        clock.shift(clock.first(), Pause(local(2026, 3, 30, 9), local(2026, 3, 30, 8)))


@given(
    start=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    n=st.integers(1, 40),
    begins=st.integers(0, 60 * 24),
    lasts=st.integers(0, 60 * 24),
)
def test_pause_moves_by_the_working_or_calendar_days_in_it(start, n, begins, lasts):
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(hours=begins + 2)
    end = begin + timedelta(hours=lasts)
    first, last = (oracle.amsterdam_clock(moment.replace(tzinfo=None))[0].date() for moment in (begin, end))
    off = oracle.days_off(range(start.year, start.year + 3))
    for term, raw, move in [
        (f"{n} working days", oracle.add_working_days(start, n, off), True),
        (f"{n} days", oracle.add_days(start, n), False),
    ]:
        clock = Clock(start, term)
        if first > raw:
            expected = raw
        elif move:
            expected = oracle.add_working_days(raw, oracle.working_days_between(first, last, off), off)
        else:
            expected = raw + (last - first)

        assert clock.shift(clock.first(), Pause(begin, end)).due == expected


@given(
    start=STARTS,
    hours=st.integers(1, 500),
    begins=st.integers(0, 500 * 3600),
    lasts=st.integers(0, 500 * 3600),
)
def test_pause_moves_hours_by_the_exact_time(start, hours, begins, lasts):
    assume(begins < hours * 3600)
    begin = start + timedelta(seconds=begins)
    clock = Clock(start.astimezone(AMSTERDAM), f"{hours} hours")
    pause = Pause(begin.astimezone(AMSTERDAM), (begin + timedelta(seconds=lasts)).astimezone(AMSTERDAM))

    shifted = clock.shift(clock.first(), pause)

    assert overdue_at(shifted, AMSTERDAM) == start + timedelta(hours=hours, seconds=lasts)


# A whole history ----------------------------------------------------------------------------------------------------

TERMS = st.sampled_from(["10 working days", "3 working weeks", "20 days", "6 weeks", "1 month", "3 months", "72 hours"])
EXTENSIONS = st.sampled_from(["5 working days", "2 working weeks", "3 days", "2 weeks", "1 month", "24 hours"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[Clock, list[Extended | Pause]]:
    start = draw(STARTS)
    clock = Clock(
        start,
        draw(TERMS),
        calendar=Calendar.for_policy(CalendarPolicy(), draw(st.sampled_from([{}, CLOSED]))),
        roll=draw(st.sampled_from(Roll)),
    )
    history: list[Extended | Pause] = []
    at = start
    for _ in range(draw(st.integers(0, 4))):
        at += timedelta(hours=draw(st.integers(1, 400)))
        match draw(st.sampled_from(["by", "until", "pause"])):
            case "by":
                history.append(given_at(at, by=draw(EXTENSIONS)))
            case "until":
                history.append(given_at(at, until=at.date() + timedelta(days=draw(st.integers(0, 90)))))
            case _:
                begin, at = at, at + timedelta(hours=draw(st.integers(0, 400)))
                history.append(Pause(begin, at))
    return clock, history


@given(drawn=histories(), order=st.randoms())
def test_recomputing_gives_what_came_out_step_by_step(drawn, order):
    clock, history = drawn
    due = clock.first()
    for part in history:
        before = due
        if isinstance(part, Pause):
            due = clock.shift(due, part)
        elif part.by:
            due = clock.by(due, str(part.by))
        else:
            due = clock.until(due, part.raw_due)
        assert overdue_at(due, AMSTERDAM) >= overdue_at(before, AMSTERDAM)
    order.shuffle(history)

    assert clock.again(*history) == due


@given(drawn=histories())
def test_every_end_explains_itself(drawn):
    clock, history = drawn
    due = clock.again(*history)
    days = [skipped.on for skipped in due.skipped]

    assert days == sorted(set(days))
    assert due.rolled is (due.raw != due.due)
    assert due.rolled <= (clock.roll is not Roll.NONE)
    if not clock.term.is_working and not any(isinstance(part, Extended) and part.by for part in history):
        assert all(day >= due.raw for day in days)


def test_extension_given_during_a_pause_counts_from_the_end_as_it_then_stood():
    clock = Clock(date(2026, 1, 17), "2 weeks")  # 31 January
    pause = Pause(local(2026, 1, 20, 9), local(2026, 1, 23, 9))
    extended = given_at(local(2026, 1, 21, 9), by="1 month")

    assert clock.again(pause, extended).due == date(2026, 3, 3)  # 28 February, then 3 days
    assert clock.again(pause, given_at(local(2026, 1, 24, 9), by="1 month")).due == date(2026, 3, 3)  # 3 February first
    assert clock.again(given_at(local(2026, 1, 21, 9), until=date(2026, 2, 10)), pause).due == date(2026, 2, 13)
    assert clock.again(given_at(local(2026, 1, 24, 9), until=date(2026, 2, 10)), pause).due == date(2026, 2, 10)


@pytest.mark.parametrize(
    "second",
    [
        Pause(local(2026, 3, 31, 9), local(2026, 4, 3, 9)),
        Pause(local(2026, 3, 31, 9)),
        Pause(local(2026, 3, 29, 9), local(2026, 4, 9, 9)),
        Pause(local(2026, 3, 29, 9)),
    ],
)
def test_pauses_that_overlap_are_refused(second):
    clock = Clock(date(2026, 3, 27), "10 working days")

    with pytest.raises(ValueError, match="overlaps"):
        clock.again(Pause(local(2026, 3, 30, 9), local(2026, 4, 1, 9)), second)


def test_pauses_that_touch_are_one_pause():
    clock = Clock(date(2026, 3, 27), "10 working days")
    moments = [local(2026, 3, 30, 9), local(2026, 4, 1, 9), local(2026, 4, 3, 9)]

    assert clock.again(Pause(moments[0], moments[1]), Pause(moments[1], moments[2])) == clock.again(
        Pause(moments[0], moments[2])
    )


def test_closing_day_added_later_moves_the_whole_history():
    closed = Calendar.for_policy(CalendarPolicy(), {date(2026, 12, 24): "Kerstsluiting"})
    before = Clock(date(2026, 12, 14), "10 working days")
    after = Clock(date(2026, 12, 14), "10 working days", calendar=closed)
    by = given_at(local(2026, 12, 28, 9), by="5 working days")
    until = given_at(local(2026, 12, 28, 9), until=date(2027, 1, 15))

    assert (before.again().due, after.again().due) == (date(2026, 12, 29), date(2026, 12, 30))
    assert Skipped(date(2026, 12, 24), "Kerstsluiting") in after.again().skipped
    assert (before.again(by).due, after.again(by).due) == (date(2027, 1, 6), date(2027, 1, 7))
    assert before.again(until).due == after.again(until).due == date(2027, 1, 15)


def test_closing_day_added_after_the_end_moves_nothing():
    closed = Calendar.for_policy(CalendarPolicy(), {date(2026, 12, 30): "Teamdag"})

    assert due_in(date(2026, 12, 14), "10 working days", calendar=closed) == due_in(
        date(2026, 12, 14), "10 working days"
    )


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["48 hours", "3 working days", "1 month"])
def test_naive_start_is_refused(term):
    with pytest.raises(ValueError, match="no zone"):
        due_in(datetime(2026, 3, 27, 16, 0), term)  # noqa: DTZ001 - the point of the test


def test_naive_moments_of_pauses_and_questions_are_refused():
    clock = Clock(date(2026, 3, 27), "3 working days")
    naive = datetime(2026, 3, 30, 9)  # noqa: DTZ001 - the point of the test

    with pytest.raises(ValueError, match="no zone"):
        clock.shift(clock.first(), Pause(naive, local(2026, 3, 31)))
    with pytest.raises(ValueError, match="no zone"):
        is_overdue(clock.first(), at=naive, zone=AMSTERDAM)
    with pytest.raises(ValueError, match="no zone"):
        clock.until(clock.first(), naive)


@pytest.mark.parametrize(
    ("start", "term", "roll"),
    [
        (date(2100, 12, 30), "5 working days", Roll.NONE),
        (date(1999, 12, 31), "1 working day", Roll.NONE),
        (date(2100, 12, 30), "1 week", Roll.FORWARD),
        (date(2100, 12, 30), "1 week", Roll.STATUTORY),
        (date(2026, 1, 1), "9999 years", Roll.NONE),
        (date(9999, 12, 30), "1 week", Roll.NONE),
        (datetime(9999, 12, 30, tzinfo=UTC), "72 hours", Roll.NONE),
    ],
)
def test_end_outside_the_calendar_is_refused(start, term, roll):
    with pytest.raises(OutOfCalendar):
        due_in(start, term, roll=roll)


def test_calendar_term_that_is_not_rolled_needs_no_table():
    assert due_in(date(2100, 12, 30), "5 years").due == date(2105, 12, 30)
