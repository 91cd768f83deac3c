"""Giving many cases to one person at once: each is an act of its own, with the rules that it has when done alone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from complaints.access import Entry, cases_for
from complaints.actions import CaseMovedOn, has_moved_on, perform, staff
from complaints.controls import whole_number
from complaints.desk import repeating
from complaints.desk.acts import choosable
from complaints.desk.filters import phase_title
from complaints.desk.seats import Seat, page, seated
from complaints.desk.standing import Standing, standing_of
from complaints.desk.worklist import Asked, listed
from complaints.forms import AnswersForm, form_for
from complaints.models import Case, Membership
from complaints.queries.handlers import assigning_acts
from complaints.queries.sides import is_decision, matrix, unheard
from complaints.queries.worklist import Filters
from complaints.said import spoken
from procedures import engine
from procedures.catalogue import procedure_of
from procedures.definition import Act, Field, FieldKind, Procedure

MOST = 200  # cases at once
PATIENCE = 30.0  # seconds: what is not done by then is left for another try, before the web server gives up on us

Ticked = dict[str, int]  # number → the revision that the page was made from
Members = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the act in one case: done, or why not."""

    case: Case
    phase: str
    reason: str = ""
    is_stale: bool = False
    can_be_mended: bool = True  # by looking again or by other answers: it is ticked for another try
    form: AnswersForm | None = None  # with what is wrong in the answers


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: the cases, the act with the field for the person, and the list to go back to."""

    ticked: Ticked
    act: Act
    named: Field
    filters: Filters
    answers: QueryDict
    choosable: dict[int, Members] = field(default_factory=dict)  # by version: who may be chosen, asked once


@require_POST
@seated
def assign(request: HttpRequest, seat: Seat) -> HttpResponse:
    """From the list: who and what; then, where the act asks for more, a form for all of the cases; then the outcome."""
    posted = request.POST
    filters = Filters.read(posted.get("chosen-list", ""))
    ticked = _ticked(posted.getlist("chosen-case"))
    wanted, person = posted.get("chosen-act", ""), posted.get("chosen-member", "")
    offered = {act.name: (act, named) for act, named in assigning_acts(seat.procedure, seat.membership.roles)}
    act, named = offered.get(wanted, (None, None))
    if "chosen-filled" in posted and act and named and ticked and len(ticked) <= MOST:
        return _done(request, seat, Sent(ticked, act, named, filters, posted))
    problem = _problem(ticked, act, named, person)
    if problem or act is None or named is None:
        asked = Asked(ticked, wanted, person, problem, number=posted.get("chosen-page", ""))
        return listed(request, seat, filters, asked, status=422)
    answers = posted.copy()
    answers[named.name] = person
    sent = Sent(ticked, act, named, filters, answers)
    if len(act.fields) == 1:
        return _done(request, seat, sent)
    form = _form(seat.procedure, act, choosable(seat.procedure, act), initial={named.name: person})
    return _page(request, seat, sent, form, waiting=[_waiting(case) for case in _cases(seat, ticked)])


def _problem(ticked: Ticked, act: Act | None, named: Field | None, person: str) -> str:
    """What still has to be chosen in the list; "" when everything is."""
    if not ticked:
        return _("Kies eerst een of meer zaken: zet er een vinkje voor.")
    if len(ticked) > MOST:
        return _("Kies hoogstens %(n)d zaken tegelijk.") % {"n": MOST}
    if act is None or named is None:
        return _("Kies wat u met deze zaken wilt doen.")
    known = Membership.objects.filter(is_active=True, roles__contains=[named.role])
    key = whole_number(person, digits=17)
    if key is None:
        return _("Kies een persoon.")
    if not known.filter(pk=key).exists():
        return _("Deze persoon kan dit niet doen. Kies iemand anders.")
    return ""


def _done(request: HttpRequest, seat: Seat, sent: Sent) -> HttpResponse:
    """Does the act in each case. When every one is done, back to the list; else a page with what was not done, why,
    and everything that was typed."""
    cases = _cases(seat, sent.ticked)
    until = time.monotonic() + PATIENCE
    outcomes = [_outcome(seat, case, sent) if time.monotonic() < until else _left(case) for case in cases]
    refused = [each for each in outcomes if each.reason]
    done = [each for each in outcomes if not each.reason]
    title = sent.act.title.in_language(spoken())
    missing = len(sent.ticked) - len(cases)
    if not refused and not missing:
        words = ngettext("Gedaan in %(n)d zaak: %(act)s.", "Gedaan in %(n)d zaken: %(act)s.", len(done))
        messages.success(request, words % {"n": len(done), "act": title})
        return redirect(reverse("desk:worklist") + sent.filters.query())
    form = next((each.form for each in refused if each.form), None) or _form(
        seat.procedure, sent.act, choosable(seat.procedure, sent.act), initial=_typed(sent)
    )
    status = 409 if missing or any(each.is_stale for each in refused) else 422
    return _page(request, seat, sent, form, waiting=refused, done=done, missing=missing, status=status)


def _outcome(seat: Seat, case: Case, sent: Sent) -> Outcome:
    """Does the act in one case, or says why not; the others go on."""
    procedure = procedure_of(case.version)
    phase = phase_title(procedure, case.phase)
    if has_moved_on(case, sent.ticked[case.reference]):
        return _stale(case, phase)
    here = standing_of(Entry(case, procedure, staff(seat.membership, procedure, case, at=seat.now)), now=seat.now)
    try:
        act = procedure.act(sent.act.name)
    except KeyError:
        reason = _("Deze zaak volgt een andere versie van de procedure. Daarin bestaat dit niet.")
        return Outcome(case, phase, reason, can_be_mended=False)
    refusal = here.refusal_of(act.name)
    if refusal:
        return Outcome(case, phase, here.reason_of(act, refusal), can_be_mended=False)
    if case.version_id not in sent.choosable:
        sent.choosable[case.version_id] = choosable(procedure, act)
    form = _form(procedure, act, sent.choosable[case.version_id], here=here, data=sent.answers)
    if not form.is_valid():
        return Outcome(case, phase, _wrong(form), form=form)
    if reason := _by_itself(seat, here, act, form):
        return Outcome(case, phase, reason)
    try:
        perform(case, act.name, answers=form.answers(), actor=here.actor, at=seat.now, revision=case.revision)
    except CaseMovedOn:
        case.refresh_from_db()
        return _stale(case, phase_title(procedure, case.phase))
    except engine.ActRefused as refused:
        return Outcome(case, phase, here.reason_of(act, refused))
    return Outcome(case, phase)


def _by_itself(seat: Seat, here: Standing, act: Act, form: AnswersForm) -> str:
    """Why this case has to be looked at by itself, because something about it would have to be explained; else ""."""
    question = repeating.question_of(form)
    if question and repeating.is_denied(form, question) and (found := repeating.like_case(here, seat)):
        words = _("Deze zaak lijkt op %(cases)s. Is het geen herhaling? Doe dit dan bij de zaak zelf.")
        return words % {"cases": ", ".join(repeating.numbers(found))}
    if is_decision(here.procedure, act) and unheard(matrix(here.case, here.procedure)):
        return _("Nog niet iedereen heeft op alle stukken kunnen reageren. Doe dit bij de zaak zelf.")
    return ""


def _stale(case: Case, phase: str) -> Outcome:
    reason = _("Deze zaak is intussen veranderd. Kijk of dit nog klopt.")
    return Outcome(case, phase, reason, is_stale=True)


def _left(case: Case) -> Outcome:
    reason = _("Hier kwamen wij nog niet aan toe. Probeer het opnieuw.")
    return Outcome(case, phase_title(procedure_of(case.version), case.phase), reason)


def _waiting(case: Case) -> Outcome:
    return Outcome(case, phase_title(procedure_of(case.version), case.phase))


def _wrong(form: AnswersForm) -> str:
    return " ".join(
        f"{strip_tags(str(form.fields[name].label)).rstrip('?:')}: {' '.join(map(str, errors))}"
        if name in form.fields
        else " ".join(map(str, errors))
        for name, errors in form.errors.items()
    )


def _cases(seat: Seat, ticked: Ticked) -> list[Case]:
    """Those of the ticked cases that the viewer may know of, always in the same order: no two wait for each other."""
    known = cases_for(seat.membership, seat.procedure, at=seat.now).filter(reference__in=ticked)
    return list(known.select_related("version", "handler__user").order_by("pk"))


def _ticked(sent: Sequence[str]) -> Ticked:
    found: Ticked = {}
    for each in sent:
        reference, _colon, revision = each.replace("\x00", "").partition(":")
        number = whole_number(revision, digits=9)
        found[reference[:20]] = -1 if number is None else number
    return found


def _form(
    procedure: Procedure, act: Act, members: Members, *, here: Standing | None = None, **more: Any
) -> AnswersForm:
    """The form of the act; with a case, judged by what is known there. A conflict of interest that may be explained is
    explained in the case itself, because the explanation is about one case."""
    return form_for(
        procedure,
        act.fields,
        facts=here.state.facts if here else None,
        done=here.state.done if here else (),
        members=members,
        audience="desk",
        language=spoken(),
        **more,
    )


def _typed(sent: Sent) -> dict[str, object]:
    several = (FieldKind.CHOICES, FieldKind.MEMBERS)
    return {
        each.name: sent.answers.getlist(each.name) if each.kind in several else sent.answers.get(each.name, "")
        for each in sent.act.fields
    }


def _page(
    request: HttpRequest,
    seat: Seat,
    sent: Sent,
    form: AnswersForm,
    *,
    waiting: Sequence[Outcome],
    done: Sequence[Outcome] = (),
    missing: int = 0,
    status: int = 200,
) -> HttpResponse:
    return page(
        request,
        "desk/assigned.html",
        {
            "title": sent.act.title.in_language(spoken()),
            "act": sent.act,
            "form": form,
            "waiting": waiting,
            "done": done,
            "missing": missing,
            "is_tried": status != 200,
            "person": next((name for key, name in _people(seat, sent) if key == sent.answers.get(sent.named.name)), ""),
            "back": sent.filters.query(),
        },
        status=status,
    )


def _people(seat: Seat, sent: Sent) -> Sequence[tuple[str, str]]:
    return choosable(seat.procedure, sent.act).get(sent.named.role, ())
