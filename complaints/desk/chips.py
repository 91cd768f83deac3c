"""The chip beside a deadline: what is left, in words, colour and icon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from procedures import wording
from procedures.calendars import Calendar
from procedures.definition import DeadlineRule
from procedures.engine import Deadline

ICONS = {"late": "i-alert", "today": "i-clock", "met": "i-check"}


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    css: str  # class names
    icon: str


def chip(deadline: Deadline, rule: DeadlineRule, *, at: datetime, calendar: Calendar, zone: ZoneInfo) -> Chip:
    left = wording.left(deadline, at=at, calendar=calendar, zone=zone, kind=rule.kind)
    css = "due" if left.level == "plain" else f"due due-{left.level}"
    return Chip(left.text, css, ICONS.get(left.level, ""))
