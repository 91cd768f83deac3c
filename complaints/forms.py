"""Forms made from what a procedure asks: one control for each field of the document, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from crispy_forms.helper import FormHelper
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext as _

from complaints import uploads
from complaints.controls import DayField, FilesField, MeasuresField, MomentField, PointsField
from procedures import engine, wording
from procedures.definition import PARTY_FIELDS, Condition, Fact, Field, FieldKind, Procedure

__all__ = ["LONGEST", "NO", "YES", "AnswersForm", "DayField", "FilesField", "MomentField", "form_for"]

Members = Mapping[str, Sequence[tuple[str, str]]]

AUTOCOMPLETE = {
    "name": "name",
    "organisation": "organization",
    "email": "email",
    "phone": "tel",
    "address": "address-line1",
    "postcode": "postal-code",
    "town": "address-level2",
}
LENGTHS = {"postcode": 12, "town": 100}  # as the party's columns; others 200
YES, NO = "yes", "no"
LONGEST = 20_000  # characters of a long answer


class AnswersForm(forms.Form):
    """What an act asks. Conditional fields are always shown, and required only when their condition holds.

    `kept` names the fields for which files are kept already; `left_out` those that other answers made needless;
    `refused` says of files that came before why they were not kept; `judges` look at the answers together, last.
    """

    def __init__(self, asked: Sequence[Field], facts: Mapping[str, Fact], done: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked = {each.name: each for each in asked}
        self.kept: set[str] = set()
        self.left_out: set[str] = set()
        self.refused: Mapping[str, Sequence[str]] = {}
        self.judges: list[Callable[[dict[str, Any]], None]] = []
        self._facts = dict(facts)
        self._done = tuple(done)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        known = {**self._facts, **{name: value for name, value in cleaned.items() if value not in (None, "", [])}}
        for name, each in self.asked.items():
            if each.kind is FieldKind.YES_NO and name in cleaned:
                known[name] = cleaned[name] == YES
        for name, each in self.asked.items():
            if not engine.is_asked(each, known, self._done):
                cleaned.pop(name, None)
                self.errors.pop(name, None)
                self.left_out.add(name)
            elif each.required and cleaned.get(name) in (None, "", []) and name not in self.kept | set(self.errors):
                self.add_error(name, forms.ValidationError(_required(each), code="required"))
        for name, said in self.refused.items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, list(said))
        for judge in self.judges:
            judge(cleaned)
        return cleaned

    def forget_open_questions(self) -> list[str]:
        """Takes away the errors of what was left empty, where that is no error yet; the labels of those questions."""
        still_open = [
            name
            for name, wrong in self.errors.as_data().items()
            if all(each.code == "required" for each in wrong) and name in self.fields
        ]
        for name in still_open:
            del self.errors[name]
        return [str(self.fields[name].label) for name in still_open]

    def put_after(self, name: str, added: str, field: forms.Field) -> None:
        """Adds a question that is none of the act's, below the one that it belongs to."""
        fields: dict[str, forms.Field] = {}
        for each, known in self.fields.items():
            fields[each] = known
            if each == name:
                fields[added] = field
        self.fields = fields

    def answers(self) -> dict[str, object]:
        """The answers as the engine takes them; files apart."""
        found: dict[str, object] = {}
        for name, value in self.cleaned_data.items():
            field = self.asked.get(name)
            if field is not None and field.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
                continue
            if value in (None, "", []):
                continue
            found[name] = value.isoformat() if isinstance(value, date) else value
        return found

    def files_by_field(self) -> dict[str, list[UploadedFile[bytes]]]:
        """The files, by field."""
        return {
            name: list(self.cleaned_data.get(name) or [])
            for name, field in self.asked.items()
            if field.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS) and self.cleaned_data.get(name)
        }

    def take_refusal(self, refusal: engine.ActRefused, *, language: str = "nl") -> None:
        """Puts the procedure's reasons where they belong: at the fields, else above the form."""
        for name, reason in refusal.fields.items():
            self.add_error(name if name in self.fields else None, reason.in_language(language))
        if not refusal.fields:
            self.add_error(None, refusal.reason.in_language(language))


def form_for(
    procedure: Procedure,
    asked: Sequence[Field],
    *,
    facts: Mapping[str, Fact] | None = None,
    done: Sequence[str] = (),
    members: Members | None = None,
    audience: str = "public",
    data: Any = None,
    files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
    initial: Mapping[str, object] | None = None,
    language: str = "nl",
) -> AnswersForm:
    """A form with a control for each field. `members` gives, for each role, who may be chosen (key, name)."""
    known = {each.name: each for each in (*procedure.every_field(), *asked)}
    if facts:
        asked = list(_settled(asked, facts, done))
    form = AnswersForm(asked, facts or {}, done, data=data, files=files, initial=dict(initial or {}))
    for each in asked:
        form.fields[each.name] = _control(procedure, each, known, members or {}, language, audience)
    return form


def _settled(asked: Sequence[Field], facts: Mapping[str, Fact], done: Sequence[str]) -> Iterator[Field]:
    """The fields without those that earlier answers make needless; what earlier answers ask for is asked plainly."""
    here = {each.name for each in asked}
    for each in asked:
        if here.isdisjoint(condition.fact for condition in each.when):
            if engine.is_asked(each, facts, done):
                yield replace(each, when=())
        else:
            yield each


def _control(
    procedure: Procedure, asked: Field, known: Mapping[str, Field], members: Members, language: str, audience: str
) -> forms.Field:
    common: dict[str, Any] = {
        "label": _label(asked, known, language),
        "help_text": _help(asked, language),
        "required": asked.required and not asked.when,
        "error_messages": {"required": _required(asked)},
    }
    attributes = (
        {"autocomplete": AUTOCOMPLETE[asked.name]} if asked.name in AUTOCOMPLETE and audience == "public" else {}
    )
    match asked.kind:
        case FieldKind.LONG_TEXT:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 6, **attributes}), max_length=LONGEST, **common)
        case FieldKind.EMAIL:
            common["error_messages"]["invalid"] = _("Dit is geen e-mailadres. Schrijf het zo: naam@voorbeeld.nl.")
            return forms.EmailField(widget=forms.EmailInput(attrs=attributes), **common)
        case FieldKind.PHONE:
            attributes["inputmode"] = "tel"
            return forms.CharField(widget=forms.TextInput(attrs=attributes), max_length=40, **common)
        case FieldKind.NUMBER:
            return forms.IntegerField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), **common)
        case FieldKind.DATE:
            return DayField(widget=forms.TextInput(attrs={"class": "dateinput", **attributes}), **common)
        case FieldKind.MOMENT:
            return MomentField(zone=ZoneInfo(procedure.zone), widget=forms.TextInput(attrs=attributes), **common)
        case FieldKind.YES_NO:
            return forms.ChoiceField(choices=[(YES, _("Ja")), (NO, _("Nee"))], widget=forms.RadioSelect, **common)
        case FieldKind.CHOICE:
            choices = [(each.value, each.title.in_language(language)) for each in asked.choices]
            if not common["required"]:
                choices = [("", _("Ik kies niets")), *choices]
            widget = forms.RadioSelect if len(choices) <= 8 else forms.Select
            return forms.ChoiceField(choices=choices, widget=widget, **common)
        case FieldKind.CHOICES:
            choices = [(each.value, each.title.in_language(language)) for each in asked.choices]
            return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
        case FieldKind.MEMBER:
            people = [("", _("Kies een persoon")), *members.get(asked.role, ())]
            return forms.ChoiceField(choices=people, **common)
        case FieldKind.MEMBERS:
            return forms.MultipleChoiceField(
                choices=list(members.get(asked.role, ())), widget=forms.CheckboxSelectMultiple, **common
            )
        case FieldKind.DOCUMENT:
            return FilesField(most=1, **common)
        case FieldKind.DOCUMENTS:
            return FilesField(most=uploads.MAX_FILES, **common)
        case FieldKind.MEASURES:
            return MeasuresField(**common)
        case FieldKind.POINTS:
            choices = [(each.value, each.title.in_language(language)) for each in asked.choices]
            return PointsField(choices=choices, **common)
        case _:
            longest = LENGTHS.get(asked.name, 200 if asked.name in (*PARTY_FIELDS, "subject") else 500)
            return forms.CharField(widget=forms.TextInput(attrs=attributes), max_length=longest, **common)


# ------------------------------------------------------------------------------------------------ words


def _label(asked: Field, known: Mapping[str, Field], language: str) -> str:
    title = asked.title.in_language(language)
    if asked.when:
        note = _condition_note(known, asked.when, language)
        return format_html('{} <span class="optional">({})</span>', title, note) if note else title
    if asked.required:
        return title
    return format_html('{} <span class="optional">({})</span>', title, _("mag u overslaan"))


def _condition_note(known: Mapping[str, Field], conditions: tuple[Condition, ...], language: str) -> str:
    """When the question has to be answered, in words: 'alleen als u bij "…" "Ja" kiest'."""
    for condition in conditions:
        field = known.get(condition.fact)
        if field is None or condition.negated:
            continue
        if field.kind is FieldKind.YES_NO:
            chosen = [_("Ja") if value else _("Nee") for value in condition.values]
        else:
            chosen = [field.choice_title(value).in_language(language) for value in condition.values]
        return _("alleen als u bij “%(question)s” kiest voor: %(answers)s") % {
            "question": field.title.in_language(language),
            "answers": wording.joined(chosen),
        }
    return _("mag u overslaan")


def _help(asked: Field, language: str) -> str:
    parts = [asked.help.in_language(language), asked.purpose.in_language(language)]
    if asked.example:
        parts.append(_("Bijvoorbeeld: %(example)s") % {"example": asked.example.in_language(language)})
    if asked.kind is FieldKind.DATE and not asked.example:
        parts.append(_("Bijvoorbeeld: 4-11-2026."))
    if asked.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
        parts.append(_("Foto, pdf, Word, Excel of tekst. Per bestand hoogstens 10 MB, samen hoogstens 10 bestanden."))
    return " ".join(part for part in parts if part)


def _required(asked: Field) -> str:
    if asked.kind in (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO, FieldKind.MEMBER, FieldKind.MEMBERS):
        return _("Kies hier een antwoord.")
    if asked.kind in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS):
        return _("Voeg hier een bestand toe.")
    if asked.kind is FieldKind.LONG_TEXT:
        return _("Vul dit in. Eén zin is genoeg.")
    return _("Vul dit in.")
