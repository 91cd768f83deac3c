"""Internal notes on a case, and the cases that belong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.access import cases_for
from complaints.actions.notes import NotLinked, link_cases, unlink_cases, write_note
from complaints.desk.boxes import NOTE, keep_typed
from complaints.desk.repeating import like_case
from complaints.desk.seats import Seat, seated
from complaints.desk.standing import Standing, standing
from complaints.forms import LONGEST
from complaints.models import Answer, Case, CaseLink, Note
from complaints.queries.repeats import Repeat, no_repeat_because


@dataclass(frozen=True, slots=True)
class Linked:
    """A case beside this one, in words: "is er weer een", and the case."""

    link: CaseLink
    case: Case
    words: str


def notes_of(here: Standing, seat: Seat, answers: Sequence[Answer]) -> dict[str, Any]:
    """What the case page shows of notes and of cases that belong together, with the answers in the case. For colleagues
    only."""
    if not here.is_colleague:
        return {}
    mine = cases_for(seat.membership, seat.procedure, at=seat.now)
    linked = _linked(here.case, mine)
    known = {each.case.pk for each in linked}
    found: list[Repeat] = [each for each in like_case(here, seat) if each.case.pk not in known]
    return {
        "notes": list(Note.objects.filter(case=here.case).select_related("member__user")),
        "linked": linked,
        "repeats": found,
        "no_repeat": no_repeat_because(answers),
        "link_kinds": CaseLink.Kind.choices,
        "may_note": True,
    }


@require_POST
@seated
def write(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Keeps a note; what cannot be kept stands in the box again."""
    here = standing(seat, reference)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    text = str(request.POST.get("note", "")).strip()
    if not text:
        messages.error(request, _("Schrijf eerst een notitie."))
    elif len(text) > LONGEST:
        keep_typed(request, here.case, NOTE, text)
        messages.error(request, _("Deze notitie is te lang. Bewaar haar in delen."))
    else:
        write_note(here.case, text, member=seat.membership, at=here.now)
        messages.success(request, _("De notitie is bewaard. Alleen collega’s zien haar."))
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#notities")


@require_POST
@seated
def link(request: HttpRequest, seat: Seat, reference: str) -> HttpResponse:
    """Puts another case beside this one, or takes a link away."""
    here = standing(seat, reference)
    if not here.is_colleague:
        return HttpResponseForbidden(_("Dat hoort niet bij uw rol."))
    mine = cases_for(seat.membership, seat.procedure, at=seat.now)
    if "remove" in request.POST:
        return _removed(request, here, mine)
    wanted = str(request.POST.get("other", "")).strip().upper()
    other = mine.filter(reference=wanted).first() if wanted else None
    kind = str(request.POST.get("kind", ""))
    if other is None:
        messages.error(request, _("Wij vinden geen zaak met het nummer “%(number)s”.") % {"number": wanted[:20]})
    elif kind not in CaseLink.Kind.values:
        messages.error(request, _("Kies wat de zaken met elkaar te maken hebben."))
    else:
        try:
            link_cases(here.case, other, kind, actor=here.actor, at=here.now)
        except NotLinked:
            messages.warning(request, _("Deze zaken staan al bij elkaar."))
        else:
            messages.success(request, _("%(number)s staat nu bij deze zaak.") % {"number": other.reference})
    return _back(here)


def _removed(request: HttpRequest, here: Standing, mine: Any) -> HttpResponse:
    typed = str(request.POST.get("remove", ""))
    found = next((each for each in _linked(here.case, mine) if str(each.link.pk) == typed), None)
    if found is None:
        raise Http404
    unlink_cases(found.link, actor=here.actor, at=here.now)
    messages.success(request, _("%(number)s staat niet meer bij deze zaak.") % {"number": found.case.reference})
    return _back(here)


def _linked(case: Case, mine: Any) -> list[Linked]:
    """The links to cases that the viewer may know of. Two queries."""
    links = list(CaseLink.objects.filter(case=case)) + list(CaseLink.objects.filter(other=case))
    keys = {each.other_id if each.case_id == case.pk else each.case_id for each in links}
    seen = {each.pk: each for each in mine.filter(pk__in=keys)} if keys else {}
    back = {
        CaseLink.Kind.REPEAT: _("kwam eerder, en is herhaald in"),
        CaseLink.Kind.RELATED: _("hangt samen met"),
        CaseLink.Kind.DUPLICATE: _("is dezelfde klacht als"),
    }
    return [
        Linked(
            each, seen[key], str(each.get_kind_display()) if each.case_id == case.pk else back[CaseLink.Kind(each.kind)]
        )
        for each in links
        if (key := each.other_id if each.case_id == case.pk else each.case_id) in seen
    ]


def _back(here: Standing) -> HttpResponse:
    return redirect(reverse("desk:case", args=[here.case.reference]) + "#verwant")
