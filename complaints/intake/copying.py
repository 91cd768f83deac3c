"""A copy on paper of what was filed, for whoever filed it."""

from __future__ import annotations

from collections.abc import Mapping
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
from complaints.letters.rendering import mark
from complaints.models import Case, Party
from complaints.said import in_words
from procedures import answers
from procedures.catalogue import procedure_of
from procedures.definition import PARTY_FIELDS, Field, FieldKind, Procedure


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
    """The answers that were filed, in the order of the form; files apart."""
    fields: Mapping[str, Field] = {each.name: each for each in procedure.fields_of(procedure.act(_opening(case)))}
    stored = {row.name: row.value for row in case.answers.filter(event__number=1)}
    zone = ZoneInfo(procedure.zone)
    found = [
        Said(
            field.title.in_language(case.language),
            in_words(field, answers.restore(field, stored[name], zone=zone), zone=zone, names={}),
        )
        for name, field in fields.items()
        if name in stored and field.kind not in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS)
    ]
    chosen = next(
        (each for each in procedure.intake.confidentiality if each.name == stored.get("confidentiality")), None
    )
    if chosen:
        found.append(Said(_("Wie mag weten van uw klacht?"), chosen.title.in_language(case.language)))
    return found


def about_you(case: Case, procedure: Procedure) -> list[Said]:
    """The person's own details, and those of who speaks for them."""
    parties = {party.kind: party for party in case.parties.all()}
    person = parties[Party.Kind.COMPLAINANT]
    own = {name: getattr(person, "organisation_name" if name == "organisation" else name) for name in PARTY_FIELDS}
    found = [
        Said(each.title.in_language(case.language), own[each.name])
        for each in procedure.intake.fields
        if own.get(each.name)
    ]
    speaks = parties.get(Party.Kind.REPRESENTATIVE)
    if speaks:
        given = {"name": speaks.name, "email": speaks.email, "phone": speaks.phone}
        found.append(Said(representation.FIELDS[0].title.in_language(case.language), _("Ja")))
        found += [
            Said(each.title.in_language(case.language), given[each.name.removeprefix("representative_")])
            for each in representation.FIELDS
            if given.get(each.name.removeprefix("representative_"))
        ]
    return found


def _opening(case: Case) -> str:
    return case.events.get(number=1).occurrence
