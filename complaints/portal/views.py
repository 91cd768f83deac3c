"""The views of the complainant's page. Number and code open it for this session; no address holds either."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django import forms
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints.access import Entry, case_for_complainant, case_of_session
from complaints.actions import CaseMovedOn, perform
from complaints.forms import form_for
from complaints.intake.pages import dated_steps
from complaints.intake.views import in_force_now
from complaints.models import Letter, Party
from complaints.portal.story import told
from complaints.queries.state import state_of
from complaints.uploads import UploadRefused
from procedures import engine
from procedures.catalogue import calendar_of

CaseView = Callable[..., HttpResponseBase]

SESSION_KEY = "complainant"  # organisation key → case key


class CodeForm(forms.Form):
    reference = forms.CharField(label=_("Nummer van uw klacht"), max_length=30)
    code = forms.CharField(label=_("Code"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))


def for_complainant(view: CaseView) -> CaseView:
    """Gives the view the case that this session may see; others are asked for number and code."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str | int) -> HttpResponseBase:
        key = request.session.get(SESSION_KEY, {}).get(str(_organisation_key(request)))
        if key is None:
            return redirect(_address(request, "volgen/"))
        return view(request, entry=case_of_session(key), **kwargs)

    return guarded


@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Asks for number and code. Wrong ones get the same answer, whichever of the two was wrong."""
    _version, procedure = in_force_now()
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                entry = case_for_complainant(form.cleaned_data["reference"], form.cleaned_data["code"])
            except Http404:
                form.add_error(None, _("Dit nummer en deze code horen niet bij elkaar. Kijk ze nog eens na."))
            else:
                request.session.cycle_key()
                known = {**request.session.get(SESSION_KEY, {}), str(_organisation_key(request)): entry.case.pk}
                request.session[SESSION_KEY] = known
                return redirect(_address(request, "volgen/zaak/"))
    return render(request, "public/enter.html", {"procedure": procedure, "form": form}, status=status)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Closes the page for this session."""
    known = request.session.get(SESSION_KEY, {})
    known.pop(str(_organisation_key(request)), None)
    request.session[SESSION_KEY] = known
    return redirect(_address(request, ""))


@for_complainant
@require_safe
def case_page(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Where the case stands, what comes by when, what was written, and what the complainant may do."""
    case, procedure = entry.case, entry.procedure
    now = timezone.now()
    calendar = calendar_of(procedure, at=now)
    state = state_of(case, procedure)
    letters = list(_letters(entry))
    offers = engine.offers(procedure, state, at=now, by=entry.actor.roles)
    dates = dated_steps(procedure, state, calendar)
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
            "story": told(case.events.order_by("number"), letters, procedure),
            "letters": letters,
            "documents": case.documents.filter(by="complainant"),
            "done": request.session.pop("done", None),
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
                receipt = definition.receipt.in_language(language) or _("Wij hebben dit van u ontvangen.")
                request.session["done"] = {"what": receipt, "at": event.at.isoformat()}
                return redirect(_address(request, "volgen/zaak/"))
    return render(
        request,
        "public/act.html",
        {"procedure": procedure, "case": case, "act": definition, "form": form, "revision": case.revision},
        status=status,
    )


@for_complainant
@require_safe
def letter(request: HttpRequest, entry: Entry, pk: int) -> FileResponse:  # noqa: ARG001
    """A letter to the complainant, as the PDF that left."""
    found = _letters(entry).filter(pk=pk).first()
    if found is None:
        raise Http404
    response = FileResponse(
        found.pdf.open("rb"),
        content_type="application/pdf",
        filename=f"{entry.case.reference}-{found.name}.pdf",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _letters(entry: Entry) -> QuerySet[Letter]:
    return Letter.objects.filter(
        case=entry.case, party__kind=Party.Kind.COMPLAINANT, state__in=[Letter.State.SENT, Letter.State.TO_POST]
    ).exclude(pdf="")


def _revision(request: HttpRequest) -> int | None:
    sent = str(request.POST.get("revision", ""))
    return int(sent) if sent.isdecimal() else None


def _organisation_key(request: HttpRequest) -> int:
    return int(request.organisation.pk)  # type: ignore[attr-defined]


def _address(request: HttpRequest, path: str) -> str:
    return f"/{request.organisation.slug}/{path}"  # type: ignore[attr-defined]
