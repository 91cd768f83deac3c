"""Measures adding working days: ours against numpy, pandas, `holidays` and workalendar, with the very same holidays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import holidays
import numpy as np
import pandas as pd
from workalendar.europe import Netherlands

from procedures.calendars import Calendar
from procedures.definition import CalendarPolicy
from tests.bench.clock import best
from tests.drills.figures import Report

DAYS = 10_000  # a batch; also how many different days the single calls go through
STEP = 10  # working days, as in "within ten working days"
SLOW = 200  # of the days, for what takes long for one
YEARS = range(2000, 2101)


def bench(size: float) -> Report:
    report = Report("Adding working days")
    ours = Calendar.for_policy(CalendarPolicy())
    off = [day for day in _all_days() if not ours.is_working(day) and day.weekday() < 5]
    dice = random.Random(7)
    days = [date(2020, 1, 1) + timedelta(days=dice.randrange(3650)) for _ in range(max(100, round(DAYS * size)))]
    few = days[:SLOW]
    report.say(f"{len(days)} days in ten years, {STEP} working days further; {len(off)} holidays on weekdays")

    calendar = np.busdaycalendar(holidays=np.array(off, dtype="datetime64[D]"))
    offset = pd.offsets.CustomBusinessDay(STEP, calendar=calendar)
    stamps = [pd.Timestamp(day) for day in few]
    listed = _listed(off)
    other = _Netherlands(off)
    array = np.array(days, dtype="datetime64[D]")

    def by_numpy(day: date) -> date:
        found: date = np.busday_offset(day, STEP, roll="backward", busdaycal=calendar).astype(object)
        return found

    def by_numpy_at_once() -> list[date]:
        given = np.array(days, dtype="datetime64[D]")
        found: list[date] = np.busday_offset(given, STEP, roll="backward", busdaycal=calendar).tolist()
        return found

    def by_pandas(stamp: pd.Timestamp) -> date:
        found: date = (stamp + offset).date()
        return found

    def by_holidays(day: date) -> date:
        return listed.get_nth_working_day(day, STEP)

    def by_workalendar(day: date) -> date:
        found: date = other.add_working_days(day, STEP)
        return found

    wanted = [ours.add_working_days(day, STEP) for day in days]
    # pandas and others begin elsewhere when the first day is no working day: there nobody is right.
    working = [number for number, day in enumerate(few) if ours.is_working(day)]
    wrong = {
        "numpy": sum(by_numpy(day) != end for day, end in zip(days, wanted, strict=True)),
        "numpy at once": sum(a != b for a, b in zip(by_numpy_at_once(), wanted, strict=True)),
        "ours at once": sum(a != b for a, b in zip(ours.add_working_days_to(days, STEP), wanted, strict=True)),
        "pandas": sum(by_pandas(stamps[each]) != wanted[each] for each in working),
        "holidays": sum(by_holidays(few[each]) != wanted[each] for each in working),
        "workalendar": sum(by_workalendar(few[each]) != wanted[each] for each in working),
    }
    for name, count in wrong.items():
        report.exactly(f"{name}: days that differ from ours", count, 0)

    def one_by_one() -> None:
        add = ours.add_working_days
        for day in days:
            add(day, STEP)

    one = best(one_by_one) / len(days)
    at_once = best(lambda: ours.add_working_days_to(days, STEP)) / len(days)
    numpy_one = _each(by_numpy, days)
    numpy_at_once = best(by_numpy_at_once) / len(days)
    kernel = best(lambda: np.busday_offset(array, STEP, roll="backward", busdaycal=calendar)) / len(days)
    for name, seconds in (
        ("ours", one),
        ("numpy, one day", numpy_one),
        ("pandas, one day", _each(by_pandas, stamps)),
        ("holidays, one day", _each(by_holidays, few)),
        ("workalendar, one day", _each(by_workalendar, few)),
        ("ours, at once", at_once),
        ("numpy at once, dates in and dates out", numpy_at_once),
        ("numpy at once, its own days in and out", kernel),
    ):
        report.told(name, seconds * 1e9, unit="ns")
    told = {each.name: each.value for each in report.figures}
    report.at_least("ours, times as fast as numpy for one day", numpy_one / one, 20)
    report.told("ours, times as fast as pandas", told["pandas, one day"] / told["ours"])
    report.at_least("ours, times as fast as holidays", told["holidays, one day"] / told["ours"], 200)
    report.told("ours, times as fast as workalendar", told["workalendar, one day"] / told["ours"])
    report.at_most("ours at once, of numpy's time with dates in and out", at_once / numpy_at_once, 2)
    return report


def _each(add: Callable[[date], date], days: list[date]) -> float:
    """Seconds for one day, the loop included."""

    def all_days() -> None:
        for day in days:
            add(day)

    return best(all_days) / len(days)


def _all_days() -> list[date]:
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _listed(off: list[date]) -> holidays.HolidayBase:
    """The Dutch calendar of `holidays`, less and more the days in which ours differs from it."""
    found = holidays.country_holidays("NL", years=YEARS)
    for day in [each for each in found if each not in off]:
        found.pop(day)
    found.update(dict.fromkeys(off, "vrij"))
    return found


class _Netherlands(Netherlands):  # type: ignore[misc]  # workalendar has no types
    """workalendar's Dutch calendar with these holidays instead of its own."""

    def __init__(self, off: list[date]) -> None:
        super().__init__()
        self._off: dict[int, list[tuple[date, str]]] = {year: [] for year in YEARS}
        for day in off:
            self._off[day.year].append((day, "vrij"))

    def get_calendar_holidays(self, year: int) -> list[tuple[date, str]]:
        return self._off[year]
