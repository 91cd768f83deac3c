"""Whether a complaint is a repeat: what the form of an act asks when cases look like the one at hand.

Which question that is, and which answers mean yes and no, the procedure says. A yes is chosen beforehand; a no asks for
a reason in writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from complaints.access import cases_for
from complaints.desk.seats import Seat
from complaints.desk.sheets import LONGEST_REASON
from complaints.desk.standing import Standing
from complaints.forms import AnswersForm
from complaints.models import Case, Party
from complaints.queries.repeats import Repeat, alike, repeats
from procedures.definition import Act, Field, FieldKind, Meaning, Procedure

NO_REPEAT = "no_repeat_reason"  # the question why it is none
ALIKE = "alike_cases"  # among the answers: the numbers of the cases that looked like it when that was said


def question_of(form: AnswersForm) -> Field | None:
    """The question whether the complaint is a repeat, where the form asks it."""
    return next((each for name, each in form.asked.items() if name in form.fields and _choice(each)), None)


def like_case(here: Standing, seat: Seat) -> list[Repeat]:
    """The cases that look like this one, of those that the viewer may know of."""
    return repeats(here.case, cases_for(seat.membership, seat.procedure, at=seat.now), at=seat.now)


def like_typed(procedure: Procedure, act: Act, typed: Any, seat: Seat) -> list[Repeat]:
    """The cases that look like a complaint that is being taken in, as it was typed, of those the viewer may know of."""
    among = cases_for(seat.membership, seat.procedure, at=seat.now)
    complainant = Party(kind=Party.Kind.COMPLAINANT, name=_line(typed, "name"), email=_line(typed, "email"))
    return alike([complainant, *_about(procedure, act, typed)], _subject(typed), among, at=seat.now)


def judge_unseen(form: AnswersForm, question: Field, procedure: Procedure, act: Act, typed: Any, seat: Seat) -> None:
    """Makes the answer yes when cases that the viewer may not know of are about the same person or subject (KC-10).

    Nothing says so on the page: whoever may know of them is told by what the procedure does with a yes.
    """
    yes = _choice(question)

    def judge(cleaned: dict[str, Any]) -> None:
        is_denied = question.meaning_of(cleaned.get(question.name)) is Meaning.NO_REPEAT
        if is_denied and alike(_about(procedure, act, typed), _subject(typed), Case.objects.all(), at=seat.now):
            cleaned[question.name] = yes

    form.judges.append(judge)


def ask_why_none(form: AnswersForm, question: Field, found: Sequence[Repeat]) -> None:
    """Names the cases at the question, chooses yes beforehand, and asks for a reason for a no."""
    yes = _choice(question)
    if not found or yes is None:
        return
    asked = form.fields[question.name]
    form.initial.setdefault(question.name, yes)
    asked.help_text = format_html("{} {}", asked.help_text, _named(found)) if asked.help_text else _named(found)
    if not any(each.means is Meaning.NO_REPEAT for each in question.choices):
        return
    reason = forms.CharField(
        label=format_html(
            '{} <span class="optional">({})</span>',
            _("Waarom is dit geen herhaling?"),
            _("alleen als u hierboven zegt dat het er geen is"),
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_REASON,
        required=False,
    )
    form.put_after(question.name, NO_REPEAT, reason)

    def judge(cleaned: dict[str, Any]) -> None:
        is_denied = question.meaning_of(cleaned.get(question.name)) is Meaning.NO_REPEAT
        if not is_denied:
            cleaned.pop(NO_REPEAT, None)
        elif cleaned.get(NO_REPEAT):
            cleaned[ALIKE] = numbers(found)
        elif NO_REPEAT not in form.errors:
            words = _("Er zijn zaken die hierop lijken: %(cases)s. Schrijf op waarom dit geen herhaling is.")
            form.add_error(NO_REPEAT, words % {"cases": ", ".join(numbers(found))})

    form.judges.append(judge)


def is_denied(form: AnswersForm, question: Field) -> bool:
    """Whether a valid form says that it is no repeat."""
    return question.meaning_of(form.cleaned_data.get(question.name)) is Meaning.NO_REPEAT


def numbers(found: Sequence[Repeat]) -> tuple[str, ...]:
    return tuple(each.case.reference for each in found)


def _choice(field: Field) -> str | None:
    """The answer that says that it is a repeat; None when it is another question."""
    if field.kind is not FieldKind.CHOICE:
        return None
    return next((each.value for each in field.choices if each.means is Meaning.REPEAT), None)


def _named(found: Sequence[Repeat]) -> str:
    rows = format_html_join(
        "",
        '<li><a href="{}">{}</a> {} ({})</li>',
        (
            (
                reverse("desk:case", args=[each.case.reference]),
                each.case.reference,
                each.case.subject,
                ", ".join(map(str, each.reasons)),
            )
            for each in found
        ),
    )
    return format_html("{} <ul>{}</ul>", _("Deze zaken lijken hierop:"), rows)


def _about(procedure: Procedure, act: Act, typed: Any) -> list[Party]:
    """Whom a complaint is about, as it was typed."""
    fields = procedure.fields_of(act)
    return [
        Party(kind=Party.Kind.RESPONDENT, name=_line(typed, each.name))
        for each in fields
        if each.kind is FieldKind.PERSON
    ]


def _subject(typed: Any) -> str:
    return _line(typed, "subject")[:200]


def _line(typed: Any, name: str) -> str:
    return str(typed.get(name, "")).replace("\x00", "").strip()[:500]
