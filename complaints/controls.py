"""Controls that Django does not have: files through the gate, days and moments as people type them, rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from complaints import uploads
from procedures import wording

MONTHS = ("jan", "feb", "maa", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MOST_ROWS = 30  # of measures, or of points of a complaint


def whole_number(sent: object, *, digits: int) -> int | None:
    """The number that a hidden box or a choice sent, of at most so many digits; None for anything else."""
    typed = str(sent or "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= digits else None


def sent_revision(data: Mapping[str, object]) -> int | None:
    """The revision of the case that the form was made from, as its hidden box sent it."""
    return whole_number(data.get("revision"), digits=9)


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """One or more files, each judged at the gate; the cleaned value is a list."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self.most = most
        self.passed: list[UploadedFile[bytes]] = []  # also when another file of the same lot was refused
        self.refused = False
        widget = MultipleFileInput(attrs={"accept": uploads.ACCEPT})
        if most == 1:
            widget = MultipleFileInput(attrs={"accept": uploads.ACCEPT, "multiple": False})
        super().__init__(widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:  # noqa: ARG002
        sent = [each for each in (data if isinstance(data, (list, tuple)) else [data]) if each]
        if not sent:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        if len(sent) > self.most:
            raise forms.ValidationError(_("Kies hoogstens %(n)d bestanden.") % {"n": self.most})
        refusals = []
        for file in sent:
            try:
                uploads.content_type_of(file)
            except uploads.UploadRefused as refused:
                refusals.append(str(refused))
            else:
                self.passed.append(file)
        if refusals:
            self.refused = True
            raise forms.ValidationError([forms.ValidationError(each) for each in refusals])
        return sent


class DayField(forms.Field):
    """A day as people type it: 4-11-2026, 4 november 2026, 2026-11-04."""

    def to_python(self, value: Any) -> date | None:
        typed = str(value or "").strip().lower()
        if not typed:
            return None
        parts = _day_parts(typed)
        if parts is None:
            raise forms.ValidationError(_("Schrijf de datum zo: 4-11-2026."))
        year, month, number = parts
        try:
            return date(year, month, number)
        except ValueError:
            raise forms.ValidationError(_no_such_day(year, month, number)) from None

    def prepare_value(self, value: Any) -> Any:
        return f"{value.day}-{value.month}-{value.year}" if isinstance(value, date) else value


class MomentField(forms.Field):
    """A day with a time: 4-11-2026 14.30, or what a browser's own control sends."""

    def __init__(self, *, zone: ZoneInfo, **kwargs: Any) -> None:
        self.zone = zone
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> datetime | None:
        typed = str(value or "").strip().lower()
        if not typed:
            return None
        match = re.fullmatch(r"(.+?)[t ,]+(?:om )?(\d{1,2})[.:](\d{2})(?: uur)?", typed)
        if not match:
            raise forms.ValidationError(_("Schrijf de datum en de tijd zo: 4-11-2026 14.30."))
        day = DayField().to_python(match[1])
        hour, minute = int(match[2]), int(match[3])
        if day is None or hour > 23 or minute > 59:
            raise forms.ValidationError(_("Schrijf de datum en de tijd zo: 4-11-2026 14.30."))
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        local = value.astimezone(self.zone)
        return f"{local.day}-{local.month}-{local.year} {local.hour}.{local.minute:02d}"


class RowsWidget(forms.Widget):
    """Rows of a few boxes each, such as what, who and when; empty rows are left out, and two stay free."""

    parts: tuple[str, ...] = ()
    least = 3
    use_fieldset = True  # the question stands above all rows: each box has a label of its own

    def id_for_label(self, id_: str) -> str:  # noqa: ARG002
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:  # noqa: ARG002
        rows = [
            {part: str(data.get(f"{name}-{number}-{part}", "")).strip() for part in self.parts}
            for number in range(MOST_ROWS)
            if f"{name}-{number}-{self.parts[0]}" in data
        ]
        return [row for row in rows if any(row.values())]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = list(value or [])
        free = max(self.least - len(filled), 2)
        context["rows"] = [*filled, *[dict.fromkeys(self.parts, "") for _number in range(free)]][:MOST_ROWS]
        return context

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002
        return f"{name}-0-{self.parts[0]}" not in data

    def use_required_attribute(self, initial: Any) -> bool:  # noqa: ARG002
        return False


class MeasuresWidget(RowsWidget):
    template_name = "forms/measures.html"
    parts = ("what", "owner", "due_on")


class MeasuresField(forms.Field):
    widget = MeasuresWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = []
        for row in value or []:
            if not all(row.values()):
                raise forms.ValidationError(_("Vul bij elke maatregel in: wat, wie en wanneer."))
            day = DayField().to_python(row["due_on"])
            rows.append({**row, "due_on": day.isoformat() if day else ""})
        if self.required and not rows:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return rows


class PointsWidget(RowsWidget):
    """Rows of a point of the complaint, what was found and the verdict on it; empty rows are left out."""

    template_name = "forms/points.html"
    parts = ("what", "finding", "verdict")
    least = 4

    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.choices = list(choices)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        is_filled = bool(value) or self.is_required
        return {**super().get_context(name, value, attrs), "choices": self.choices, "is_filled": is_filled}


class PointsField(forms.Field):
    def __init__(self, *, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(widget=PointsWidget(choices), **kwargs)
        self.values = {value for value, _title in choices}

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = list(value or [])
        if any(not all(row.values()) or row["verdict"] not in self.values for row in rows):
            raise forms.ValidationError(_("Vul bij elk punt in: het punt, wat u vond en het oordeel."))
        if self.required and not rows:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return rows


def _day_parts(typed: str) -> tuple[int, int, int] | None:
    """Year, month and day as typed, whether or not there is such a day."""
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", typed):
        return int(match[1]), int(match[2]), int(match[3])
    if match := re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", typed):
        return int(match[3]), int(match[2]), int(match[1])
    if match := re.fullmatch(r"(?:[a-z]+ )?(\d{1,2}) ([a-z]{3})[a-z]*\.? (\d{4})", typed):
        for names in (MONTHS, ENGLISH_MONTHS):
            if match[2] in names:
                return int(match[3]), names.index(match[2]) + 1, int(match[1])
        if match[2] == "mrt":
            return int(match[3]), 3, int(match[1])
    return None


def _no_such_day(year: int, month: int, number: int) -> str:
    if not 1 <= month <= 12 or year < 1900:
        return _("Deze datum bestaat niet. Schrijf hem zo: 4-11-2026.")
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    name = wording.month(first)
    return _("%(number)d %(month)s bestaat niet. %(Month)s heeft %(days)d dagen.") % {
        "number": number,
        "month": name,
        "Month": name.capitalize(),
        "days": (following - first).days,
    }
