"""The complainant's page: where the case stands, what they may do in it, and the forms for that."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from complaints.access import Entry
from complaints.actions import CaseMovedOn, note_read, perform
from complaints.forms import form_for
from complaints.intake.pages import dated_steps
from complaints.models import Message
from complaints.portal.entering import for_complainant
from complaints.portal.files import letters_of, own_documents
from complaints.portal.story import told
from complaints.queries.state import state_of
from complaints.uploads import UploadRefused
from procedures import engine
from procedures.catalogue import calendar_of

DONE = "done"  # in the session: what was done and when, until the page has said so
TOLD = ("late", "early")  # refusals that say something to the complainant: a window that is over, or not yet open


@for_complainant
@require_safe
def case_page(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Where the case stands, what comes by when, what was written, and what the complainant may do."""
    case, procedure = entry.case, entry.procedure
    now = timezone.now()
    state = state_of(case, procedure)
    letters = list(letters_of(entry))
    offers = [each for each in engine.offers(procedure, state, at=now, by=entry.actor.roles) if not each.act.opens]
    dates = dated_steps(procedure, state, calendar_of(procedure, at=now))
    messages = list(case.messages.select_related("member__user"))
    note_read(case, by=Message.By.COMPLAINANT, at=now)
    return render(
        request,
        "public/case.html",
        {
            "procedure": procedure,
            "case": case,
            "phase": procedure.phase(case.phase),
            "handler": case.handler.name if case.handler else "",
            "next": dates[0] if dates else None,
            "dates": dates[1:],
            "acts": [each.act for each in offers if each.refusal is None],
            "not_now": [
                (each.act, each.refusal.reason) for each in offers if each.refusal and each.refusal.code in TOLD
            ],
            "story": told(case.events.order_by("number"), letters, procedure),
            "letters": letters,
            "documents": list(own_documents(entry)),
            "messages": messages,
            "done": request.session.pop(DONE, None),
        },
    )


@for_complainant
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, entry: Entry, act: str) -> HttpResponse:
    """A form for an act of the complainant. What was typed is kept when the case has moved on meanwhile."""
    case, procedure = entry.case, entry.procedure
    now = timezone.now()
    language = get_language() or "nl"
    state = state_of(case, procedure)
    offered = {each.act.name: each for each in engine.offers(procedure, state, at=now, by=entry.actor.roles)}
    if act not in offered:
        raise Http404
    definition, refusal = offered[act].act, offered[act].refusal
    sent = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = form_for(procedure, definition.fields, facts=state.facts, done=state.done, language=language, **sent)  # type: ignore[arg-type]
    status = 200
    if refusal is not None:
        return render(
            request,
            "public/refused.html",
            {"procedure": procedure, "case": case, "act": definition, "reason": refusal.reason},
            status=409 if refusal.code != "role" else 404,
        )
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
                    revision=_revision(request),
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
        {"procedure": procedure, "case": case, "act": definition, "form": form, "revision": case.revision},
        status=status,
    )


def back(request: HttpRequest, what: str, at: datetime) -> HttpResponse:
    """To the page of the case, which says what was done at the instant `at`."""
    request.session[DONE] = {"what": what, "at": at.isoformat()}
    return redirect("case", organisation=request.organisation.slug)  # type: ignore[attr-defined]


def _revision(request: HttpRequest) -> int | None:
    sent = str(request.POST.get("revision", ""))
    return int(sent) if sent.isdecimal() and len(sent) < 10 else None
