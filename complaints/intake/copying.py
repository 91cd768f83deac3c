"""A copy on paper of what was filed, for whoever filed it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from complaints.actions import opened_with
from complaints.intake import representation
from complaints.intake.form import CONFIDENTIALITY
from complaints.letters.rendering import mark
from complaints.models import Answer, Case, Event, Party
from complaints.said import in_words, spoken
from procedures import answers
from procedures.catalogue import procedure_of
from procedures.definition import PARTY_FIELDS, FieldKind, Procedure, Text


@dataclass(frozen=True, slots=True)
class Said:
    """A question and its answer, as they were filed."""

    question: str
    answer: str


@never_cache
@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    """The copy of the complaint that this form opened, for who still has the form's nonce."""
    opened = opened_with(str(request.POST.get("nonce", "")) or "-")
    if opened is None:
        raise Http404
    return as_download(opened.case)


def as_download(case: Case) -> HttpResponse:
    """The copy as a PDF to keep."""
    response = HttpResponse(pdf_of(case), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{case.reference}.pdf"'
    return response


def pdf_of(case: Case) -> bytes:
    """What was filed, in the language that it was filed in. It holds no access code."""
    from complaints.letters.printing import paper  # WeasyPrint takes half a second to load

    procedure = procedure_of(case.version)
    with translation.override(case.language):
        page = render_to_string(
            "paper/copy.html",
            {
                "procedure": procedure,
                "mark": mark(procedure.theme),
                "case": case,
                "groups": [(_("Uw klacht"), about_it(case, procedure)), (_("Over u"), about_you(case, procedure))],
                "documents": list(case.documents.filter(event__number=1)),
            },
        )
        return paper(page)


def about_it(case: Case, procedure: Procedure) -> list[Said]:
    """What was filed, in the order of the form; files apart."""
    opening = case.events.get(number=1)
    found = said_at(opening, procedure)
    chosen = Answer.objects.filter(event=opening, name=CONFIDENTIALITY).values_list("value", flat=True).first()
    choice = next((each for each in procedure.intake.confidentiality if each.name == chosen), None)
    if choice:
        found.append(Said(_("Wie mag weten van uw klacht?"), text_of(choice.title)))
    return found


def said_at(event: Event, procedure: Procedure, *, without: Container[FieldKind] = ()) -> list[Said]:
    """What was answered at an act, in the order of its questions, but questions of these kinds; files apart."""
    zone = ZoneInfo(procedure.zone)
    stored = dict(Answer.objects.filter(event=event).values_list("name", "value"))
    return [
        Said(
            text_of(field.title),
            _("[weggelaten: gegevens van een ander]")
            if field.kind in without
            else in_words(field, answers.restore(field, stored[field.name], zone=zone), zone=zone, names={}),
        )
        for field in procedure.fields_of(procedure.act(event.occurrence))
        if field.name in stored and field.kind not in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS)
    ]


def about_you(case: Case, procedure: Procedure) -> list[Said]:
    """The person's own details, and those of who speaks for them."""
    parties = {party.kind: party for party in case.parties.all()}
    person = parties[Party.Kind.COMPLAINANT]
    own = {name: getattr(person, "organisation_name" if name == "organisation" else name) for name in PARTY_FIELDS}
    found = [Said(text_of(each.title), own[each.name]) for each in procedure.intake.fields if own.get(each.name)]
    speaks = parties.get(Party.Kind.REPRESENTATIVE)
    if speaks:
        found.append(Said(text_of(representation.FIELDS[0].title), _("Ja")))
        given = {f"representative_{name}": getattr(speaks, name) for name in ("name", "email", "phone")}
        found += [Said(text_of(each.title), given[each.name]) for each in representation.FIELDS if given.get(each.name)]
    return found


def text_of(text: Text) -> str:
    """A text of the procedure in the active language."""
    return text.in_language(spoken())
