"""A second opinion on time: day by day, in plain loops, from the sources of the rules.

It imports neither `procedures` nor `holidays`. It is slow on purpose: nothing in it is clever enough to be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

ONE_DAY = timedelta(days=1)
DECREE_DAYS = (date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7), date(2028, 4, 28), date(2028, 5, 26))


def easter(year: int) -> date:
    """Easter Sunday: the anonymous Gregorian algorithm (Meeus, Jones, Butcher)."""
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month = (h + m - 7 * n + 90) // 25
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)


def dutch_holidays(year: int, *, good_friday: bool, liberation_day: str, decree_days: bool) -> dict[date, str]:
    """Algemene termijnenwet art. 3, with the choices of a policy; since 2014 there is a king."""
    sunday = easter(year)
    kings_day = date(year, 4, 27)
    if kings_day.isoweekday() == 7:
        kings_day = date(year, 4, 26)
    names = [
        (date(year, 1, 1), "Nieuwjaarsdag"),
        (sunday, "Eerste Paasdag"),
        (sunday + 1 * ONE_DAY, "Tweede Paasdag"),
        (kings_day, "Koningsdag"),
        (sunday + 39 * ONE_DAY, "Hemelvaartsdag"),
        (sunday + 49 * ONE_DAY, "Eerste Pinksterdag"),
        (sunday + 50 * ONE_DAY, "Tweede Pinksterdag"),
        (date(year, 12, 25), "Eerste Kerstdag"),
        (date(year, 12, 26), "Tweede Kerstdag"),
    ]
    if good_friday:
        names.append((sunday - 2 * ONE_DAY, "Goede Vrijdag"))
    if liberation_day == "every_year" or (liberation_day == "lustrum" and str(year)[-1] in "05"):
        names.append((date(year, 5, 5), "Bevrijdingsdag"))
    if decree_days:
        names += [(day, "brugdag bij koninklijk besluit") for day in DECREE_DAYS if day.year == year]
    found: dict[date, str] = {}
    for day, name in names:
        found[day] = f"{found[day]} en {name}" if day in found else name
    return found


def days_off(
    years: range,
    *,
    good_friday: bool = False,
    liberation_day: str = "lustrum",
    decree_days: bool = False,
    closed: Mapping[date, str] | None = None,
) -> dict[date, str]:
    """Every day of those years that is no working day, with the reason."""
    off: dict[date, str] = {}
    for year in years:
        names = dutch_holidays(year, good_friday=good_friday, liberation_day=liberation_day, decree_days=decree_days)
        day = date(year, 1, 1)
        while day.year == year:
            if day.isoweekday() == 6:
                off[day] = "zaterdag"
            elif day.isoweekday() == 7:
                off[day] = "zondag"
            elif day in names:
                off[day] = names[day]
            elif closed and day in closed:
                off[day] = closed[day]
            day += ONE_DAY
    return off


def statutory_days_off(years: range) -> dict[date, str]:
    return days_off(years, good_friday=True, liberation_day="every_year", decree_days=True)


def working_days_after(day: date, off: Mapping[date, str]) -> Iterator[tuple[date, tuple[tuple[date, str], ...]]]:
    """The first, second, third … working day after `day`, each with the days that were skipped on the way."""
    skipped: tuple[tuple[date, str], ...] = ()
    while True:
        day += ONE_DAY
        if day in off:
            skipped += ((day, off[day]),)
        else:
            yield day, skipped


def add_working_days(day: date, n: int, off: Mapping[date, str]) -> date:
    while n:
        day += ONE_DAY
        n -= day not in off
    return day


def working_days_between(a: date, b: date, off: Mapping[date, str]) -> int:
    count = 0
    while a < b:
        a += ONE_DAY
        count += a not in off
    while b < a:
        count -= a not in off
        a -= ONE_DAY
    return count


def add_days(day: date, n: int) -> date:
    for _ in range(n):
        day += ONE_DAY
    return day


def add_months(day: date, n: int) -> date:
    """Month by month on the calendar, then back from day 31 until there is such a day."""
    year, month, number = day.year, day.month, day.day
    for _ in range(n):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def rolled_forward(day: date, off: Mapping[date, str]) -> tuple[date, tuple[tuple[date, str], ...]]:
    passed: tuple[tuple[date, str], ...] = ()
    while day in off:
        passed += ((day, off[day]),)
        day += ONE_DAY
    return day, passed


def rolled_by_law(
    day_0: date, day: date, off: Mapping[date, str], *, at_least_three_days: bool
) -> tuple[date, tuple[tuple[date, str], ...]]:
    """Algemene termijnenwet art. 1 and 2, as they are written."""
    day, passed = rolled_forward(day, off)
    while at_least_three_days and working_days_between(day_0, day, off) < 2:
        day, more = rolled_forward(day + ONE_DAY, off)
        passed += more
    return day, passed


def amsterdam_clock(utc: datetime) -> tuple[datetime, timedelta]:
    """What a clock in Amsterdam shows at a naive UTC moment, and how far it is ahead (directive 2000/84/EC)."""
    begins, ends = (_last_sunday(utc.year, month) + timedelta(hours=1) for month in (3, 10))
    ahead = timedelta(hours=2 if begins <= utc < ends else 1)
    return utc + ahead, ahead


def _last_sunday(year: int, month: int) -> datetime:
    day = datetime(year, month, 31)  # noqa: DTZ001 - naive UTC
    while day.isoweekday() != 7:
        day -= ONE_DAY
    return day
