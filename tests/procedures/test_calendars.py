"""Which days count, against literal dates and against the oracle."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.calendars import FIRST, LAST, STATUTORY, Calendar, OutOfCalendar, UnknownCountry
from procedures.definition import CalendarPolicy, LiberationDay
from tests.procedures import oracle

DEFAULT = Calendar.for_policy(CalendarPolicy())
DAYS = st.dates(date(2016, 1, 1), date(2095, 12, 31))


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("good_friday", "liberation_day", "decree_days"),
    list(itertools.product((False, True), LiberationDay, (False, True))),
)
def test_days_off_under_every_policy_from_2014_to_2100(good_friday, liberation_day, decree_days):
    calendar = Calendar.for_policy(
        CalendarPolicy(good_friday=good_friday, liberation_day=liberation_day, decree_days=decree_days)
    )
    expected = oracle.days_off(
        range(2014, 2101), good_friday=good_friday, liberation_day=liberation_day, decree_days=decree_days
    )

    found = {day: calendar.name_of(day) for day in calendar.days_off(date(2013, 12, 31), LAST)}

    assert found == expected


def test_statutory_calendar_is_the_one_of_the_law():
    found = {day: STATUTORY.name_of(day) for day in STATUTORY.days_off(date(2013, 12, 31), LAST)}

    assert found == oracle.statutory_days_off(range(2014, 2101))


@pytest.mark.parametrize(
    ("day", "dutch", "english"),
    [
        (date(2026, 1, 1), "Nieuwjaarsdag", "New Year's Day"),
        (date(2026, 4, 6), "Tweede Paasdag", "Easter Monday"),
        (date(2026, 4, 27), "Koningsdag", "King's Day"),
        (date(2025, 5, 5), "Bevrijdingsdag", "Liberation Day"),
        (date(2026, 5, 14), "Hemelvaartsdag", "Ascension Day"),
        (date(2026, 5, 25), "Tweede Pinksterdag", "Whit Monday"),
        (date(2026, 12, 25), "Eerste Kerstdag", "Christmas Day"),
        (date(2025, 12, 26), "Tweede Kerstdag", "Boxing Day"),
        (date(2026, 5, 16), "zaterdag", "Saturday"),
        (date(2026, 4, 5), "zondag", "Sunday"),
        (date(2013, 4, 30), "Koninginnedag", "Queen's Day"),
        (date(2005, 5, 5), "Hemelvaartsdag en Bevrijdingsdag", "Ascension Day and Liberation Day"),
    ],
)
def test_name_of_day_off_in_both_languages(day, dutch, english):
    assert (DEFAULT.name_of(day), DEFAULT.name_of(day, "en"), DEFAULT.name_of(day, "en-gb")) == (
        dutch,
        english,
        english,
    )


def test_name_of_choices_of_the_law():
    assert STATUTORY.name_of(date(2026, 4, 3)) == "Goede Vrijdag"
    assert STATUTORY.name_of(date(2026, 5, 15)) == "brugdag bij koninklijk besluit"
    assert STATUTORY.name_of(date(2026, 5, 15), "en") == "bridging day by royal decree"


def test_name_of_working_day_is_refused():
    with pytest.raises(ValueError, match="2026-04-03 is a working day"):
        DEFAULT.name_of(date(2026, 4, 3))


def test_kings_day_when_27_april_is_a_sunday_is_26_april():
    assert [DEFAULT.is_working(date(2025, 4, day)) for day in (25, 26, 27, 28)] == [True, False, False, True]
    assert [DEFAULT.is_working(date(2026, 4, day)) for day in (24, 26, 27, 28)] == [True, False, False, True]
    assert not oracle.dutch_holidays(2025, good_friday=False, liberation_day="never", decree_days=False).keys() & {
        date(2025, 4, 27)
    }


def test_liberation_day_by_policy_in_and_out_of_lustrum():
    def off_in(choice: LiberationDay) -> list[int]:
        calendar = Calendar.for_policy(CalendarPolicy(liberation_day=choice))
        weekdays = (year for year in range(2020, 2030) if date(year, 5, 5).weekday() < 5)
        return [year for year in weekdays if not calendar.is_working(date(year, 5, 5))]

    assert off_in(LiberationDay.NEVER) == []
    assert off_in(LiberationDay.LUSTRUM) == [2020, 2025]
    assert off_in(LiberationDay.EVERY_YEAR) == [2020, 2021, 2022, 2023, 2025, 2026, 2027, 2028]


def test_closing_day_counts_no_more_and_has_its_own_name():
    closed = Calendar.for_policy(
        CalendarPolicy(),
        {
            date(2026, 12, 24): "Kerstsluiting",
            date(2026, 12, 25): "Kerstsluiting",
            date(2026, 12, 26): "Kerstsluiting",
            date(2199, 1, 1): "buiten de tabel",
        },
    )

    assert [closed.name_of(date(2026, 12, day)) for day in (24, 25, 26)] == [
        "Kerstsluiting",
        "Eerste Kerstdag",
        "zaterdag",
    ]
    assert closed.name_of(date(2026, 12, 24), "en") == "Kerstsluiting"
    assert closed.add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 28)
    assert DEFAULT.add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 24)


def test_calendars_of_equal_values_are_one():
    one, other = date(2026, 12, 24), date(2026, 12, 31)

    assert Calendar.for_policy(CalendarPolicy()) is Calendar.for_policy(CalendarPolicy(country="NL"), {})
    assert Calendar.for_policy(CalendarPolicy(), {one: "dicht", other: "dicht"}) is Calendar.for_policy(
        CalendarPolicy(), {other: "dicht", one: "dicht"}
    )
    assert Calendar.for_policy(CalendarPolicy(), {one: "dicht"}) is not DEFAULT
    assert Calendar.for_policy(CalendarPolicy(), {one: "a"}) is not Calendar.for_policy(CalendarPolicy(), {one: "b"})


@given(day=DAYS, n=st.integers(0, 300))
def test_adding_and_subtracting_on_any_day(day, n):
    off = oracle.days_off(range(day.year, day.year + 3))
    later = DEFAULT.add_working_days(day, n)

    assert later == oracle.add_working_days(day, n, off)
    assert DEFAULT.working_days_between(day, later) == n
    assert DEFAULT.add_working_days_to([day, later], n) == [later, DEFAULT.add_working_days(later, n)]
    if n and DEFAULT.is_working(day):
        assert DEFAULT.working_days_before(later, n) == day


@given(a=DAYS, b=st.integers(-400, 400))
def test_counting_between_any_two_days(a, b):
    end = a + timedelta(days=b)
    off = oracle.days_off(range(a.year - 2, a.year + 3))

    assert DEFAULT.working_days_between(a, end) == oracle.working_days_between(a, end, off)
    assert DEFAULT.working_days_between(end, a) == -DEFAULT.working_days_between(a, end)


def test_working_days_before_over_ten_years():
    off = oracle.days_off(range(2024, 2035))
    working: list[date] = []
    for day in every_day(date(2024, 1, 1), date(2033, 12, 31)):
        if len(working) >= 20:
            assert [DEFAULT.working_days_before(day, n) for n in (0, 1, 3, 20)] == [
                day,
                working[-1],
                working[-3],
                working[-20],
            ]
        if day not in off:
            working.append(day)


def test_next_working_over_ten_years():
    off = oracle.days_off(range(2024, 2035))
    for day in every_day(date(2024, 1, 1), date(2033, 12, 31)):
        assert DEFAULT.next_working(day) == oracle.rolled_forward(day, off)[0]


def test_nothing_added_gives_the_day_itself():
    sunday = date(2026, 4, 5)

    assert DEFAULT.add_working_days(sunday, 0) == sunday
    assert DEFAULT.working_days_before(sunday, 0) == sunday
    assert DEFAULT.add_working_days_to([sunday], 0) == [sunday]
    assert DEFAULT.add_working_days_to([], 3) == []


@pytest.mark.parametrize("step", [DEFAULT.add_working_days, DEFAULT.working_days_before])
def test_negative_number_of_working_days_is_refused(step):
    with pytest.raises(ValueError, match="not negative"):
        step(date(2026, 4, 5), -1)
    with pytest.raises(ValueError, match="not negative"):
        DEFAULT.add_working_days_to([date(2026, 4, 5)], -1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: DEFAULT.is_working(FIRST - timedelta(days=1)),
        lambda: DEFAULT.is_working(LAST + timedelta(days=1)),
        lambda: DEFAULT.name_of(LAST + timedelta(days=1)),
        lambda: DEFAULT.add_working_days(FIRST - timedelta(days=1), 1),
        lambda: DEFAULT.add_working_days(FIRST - timedelta(days=9000), 1),
        lambda: DEFAULT.add_working_days(FIRST - timedelta(days=1), 0),
        lambda: DEFAULT.add_working_days(LAST, 1),
        lambda: DEFAULT.add_working_days(LAST + timedelta(days=1), 1),
        lambda: DEFAULT.add_working_days_to([date(2026, 1, 1), FIRST - timedelta(days=1)], 1),
        lambda: DEFAULT.add_working_days_to([date(2026, 1, 1), LAST], 1),
        lambda: DEFAULT.working_days_before(FIRST, 1),
        lambda: DEFAULT.working_days_before(LAST + timedelta(days=1), 1),
        lambda: DEFAULT.working_days_between(FIRST, LAST + timedelta(days=1)),
        lambda: DEFAULT.working_days_between(FIRST - timedelta(days=1), LAST),
        lambda: Calendar.for_policy(CalendarPolicy(), {LAST: "dicht"}).next_working(LAST),
        lambda: list(DEFAULT.days_off(LAST, LAST + timedelta(days=1))),
    ],
)
def test_day_outside_the_table_is_refused(ask):
    with pytest.raises(OutOfCalendar, match="2000-01-01 to 2100-12-31"):
        ask()


def test_bavarian_holidays():
    calendar = Calendar.for_policy(CalendarPolicy(country="DE", subdivision="BY"))
    weekdays = [day for day in calendar.days_off(date(2025, 12, 31), date(2026, 12, 31)) if day.weekday() < 5]

    assert [(day.isoformat(), calendar.name_of(day)) for day in weekdays] == [
        ("2026-01-01", "Neujahr"),
        ("2026-01-06", "Heilige Drei Könige"),
        ("2026-04-03", "Karfreitag"),
        ("2026-04-06", "Ostermontag"),
        ("2026-05-01", "Erster Mai"),
        ("2026-05-14", "Christi Himmelfahrt"),
        ("2026-05-25", "Pfingstmontag"),
        ("2026-06-04", "Fronleichnam"),
        ("2026-12-25", "Erster Weihnachtstag"),
    ]


def test_belgian_holidays_are_named_in_dutch_and_dutch_choices_have_no_effect():
    plain = Calendar.for_policy(CalendarPolicy(country="BE"))
    chosen = Calendar.for_policy(
        CalendarPolicy(country="BE", good_friday=True, liberation_day=LiberationDay.EVERY_YEAR, decree_days=True)
    )
    days = list(plain.days_off(date(2025, 12, 31), date(2026, 12, 31)))

    assert [day.isoformat() for day in days if day.weekday() < 5] == [
        "2026-01-01",
        "2026-04-06",
        "2026-05-01",
        "2026-05-14",
        "2026-05-25",
        "2026-07-21",
        "2026-11-11",
        "2026-12-25",
    ]
    assert (plain.name_of(date(2026, 11, 11)), plain.name_of(date(2026, 11, 11), "en")) == (
        "Wapenstilstand",
        "Armistice Day",
    )
    assert days == list(chosen.days_off(date(2025, 12, 31), date(2026, 12, 31)))


@pytest.mark.parametrize("policy", [CalendarPolicy(country="XX"), CalendarPolicy(country="DE", subdivision="QQ")])
def test_country_that_nobody_knows_is_refused(policy):
    with pytest.raises(UnknownCountry):
        Calendar.for_policy(policy)
