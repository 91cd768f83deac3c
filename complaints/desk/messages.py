"""Messages with the complainant, on the case page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import send_message
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import standing
from complaints.forms import LONGEST
from complaints.uploads import UploadRefused


@require_POST
@seated
def write(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Sends a message to the complainant. Whoever plays a part in the case may; others are told that they do not."""
    here = standing(seat, reference)
    text = str(request.POST.get("text", "")).strip()
    files = request.FILES.getlist("files")
    if not here.actor.roles:
        messages.error(request, _("U hebt geen rol in deze zaak. Daarom kunt u de indiener geen bericht sturen."))
    elif not text and not files:
        messages.error(request, _("Schrijf een bericht of kies een bestand."))
    elif len(text) > LONGEST:
        messages.error(request, _("Dit bericht is te lang. Stuur het in delen."))
    else:
        try:
            send_message(here.case, text, actor=here.actor, at=seat.now, files=files)
        except UploadRefused as refused:
            request.session["unsent"] = {"case": here.case.pk, "text": text}
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Uw bericht staat op de pagina van de indiener."))
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#berichten")
