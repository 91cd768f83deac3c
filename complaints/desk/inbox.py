"""Post in: the mail that came in, and what a person decides about it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from complaints.access import cases_for, mails_for, takes_in
from complaints.actions import note_reading, staff
from complaints.actions.placing import (
    DealtWith,
    judged,
    lay_aside,
    note_opened,
    put_with_case,
    take_back,
)
from complaints.desk.seats import Seat, page, seated
from complaints.inbox import reading
from complaints.models import Case, IncomingMail, MailDealing, Party, Reading
from complaints.said import spoken
from complaints.uploads import UploadRefused
from procedures.catalogue import procedure_of

State, What = IncomingMail.State, MailDealing.What
PER_PAGE = 50
AS_DOCUMENT = "document"
_PILES = {
    State.WAITING: gettext_lazy("Te beoordelen"),
    State.PLACED: gettext_lazy("Bij een zaak"),
    State.ASIDE: gettext_lazy("Weggelegd"),
}


class PutForm(forms.Form):
    """Which case a mail belongs to, and whose words it holds."""

    reference = forms.CharField(
        label=gettext_lazy("Nummer van de zaak"),
        max_length=20,
        error_messages={"required": gettext_lazy("Vul het nummer van de zaak in.")},
    )
    whose = forms.ChoiceField(
        label=gettext_lazy("Van wie is dit bericht?"),
        choices=[
            (Party.Kind.COMPLAINANT, gettext_lazy("Van de indiener: het wordt een bericht in de zaak")),
            (Party.Kind.RESPONDENT, gettext_lazy("Van de betrokkene: het wordt een stuk van de betrokkene")),
            (AS_DOCUMENT, gettext_lazy("Van iemand anders: het wordt een stuk")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Kies van wie dit bericht is.")},
    )


class AsideForm(forms.Form):
    """Why a mail needs nothing."""

    reason = forms.CharField(
        label=gettext_lazy("Waarom hoeven wij hier niets mee te doen?"),
        max_length=500,
        widget=forms.TextInput,
        error_messages={"required": gettext_lazy("Schrijf op waarom.")},
    )


@require_GET
@seated
def mails(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The mail that waits for somebody, lies with a case, or was laid aside; for who takes in complaints."""
    if not takes_in(seat.membership, seat.procedure):
        return page(request, "desk/mails.html", {"title": _("Post in"), "may": False}, status=403)
    asked = request.GET.get("pile", "")
    pile = State(asked) if asked in _PILES else State.WAITING
    found = mails_for(seat.membership, seat.procedure, at=seat.now)
    order = "arrived_at" if pile == State.WAITING else "-arrived_at"
    rows = found.filter(state=pile).select_related("case", "suggested").order_by(order, "pk")
    current = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    known = _known(seat, [row.suggested for row in current if row.suggested])
    for row in current:
        row.suggested = row.suggested if row.suggested_id in known else None
    context = {
        "title": _("Post in"),
        "may": True,
        "piles": [(name, words, name == pile) for name, words in _PILES.items()],
        "pile": pile.value,
        "current": current,
    }
    return page(request, "desk/mails.html", context)


@require_GET
@seated
def mail(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """One mail, as plain text, with what can be done with it."""
    row = _row(seat, pk)
    note_opened(row, What.READ, member=seat.membership, at=seat.now)
    if row.case:
        note_reading(row.case, Reading.What.DOCUMENT, member=seat.membership, at=seat.now)
    suggested = row.suggested if row.suggested and _known(seat, [row.suggested]) else None
    begun = {"reference": suggested.reference if suggested else ""}
    return _mail_page(request, seat, row, PutForm(initial=begun), AsideForm())


@require_POST
@seated
def put(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Puts a mail with a case that this member may know of and plays a part in."""
    row = _waiting(seat, pk)
    form = PutForm(request.POST)
    if not form.is_valid():
        return _mail_page(request, seat, row, form, AsideForm(), status=422)
    reference = form.cleaned_data["reference"].strip().upper()
    known = cases_for(seat.membership, seat.procedure, at=seat.now)
    case = known.select_related("version", "handler__user").filter(reference=reference).first()
    if case is None:
        form.add_error("reference", _("Wij kennen geen zaak met dit nummer."))
        return _mail_page(request, seat, row, form, AsideForm(), status=422)
    actor = staff(seat.membership, procedure_of(case.version), case, at=seat.now)
    party = case.parties.filter(kind=form.cleaned_data["whose"]).first()
    if not actor.roles:
        form.add_error("reference", _("U hebt geen rol in deze zaak. Vraag het aan iemand die aan de zaak werkt."))
    elif party is None and form.cleaned_data["whose"] != AS_DOCUMENT:
        form.add_error("whose", _("In deze zaak is geen betrokkene bekend. Kies iets anders."))
    if form.errors:
        return _mail_page(request, seat, row, form, AsideForm(), status=422)
    try:
        put_with_case(row, read_row(row), case, party, actor=actor, at=seat.now)
    except DealtWith:
        return dealt_with(request, row)
    messages.success(request, _("De e-mail staat bij zaak %(reference)s.") % {"reference": case.reference})
    return redirect("desk:mails")


@require_POST
@seated
def aside(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Lays a mail aside, with a reason."""
    row = _waiting(seat, pk)
    form = AsideForm(request.POST)
    if not form.is_valid():
        return _mail_page(request, seat, row, PutForm(), form, status=422)
    try:
        lay_aside(row, form.cleaned_data["reason"], member=seat.membership, at=seat.now)
    except DealtWith:
        return dealt_with(request, row)
    messages.success(request, _("De e-mail is weggelegd. U vindt hem terug bij “Weggelegd”."))
    return redirect("desk:mails")


@require_POST
@seated
def back(request: HttpRequest, seat: Seat, pk: int) -> HttpResponse:
    """Puts a mail that was laid aside back in the list."""
    row = _waiting(seat, pk)
    try:
        take_back(row, member=seat.membership, at=seat.now)
    except DealtWith:
        return dealt_with(request, row)
    messages.success(request, _("De e-mail staat weer bij “Te beoordelen”."))
    return redirect("desk:mail", row.pk)


@require_GET
@seated
def attachment(request: HttpRequest, seat: Seat, pk: int, number: int) -> HttpResponseBase:
    """A file in a mail, to keep, when the gate lets it in; else why it does not. Never anything that a browser runs."""
    row = _row(seat, pk)
    files = read_row(row).attachments
    if not 1 <= number <= len(files):
        raise Http404
    note_opened(row, What.FILE, member=seat.membership, at=seat.now)
    try:
        file, content_type = judged(files[number - 1])
    except UploadRefused as refused:
        messages.error(request, str(refused))
        return redirect("desk:mail", row.pk)
    response = FileResponse(
        BytesIO(file.read()), filename=str(file.name), content_type=content_type, as_attachment=True
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def mail_to_take(request: HttpRequest, seat: Seat) -> IncomingMail | None:
    """The mail that a complaint is taken in from, as the address or the form names it. Http404 when it is not there to
    be taken."""
    key = request.POST.get("mail", "") or request.GET.get("post", "")
    if not key:
        return None
    if not (key.isascii() and key.isdecimal() and len(key) < 18):
        raise Http404
    return _row(seat, int(key))


def read_row(row: IncomingMail) -> reading.Mail:
    """The mail, read again from its file."""
    return reading.read(_raw(row))


def dealt_with(request: HttpRequest, row: IncomingMail | None) -> HttpResponse:
    messages.warning(request, _("Met deze e-mail heeft intussen iemand anders al iets gedaan."))
    return redirect("desk:mail", row.pk) if row else redirect("desk:mails")


def _row(seat: Seat, pk: int) -> IncomingMail:
    """The mail, for a member who may read it; else Http404, as if there were none."""
    found = mails_for(seat.membership, seat.procedure, at=seat.now)
    row = found.select_related("case__version", "suggested", "message").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _waiting(seat: Seat, pk: int) -> IncomingMail:
    """The mail, for who decides about mail."""
    if not takes_in(seat.membership, seat.procedure):
        raise Http404
    return _row(seat, pk)


def _known(seat: Seat, cases: list[Case]) -> set[int]:
    """Which of the cases this member may know of. One query; none for none."""
    if not cases:
        return set()
    known = cases_for(seat.membership, seat.procedure, at=seat.now)
    return set(known.filter(pk__in=[each.pk for each in cases]).values_list("pk", flat=True))


def _raw(row: IncomingMail) -> bytes:
    try:
        with row.file.open("rb") as stored:
            raw: bytes = stored.read()
            return raw
    except FileNotFoundError:
        raise Http404 from None


def _mail_page(
    request: HttpRequest, seat: Seat, row: IncomingMail, put_form: PutForm, aside_form: AsideForm, *, status: int = 200
) -> HttpResponse:
    raw = _raw(row)
    read = reading.read(raw)
    may_decide = takes_in(seat.membership, seat.procedure)
    suggested = row.suggested if row.suggested and _known(seat, [row.suggested]) else None
    own = staff(seat.membership, seat.procedure).roles
    context: dict[str, Any] = {
        "title": read.subject or _("E-mail zonder onderwerp"),
        "mail": row,
        "read": read,
        "source": reading.source(raw) if not read.is_whole or not read.text else "",
        "suggested": suggested,
        "files": [(number, each.name, len(each.content)) for number, each in enumerate(read.attachments, start=1)],
        "dealings": row.dealings.exclude(what__in=(What.READ, What.FILE)).select_related("member__user"),
        "opened": row.dealings.filter(what__in=(What.READ, What.FILE))
        .select_related("member__user")
        .order_by("-pk")[:20],
        "may_decide": may_decide,
        "is_waiting": may_decide and row.state == State.WAITING,
        "is_aside": may_decide and row.state == State.ASIDE,
        "acts": [
            (reverse("desk:take_in", args=[act.name]) + f"?post={row.pk}", act.title.in_language(spoken()))
            for act in seat.procedure.opening_acts
            if set(act.by) & own
        ],
        "put_form": put_form,
        "aside_form": aside_form,
        "form": put_form if put_form.errors else aside_form,
    }
    return page(request, "desk/mail.html", context, status=status)
