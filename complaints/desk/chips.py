"""The chip beside a deadline: what is left, in words, colour and icon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from procedures import wording
from procedures.calendars import Calendar
from procedures.definition import DeadlineRule, OwedBy
from procedures.engine import Deadline, Status

ICONS = {"late": "i-alert", "today": "i-clock", "met": "i-check"}


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    css: str  # class names
    icon: str


def chip(deadline: Deadline, rule: DeadlineRule, *, at: datetime, calendar: Calendar, zone: ZoneInfo) -> Chip:
    if rule.owed_by is OwedBy.COMPLAINANT and deadline.status is Status.MISSED and deadline.met_at is None:
        return Chip(_("voorbij"), "due", "")  # they need not have used it: nobody is late
    left = wording.left(deadline, at=at, calendar=calendar, zone=zone, kind=rule.kind)
    css = "due" if left.level == "plain" else f"due due-{left.level}"
    return Chip(left.text, css, ICONS.get(left.level, ""))
