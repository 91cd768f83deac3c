"""The worklist: cases by what is due first, narrowed by filters, with how many there are of each.

Every function is given the cases that the viewer may know of (`access.cases_for`) and never widens them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    F,
    JSONField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from complaints.models import Answer, Case, Deadline, Event, Letter, Membership, Message, Party
from complaints.queries.search import found_by
from procedures.calendars import Calendar
from procedures.definition import DeadlineKind, OwedBy

PER_PAGE: Final = 50
AHEAD: Final = 5  # working days that "coming" looks ahead
STUCK: Final = (Letter.State.FAILED, Letter.State.HELD, Letter.State.TO_POST)
PILES: Final = ("late", "today", "coming", "unassigned", "waiting", "open", "closed")
NEEDS: Final = ("message", "letter", "target")  # what waits for somebody of the organisation
DUE: Final = ("late", "today", "week", "later")
NATURE: Final = "nature"  # the field of the intake that tells what a complaint is about, as the yearly report names it
NOBODY, ME = "none", "me"
FEW: Final = 500


@dataclass(frozen=True, slots=True)
class Marks:
    """The instants between which a deadline is late, due today, or coming. A week ends with Sunday."""

    now: datetime
    end_of_today: datetime
    end_of_coming: datetime
    end_of_week: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and for whom they stand in (members by key): those cases are theirs too."""

    member: Membership
    stood_in_for: Collection[int] = ()

    @property
    def keys(self) -> set[int]:
        return {self.member.pk, *self.stood_in_for}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty is everything. `handler` is a member's key, "me" or "none"."""

    pile: str = "open"
    need: str = ""
    due: str = ""
    handler: str = ""
    phase: str = ""
    track: str = ""
    nature: str = ""
    search: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        """The filters as the address gives them; what makes no sense is left out."""
        pile, need, due, handler = (asked.get(name, "") for name in ("pile", "need", "due", "handler"))
        is_known = handler in (NOBODY, ME) or (handler.isascii() and handler.isdecimal() and len(handler) < 18)
        return cls(
            pile=pile if pile in PILES else "open",
            need=need if need in NEEDS else "",
            due=due if due in DUE else "",
            handler=handler if is_known else "",
            phase=_clean(asked.get("phase", ""))[:60],
            track=_clean(asked.get("track", ""))[:60],
            nature=_clean(asked.get("nature", ""))[:60],
            search=_clean(asked.get("q", ""))[:100],
        )

    @classmethod
    def read(cls, query: str) -> Filters:
        """The filters of an address that `query` gave."""
        return cls.of(dict(parse_qsl(query.removeprefix("?"))))

    def parts(self) -> dict[str, str]:
        """The filters that narrow the list, as the address and the forms of the list name them."""
        named = {
            "pile": "" if self.pile == "open" else self.pile,
            "need": self.need,
            "due": self.due,
            "handler": self.handler,
            "phase": self.phase,
            "track": self.track,
            "nature": self.nature,
            "q": self.search,
        }
        return {name: value for name, value in named.items() if value}

    def query(self, **changes: str) -> str:
        """The address of the same list with these changes."""
        return "?" + urlencode(replace(self, **changes).parts())


def marks(calendar: Calendar, zone: ZoneInfo, *, at: datetime) -> Marks:
    today = at.astimezone(zone).date()
    days = (today, calendar.add_working_days(today, AHEAD), today + timedelta(days=6 - today.weekday()))
    return Marks(at, *(datetime.combine(day + timedelta(days=1), time(), zone) for day in days))


def piles(cases: QuerySet[Case], when: Marks) -> dict[str, int]:
    """How many cases lie on each pile. Three queries, so that of the closed ones, which grow for ever, none is read."""
    apart = ("waiting", "closed")
    found = _counts(cases.filter(closed_at=None), {name: _pile(name, when) for name in PILES if name not in apart})
    return found | {name: cases.filter(_pile(name, when)).count() for name in apart}


def searched(cases: QuerySet[Case], filters: Filters) -> QuerySet[Case]:
    """The cases in which what was searched for stands, by their keys where they are FEW: the words of all cases are
    looked through once then, and not for each count. One query; none without a search."""
    if not filters.search:
        return cases
    keys = list(cases.filter(found_by(filters.search)).order_by().values_list("pk", flat=True)[: FEW + 1])
    return cases.filter(pk__in=keys) if len(keys) <= FEW else cases


def chosen(cases: QuerySet[Case], filters: Filters, when: Marks, viewer: Viewer) -> QuerySet[Case]:
    """The cases that the filters leave, overdue first. Not loaded yet; see `with_parts`."""
    found = cases.filter(_narrowed(filters, when, viewer))
    if filters.pile == "closed":
        return found.order_by("-closed_at", "-pk")
    return found.order_by(F("next_due_at").asc(nulls_last=True), "received_at", "pk")


def sizes(cases: QuerySet[Case], many: Mapping[str, Filters], when: Marks, viewer: Viewer) -> dict[str, int]:
    """How many cases each of several filters leaves. One query; none for none."""
    if not many:
        return {}
    narrowed = {name: _narrowed(each, when, viewer) for name, each in many.items()}
    if all(each.pile == "open" and not each.search for each in many.values()):
        cases = cases.filter(closed_at=None)  # as each of them says by itself, but then every case is looked at
    return _counts(cases, narrowed)


def counted(cases: QuerySet[Case], column: str) -> dict[object, int]:
    """How many of the cases there are for each value of a column, or of the answer NATURE. One query."""
    if column == NATURE:
        cases = cases.annotate(nature=_nature())
    rows = cases.order_by().values_list(column).annotate(Count("pk"))
    return dict(rows)


def with_parts(cases: QuerySet[Case], known: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with what a row shows: `complainants`, `clocks`, `happened`, `stuck_letters`, and whether a message was
    not opened yet (`has_news`) or not answered (`has_question`). Five queries beside their own; a sixth where one was
    merged: `merged_into` is the main case where that is one of those that the viewer may `know` of, else None."""
    clocks = Deadline.objects.filter(status__in=(Deadline.Status.OPEN, Deadline.Status.MISSED), met_at=None)
    return (
        cases.annotate(has_news=_is(pk__in=_unread()), has_question=_is(pk__in=_unanswered()))
        .select_related("handler__user")
        .prefetch_related(
            "version",
            Prefetch("merged_into", known),
            Prefetch("parties", Party.objects.filter(kind=Party.Kind.COMPLAINANT), to_attr="complainants"),
            Prefetch("deadlines", clocks.order_by("overdue_at", "pk"), to_attr="clocks"),
            Prefetch(
                "events",
                Event.objects.only("organisation_id", "case_id", "number", "occurrence", "decision"),
                to_attr="happened",
            ),
            Prefetch(
                "letters",
                Letter.objects.filter(state__in=STUCK).only("organisation_id", "case_id", "state"),
                to_attr="stuck_letters",
            ),
        )
    )


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()


def _counts(cases: QuerySet[Case], many: Mapping[str, Q]) -> dict[str, int]:
    found: dict[str, int] = cases.order_by().aggregate(
        **{name: Count("pk", filter=each) for name, each in many.items()}
    )
    return found


def _narrowed(filters: Filters, when: Marks, viewer: Viewer) -> Q:
    found = _pile(filters.pile, when)
    if filters.search and filters.pile == "open":
        found |= Q(merged_into__isnull=False)  # who looks for one finds where it went
    if filters.need:
        found &= _need(filters.need)
    if filters.due:
        found &= _due(filters.due, when)
    if filters.handler == NOBODY:
        found &= Q(handler=None)
    elif filters.handler:
        found &= Q(handler_id__in=viewer.keys if filters.handler == ME else {int(filters.handler)})
    if filters.phase:
        found &= Q(phase=filters.phase)
    if filters.track:
        found &= Q(track=filters.track)
    if filters.nature:
        found &= Q(Exact(_nature(), Value(filters.nature, JSONField())))
    if filters.search:
        found &= found_by(filters.search)
    return found


def _pile(name: str, when: Marks) -> Q:
    is_open = Q(closed_at=None)
    match name:
        case "late" | "today":
            return is_open & _due(name, when)
        case "coming":
            return is_open & Q(next_due_at__gt=when.end_of_today, next_due_at__lte=when.end_of_coming)
        case "unassigned":
            return is_open & Q(handler=None)
        case "waiting":
            return Q(pk__in=_waiting().union(_stuck(), all=True))
        case "closed":
            return Q(closed_at__isnull=False)
        case _:
            return is_open


def _due(name: str, when: Marks) -> Q:
    match name:
        case "late":
            return Q(next_due_at__lte=when.now)
        case "today":
            return Q(next_due_at__gt=when.now, next_due_at__lte=when.end_of_today)
        case "week":
            return Q(next_due_at__gt=when.now, next_due_at__lte=when.end_of_week)
        case _:
            return Q(next_due_at__gt=when.end_of_week)


def _need(name: str) -> Q:
    """A message counts until somebody of the organisation wrote back; in a closed case, until it was opened. A target
    that was missed counts until it is met: it makes no case late, so nothing else would show it."""
    if name == "letter":
        return Q(pk__in=_stuck())
    if name == "target":
        return Q(closed_at=None, pk__in=_missed_targets())
    return Q(pk__in=_waiting())


# The cases as lists of keys, and not as a question for each case: PostgreSQL makes such a list once.


def _waiting() -> QuerySet[Message, int]:
    return _unanswered().filter(case__closed_at=None).union(_unread(), all=True)


def _stuck() -> QuerySet[Letter, int]:
    return Letter.objects.filter(state__in=STUCK).order_by().values_list("case_id", flat=True)


def _unread() -> QuerySet[Message, int]:
    return Message.objects.filter(by=Message.By.COMPLAINANT, read_at=None).order_by().values_list("case_id", flat=True)


def _unanswered() -> QuerySet[Message, int]:
    asked, answered = (Max("pk", filter=Q(by=by)) for by in (Message.By.COMPLAINANT, Message.By.STAFF))
    newest = Message.objects.order_by().values("case_id").annotate(asked=asked, answered=Coalesce(answered, 0))
    return newest.filter(asked__gt=F("answered")).values_list("case_id", flat=True)


def _missed_targets() -> QuerySet[Deadline, int]:
    return Deadline.objects.filter(
        kind=DeadlineKind.TARGET.value,
        owed_by=OwedBy.ORGANISATION.value,
        status=Deadline.Status.MISSED,
        met_at=None,
    ).values_list("case_id", flat=True)


def _is(**condition: object) -> Combinable:
    return ExpressionWrapper(Q(**condition), output_field=BooleanField())


def _nature() -> Subquery:
    return Subquery(Answer.objects.filter(case=OuterRef("pk"), name=NATURE).order_by("-pk").values("value")[:1])
