"""The register of complaints: which cases it holds, by year and state, and what each line is made from.

Every function is given the cases that the reader may know of (`access.cases_for`) and never widens them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Prefetch, Q, QuerySet

from complaints.models import IMPORTED_DECISION, Answer, Case, Event, Letter

PER_PAGE: Final = 50
ALL: Final = "all"
STATES: Final = (ALL, "open", "closed")
DECIDE: Final = "decide"  # the act whose day the column decided_on shows
DECIDING: Final = (DECIDE, IMPORTED_DECISION)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the register: `year` is the local one in which a complaint was received, None for every year."""

    year: int | None = None
    state: str = ALL

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        """The filters as the address or a form gives them; what makes no sense is left out."""
        year, state = asked.get("year", ""), asked.get("state", "")
        is_year = year.isascii() and year.isdecimal() and len(year) == 4 and 1900 <= int(year) < 9999
        return cls(int(year) if is_year else None, state if state in STATES else ALL)

    def query(self, **changes: str | int | None) -> str:
        """The address of the same page with these changes."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        parts = {"year": str(new.year or ""), "state": "" if new.state == ALL else new.state}
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def chosen(cases: QuerySet[Case], filters: Filters, zone: ZoneInfo) -> QuerySet[Case]:
    """The cases that the filters leave, the newest first. Not loaded yet; see `with_parts`."""
    found = cases
    if filters.year:
        first = datetime(filters.year, 1, 1, tzinfo=zone)
        found = found.filter(received_at__gte=first, received_at__lt=first.replace(year=filters.year + 1))
    if filters.state != ALL:
        found = found.filter(closed_at__isnull=filters.state == "open")
    return found.order_by("-received_at", "-pk")


def years(cases: QuerySet[Case], zone: ZoneInfo) -> list[int]:
    """The local years from the first complaint through the last, the newest first. One query."""
    known = cases.order_by().aggregate(first=Min("received_at"), last=Max("received_at"))
    if known["first"] is None:
        return []
    return list(range(known["last"].astimezone(zone).year, known["first"].astimezone(zone).year - 1, -1))


def with_parts(cases: QuerySet[Case], facts: Collection[str]) -> QuerySet[Case]:
    """The cases with what a line is made from: the answers to `facts`, the letters that went out (`sent`), the events
    of the decision (`decisions`), parties and measures. Six queries beside their own."""
    outside = Q(recipient__in=("complainant", "respondent")) | Q(recipient__startswith="appeal:")
    return cases.select_related("handler__user").prefetch_related(
        "version",
        "parties",
        "measures",
        Prefetch("answers", Answer.objects.filter(name__in=facts).select_related("event").defer(*_HEAVY)),
        Prefetch(
            "letters",
            Letter.objects.filter(outside, state=Letter.State.SENT)
            .only("organisation_id", "case_id", "name", "sent_at")
            .order_by("sent_at", "pk"),
            to_attr="sent",
        ),
        Prefetch(
            "events",
            Event.objects.filter(occurrence__in=DECIDING).only("organisation_id", "case_id", "number", "at"),
            to_attr="decisions",
        ),
    )


_HEAVY = ("event__facts", "event__decision", "event__roles", "salt")
