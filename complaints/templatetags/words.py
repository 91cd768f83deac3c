"""Filters for templates: days, moments and terms in words, and the texts of a procedure in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from complaints.said import spoken
from procedures import wording
from procedures.definition import Term, Text

register = template.Library()


@register.filter
def text(value: Text) -> str:
    """A text of the procedure in the active language."""
    return value.in_language(spoken())


@register.filter
def day(value: date | datetime) -> SafeString:
    """A `<time>` with "woensdag 25 november 2026"."""
    on = _day_of(value)
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), wording.day(on))


@register.filter
def plain_day(value: date) -> str:
    """ "woensdag 25 november 2026", for a mail in plain text."""
    return wording.day(value)


@register.filter
def day_without_year(value: date | datetime) -> SafeString:
    on = _day_of(value)
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), wording.day(on, year=False))


@register.filter
def short_day(value: date | datetime) -> SafeString:
    """A `<time>` with "wo 25 nov"."""
    on = _day_of(value)
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), wording.short_day(on))


@register.filter
def moment(value: datetime) -> SafeString:
    """A `<time>` with "vrijdag 20 november 2026 om 14.32 uur"."""
    local = timezone.localtime(value)
    machine = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', machine, wording.moment(value, zone=_zone()))


@register.filter
def clock(value: datetime) -> str:
    """ "14.32 uur"."""
    return wording.clock(value, zone=_zone())


@register.filter
def end(value: date | datetime) -> SafeString:
    """A `<time>` with the end of a deadline: a day, or an instant with its time."""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    machine = local.isoformat(timespec="seconds") if isinstance(local, datetime) else local.isoformat()
    return format_html('<time datetime="{}">{}</time>', machine, wording.end(value, zone=_zone()))


@register.filter
def big_day(value: date | datetime) -> SafeString:
    """The day as the house style shows it: weekday, number, month; with the time for an instant."""
    on = _day_of(value)
    month = wording.month(on)
    if isinstance(value, datetime):
        month = f"{month}, {wording.clock(value, zone=_zone())}"
    return format_html(
        '<time class="day" datetime="{}"><span class="day-name">{}</span> <span class="day-number">{}</span> '
        '<span class="day-month">{}</span></time>',
        on.isoformat(),
        wording.weekday(on),
        on.day,
        month,
    )


@register.filter
def term(value: Term) -> str:
    """ "20 werkdagen"."""
    return wording.term(value)


def _day_of(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _zone() -> ZoneInfo:
    return ZoneInfo(timezone.get_current_timezone_name())


@register.filter
def big_day_only(value: date | datetime) -> SafeString:
    """As `big_day`, without the time of an instant."""
    return big_day(_day_of(value))


@register.filter
def from_iso(value: str) -> datetime:
    """The instant that a session keeps as text."""
    return datetime.fromisoformat(value)


@register.filter
def any_iso(value: str) -> date | datetime:
    """The day or the instant that was written as text."""
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


@register.filter
def get(values: Mapping[str, object], key: str) -> object:
    """What a mapping holds under this key; empty when nothing."""
    return values.get(key, "")
