"""Filters for the controls of a form that crispy forms has no template for, and for questions that wait for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from complaints.forms import NO, YES, AnswersForm, FilesField

if TYPE_CHECKING:
    from complaints.models import DraftFile

register = template.Library()


@dataclass(frozen=True, slots=True)
class Waiting:
    """The question that another waits for, and the answers that make it asked, apart by spaces."""

    fact: str
    values: str


@register.filter
def as_opening(label: str) -> str:
    """A label with something behind it on the same line: "Code:", but "Wat is uw naam?"."""
    return label if label.endswith(("?", ".", "!", ":")) else f"{label}:"


@register.filter
def is_files(field: BoundField) -> bool:
    return isinstance(field.field, FilesField)


@register.filter
def condition(field: BoundField) -> Waiting | None:
    """What the question waits for, where a script can see that on the page; None when it is always asked."""
    form = field.form
    asked = form.asked.get(field.name) if isinstance(form, AnswersForm) else None
    for each in asked.when if asked else ():
        if each.fact in form.fields and not each.negated:
            return Waiting(each.fact, " ".join(YES if v is True else NO if v is False else str(v) for v in each.values))
    return None


@register.filter
def of_field(kept: Sequence[DraftFile], name: str) -> list[DraftFile]:
    """The kept files that answer this question."""
    return [each for each in kept if each.field == name]


@register.filter
def as_control(field: BoundField) -> SafeString:
    """The bare control, with the classes and descriptions of the house."""
    described = [f"{field.auto_id}_helptext"] + ([f"{field.auto_id}_error"] if field.errors else [])
    attributes: dict[str, Any] = {"class": "form-control", "aria-describedby": " ".join(described)}
    if field.errors:
        attributes |= {"class": "form-control is-invalid", "aria-invalid": "true"}
    return field.as_widget(attrs=attributes)
