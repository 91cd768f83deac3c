"""Which document was put to which side: on the case page, on a page of its own, and before a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.actions import sides
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


def of_case(here: Standing) -> Mapping[str, object]:
    """What the case page shows of it. Five queries."""
    return {
        "hearings": query.hearings_of(here.case),
        "requests": query.requests_of(here.case, today=today_of(here)),
        "may_hear": here.is_colleague,
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
    lines = query.matrix(here.case, here.procedure)
    return page(
        request,
        "desk/sides.html",
        {
            "title": _("Wie heeft welk stuk gezien?"),
            "case": here.case,
            "sides": query.sides_of(here.case),
            "lines": lines,
            "missing": len(query.unheard(lines)),
            "may_hear": here.is_colleague,
        },
    )


class PutForm(SideForm):
    def __init__(self, here: Standing, document: Document, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here, self.document = here, document
        self.fields["how"] = forms.ChoiceField(
            label=_("Wat wilt u opschrijven?"),
            choices=[
                (PUT, _("Het hele stuk is voorgelegd")),
                (COPY, _("Een kopie is voorgelegd waaruit delen zijn weggelaten")),
                (WITHHELD, _("Het stuk wordt niet voorgelegd")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
        self.fields["on"] = day_field(
            _("Op welke dag is het voorgelegd?"),
            initial=today_of(here),
            required=False,
            optional=_("alleen bij voorgelegd"),
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
        if how in (PUT, COPY) and "on" not in self.errors:
            self._judge_day(cleaned.get("on"))
        if how == COPY and not cleaned.get("copy") and "copy" not in self.errors:
            self.add_error("copy", _("Voeg hier de kopie toe."))
        if how == PUT and cleaned.get("copy"):
            self.add_error("copy", _("U koos “het hele stuk”. Kies anders, of laat dit leeg."))
        if how == WITHHELD and not cleaned.get("reason"):
            self.add_error("reason", _("Schrijf op waarom niet. Eén zin is genoeg."))
        return cleaned

    def _judge_day(self, on: date | None) -> None:
        if on is None:
            self.add_error("on", _("Vul in op welke dag het is voorgelegd."))
        elif on > today_of(self.here):
            self.add_error("on", _("Deze dag moet nog komen."))
        elif on < self.document.added_at.astimezone(self.here.zone).date():
            self.add_error("on", _("Het stuk kwam pas later binnen."))


@require_http_methods(["GET", "POST"])
@seated
def put(request: HttpRequest, seat: Seat, reference: str, pk: int, party: int) -> HttpResponse:
    """Writes down that a document was put to a side, or why it is not."""
    here = standing(seat, reference)
    lines = query.matrix(here.case, here.procedure)
    line = next((each for each in lines if each.document.pk == pk), None)
    cell = next((each for each in line.cells if each.party.pk == party), None) if line else None
    if line is None or cell is None or cell.known is query.Known.OWN:
        raise Http404
    document, to = line.document, cell.party
    form = PutForm(here, document, data_of(request), request.FILES or None, initial={"reason": cell.reason})

    def do(revision: int) -> object:  # noqa: ARG001  # a cell is written once, whatever else happened in the case
        told = form.cleaned_data
        if told["how"] == WITHHELD:
            return sides.withhold(document, to, told["reason"], actor=here.actor, at=seat.now)
        copy = told["copy"][0] if told["how"] == COPY else None
        return sides.put_to(document, to, on=told["on"], actor=here.actor, at=seat.now, copy=copy)

    title = _("“%(title)s” en %(name)s") % {"title": document.title, "name": named(to)}
    lead = _("Gehoor verstuurt dit stuk niet. U legt het zelf voor, en schrijft hier op dat het is gebeurd.")
    sheet = Sheet(title, lead, _("Bewaar"), "", _("Opgeschreven."), do)
    return show(request, here, form, sheet)
