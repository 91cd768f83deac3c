"""Talks, statements and requests at the desk: how the parties are heard."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints.actions import hearings, requests
from complaints.desk.seats import Seat, seated
from complaints.desk.sheets import (
    LONGEST_REASON,
    Sheet,
    SideForm,
    at_once,
    back_to,
    chosen,
    data_of,
    day_field,
    line_field,
    numbers,
    party_field,
    reached,
    show,
    text_field,
    today_of,
)
from complaints.desk.standing import Standing, standing
from complaints.forms import LONGEST, FilesField, MomentField
from complaints.letters.invitation import Talk
from complaints.models import Hearing, Party, Request


class TalkForm(SideForm):
    def __init__(self, here: Standing, *args: Any, parties: list[Party] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here = here
        if parties is not None:
            self.fields["parties"] = forms.MultipleChoiceField(
                label=_("Wie nodigt u uit?"),
                choices=[(str(each.pk), reached(each, here)) for each in parties],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Kies wie u uitnodigt.")},
            )
        self.fields["starts_at"] = MomentField(
            zone=here.zone,
            label=_("Wanneer begint het gesprek?"),
            help_text=_("Bijvoorbeeld: 4-11-2026 14.30."),
            widget=forms.TextInput(attrs={"class": "dateinput"}),
            error_messages={"required": _("Vul dit in.")},
        )
        self.fields["minutes"] = forms.IntegerField(
            label=_("Hoeveel minuten duurt het?"),
            initial=60,
            min_value=5,
            max_value=600,
            widget=forms.NumberInput(attrs={"class": "dateinput"}),
            error_messages={
                "required": _("Vul dit in."),
                "invalid": _("Schrijf een getal, bijvoorbeeld 60."),
                "min_value": _("Een gesprek duurt minstens 5 minuten."),
                "max_value": _("Een gesprek duurt hoogstens 600 minuten."),
            },
        )
        self.fields["place"] = line_field(
            _("Waar is het?"), _("Een adres, een telefoonnummer of een link."), longest=300
        )
        self.fields["note"] = text_field(_("Wat moeten zij nog weten?"), rows=4, longest=LONGEST_REASON, required=False)

    def clean_starts_at(self) -> object:
        starts_at = self.cleaned_data["starts_at"]
        if starts_at <= self.here.now:
            raise forms.ValidationError(_("Dit moment is al voorbij. Kies een moment dat nog komt."))
        return starts_at

    @property
    def talk(self) -> Talk:
        told = self.cleaned_data
        return Talk(
            starts_at=told["starts_at"], minutes=told["minutes"], place=told["place"], note=told.get("note") or ""
        )


@require_http_methods(["GET", "POST"])
@seated
def invite(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    here = standing(seat, reference)
    parties = list(here.case.parties.select_related("membership__user"))
    form = TalkForm(here, data_of(request), parties=parties)

    def do(revision: int) -> object:
        invited = [each for each in parties if str(each.pk) in form.cleaned_data["parties"]]
        return hearings.invite(here.case, form.talk, invited, actor=here.actor, at=seat.now, revision=revision)

    lead = _(
        "Wie een e-mailadres heeft, krijgt een e-mail met een afspraak voor de agenda. Voor de anderen komt er een "
        "brief om te posten."
    )
    return show(
        request,
        here,
        form,
        Sheet(
            _("Nodig uit voor een gesprek"),
            lead,
            _("Verstuur de uitnodiging"),
            "gesprekken",
            _("De uitnodiging gaat nu weg."),
            do,
        ),
    )


@require_http_methods(["GET", "POST"])
@seated
def move(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    here = standing(seat, reference)
    hearing = _hearing(here, pk)
    initial = {name: getattr(hearing, name) for name in ("starts_at", "minutes", "place", "note")}
    form = TalkForm(here, data_of(request), initial=initial)
    return show(
        request,
        here,
        form,
        Sheet(
            _("Verplaats het gesprek"),
            _("Iedereen die is uitgenodigd, krijgt hiervan bericht. In de agenda schuift de afspraak mee."),
            _("Verplaats het gesprek"),
            "gesprekken",
            _("Het gesprek is verplaatst. Het bericht gaat nu weg."),
            lambda revision: hearings.move(hearing, form.talk, actor=here.actor, at=seat.now, revision=revision),
        ),
    )


@require_POST
@seated
def cancel(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Calls a talk off."""
    here = standing(seat, reference)
    hearing = _hearing(here, pk)
    return at_once(
        request,
        here,
        "gesprekken",
        _("Het gesprek is afgezegd. Het bericht gaat nu weg."),
        lambda: hearings.cancel(hearing, actor=here.actor, at=seat.now),
    )


# ------------------------------------------------------------------------------------------- reports and statements


class WordsForm(SideForm):
    """Words that were typed, or a file; not both."""

    def __init__(self, *args: Any, parties: list[Party] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if parties is not None:
            self.fields["party"] = party_field(_("Van wie is de verklaring?"), parties)
        self.fields["text"] = text_field(_("Typ wat er is gezegd"), rows=10, longest=LONGEST, required=False)
        self.fields["file"] = FilesField(
            most=1,
            required=False,
            label=_("Of kies een bestand"),
            help_text=_("Foto, pdf, Word, Excel of tekst. Hoogstens 10 MB."),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("text")) == bool(cleaned.get("file")):
            self.add_error("text", _("Typ de tekst, of kies een bestand. Niet allebei."))
        return cleaned

    def document(self, name: str) -> UploadedFile[bytes]:
        """The file, or one of what was typed, by this name."""
        sent = self.cleaned_data.get("file")
        return sent[0] if sent else hearings.typed(name, self.cleaned_data["text"])


@require_http_methods(["GET", "POST"])
@seated
def report(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Keeps what was said at a talk."""
    here = standing(seat, reference)
    hearing = _hearing(here, pk)
    form = WordsForm(data_of(request), request.FILES or None)
    name = _("Verslag gesprek %(day)s") % {"day": numbers(hearing.starts_at.astimezone(here.zone).date())}
    return show(
        request,
        here,
        form,
        Sheet(
            _("Schrijf het verslag van het gesprek"),
            _("Het verslag komt bij de stukken. Leg het daarna voor aan beide partijen."),
            _("Bewaar het verslag"),
            "gesprekken",
            _("Het verslag staat bij de stukken."),
            lambda revision: hearings.keep_report(
                hearing, form.document(name), actor=here.actor, at=seat.now, revision=revision
            ),
        ),
    )


@require_http_methods(["GET", "POST"])
@seated
def statement(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Keeps what a party stated."""
    here = standing(seat, reference)
    parties = list(here.case.parties.all())
    form = WordsForm(data_of(request), request.FILES or None, parties=parties)
    name = _("Verklaring %(day)s") % {"day": numbers(today_of(here))}

    def do(revision: int) -> object:
        party = chosen(form, parties)
        return hearings.keep_statement(party, form.document(name), actor=here.actor, at=seat.now, revision=revision)

    return show(
        request,
        here,
        form,
        Sheet(
            _("Voeg een verklaring toe"),
            _("De verklaring komt bij de stukken. Wie haar gaf, kent haar al; leg haar voor aan de andere partij."),
            _("Bewaar de verklaring"),
            "gesprekken",
            _("De verklaring staat bij de stukken."),
            do,
        ),
    )


# ------------------------------------------------------------------------------------------------------------- requests


class AskForm(SideForm):
    def __init__(self, here: Standing, *args: Any, parties: list[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here = here
        self.fields["party"] = party_field(_("Aan wie vraagt u iets?"), parties)
        self.fields["what"] = text_field(
            _("Wat vraagt u?"), rows=5, longest=LONGEST_REASON, help_text=_("Dit staat zo in de brief.")
        )
        self.fields["due_on"] = day_field(_("Wat is de laatste dag?"))

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on <= today_of(self.here):
            raise forms.ValidationError(_("Kies een dag na vandaag."))
        if (due_on - today_of(self.here)).days > 366:
            raise forms.ValidationError(_("Kies een dag binnen een jaar."))
        return due_on


@require_http_methods(["GET", "POST"])
@seated
def ask(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    here = standing(seat, reference)
    parties = list(here.case.parties.all())
    form = AskForm(here, data_of(request), parties=parties)

    def do(revision: int) -> object:
        told = form.cleaned_data
        party = chosen(form, parties)
        return requests.ask(
            party, told["what"], due_on=told["due_on"], actor=here.actor, at=seat.now, revision=revision
        )

    lead = _(
        "De indiener ziet de vraag ook op de eigen pagina, en krijgt twee werkdagen voor de laatste dag een "
        "herinnering per e-mail."
    )
    return show(
        request,
        here,
        form,
        Sheet(_("Vraag een partij iets"), lead, _("Verstuur de vraag"), "verzoeken", _("De vraag gaat nu weg."), do),
    )


@require_POST
@seated
def met(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Says that what was asked has come."""
    here = standing(seat, reference)
    asked = _request(here, pk)
    return at_once(
        request,
        here,
        "verzoeken",
        _("Opgeschreven: het is er."),
        lambda: requests.meet_request(asked, actor=here.actor, at=seat.now),
    )


@require_POST
@seated
def withdraw(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Says that it need not come any more, and why."""
    here = standing(seat, reference)
    asked = _request(here, pk)
    reason = str(request.POST.get("reason", "")).strip()[:500]
    if not reason:
        messages.error(request, _("Schrijf op waarom dit niet meer nodig is."))
        return back_to(here, "verzoeken")
    return at_once(
        request,
        here,
        "verzoeken",
        _("Opgeschreven: dit is niet meer nodig."),
        lambda: requests.withdraw_request(asked, reason, actor=here.actor, at=seat.now),
    )


def _hearing(here: Standing, pk: int) -> Hearing:
    hearing = Hearing.objects.select_related("case").filter(case=here.case, pk=pk).first()
    if hearing is None:
        raise Http404
    return hearing


def _request(here: Standing, pk: int) -> Request:
    asked = Request.objects.select_related("case").filter(case=here.case, pk=pk).first()
    if asked is None:
        raise Http404
    return asked
