"""The letters of a case at the desk: how they stand, and what a person has to do for them."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import INCOMPLETE, NotReleased, confirm_posted, fingerprint, retry_letter
from complaints.actions.bouncing import ERROR
from complaints.desk.held import Hold, back_to_letters, hold_of, lacking_in_words, letter_of, moved_on
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import Standing, standing
from complaints.forms import DayField
from complaints.models import Document, Letter
from complaints.queries.held import writers
from complaints.queries.sides import enclosures_of
from complaints.queries.worklist import STUCK
from complaints.said import spoken
from procedures import wording
from procedures.definition import Channel

ON_PAPER = "-"


@dataclass(frozen=True, slots=True)
class Row:
    letter: Letter
    title: str
    to: str
    channel: str
    problem: str  # why it did not leave or arrive, in words
    is_for_colleague: bool
    may_handle: bool  # post it, or try it again
    enclosed: Document | None  # what goes with it
    hold: Hold | None  # where it waits for a person to look
    seen: str  # the words that the viewer sees


def letter_rows(here: Standing) -> list[Row]:
    """Those that somebody has to do something for first, then the newest."""
    letters = list(here.case.letters.select_related("event__member__user").order_by("-pk"))
    enclosed = enclosures_of(letters)
    wrote = writers(here.case, [each for each in letters if each.state == Letter.State.HELD])
    rows = [_row(here, letter, enclosed.get(letter.pk), wrote.get(letter.pk)) for letter in letters]
    return sorted(rows, key=lambda row: row.letter.state not in STUCK)


@require_POST
@seated
def posted(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Says on which day a letter on paper was posted."""
    here = standing(seat, reference)
    letter = letter_of(here, pk)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    today = seat.now.astimezone(here.zone).date()
    try:
        on = DayField(error_messages={"required": _("Vul in op welke dag de brief is gepost.")}).clean(
            request.POST.get("posted_on", "")
        )
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
        return back_to_letters(here)
    if on > today:
        messages.error(request, _("Deze dag moet nog komen. Vul in wanneer de brief echt is gepost."))
    elif on < letter.written_on:
        messages.error(request, _("De brief is pas op %(day)s geschreven.") % {"day": wording.day(letter.written_on)})
    else:
        try:
            confirm_posted(letter, on=on, actor=here.actor, at=seat.now)
        except NotReleased:
            return moved_on(request, here)
        messages.success(request, _("Gepost op %(day)s.") % {"day": wording.day(on)})
    return back_to_letters(here)


@require_POST
@seated
def retry(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Tries a failed letter again: to the same address, to another, or on paper."""
    here = standing(seat, reference)
    letter = letter_of(here, pk)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    email = request.POST.get("email", "").strip()
    if "paper" in request.POST:
        email = ON_PAPER
    else:
        try:
            validate_email(email)
        except forms.ValidationError:
            messages.error(request, _("Dit is geen e-mailadres. Schrijf het zo: naam@voorbeeld.nl."))
            return back_to_letters(here)
    try:
        retry_letter(letter, at=seat.now, email=email)
    except NotReleased:
        return moved_on(request, here)
    messages.success(
        request, _("De brief wordt gedrukt om te posten.") if email == ON_PAPER else _("De brief gaat opnieuw weg.")
    )
    return back_to_letters(here)


def _row(here: Standing, letter: Letter, enclosed: Document | None, wrote: frozenset[int] | None) -> Row:
    language = spoken()
    try:
        title = here.procedure.letter(letter.name).title.in_language(language)
    except KeyError:
        title = letter.subject
    return Row(
        letter=letter,
        title=title,
        to=letter.to_name or letter.to_organisation or letter.to_email,
        channel=wording.channel(Channel(letter.channel)),
        problem=_problem(here, letter.error) if letter.state == Letter.State.FAILED else _answered(letter),
        is_for_colleague=letter.member_id is not None and letter.state not in STUCK,
        may_handle=letter.state in (Letter.State.TO_POST, Letter.State.FAILED) and here.is_colleague,
        enclosed=enclosed,
        hold=None if wrote is None else hold_of(here, letter, wrote),
        seen=fingerprint(letter),
    )


def _answered(letter: Letter) -> str:
    """What a mail server answered to a letter that had left, in words."""
    if not letter.bounced_at:
        return ""
    told = {"day": wording.day(timezone.localdate(letter.bounced_at)), "code": letter.bounce_status or "?"}
    if letter.error == ERROR:
        return _("Niet aangekomen: de mailserver stuurde deze brief op %(day)s terug (%(code)s).") % told
    return _("De mailserver schreef op %(day)s dat deze brief later aankomt (%(code)s).") % told


def _problem(here: Standing, error: str) -> str:
    if error.startswith(f"{INCOMPLETE}:"):
        return lacking_in_words(here, error.removeprefix(f"{INCOMPLETE}:").split(","))
    if error.startswith("smtp_5"):
        return _("De mailserver weigert dit adres (%(code)s). Klopt het?") % {"code": error.removeprefix("smtp_")}
    if error.startswith("smtp_"):
        return _("De mailserver nam de brief niet aan (%(code)s).") % {"code": error.removeprefix("smtp_")}
    if error.startswith("bounced"):
        return _("Deze brief kwam niet aan: de mailserver stuurde hem terug. Kies een ander adres, of papier.")
    if error == "not_recorded":
        return _("De brief is weg, maar dat kon niet worden opgeschreven. Kijk eerst of hij is aangekomen.")
    if error == "no_recipient":
        return _("Er is niemand bekend die deze brief moet krijgen.")
    return _("Het versturen lukte niet (%(code)s).") % {"code": error}
