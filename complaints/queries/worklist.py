"""The worklist: cases by what is due first, narrowed by filters, with how many there are of each.

Every function is given the cases that the viewer may know of (`access.cases_for`) and never widens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from complaints.models import Case, Deadline, Letter, Membership, Message, Party
from procedures.calendars import Calendar

PER_PAGE: Final = 50
AHEAD: Final = 5  # working days that "coming" looks ahead
STUCK: Final = (Letter.State.FAILED, Letter.State.HELD, Letter.State.TO_POST)
PILES: Final = ("late", "today", "coming", "unassigned", "open", "closed")
NOBODY, ME = "none", "me"


@dataclass(frozen=True, slots=True)
class Marks:
    """The instants between which a deadline is late, due today, or coming."""

    now: datetime
    end_of_today: datetime
    end_of_coming: datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty is everything. `handler` is a member's key, "me" or "none"."""

    pile: str = "open"
    phase: str = ""
    track: str = ""
    handler: str = ""
    search: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        """The filters as the address gives them; what makes no sense is left out."""
        pile, handler = asked.get("pile", ""), asked.get("handler", "")
        return cls(
            pile=pile if pile in PILES else "open",
            phase=asked.get("phase", "")[:60],
            track=asked.get("track", "")[:60],
            handler=handler if handler in (NOBODY, ME) or (handler.isdecimal() and len(handler) < 18) else "",
            search=asked.get("q", "").strip()[:100],
        )

    def query(self, **changes: str) -> str:
        """The address of the same list with these changes."""
        new = replace(self, **changes)
        parts = {
            "pile": "" if new.pile == "open" else new.pile,
            "phase": new.phase,
            "track": new.track,
            "handler": new.handler,
            "q": new.search,
        }
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def marks(calendar: Calendar, zone: ZoneInfo, *, at: datetime) -> Marks:
    today = at.astimezone(zone).date()
    last = calendar.add_working_days(today, AHEAD)
    return Marks(
        at,
        datetime.combine(today + timedelta(days=1), time(), zone),
        datetime.combine(last + timedelta(days=1), time(), zone),
    )


def piles(cases: QuerySet[Case], when: Marks) -> dict[str, int]:
    """How many cases lie on each pile. One query."""
    found: dict[str, int] = cases.order_by().aggregate(
        **{name: Count("pk", filter=_pile(name, when)) for name in PILES}
    )
    return found


def chosen(cases: QuerySet[Case], filters: Filters, when: Marks, *, member: Membership) -> QuerySet[Case]:
    """The cases that the filters leave, overdue first. Not loaded yet; see `with_parts`."""
    found = cases.filter(_pile(filters.pile, when))
    if filters.phase:
        found = found.filter(phase=filters.phase)
    if filters.track:
        found = found.filter(track=filters.track)
    if filters.handler == NOBODY:
        found = found.filter(handler=None)
    elif filters.handler:
        found = found.filter(handler_id=member.pk if filters.handler == ME else int(filters.handler))
    if filters.search:
        named = Party.objects.filter(
            Q(name__icontains=filters.search) | Q(organisation_name__icontains=filters.search),
            kind=Party.Kind.COMPLAINANT,
        )
        found = found.filter(
            Q(reference__icontains=filters.search)
            | Q(subject__icontains=filters.search)
            | Q(pk__in=named.values("case_id"))
        )
    if filters.pile == "closed":
        return found.order_by("-closed_at", "-pk")
    return found.order_by(F("next_due_at").asc(nulls_last=True), "received_at", "pk")


def with_parts(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with what a row shows: `complainants`, `clocks`, `stuck_letters`, and whether a message was not opened
    yet (`has_news`). Four queries beside their own."""
    unread = Message.objects.filter(case=OuterRef("pk"), by=Message.By.COMPLAINANT, read_at=None)
    clocks = Deadline.objects.filter(status__in=(Deadline.Status.OPEN, Deadline.Status.MISSED), met_at=None)
    return (
        cases.annotate(has_news=Exists(unread))
        .select_related("handler__user")
        .prefetch_related(
            "version",
            Prefetch("parties", Party.objects.filter(kind=Party.Kind.COMPLAINANT), to_attr="complainants"),
            Prefetch("deadlines", clocks.order_by("overdue_at", "pk"), to_attr="clocks"),
            Prefetch(
                "letters",
                Letter.objects.filter(state__in=STUCK).only("organisation_id", "case_id", "state"),
                to_attr="stuck_letters",
            ),
        )
    )


def counted(cases: QuerySet[Case], column: str) -> dict[object, int]:
    """How many of the cases there are for each value of a column. One query."""
    rows = cases.order_by().values_list(column).annotate(Count("pk"))
    return dict(rows)


def _pile(name: str, when: Marks) -> Q:
    is_open = Q(closed_at=None)
    match name:
        case "late":
            return is_open & Q(next_due_at__lte=when.now)
        case "today":
            return is_open & Q(next_due_at__gt=when.now, next_due_at__lte=when.end_of_today)
        case "coming":
            return is_open & Q(next_due_at__gt=when.end_of_today, next_due_at__lte=when.end_of_coming)
        case "unassigned":
            return is_open & Q(handler=None)
        case "closed":
            return Q(closed_at__isnull=False)
        case _:
            return is_open
