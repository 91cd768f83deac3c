"""Who read a dossier, on its page; and reading one in which somebody plays no part, with a written reason."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints.access import LOOK_LASTS, case_to_look_into, cases_for, may_look
from complaints.actions.reading import look_into
from complaints.desk.confirming import confirmed_to_change
from complaints.desk.seats import Seat, page, seated
from complaints.desk.standing import Standing
from complaints.models import Case, Reading
from procedures import wording

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ReadingLog:
    """The newest readings; `is_cut` when there are older ones than are shown."""

    rows: list[Reading]
    is_cut: bool


def reading_log(here: Standing) -> ReadingLog | None:
    """For colleagues only: who plays no part in the house has no business with who reads there. One query."""
    if not here.is_colleague:
        return None
    rows = list(here.case.readings.select_related("member__user", "key")[: SHOWN + 1])
    return ReadingLog(rows[:SHOWN], is_cut=len(rows) > SHOWN)


class LookForm(forms.Form):
    """Which case, and why."""

    reference = forms.CharField(
        label=gettext_lazy("Nummer van de zaak"),
        max_length=40,
        error_messages={"required": gettext_lazy("Vul het nummer van de zaak in.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Waarom moet u deze zaak lezen?"),
        help_text=gettext_lazy("Uw reden komt in de zaak te staan."),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Schrijf op waarom. Eén zin is genoeg."),
            "min_length": gettext_lazy("Schrijf op waarom. Eén zin is genoeg."),
        },
    )


@confirmed_to_change
@require_http_methods(["GET", "POST"])
@seated
def look(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Opens a case in which the viewer plays no part: to read alone, for half an hour, and the director hears of it."""
    if not may_look(seat.membership, seat.procedure):
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    form = LookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reference = form.cleaned_data["reference"].strip().upper()
        if cases_for(seat.membership, seat.procedure, at=seat.now).filter(reference=reference).exists():
            return redirect("desk:case", reference)
        case = case_to_look_into(seat.membership, reference, seat.procedure)
        if case is not None:
            return _opened(request, seat, case, form.cleaned_data["reason"])
        form.add_error("reference", _("Er is geen zaak met dit nummer die u zo kunt lezen."))
    return page(
        request,
        "desk/break_glass.html",
        {"title": _("Een zaak lezen met een reden"), "form": form},
        status=422 if form.errors else 200,
    )


def _opened(request: HttpRequest, seat: Seat, case: Case, reason: str) -> HttpResponse:
    look_into(case, reason, member=seat.membership, at=seat.now)
    until = wording.clock(seat.now + LOOK_LASTS, zone=seat.zone)
    text = _("U kunt deze zaak lezen tot %(until)s. De directie krijgt daar bericht van.")
    messages.warning(request, text % {"until": until})
    return redirect("desk:case", case.reference)
