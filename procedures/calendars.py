"""Which days count: working days and holidays, as ordinal tables; the only user of the `holidays` library.

A working day is Monday to Friday, less the country's public holidays by policy, less the organisation's closing days.
All days are local dates. Every table runs from `FIRST` to `LAST`; a day outside it raises `OutOfCalendar`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate, compress

import holidays

from procedures.definition import CalendarPolicy, LiberationDay

FIRST = date(2000, 1, 1)
LAST = date(2100, 12, 31)  # the library knows no Dutch holidays after 2100

_FIRST_ORDINAL = FIRST.toordinal()
_DAY_BEFORE = _FIRST_ORDINAL - 1
_SIZE = LAST.toordinal() - _FIRST_ORDINAL + 1
_YEARS = range(FIRST.year, LAST.year + 1)
_NOT_A_DAY = date.min  # fills place 0 of a table whose places count from 1

# Days put on a par with holidays by royal decree, Algemene termijnenwet art. 3(3); the library has none of them.
DECREE_DAYS = frozenset({date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7), date(2028, 4, 28), date(2028, 5, 26)})

# What the library calls a Dutch holiday → how people write it. The library has "Tweede kerstdag".
_GOOD_FRIDAY = "goede vrijdag"
_LIBERATION_DAY = "bevrijdingsdag"
_DECREE_DAY = "brugdag"
_DUTCH_NAMES = {
    "nieuwjaarsdag": ("Nieuwjaarsdag", "New Year's Day"),
    _GOOD_FRIDAY: ("Goede Vrijdag", "Good Friday"),
    "eerste paasdag": ("Eerste Paasdag", "Easter Sunday"),
    "tweede paasdag": ("Tweede Paasdag", "Easter Monday"),
    "koninginnedag": ("Koninginnedag", "Queen's Day"),
    "koningsdag": ("Koningsdag", "King's Day"),
    _LIBERATION_DAY: ("Bevrijdingsdag", "Liberation Day"),
    "hemelvaartsdag": ("Hemelvaartsdag", "Ascension Day"),
    "eerste pinksterdag": ("Eerste Pinksterdag", "Whit Sunday"),
    "tweede pinksterdag": ("Tweede Pinksterdag", "Whit Monday"),
    "eerste kerstdag": ("Eerste Kerstdag", "Christmas Day"),
    "tweede kerstdag": ("Tweede Kerstdag", "Boxing Day"),
    _DECREE_DAY: ("brugdag bij koninklijk besluit", "bridging day by royal decree"),
}
_WEEKEND = {5: ("zaterdag", "Saturday"), 6: ("zondag", "Sunday")}


class OutOfCalendar(ValueError):
    """A day lies outside the tables, or outside what a date can be."""


class UnknownCountry(ValueError):
    """The `holidays` library does not know the country, or not that subdivision of it."""


class Calendar:
    """The working days of one organisation: a policy and its closing days. Immutable; made by `for_policy`."""

    __slots__ = ("_before", "_days", "closed", "policy")

    def __init__(self, policy: CalendarPolicy, closed: Mapping[date, str] | None = None) -> None:
        """Use `for_policy`, which remembers. Closing days outside the table have no effect; UnknownCountry as there."""
        self.policy = policy
        self.closed = dict(closed or {})
        monday_first = bytes((1, 1, 1, 1, 1, 0, 0)) * (_SIZE // 7 + 2)
        working = bytearray(monday_first[FIRST.weekday() : FIRST.weekday() + _SIZE])
        for day in (*_holiday_names(policy, "nl"), *self.closed):
            if FIRST <= day <= LAST:
                working[day.toordinal() - _FIRST_ORDINAL] = 0
        # _before[i]: how many working days lie before day i; _days[k]: the k-th working day, k from 1.
        self._before = list(accumulate(working, initial=0))
        ordinals = compress(range(_FIRST_ORDINAL, _FIRST_ORDINAL + _SIZE), working)
        self._days = [_NOT_A_DAY, *map(date.fromordinal, ordinals)]

    @classmethod
    def for_policy(cls, policy: CalendarPolicy, closed: Mapping[date, str] | None = None) -> Calendar:
        """The calendar of these values; equal values give the same object. Raises UnknownCountry."""
        return _calendar(policy, tuple(sorted(closed.items())) if closed else ())

    def __repr__(self) -> str:
        return f"Calendar({self.policy!r}, {self.closed!r})"

    def is_working(self, day: date) -> bool:
        at = self._place(day)
        return self._before[at + 1] > self._before[at]

    def name_of(self, day: date, language: str = "nl") -> str:
        """Why `day` does not count; ValueError when it does.

        "zaterdag" or "zondag" goes before a holiday's name (in every calendar that day would not count anyhow), and a
        holiday's name before a closing day's. Two holidays on one day are joined: "Hemelvaartsdag en Bevrijdingsdag".
        A country without names in `language` gives those of its own language; closing days have one name only.
        """
        if self.is_working(day):
            raise ValueError(f"{day} is a working day")
        english = language.startswith("en")
        if day.weekday() in _WEEKEND:
            return _WEEKEND[day.weekday()][english]
        return _holiday_names(self.policy, "en" if english else "nl").get(day) or self.closed[day]

    def add_working_days(self, day: date, n: int) -> date:
        """The `n`-th working day after `day`, which itself never counts; `day` when n is 0. ValueError when n < 0."""
        after = day.toordinal() - _DAY_BEFORE  # the place of the day after it
        if n > 0 and after > 0:
            try:
                return self._days[self._before[after] + n]
            except IndexError:
                raise _outside(day) from None
        return self._no_step(day, n)

    def add_working_days_to(self, days: Sequence[date], n: int) -> list[date]:
        """`add_working_days` for many days at once, in their order."""
        if n <= 0 or not days or min(days) < FIRST:
            return [self._no_step(day, n) for day in days]
        table, before = self._days, self._before
        try:
            return [table[before[day.toordinal() - _DAY_BEFORE] + n] for day in days]
        except IndexError:
            raise _outside(max(days)) from None

    def working_days_before(self, day: date, n: int) -> date:
        """The `n`-th working day before `day`, which itself never counts; `day` when n is 0. ValueError when n < 0."""
        if n <= 0:
            return self._no_step(day, n)
        k = self._before[self._place(day)] - n + 1
        if k < 1:
            raise _outside(day)
        return self._days[k]

    def working_days_between(self, a: date, b: date) -> int:
        """How many working days lie after `a`, up to and including `b`; negative when `b` is before `a`."""
        return self._before[self._place(b) + 1] - self._before[self._place(a) + 1]

    def next_working(self, day: date) -> date:
        """`day` itself when it is a working day, else the first one after it."""
        k = self._before[self._place(day)] + 1
        if k == len(self._days):
            raise _outside(day)
        return self._days[k]

    def days_off(self, a: date, b: date) -> Iterator[date]:
        """The days that are no working days, after `a`, up to and including `b`."""
        first, last, before = self._place(a) + 1, self._place(b), self._before
        for at in range(first, last + 1):
            if before[at] == before[at + 1]:
                yield date.fromordinal(at + _FIRST_ORDINAL)

    def _place(self, day: date) -> int:
        at = day.toordinal() - _FIRST_ORDINAL
        if not 0 <= at < _SIZE:
            raise _outside(day)
        return at

    def _no_step(self, day: date, n: int) -> date:
        """The rare ends of adding and subtracting: nothing to add, or a refusal."""
        if n < 0:
            raise ValueError(f"{n} working days: a number of working days is not negative")
        if n > 0:
            raise _outside(day)
        self._place(day)
        return day


def _outside(day: date) -> OutOfCalendar:
    return OutOfCalendar(f"counting from {day} leaves the calendar, which runs from {FIRST} to {LAST}")


@lru_cache(maxsize=128)
def _calendar(policy: CalendarPolicy, closed: tuple[tuple[date, str], ...]) -> Calendar:
    return Calendar(policy, dict(closed))


@lru_cache(maxsize=64)
def _holiday_names(policy: CalendarPolicy, language: str) -> dict[date, str]:
    """The holidays of a policy in all years of the tables, on whatever day of the week; `language` is nl or en.

    `good_friday`, `liberation_day` and `decree_days` are choices that Dutch law leaves; elsewhere they have no effect.
    """
    joined = " and " if language == "en" else " en "
    if policy.country != "NL":
        return {day: joined.join(names) for day, names in _public(policy.country, policy.subdivision, language).items()}
    found: dict[date, list[str]] = {}
    for day, names in _public("NL", policy.subdivision, "nl").items():
        for name in map(str.lower, names):
            # 5 May is decided below: the library's "public" has it in lustrum years only.
            if name != _LIBERATION_DAY and (name != _GOOD_FRIDAY or policy.good_friday):
                found.setdefault(day, []).append(name)
    for year in _YEARS:
        if policy.liberation_day is LiberationDay.EVERY_YEAR or (
            policy.liberation_day is LiberationDay.LUSTRUM and year % 5 == 0
        ):
            found.setdefault(date(year, 5, 5), []).append(_LIBERATION_DAY)
    for day in DECREE_DAYS if policy.decree_days else ():
        found.setdefault(day, []).append(_DECREE_DAY)
    which = 1 if language == "en" else 0
    return {
        day: joined.join(_DUTCH_NAMES[name][which] if name in _DUTCH_NAMES else name for name in names)
        for day, names in found.items()
    }


@lru_cache(maxsize=64)
def _public(country: str, subdivision: str, language: str) -> dict[date, list[str]]:
    """The library's public holidays, days off in lieu included, each with its names. Raises UnknownCountry."""
    try:
        known = holidays.country_holidays(country, subdiv=subdivision or None, years=2000)
        own = known.default_language
        spoken = next((each for each in sorted(known.supported_languages) if each.startswith(language)), own)
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=_YEARS, language=spoken)
    except NotImplementedError as error:
        raise UnknownCountry(str(error)) from None
    return {day: found.get_list(day) for day in sorted(found)}


# The calendar of the Algemene termijnenwet, art. 3: its holidays are fixed by law, whatever an organisation chose.
STATUTORY = Calendar.for_policy(
    CalendarPolicy(country="NL", good_friday=True, liberation_day=LiberationDay.EVERY_YEAR, decree_days=True)
)
