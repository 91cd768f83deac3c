"""What a case still needs before it can be closed, what its dossier holds, and the whole of it to take along."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, HttpResponseForbidden
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from complaints.actions.reading import note_export
from complaints.desk.confirming import confirmed
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import Standing, standing
from complaints.letters.dossier import bundle
from complaints.letters.dossier import dossier as as_pdf
from complaints.letters.pieces import cases_of
from complaints.models import BESIDE, Document, Event, Letter, Message
from complaints.queries.sides import Asked, is_decision
from complaints.said import spoken
from procedures.definition import COMPLAINANT, Act, Check

FORMS = {"pdf": "application/pdf", "zip": "application/zip"}
WHOM = ("inside", "outside")
# Ends that a case comes to when it is not dealt with: nobody is told to work towards those.
_NOT_DEALT_WITH = ("withdrawn", "inadmissible", "referred")
_UNDER_WAY = (Letter.State.HELD, Letter.State.WAITING, Letter.State.TO_POST, Letter.State.FAILED)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the dossier: whether it is there, and what there is of it."""

    title: str
    is_there: bool
    told: str


def needed(
    here: Standing, unticked: Sequence[Check], letters: Sequence[Letter], requests: Sequence[Asked]
) -> list[str]:
    """What has to be done before the case can be closed or, where it is, archived. No query.

    Of the acts those that lead to an end the shortest way, once no verdict is awaited any more: before, there are too
    many ways to tell one.
    """
    if here.state.is_stopped:
        return []
    language = spoken()
    found = [each.title.in_language(language) for each in unticked]
    under_way = [each for each in letters if each.member_id is None and each.state in _UNDER_WAY]
    found += [
        _("De brief “%(title)s” moet nog weg (%(state)s).")
        % {"title": _letter_title(here, each), "state": each.get_state_display()}
        for each in under_way
    ]
    is_end = here.procedure.phase(here.state.phase).is_end
    if not is_end:
        waiting = [each.request for each in requests if not each.request.met_at and not each.request.withdrawn_at]
        found += [_("Wij wachten nog op een antwoord: %(what)s") % {"what": each.what} for each in waiting]
        found += [each.title.in_language(language) for each in _way_to_the_end(here)]
    return found


def parts_of(
    here: Standing,
    events: Sequence[Event],
    documents: Sequence[Document],
    letters: Sequence[Letter],
    messages: Sequence[Message],
) -> list[Part]:
    """What a complete dossier holds (O21-21), with what there is of it. No query."""
    if here.state.is_taken_over:
        return [Part(_("Wat in het eerdere register stond"), is_there=True, told=_("zonder brieven en stukken"))]
    opening = {each.pk for each in events if each.number == 1}  # a letter on paper is added by who takes it in
    handed_in = sum(each.by == Document.By.COMPLAINANT or each.event_id in opening for each in documents)
    theirs = [each for each in letters if each.member_id is None]
    left = sum(each.sent_at is not None for each in theirs)
    under_way = sum(each.state in _UNDER_WAY for each in theirs)
    correspondence = [
        ngettext("%(n)d brief verstuurd", "%(n)d brieven verstuurd", left) % {"n": left},
        ngettext("%(n)d bericht", "%(n)d berichten", len(messages)) % {"n": len(messages)},
    ]
    if under_way:
        told = ngettext("%(n)d brief moet nog weg", "%(n)d brieven moeten nog weg", under_way)
        correspondence.append(told % {"n": under_way})
    settling = {each.pk for each in events if _settles(here, each)}
    told_on = [each for each in letters if each.event_id in settling and each.recipient == COMPLAINANT and each.sent_at]
    return [
        Part(
            _("Klachtbrief of bestanden van de indiener"),
            is_there=True,
            told=ngettext("%(n)d bestand", "%(n)d bestanden", handed_in) % {"n": handed_in}
            if handed_in
            else _("niet gekregen; dat hoeft ook niet"),
        ),
        Part(_("Registratieformulier"), is_there=bool(events), told=_("de klacht, zoals die binnenkwam")),
        Part(_("Alle brieven en berichten"), is_there=not under_way, told=", ".join(correspondence)),
        Part(
            _("Bericht aan de indiener over de afloop"),
            is_there=bool(told_on),
            told=_letter_title(here, told_on[-1]) if told_on else _("nog niet verstuurd"),
        ),
    ]


@require_POST
@seated
def take_along(request: HttpRequest, seat: Seat, reference: str) -> HttpResponseBase:
    """The whole dossier as a PDF or a ZIP, for inside or for outside. It is noted as read by who takes it along.

    Who may not know of the case is not even asked who they are.
    """
    here = standing(seat, reference)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    return _taken_along(request, seat, here)


@confirmed
def _taken_along(request: HttpRequest, seat: Seat, here: Standing) -> HttpResponse:
    form, whom = request.POST.get("form", ""), request.POST.get("whom", "")
    if form not in FORMS or whom not in WHOM:
        return HttpResponseBadRequest(_("Kies voor wie het dossier is, en of u een pdf of een zip wilt."))
    for_outside = whom == "outside"
    if form == "pdf":
        content, _manifest = as_pdf(here.case, at=seat.now, for_outside=for_outside)
    else:
        content = bundle(here.case, at=seat.now, for_outside=for_outside)
    note_export(cases_of(here.case), member=seat.membership, at=seat.now)
    response = HttpResponse(content, content_type=FORMS[form])
    response["Content-Disposition"] = f'attachment; filename="{here.case.reference}-dossier.{form}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def of_case(
    here: Standing,
    *,
    events: Sequence[Event],
    documents: Sequence[Document],
    letters: Sequence[Letter],
    messages: Sequence[Message],
    unticked: Sequence[Check],
    requests: Sequence[Asked],
) -> dict[str, Any]:
    """What the case page shows of it, to colleagues only. No query."""
    if not here.is_colleague:
        return {}
    return {
        "needed": needed(here, unticked, letters, requests),
        "parts": parts_of(here, events, documents, letters, messages),
        "is_over": here.procedure.phase(here.state.phase).is_end,
    }


def _way_to_the_end(here: Standing) -> list[Act]:
    """The acts that lead to an end the shortest way; none while a verdict is still awaited.

    What the complainant may say is nobody's task: where only that or time is awaited, there is nothing to do.
    """
    procedure = here.procedure
    decided = any(is_decision(procedure, act) for act in procedure.acts if act.name in here.state.done)
    never = {each.act.name for each in here.offers() if each.refusal is not None and each.refusal.code == "condition"}
    ways: dict[str, list[Act]] = {here.state.phase: []}
    queue = deque(ways)
    found: list[Act] | None = None
    while queue:
        phase = queue.popleft()
        for act in procedure.acts:
            if act.opens or act.is_automatic or COMPLAINANT in act.by or not ({phase, "*"} & set(act.phases)):
                continue
            if not decided and is_decision(procedure, act) and not procedure.phase(act.to or phase).is_end:
                return []
            if not act.to or act.to in ways or act.name in never:
                continue
            to = procedure.phase(act.to)
            if to.outcome in _NOT_DEALT_WITH:
                continue
            ways[act.to] = [*ways[phase], act]
            if to.is_end:
                found = found or ways[act.to]
            else:
                queue.append(act.to)
    return found or []


def _settles(here: Standing, event: Event) -> bool:
    """Whether this is an act that tells the complainant how it ends: it holds the verdict, or ends the case."""
    if event.occurrence.startswith(BESIDE):
        return False
    try:
        act = here.procedure.act(event.occurrence)
    except KeyError:
        return False
    return is_decision(here.procedure, act) or bool(act.to and here.procedure.phase(act.to).is_end)


def _letter_title(here: Standing, letter: Letter) -> str:
    try:
        return here.procedure.letter(letter.name).title.in_language(spoken())
    except KeyError:
        return letter.subject
