"""The form of a procedure as data: which questions it asks, in which order, and when."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from complaints.intake import representation
from complaints.intake.form import CONFIDENTIALITY, EXCLUSION, NONE_OF_THESE, complaint_form
from complaints.intake.views import in_force_now
from complaints.said import spoken
from complaints.uploads import ALLOWED, MAX_BYTES, MAX_FILES
from procedures.definition import Field, FieldKind, Procedure, Text

router = Router()


class Option(Schema):
    """One answer that may be chosen. `referral`: with this answer the complaint belongs elsewhere, and where."""

    value: str
    title: str
    referral: str = ""


class When(Schema):
    """The question is asked when the answer to another one is, or is not, one of these values."""

    question: str
    values: list[str | bool | int]
    is_negated: bool = False


class Question(Schema):
    """A question of the form. `kind` says what an answer looks like."""

    name: str
    title: str
    kind: str
    is_required: bool
    is_personal: bool
    purpose: str = ""
    help: str = ""
    example: str = ""
    options: list[Option] = []
    when: list[When] = []


class FileRules(Schema):
    """Which files may come along."""

    most: int
    most_bytes: int
    extensions: list[str]


class ComplaintForm(Schema):
    """What is asked of who files a complaint, by the version of the procedure that is in force."""

    organisation: str
    name: str
    version: int
    languages: list[str]
    questions: list[Question]
    files: FileRules


@router.get(
    "/form",
    response=ComplaintForm,
    operation_id="readForm",
    summary="Wat het formulier vraagt",
    description="De vragen van de procedure die nu geldt, in de volgorde van het formulier. Hiervoor is geen sleutel "
    "nodig.",
)
def form(request: HttpRequest) -> ComplaintForm:  # noqa: ARG001
    """The questions in their order, in the language that was asked for."""
    _version, procedure = in_force_now()
    asked = {each.name: each for each in (*procedure.intake.fields, *representation.fields(procedure))}
    return ComplaintForm(
        organisation=procedure.organisation,
        name=procedure.name,
        version=procedure.version,
        languages=list(procedure.languages),
        questions=[
            _question(asked[name]) if name in asked else _beside(name, procedure)
            for name in complaint_form(procedure).fields
        ],
        files=FileRules(most=MAX_FILES, most_bytes=MAX_BYTES, extensions=sorted(ALLOWED)),
    )


def _question(field: Field) -> Question:
    return Question(
        name=field.name,
        title=_in(field.title),
        kind=field.kind,
        is_required=field.required,
        is_personal=field.personal,
        purpose=_in(field.purpose),
        help=_in(field.help),
        example=_in(field.example),
        options=[
            Option(value=each.value, title=_in(each.title), referral=_in(each.referral)) for each in field.choices
        ],
        when=[When(question=each.fact, values=list(each.values), is_negated=each.negated) for each in field.when],
    )


def _beside(name: str, procedure: Procedure) -> Question:
    """What every form asks where the procedure offers a choice: where a complaint belongs, and who may know of it."""
    control = complaint_form(procedure).fields[name]
    referrals = {each.name: each.referral for each in procedure.intake.exclusions} if name == EXCLUSION else {}
    titles = {each.name: each.title for each in procedure.intake.confidentiality} if name == CONFIDENTIALITY else {}
    titles |= {each.name: each.title for each in procedure.intake.exclusions} if name == EXCLUSION else {}
    consequences = {each.name: each.consequence for each in procedure.intake.confidentiality}
    options = [
        Option(
            value=value,
            title=str(label) if value == NONE_OF_THESE else _in(titles[value]),
            referral=_in(referrals[value]) if value in referrals else "",
        )
        for value, label in control.choices  # type: ignore[attr-defined]
    ]
    return Question(
        name=name,
        title=str(control.label),
        kind=FieldKind.CHOICE,
        is_required=True,
        is_personal=False,
        help=" ".join(_in(consequences[each.value]) for each in options if each.value in consequences),
        options=options,
    )


def _in(text: Text) -> str:
    return text.in_language(spoken())
