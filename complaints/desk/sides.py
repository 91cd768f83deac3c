"""Which document was put to which side: on the case page, on a page of its own, and before a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.access import cases_for
from complaints.actions import disclosing
from complaints.actions.correspondence import addressee_of
from complaints.desk.seats import Seat, page, seated
from complaints.desk.sheets import (
    LONGEST_REASON,
    Sheet,
    SideForm,
    data_of,
    day_field,
    labelled,
    named,
    show,
    text_field,
    today_of,
)
from complaints.desk.standing import Standing, standing
from complaints.forms import FilesField
from complaints.models import Document, Party
from complaints.queries import sides as query
from procedures.definition import Act

UNHEARD = "unheard_reason"  # the question on the form of an act that decides
PUT, COPY, WITHHELD = "put", "copy", "withheld"


def of_case(here: Standing) -> Mapping[str, Any]:
    """What the case page shows of it. Five queries."""
    return {
        "hearings": query.hearings_of(here.case),
        "requests": query.requests_of(here.case, today=today_of(here)),
        "may_hear": here.is_colleague and not here.state.is_stopped,
    }


def hold_back(form: forms.Form, here: Standing, act: Act) -> None:
    """Asks for a reason on the form of an act that decides, while a document was not put to somebody."""
    missing = query.unheard(query.matrix(here.case, here.procedure)) if query.is_decision(here.procedure, act) else []
    if not missing:
        return
    rows = format_html_join("", "<li>{}</li>", ((_not_put(document, party),) for document, party in missing))
    form.fields[UNHEARD] = forms.CharField(
        label=_("Waarom kan het besluit toch?"),
        help_text=format_html(
            '{} <ul>{}</ul> <a href="{}">{}</a>',
            _("Nog niet iedereen heeft op alle stukken kunnen reageren:"),
            rows,
            reverse("desk:sides", args=[here.case.reference]),
            _("Leg ze eerst voor, of schrijf per stuk op waarom niet."),
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Schrijf op waarom het besluit toch kan. Of leg de stukken eerst voor.")},
    )


def _not_put(document: Document, party: Party) -> str:
    return _("“%(title)s” is niet voorgelegd aan %(name)s.") % {"title": document.title, "name": named(party)}


@require_GET
@seated
def matrix_page(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Which document was put to whom, with what is still to be done."""
    here = standing(seat, reference)
    lines = _lines(here, seat)
    return page(
        request,
        "desk/sides.html",
        {
            "title": _("Wie heeft welk stuk gezien?"),
            "case": here.case,
            "sides": query.sides_of(here.case),
            "lines": lines,
            "missing": len(query.unheard(lines)),
            "may_hear": here.is_colleague and not here.state.is_stopped,
        },
    )


def _lines(here: Standing, seat: Seat) -> list[query.Line]:
    """The lines that the viewer may know of: a case that was merged into this one is opened by the one door too."""
    lines = query.matrix(here.case, here.procedure)
    if all(each.document.case_id == here.case.pk for each in lines):
        return lines
    known = {each.pk for each in cases_for(seat.membership, seat.procedure, at=seat.now).filter(merged_into=here.case)}
    return [each for each in lines if each.document.case_id in known | {here.case.pk}]


class PutForm(SideForm):
    def __init__(self, here: Standing, document: Document, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here, self.document = here, document
        self.fields["how"] = forms.ChoiceField(
            label=_("Wat krijgen zij te zien?"),
            choices=[
                (PUT, _("Het hele stuk wordt voorgelegd")),
                (COPY, _("Een kopie wordt voorgelegd waaruit delen zijn weggelaten")),
                (WITHHELD, _("Het stuk wordt niet voorgelegd")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
        self.fields["on"] = day_field(
            _("Hebt u het al zelf gegeven? Op welke dag?"),
            required=False,
            optional=_("laat dit leeg als zij het nog niet hebben"),
        )
        self.fields["copy"] = FilesField(
            most=1,
            required=False,
            label=labelled(_("De kopie"), _("alleen als er delen zijn weggelaten")),
            help_text=_("Controleer of de weggelaten delen echt weg zijn, en niet alleen zwart gemaakt."),
        )
        self.fields["reason"] = text_field(
            _("Waarom wordt het niet voorgelegd?"),
            rows=3,
            longest=LONGEST_REASON,
            required=False,
            optional=_("alleen bij niet voorgelegd"),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        how = cleaned.get("how")
        if how in (PUT, COPY) and cleaned.get("on"):
            self._judge_day(cleaned["on"])
        if how == COPY and "copy" not in self.errors:
            self._judge_copy(cleaned.get("copy") or [])
        if how == PUT and cleaned.get("copy"):
            self.add_error("copy", _("U koos “het hele stuk”. Kies anders, of laat dit leeg."))
        if how == WITHHELD and not cleaned.get("reason"):
            self.add_error("reason", _("Schrijf op waarom niet. Eén zin is genoeg."))
        return cleaned

    def _judge_day(self, on: date) -> None:
        if on > today_of(self.here):
            self.add_error("on", _("Deze dag moet nog komen."))
        elif on < self.document.added_at.astimezone(self.here.zone).date():
            self.add_error("on", _("Het stuk kwam pas later binnen."))

    def _judge_copy(self, copy: list[UploadedFile[bytes]]) -> None:
        if not copy:
            self.add_error("copy", _("Voeg hier de kopie toe."))
        elif disclosing.is_same(self.document, copy[0]):
            self.add_error("copy", disclosing.unchanged())


@require_http_methods(["GET", "POST"])
@seated
def put(request: HttpRequest, seat: Seat, reference: str, pk: int, party: int) -> HttpResponse:
    """Puts a document to a side, whole or in part, or writes down why not."""
    here = standing(seat, reference)
    lines = _lines(here, seat)
    line = next((each for each in lines if each.document.pk == pk), None)
    cell = next((each for each in line.cells if each.party.pk == party), None) if line else None
    if line is None or cell is None or cell.known is query.Known.OWN:
        raise Http404
    document, to = line.document, cell.party
    form = PutForm(here, document, data_of(request), request.FILES or None, initial={"reason": cell.reason})

    def do(revision: int) -> object:  # noqa: ARG001  # a cell is written once, whatever else happened in the case
        told = form.cleaned_data
        if told["how"] == WITHHELD:
            return disclosing.withhold(document, to, told["reason"], actor=here.actor, at=seat.now)
        copy = told["copy"][0] if told["how"] == COPY else None
        return disclosing.put_to(document, to, given_on=told["on"], actor=here.actor, at=seat.now, copy=copy)

    title = _("“%(title)s” en %(name)s") % {"title": document.title, "name": named(to)}
    sheet = Sheet(title, _way_to(to, here), _("Bewaar"), "", _("Opgeschreven."), do)
    return show(request, here, form, sheet)


def _way_to(party: Party, here: Standing) -> str:
    """How a document reaches somebody to whom it is put."""
    email = addressee_of(party, here.case).recipient.email
    if party.kind == Party.Kind.COMPLAINANT:
        told = _("Het stuk komt op de eigen pagina van de indiener.")
        how = _("De indiener krijgt daarvan een e-mail.") if email else _("De indiener krijgt daarvan een brief.")
        return f"{told} {how}"
    if email:
        return _("Het stuk gaat mee met een e-mail naar %(email)s.") % {"email": email}
    return _("Er komt een brief om te posten. Doe het stuk er op papier bij.")
