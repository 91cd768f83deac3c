"""The register of measures: which there are, whose, when their owner is reminded, and what was complained about since.

Every function that lists or counts is given the cases that the reader may know of (`access.cases_for`) and never widens
them: a measure is known to whoever may know of its case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Lower, Trim

from complaints.models import Case, Measure, Membership
from complaints.queries.deputies import sees_all
from complaints.queries.people import People
from procedures.calendars import Calendar
from procedures.definition import Procedure

PER_PAGE: Final = 50
AHEAD: Final = 3  # working days before the promised one
REMIND_FROM: Final = time(8)  # local: nobody is reminded at midnight
OPEN: Final = Q(done_on=None, dropped_on=None)
STATES: Final = ("open", "late", "judge", "done", "all")
MINE: Final = "me"


class Reminder(StrEnum):
    """When an owner is reminded: once before the promised day, once on it, once when it is over."""

    BEFORE = "before"
    ON = "on"
    AFTER = "after"


def next_reminder(due_on: date, calendar: Calendar, zone: ZoneInfo, *, after: datetime) -> datetime | None:
    """The first moment after an instant at which an owner is reminded; None when all are over. `due_on`: a local day;
    after it they are reminded on the first working day."""
    days = (calendar.working_days_before(due_on, AHEAD), due_on, calendar.add_working_days(due_on, 1))
    return next((at for at in (datetime.combine(day, REMIND_FROM, zone) for day in days) if at > after), None)


def moment_of(due_on: date, today: date) -> Reminder:
    return Reminder.BEFORE if today < due_on else Reminder.ON if today == due_on else Reminder.AFTER


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the register. `year` is the local one of the promised day, None for every year."""

    state: str = "open"
    whose: str = ""
    kind: str = ""
    year: int | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        """The filters as the address or a form gives them; what makes no sense is left out."""
        state, kind, year = asked.get("state", ""), asked.get("kind", ""), asked.get("year", "")
        is_year = year.isascii() and year.isdecimal() and len(year) == 4 and int(year) >= 1900
        return cls(
            state=state if state in STATES else "open",
            whose=MINE if asked.get("whose") == MINE else "",
            kind=kind if kind in Measure.Kind.values else "",
            year=int(year) if is_year else None,
        )

    def parts(self) -> dict[str, str]:
        named = {"state": self.state, "whose": self.whose, "kind": self.kind, "year": str(self.year or "")}
        return {name: value for name, value in named.items() if value}

    def query(self, **changes: str) -> str:
        """The address of the same page with these changes."""
        return "?" + urlencode(replace(self, **changes).parts())  # type: ignore[arg-type]


def measures_of(cases: QuerySet[Case]) -> QuerySet[Measure]:
    return Measure.objects.filter(case__in=cases.order_by().values("pk"))


def chosen(measures: QuerySet[Measure], filters: Filters, keys: Collection[int], *, today: date) -> QuerySet[Measure]:
    """The measures that the filters leave, what was promised first on top. `keys`: the reader, and whom they stand in
    for. Not loaded yet."""
    return _narrowed(measures, filters, keys).filter(_state(filters.state, today)).order_by("due_on", "pk")


def sizes(measures: QuerySet[Measure], filters: Filters, keys: Collection[int], *, today: date) -> dict[str, int]:
    """How many there are in each state, by the other filters. One query."""
    counts = {name: Count("pk", filter=_state(name, today)) for name in STATES}
    found: dict[str, int] = _narrowed(measures, filters, keys).order_by().aggregate(**counts)
    return found


def years(measures: QuerySet[Measure]) -> list[int]:
    """The years of the promised days, the newest first. One query."""
    known = measures.order_by().aggregate(first=Min("due_on"), last=Max("due_on"))
    return list(range(known["last"].year, known["first"].year - 1, -1)) if known["first"] else []


def owned(cases: QuerySet[Case], keys: Collection[int]) -> QuerySet[Measure]:
    """The open measures of these members; those of an owner who is no colleague (any more) are whose case it is."""
    return measures_of(cases).filter(OPEN & _of(keys)).select_related("case").order_by("due_on", "pk")


def since(measures: Iterable[Measure], among: QuerySet[Case], zone: ZoneInfo) -> dict[int, int]:
    """For each measure that was done, by key: how many complaints on the same subject came in since, `among` those that
    the reader may know of. One query, none where no measure was done.

    From the day after it was done, and without those that are handled together with its own case.
    """
    done = [(each, _subject(each.case)) for each in measures if each.done_on and _subject(each.case)]
    if not done:
        return {}
    rows = (
        among.filter(merged_into=None)
        .annotate(told=Lower(Trim("subject")))
        .filter(told__in={subject for _measure, subject in done})
        .order_by()
        .values_list("pk", "told", "received_at")
    )
    known = [(pk, told, received_at.astimezone(zone).date()) for pk, told, received_at in rows]
    return {
        each.pk: sum(
            told == subject and on > each.done_on and pk not in (each.case_id, each.case.merged_into_id)
            for pk, told, on in known
        )
        for each, subject in done
        if each.done_on
    }


def possible_owners(case: Case, procedure: Procedure) -> list[Membership]:
    """The colleagues who may know of the case, by name; nobody whom it is about. Three queries."""
    people = People.on(case)
    found = {
        each.pk: each
        for role in procedure.roles
        if not role.is_outside and (sees_all(role) or role.per_case)
        for each in people.holders(role)
    }
    return sorted(found.values(), key=lambda member: (member.name, member.pk))


def late(on: date) -> Q:
    return OPEN & Q(due_on__lt=on)


def _subject(case: Case) -> str:
    return case.subject.strip().lower()


def _narrowed(measures: QuerySet[Measure], filters: Filters, keys: Collection[int]) -> QuerySet[Measure]:
    found = measures.filter(_of(keys)) if filters.whose else measures
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.year:
        found = found.filter(due_on__gte=date(filters.year, 1, 1), due_on__lt=_after(filters.year))
    return found


def _after(year: int) -> date:
    return date(year, 12, 31) + timedelta(days=1) if year < date.max.year else date.max


def _of(keys: Collection[int]) -> Q:
    of_nobody = Q(member=None) | Q(member__is_active=False)
    return Q(member__in=keys) | of_nobody & Q(case__handler__in=keys)


def _state(name: str, today: date) -> Q:
    match name:
        case "open":
            return OPEN
        case "late":
            return late(today)
        case "judge":
            return Q(done_on__isnull=False, effect__in=("", Measure.Effect.TOO_EARLY))
        case "done":
            return Q(done_on__isnull=False)
        case _:
            return Q()
