"""A letter that waits for a person: how it will look, other words, back to its writer, let go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import (
    BadWords,
    NotReleased,
    OwnLetter,
    fingerprint,
    note_reading,
    offer_letter,
    release_letter,
    return_letter,
    reword_letter,
)
from complaints.actions.composing import compose, rule_of
from complaints.actions.previewing import Preview, preview_letter, print_letter
from complaints.desk.files import as_pdf
from complaints.desk.seats import Seat, page, seated
from complaints.desk.sheets import LONGEST_REASON, SideForm
from complaints.desk.standing import Standing, standing
from complaints.letters import own_words
from complaints.letters.writing import Incomplete, said
from complaints.models import Letter, Membership, Reading
from complaints.queries.held import writers_of
from complaints.said import spoken
from procedures import wording
from procedures.definition import Channel
from procedures.placeholders import as_placeholder


@dataclass(frozen=True, slots=True)
class Hold:
    """What the viewer may do with a letter that waits, and for whom it waits."""

    waits_for: str  # titles of roles; empty for any colleague
    may_release: bool
    may_change: bool
    is_own: bool = False  # the viewer wrote in it, and somebody else has to read it
    is_returned: bool = False
    may_return: bool = False
    may_offer: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter that is not there yet, in words."""

    preview: Preview
    title: str
    to: str
    channel: str
    lacking: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A placeholder that the words may use: what it is about, what it is now, whether it has to stay."""

    written: str
    about: str
    now: str
    must_stay: bool


def hold_of(here: Standing, letter: Letter, wrote: frozenset[int]) -> Hold:
    """`wrote` are the keys of the members who wrote in the letter."""
    rule, procedure, actor = rule_of(letter, here.procedure), here.procedure, here.actor
    roles = procedure.roles_called(rule.looked_at_by)
    me = actor.membership.pk if actor.membership else None
    looks = bool(roles & actor.roles) if rule.looked_at_by else here.is_colleague
    if not rule.second_reader:
        return Hold(waits_for=_titles(here, roles), may_release=looks, may_change=looks and rule.editable)
    is_own = me in wrote
    writer = letter.event.member
    has_writer = writer is not None and writer.is_active
    writes = is_own or (has_writer and actor.deputy_of == letter.event.member_id) or (not has_writer and not looks)
    writes = writes and here.is_colleague
    is_returned = letter.returned_at is not None
    may_release = looks and not is_own
    return Hold(
        waits_for=_titles(here, roles),
        is_own=is_own,
        is_returned=is_returned,
        may_release=may_release,
        may_change=writes and rule.editable,
        may_return=may_release and not is_returned,
        may_offer=writes and is_returned,
    )


@require_GET
@seated
def look(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """The letter as it leaves when it leaves today, and what may be done with it."""
    here = standing(seat, reference)
    letter = _waiting(here, pk)
    note_reading(here.case, Reading.What.LETTER, member=seat.membership, at=seat.now)
    return _look_page(request, here, letter)


@require_GET
@seated
def preview(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:  # noqa: ARG001
    """The same on paper."""
    here = standing(seat, reference)
    letter = _waiting(here, pk)
    content = print_letter(letter, at=seat.now)
    if content is None:
        raise Http404
    note_reading(here.case, Reading.What.LETTER, member=seat.membership, at=seat.now)
    return as_pdf(content, f"{here.case.reference}-{letter.name}.pdf")


@require_POST
@seated
def release(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Lets a held letter go: this person has read it."""
    here = standing(seat, reference)
    letter = letter_of(here, pk)
    if letter.state == Letter.State.HELD and not hold_of(here, letter, writers_of(letter)).may_release:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    try:
        release_letter(letter, actor=here.actor, at=seat.now, seen=request.POST.get("seen", ""))
    except NotReleased:
        return moved_on(request, here)
    except OwnLetter:
        return HttpResponseForbidden(_("U schreef deze brief. Een ander leest hem na."))
    except Incomplete as incomplete:
        messages.error(request, lacking_in_words(here, incomplete.lacking))
        return redirect("desk:letter_look", here.case.reference, letter.pk)
    messages.success(request, _("De brief gaat nu weg."))
    return back_to_letters(here)


@require_http_methods(["GET", "POST"])
@seated
def reword(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Other words for a letter that waits; what is typed stays until it can be kept."""
    here = standing(seat, reference)
    letter = letter_of(here, pk)
    is_waiting = letter.state == Letter.State.HELD
    if not is_waiting and request.method == "GET":
        raise Http404
    if is_waiting and not hold_of(here, letter, writers_of(letter)).may_change:
        return HttpResponseForbidden(_("Deze tekst kunt u niet veranderen."))
    rule = rule_of(letter, here.procedure)
    original = own_words.body_of(rule, letter.language)
    if request.method == "GET":
        form = WordsForm(initial={"words": letter.wording or original})
        return _words_page(request, here, letter, form)
    form = WordsForm(request.POST)
    is_original = "original" in request.POST
    if not is_original and not form.is_valid():
        return _words_page(request, here, letter, form, status=422)
    words = None if is_original else form.cleaned_data["words"]
    try:
        reword_letter(letter, words, actor=here.actor, at=seat.now, seen=request.POST.get("seen", ""))
    except BadWords as bad:
        for each in bad.faults:
            form.add_error("words", each)
        return _words_page(request, here, letter, form, status=422)
    except NotReleased:
        letter.refresh_from_db()
        return _words_page(request, here, letter, form, status=409, has_moved_on=True)
    messages.success(request, _("De tekst is bewaard. Zo ziet de brief er nu uit."))
    return redirect("desk:letter_look", here.case.reference, letter.pk)


@require_POST
@seated
def send_back(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Back to who wrote it, with a remark that becomes an internal note."""
    here = standing(seat, reference)
    letter = _waiting(here, pk)
    if not hold_of(here, letter, writers_of(letter)).may_return:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    remark = request.POST.get("remark", "").strip()
    if not remark:
        return _look_page(request, here, letter, problem=_("Schrijf op wat er anders moet. Eén zin is genoeg."))
    if len(remark) > LONGEST_REASON:
        problem = _("Dit is te lang. Er is ruimte voor %(n)d tekens.") % {"n": LONGEST_REASON}
        return _look_page(request, here, letter, problem=problem, remark=remark)
    try:
        return_letter(letter, remark, actor=here.actor, at=seat.now, seen=request.POST.get("seen", ""))
    except NotReleased:
        letter.refresh_from_db()
        problem = _("Deze brief is intussen veranderd. Lees hem nog eens. Uw opmerking staat er nog.")
        return _look_page(request, here, letter, problem=problem, remark=remark, status=409)
    messages.success(request, _("De brief is terug bij wie hem schreef. Uw opmerking staat bij de notities."))
    return back_to_letters(here)


@require_POST
@seated
def offer(request: HttpRequest, seat: Seat, reference: str, pk: int) -> HttpResponse:
    """Puts a letter that came back before its second reader again."""
    here = standing(seat, reference)
    letter = _waiting(here, pk)
    if letter.returned_at and not hold_of(here, letter, writers_of(letter)).may_offer:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    try:
        offer_letter(letter, actor=here.actor, at=seat.now)
    except NotReleased:
        return moved_on(request, here)
    messages.success(request, _("De brief wacht nu weer op wie hem naleest."))
    return back_to_letters(here)


class WordsForm(SideForm):
    """The words of one letter."""

    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 22}), strip=False, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = _("Tekst van de brief")
        self.fields["words"].help_text = _(
            "Een lege regel begint een nieuwe alinea. Zet ## voor een kop, - voor een punt van een lijst, "
            "en ** voor en achter vette woorden. Wat tussen accolades staat, vult Gehoor in."
        )


def shown_before(here: Standing, preview: Preview) -> Shown:
    """A letter that an act would send, as the form of the act shows it."""
    return Shown(
        preview=preview,
        title=here.procedure.letter(preview.name).title.in_language(spoken()),
        to=preview.to.name or preview.to.organisation or preview.to.email,
        channel=wording.channel(Channel(preview.channel)),
        lacking=own_words.in_words(preview.lacking, here.procedure),
    )


def letter_of(here: Standing, pk: int) -> Letter:
    """A letter of this case. Raises Http404."""
    rows = Letter.objects.select_related("case__version", "event__member__user")
    letter = rows.filter(case=here.case, pk=pk).first()
    if letter is None:
        raise Http404
    return letter


def lacking_in_words(here: Standing, lacking: tuple[str, ...] | list[str]) -> str:
    """Why a letter that lacks these entries of its `must_hold` may not leave."""
    return _("In deze brief ontbreekt: %(what)s. Zo mag hij niet weg.") % {
        "what": own_words.in_words(lacking, here.procedure)
    }


def moved_on(request: HttpRequest, here: Standing) -> HttpResponse:
    messages.warning(request, _("Met deze brief is intussen al iets anders gedaan."))
    return back_to_letters(here)


def back_to_letters(here: Standing) -> HttpResponse:
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#brieven")


def _waiting(here: Standing, pk: int) -> Letter:
    letter = letter_of(here, pk)
    if letter.state != Letter.State.HELD:
        raise Http404
    return letter


def _titles(here: Standing, roles: frozenset[str]) -> str:
    return wording.joined([each.title.in_language(spoken()) for each in here.procedure.roles if each.name in roles])


def _look_page(
    request: HttpRequest, here: Standing, letter: Letter, *, problem: str = "", remark: str = "", status: int = 0
) -> HttpResponse:
    shown = preview_letter(letter, at=here.now)
    wrote = writers_of(letter)
    names = [each.name for each in Membership.objects.select_related("user").filter(pk__in=wrote)]
    return page(
        request,
        "desk/letter_look.html",
        {
            "title": rule_of(letter, here.procedure).title.in_language(spoken()) or letter.subject,
            "case": here.case,
            "letter": letter,
            "shown": shown,
            "to": shown.to.name or shown.to.organisation or shown.to.email,
            "channel": wording.channel(Channel(letter.channel)),
            "hold": hold_of(here, letter, wrote),
            "writers": wording.joined(sorted(names)),
            "seen": fingerprint(letter),
            "lacking": lacking_in_words(here, shown.lacking) if shown.lacking else "",
            "problem": problem,
            "remark": remark,
            "longest": LONGEST_REASON,
        },
        status=status or (422 if problem else 200),
    )


def _words_page(
    request: HttpRequest,
    here: Standing,
    letter: Letter,
    form: WordsForm,
    *,
    status: int = 200,
    has_moved_on: bool = False,
) -> HttpResponse:
    rule = rule_of(letter, here.procedure)
    composed = compose(letter, at=here.now)
    must_hold = {as_placeholder(each) or each for each in rule.must_hold}
    return page(
        request,
        "desk/letter_words.html",
        {
            "title": rule.title.in_language(spoken()),
            "case": here.case,
            "letter": letter,
            "form": form,
            "seen": fingerprint(letter),
            "has_moved_on": has_moved_on,
            "has_own_words": bool(letter.wording),
            "marks": [
                Mark(
                    written=str(each),
                    about=own_words.meaning(each, here.procedure),
                    now=said(rule, each, to=composed.to, occasion=composed.occasion),
                    must_stay=each in must_hold,
                )
                for each in own_words.offered(rule, letter.language)
            ],
            "words_that_stay": [each for each in rule.must_hold if as_placeholder(each) is None],
        },
        status=status,
    )
