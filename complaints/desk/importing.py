"""Taking over the register that the organisation kept before: an example, trying a file, and confirming it.

For who administers the organisation, and for who may publish its procedure. Trying changes nothing.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import staff
from complaints.actions.importing import NotTaken, forget_file, keep_file, kept_file, take_over, try_out
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, page, seated
from complaints.desk.spreadsheets import Table, as_csv
from complaints.earlier.columns import columns_of, example
from complaints.earlier.judging import Trial
from complaints.earlier.reading import LARGEST, NotRead

SHOWN = 200  # faults on one page
MOST_ROWS = 5000  # what is taken over well within the time of one request; the command takes more
NOT_YOURS = gettext_lazy("Het eerdere register overnemen is voor de beheerder.")


class FileForm(forms.Form):
    """Which file."""

    file = forms.FileField(
        label=gettext_lazy("Kies het csv-bestand"),
        help_text=gettext_lazy("Hoogstens 5 MB en 5.000 rijen. Er wordt nog niets overgenomen."),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": gettext_lazy("Kies een bestand."),
            "invalid": gettext_lazy("Kies een bestand."),
        },
    )


@require_http_methods(["GET", "POST"])
@seated
def take_in(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Asks for the file, and shows what taking it over would do."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    if request.method != "POST":
        return _page(request, seat, FileForm())
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    file: UploadedFile[bytes] = form.cleaned_data["file"]
    content = file.read(LARGEST + 1)
    try:
        trial = try_out(content, at=seat.now, most=MOST_ROWS)
    except NotRead as problem:
        for line in str(problem).splitlines():
            form.add_error("file", line)
        return _page(request, seat, form, status=422)
    if trial.faults:
        return _page(request, seat, FileForm(), trial=trial, status=422)
    nonce = keep_file(content, member=seat.membership, at=seat.now) if trial.entries else ""
    return _page(request, seat, FileForm(), trial=trial, nonce=nonce)


@require_GET
@seated
def sample(request: HttpRequest, seat: Seat) -> HttpResponse:  # noqa: ARG001
    """An example of a file, with the choices of the organisation's own procedure."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    headings, rows = example(seat.procedure, today=seat.today)
    response = HttpResponse(as_csv(Table("", headings, rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="voorbeeld-register-{seat.organisation.slug}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@confirmed
@require_POST
@seated
def confirm(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Takes over the very file that was tried, once."""
    if not seat.may_manage:
        return HttpResponseForbidden(NOT_YOURS)
    nonce, seen = request.POST.get("file", "")[:64], request.POST.get("seen", "")[:64]
    content = kept_file(nonce, seen, member=seat.membership, at=seat.now)
    if content is None:
        messages.warning(
            request, _("Dit bestand is al overgenomen, of het wacht niet meer. Kies het nog eens: dan ziet u het.")
        )
        return redirect("desk:register_take_in")
    try:
        done = take_over(content, actor=staff(seat.membership, seat.procedure), at=seat.now)
    except NotRead as problem:  # the procedure is another one since
        messages.warning(request, str(problem))
        return _page(request, seat, FileForm(), status=409)
    except NotTaken as refused:
        return _page(request, seat, FileForm(), trial=refused.trial, status=409)
    forget_file(nonce)
    n = len(done.entries)
    messages.success(
        request,
        ngettext("%(n)d zaak is overgenomen.", "%(n)d zaken zijn overgenomen.", n) % {"n": n},
    )
    return redirect("desk:register")


def _page(
    request: HttpRequest,
    seat: Seat,
    form: FileForm,
    *,
    trial: Trial | None = None,
    nonce: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Eerder register overnemen"),
        "form": form,
        "columns": columns_of(seat.procedure),
        "trial": trial,
        "nonce": nonce,
        "faults": trial.faults[:SHOWN] if trial else [],
        "more": max(0, len(trial.faults) - SHOWN) if trial else 0,
    }
    return page(request, "desk/importing.html", context, status=status)
