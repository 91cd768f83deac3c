"""The complainant's page: where the case stands, what they may do in it, and the forms for that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from complaints.access import Entry
from complaints.actions import CaseMovedOn, note_read, perform
from complaints.controls import sent_revision
from complaints.forms import form_for
from complaints.intake.pages import dated_steps
from complaints.models import Message
from complaints.portal.dates import last_day, left_of, not_now, past_steps, reason_of
from complaints.portal.entering import AGAIN, for_complainant
from complaints.portal.files import letters_of, own_documents
from complaints.portal.story import told
from complaints.queries.sides import asked_of_complainant
from complaints.queries.state import state_of
from complaints.said import spoken
from complaints.uploads import UploadRefused
from procedures import engine
from procedures.calendars import Calendar
from procedures.catalogue import calendar_of
from procedures.definition import EMPTY, Act

DONE = "done"  # in the session: what was done and when, until the page has said so


@for_complainant
@require_safe
def case_page(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Where the case stands, what comes by when, what was written, and what the complainant may do."""
    case, procedure = entry.case, entry.procedure
    now = timezone.now()
    calendar = calendar_of(procedure, at=now)
    state = _standing(entry, calendar, at=now)
    letters = list(letters_of(entry))
    offers = _offers(entry, state, at=now)
    dates = dated_steps(procedure, state, calendar)
    past = past_steps(procedure, state, calendar, at=now)
    messages = list(case.messages.select_related("member__user"))
    documents = list(own_documents(entry))
    note_read(case, by=Message.By.COMPLAINANT, at=now)
    return render(
        request,
        "public/case.html",
        {
            "procedure": procedure,
            "case": case,
            "phase": procedure.phase(state.phase),
            "handler": case.handler.name if case.handler and not state.is_stopped else "",
            "is_merged": state.is_stopped,
            "main": entry.main,
            "reads_mail": entry.reads_mail,
            "next": dates[0] if dates else None,
            "left": left_of(procedure, state, dates[0].rule.name, calendar, at=now) if dates else "",
            "dates": dates[1:],
            "owed": [each for each in past if each.is_owed],
            "past": [each for each in past if not each.is_owed],
            "acts": [each.act for each in offers if each.refusal is None],
            "not_now": not_now(procedure, state, offers),
            "story": told(case.events.order_by("number"), letters, procedure),
            "letters": letters,
            "documents": documents,
            "messages": [(each, [file for file in documents if file.event_id == each.event_id]) for each in messages],
            **asked_of_complainant(case, at=now, today=timezone.localdate(now)),
            "done": request.session.pop(DONE, None),
        },
    )


@for_complainant
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, entry: Entry, act: str) -> HttpResponse:
    """A form for an act of the complainant. What was typed is kept when the case has moved on meanwhile."""
    case, procedure = entry.case, entry.procedure
    now = timezone.now()
    language = spoken()
    state = _standing(entry, calendar_of(procedure, at=now), at=now)
    offers = _offers(entry, state, at=now)
    definition, refusal = _asked(entry, act, offers, is_sent=request.method == "POST")
    if refusal is not None:
        return _refused(request, entry, state, definition, refusal, offers)
    sent = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = form_for(procedure, definition.fields, facts=state.facts, done=state.done, language=language, **sent)  # type: ignore[arg-type]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                event = perform(
                    case,
                    act,
                    answers=form.answers(),
                    actor=entry.actor,
                    at=now,
                    revision=sent_revision(request.POST),
                    files=form.files_by_field(),
                )
            except CaseMovedOn:
                status = 409
                form.add_error(
                    None, _("Uw zaak is intussen veranderd. Kijk of dit nog klopt, en verstuur het opnieuw.")
                )
            except engine.ActRefused as refused:
                form.take_refusal(refused, language=language)
            except UploadRefused as refused_file:
                form.add_error(None, str(refused_file))
            else:
                return back(
                    request, definition.receipt.in_language(language) or _("Wij hebben dit van u ontvangen."), event.at
                )
    return render(
        request,
        "public/act.html",
        {
            "procedure": procedure,
            "case": case,
            "act": definition,
            "form": form,
            "revision": case.revision,
            "was_until": last_day(procedure, state, definition) if definition.after else "",
        },
        status=status,
    )


def _asked(
    entry: Entry, name: str, offers: Sequence[engine.Offer], *, is_sent: bool
) -> tuple[Act, engine.ActRefused | None]:
    """The act, and why it cannot be done now. Http404 when it is not the complainant's, or not of this phase and
    nothing was sent: who was still writing when the case went on is told so."""
    for each in offers:
        if each.act.name == name:
            return each.act, each.refusal
    for act in entry.procedure.acts:
        if is_sent and act.name == name and not act.opens and entry.actor.roles & set(act.by):
            return act, engine.ActRefused(EMPTY, code="phase")
    raise Http404


def _refused(
    request: HttpRequest,
    entry: Entry,
    state: engine.Case,
    act: Act,
    refusal: engine.ActRefused,
    offers: Sequence[engine.Offer],
) -> HttpResponse:
    """Says why an act cannot be done now. What was typed is not lost: it goes on to the act for latecomers where there
    is one, else to a person."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in ("csrfmiddlewaretoken", "revision") and not name.startswith(f"{AGAIN}-") and value.strip()
    ]
    instead = [each.act for each in offers if each.refusal is None and each.act.after and each.act.after == act.within]
    context = {
        "procedure": entry.procedure,
        "case": entry.case,
        "act": act,
        "reason": reason_of(entry.procedure, state, act, refusal),
        "instead": instead,
        "typed": typed,
        "had_files": bool(request.FILES),
        "words": "\n\n".join([act.title.in_language(spoken()), *(value for _name, value in typed)]) if typed else "",
        "revision": entry.case.revision,
    }
    return render(request, "public/refused.html", context, status=409)


def back(request: HttpRequest, what: str, at: datetime) -> HttpResponse:
    """To the page of the case, which says what was done at the instant `at`."""
    request.session[DONE] = {"what": what, "at": at.isoformat()}
    return redirect("case", organisation=request.organisation.slug)  # type: ignore[attr-defined]


def _standing(entry: Entry, calendar: Calendar, *, at: datetime) -> engine.Case:
    """Where the case stands, with what time has brought since it was last written down."""
    state = state_of(entry.case, entry.procedure)
    passed = engine.pass_time(entry.procedure, state, at=at, calendar=calendar)
    return passed[-1].case if passed else state


def _offers(entry: Entry, state: engine.Case, *, at: datetime) -> list[engine.Offer]:
    """The acts of the complainant in this phase; those of staff are nobody else's business."""
    roles = entry.actor.roles
    offers = engine.offers(entry.procedure, state, at=at, by=roles)
    return [each for each in offers if roles & set(each.act.by) and not each.act.opens]
