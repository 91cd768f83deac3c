"""The form that opens a case: its questions, what was typed in them, and how a check page shows the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from complaints.forms import YES, AnswersForm, FilesField, form_for
from complaints.intake import representation
from complaints.models import Draft, DraftFile
from complaints.said import in_words, spoken
from procedures import answers, engine
from procedures.calendars import Calendar
from procedures.definition import PARTY_FIELDS, Field, FieldKind, Procedure

EXCLUSION, CONFIDENTIALITY = "exclusion", "confidentiality"
NONE_OF_THESE = "none"


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer on the check page, with the question that it answers."""

    name: str
    question: str
    said: str
    files: Sequence[str] = ()


def complaint_form(
    procedure: Procedure,
    *,
    data: QueryDict | None = None,
    files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
    draft: Draft | None = None,
) -> AnswersForm:
    """What the procedure asks, after where the complaint belongs, and before who speaks and who may know.

    With `data` it judges what was typed; a draft it shows again, and judges when somebody asked for that. Files that
    the draft keeps count as answers.
    """
    language = spoken()
    kept = {each.field for each in draft.files.all()} if draft else set()
    refused: Mapping[str, Sequence[str]] = {}
    if data is None and draft and draft.is_judged:
        data, refused = _as_sent(draft.answers), draft.problems
    form = form_for(
        procedure,
        (*procedure.intake.fields, *representation.fields(procedure)),
        data=data,
        files=files,
        initial={representation.REPRESENTED: "no"} | (as_initial(draft.answers) if draft else {}),
        language=language,
    )
    form.kept = kept
    for name in kept & set(form.fields):
        form.fields[name].required = False
    if procedure.intake.exclusions:
        choices = [(each.name, each.title.in_language(language)) for each in procedure.intake.exclusions]
        form.fields[EXCLUSION] = forms.ChoiceField(
            label=_("Gaat uw klacht over een van deze dingen?"),
            choices=[(NONE_OF_THESE, _("Nee, over iets anders")), *choices],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
    if procedure.intake.confidentiality:
        form.fields[CONFIDENTIALITY] = forms.ChoiceField(
            label=_("Wie mag weten van uw klacht?"),
            choices=[
                (each.name, f"{each.title.in_language(language)} {each.consequence.in_language(language)}".strip())
                for each in procedure.intake.confidentiality
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
    form.refused = refused
    form.order_fields([name for _heading, names in groups(form, procedure) for name in names])
    return form


def groups(form: AnswersForm, procedure: Procedure) -> list[tuple[str, list[str]]]:
    """The names of the questions in their order, under a heading each."""
    asked = procedure.intake.fields
    about_it = [EXCLUSION, *(each.name for each in asked if each.name not in PARTY_FIELDS)]
    about_you = [each.name for each in asked if each.name in PARTY_FIELDS]
    speaking = [each.name for each in representation.fields(procedure)]
    found = [(_("Uw klacht"), about_it), (_("Over u"), [*about_you, *speaking, CONFIDENTIALITY])]
    return [(heading, [name for name in names if name in form.fields]) for heading, names in found]


def typed(form: AnswersForm, data: QueryDict) -> dict[str, list[str]]:
    """What was typed, wrong or not, as a draft keeps it; files apart."""
    return {
        name: data.getlist(name)
        for name, field in form.fields.items()
        if name in data and not isinstance(field, FilesField)
    }


def passed(form: AnswersForm) -> dict[str, list[UploadedFile[bytes]]]:
    """The files that came with the form and passed the gate, by question. Ask after the form was judged."""
    return {name: field.passed for name, field in form.fields.items() if isinstance(field, FilesField) and field.passed}


def refusals(form: AnswersForm) -> dict[str, list[str]]:
    """What was said of files that did not pass the gate, by question. Ask after the form was judged."""
    return {
        name: [str(each) for each in form.errors[name]]
        for name, field in form.fields.items()
        if isinstance(field, FilesField) and name in form.errors and field.refused
    }


def check_page(form: AnswersForm, procedure: Procedure, kept: Sequence[DraftFile]) -> list[tuple[str, list[Shown]]]:
    """The answers of a form that was judged good, in words. Questions that other answers made needless are left out."""
    asked = {each.name: each for each in (*procedure.intake.fields, *representation.fields(procedure))}
    files: dict[str, list[str]] = {}
    for each in kept:
        files.setdefault(each.field, []).append(each.title)
    return [
        (
            heading,
            [
                Shown(
                    name,
                    _question(form, asked, name),
                    _said(form, asked.get(name), name, procedure),
                    files.get(name, ()),
                )
                for name in names
                if name not in form.left_out and name != EXCLUSION
            ],
        )
        for heading, names in groups(form, procedure)
    ]


def referral(procedure: Procedure, chosen: str) -> tuple[str, str] | None:
    """What to do with a complaint that has to be filed elsewhere: what it is about, and where to go."""
    language = spoken()
    for each in procedure.intake.exclusions:
        if each.name == chosen:
            return each.title.in_language(language), each.referral.in_language(language)
    return None


def late_words(procedure: Procedure, given: Mapping[str, object], *, at: datetime, calendar: Calendar) -> str:
    """What to say of a complaint whose filing window is over at the instant `at`; empty when it is not."""
    window = procedure.intake.window
    if window is None or window.from_fact not in given:
        return ""
    field = next(each for each in procedure.intake.fields if each.name == window.from_fact)
    day = answers.parse(field, given[window.from_fact], zone=ZoneInfo(procedure.zone))
    is_late = engine.filed_late(procedure, {window.from_fact: day}, at=at, calendar=calendar)
    return window.late.in_language(spoken()) if is_late else ""


def _as_sent(kept: Mapping[str, Sequence[str]]) -> QueryDict:
    sent = QueryDict(mutable=True)
    for name, values in kept.items():
        sent.setlist(name, list(values))
    return sent


def as_initial(kept: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """What a draft keeps, as a form shows it before it judges anything."""
    return {name: values[0] if len(values) == 1 else list(values) for name, values in kept.items() if values}


def _question(form: AnswersForm, asked: Mapping[str, Field], name: str) -> str:
    if name in asked:
        return asked[name].title.in_language(spoken())
    return str(form.fields[name].label)


def _said(form: AnswersForm, asked: Field | None, name: str, procedure: Procedure) -> str:
    value = form.cleaned_data.get(name)
    if value in (None, "", []) or (asked and asked.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS)):
        return ""
    if asked is None:
        chosen = next((each for each in procedure.intake.confidentiality if each.name == value), None)
        return chosen.title.in_language(spoken()) if chosen else str(value)
    if asked.kind is FieldKind.YES_NO:
        value = value == YES
    fact = tuple(value) if isinstance(value, list) else value
    if isinstance(fact, (str, bool, int, date, tuple)):
        return in_words(asked, fact, zone=ZoneInfo(procedure.zone), names={})
    return str(fact)
