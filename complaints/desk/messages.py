"""Messages with the complainant, on the case page."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from complaints.actions import send_message
from complaints.controls import sent_revision
from complaints.desk.boxes import MESSAGE, keep_typed
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import Standing, standing
from complaints.forms import LONGEST
from complaints.uploads import UploadRefused


class MessageForm(forms.Form):
    """The words; files are judged when they are kept."""

    text = forms.CharField(
        max_length=LONGEST,
        required=False,
        error_messages={"max_length": gettext_lazy("Dit bericht is te lang. Stuur het in delen.")},
    )


@require_POST
@seated
def write(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Sends a message to the complainant. Whoever plays a part in the case may; others are told that they do not.

    What was typed and could not be sent stands in the box again.
    """
    here = standing(seat, reference)
    problem = _sent(request, here)
    if problem:
        keep_typed(request, here.case, MESSAGE, str(request.POST.get("text", "")))
        messages.error(request, problem)
    else:
        messages.success(request, _("Uw bericht staat op de pagina van de indiener."))
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#berichten")


def _sent(request: HttpRequest, here: Standing) -> str:
    """Sends it; why not, when it could not be sent."""
    if here.state.is_taken_over:
        return _("Deze zaak komt uit het eerdere register. De indiener staat hier niet, en krijgt geen bericht.")
    form, files = MessageForm(request.POST), request.FILES.getlist("files")
    if not here.actor.roles:
        return _("U hebt geen rol in deze zaak. Daarom kunt u de indiener geen bericht sturen.")
    if not form.is_valid():
        return " ".join(str(each) for each in form.errors["text"])
    if not form.cleaned_data["text"] and not files:
        return _("Schrijf een bericht of kies een bestand.")
    try:
        send_message(
            here.case,
            form.cleaned_data["text"],
            actor=here.actor,
            at=here.now,
            files=files,
            revision=sent_revision(request.POST),
        )
    except UploadRefused as refused:
        return str(refused)
    return ""
