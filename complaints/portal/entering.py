"""How a complainant gets in: by number and code, or by a link in a mail. What opened is kept in the session alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from complaints import throttling
from complaints.access import Entry, case_for_complainant, case_of_session, proof_of
from complaints.actions import ask_link, link_works, use_link
from complaints.actions.notices import address_of_link
from complaints.intake.views import in_force_now, speak
from procedures.definition import Procedure

CaseView = Callable[..., HttpResponseBase]

SESSION_KEY = "complainant"  # organisation key → case key
PROOF = "complainant_mail"  # organisation key → proof of the address at which the link was read that let them in
AGAIN = "again"  # begins the names of the number and the code that are asked besides another form
ANSWERED_AFTER = 0.1  # seconds; longer than it takes to find a case and write a notice


class CodeForm(forms.Form):
    reference = forms.CharField(label=_("Nummer van uw klacht"), max_length=30)
    code = forms.CharField(label=_("Code"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class LinkForm(forms.Form):
    reference = forms.CharField(label=_("Nummer van uw klacht"), max_length=30)
    email = forms.EmailField(label=_("Uw e-mailadres"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


def for_complainant(view: CaseView) -> CaseView:
    """Gives the view the case that this session may see; others are asked for number and code."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str | int) -> HttpResponseBase:
        key = request.session.get(SESSION_KEY, {}).get(str(_organisation_key(request)))
        if key is None and request.method == "POST":
            return _let_in_again(request, view, kwargs)
        if key is None:
            return redirect("enter", organisation=_slug(request))
        entry = case_of_session(key, proof=_proof(request))
        speak(entry.procedure)
        return view(request, entry=entry, **kwargs)

    return guarded


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Asks for number and code. Wrong ones get the same answer, in the same time, whichever of the two was wrong."""
    _version, procedure = in_force_now()
    now = timezone.now()
    form = CodeForm(request.POST or None)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        reference = form.cleaned_data["reference"]
        seconds = throttling.wait_for(request, "code", at=now)
        if seconds:
            return _slow_page(request, procedure, CodeForm(initial={"reference": reference}), seconds)
        try:
            entry = case_for_complainant(reference, form.cleaned_data["code"])
        except Http404:
            throttling.count(request, "code", at=now)
            form.add_error(None, _("Dit nummer en deze code horen niet bij elkaar. Kijk ze nog eens na."))
        else:
            throttling.forgive(request, "code")
            return _open(request, entry.case.pk)
    return render(request, "public/enter.html", {"procedure": procedure, "form": form}, status=status)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Closes the page for this session."""
    known = request.session.get(SESSION_KEY, {})
    known.pop(str(_organisation_key(request)), None)
    request.session[SESSION_KEY] = known
    return redirect("organisation", organisation=_slug(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """Asks for number and mail address, to mail a link. Neither the answer nor its time tells whether they belong
    together."""
    started = time.monotonic()
    _version, procedure = in_force_now()
    now = timezone.now()
    form = LinkForm(request.POST or None)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        seconds = throttling.wait_or_count(request, "link", at=now)
        if seconds:
            return _slow_page(request, procedure, LinkForm(initial=form.cleaned_data), seconds)
        ask_link(form.cleaned_data["reference"], form.cleaned_data["email"], at=now)
        time.sleep(max(0.0, ANSWERED_AFTER - (time.monotonic() - started)))
        return render(request, "public/link_asked.html", {"procedure": procedure})
    return render(request, "public/link.html", {"procedure": procedure, "form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Where a mailed link leads: a button, because programs that scan mail follow links too. Pressing it opens.

    One that was used, has expired, belongs to another organisation or never was gets the same answer.
    """
    _version, procedure = in_force_now()
    now = timezone.now()
    if request.method == "POST":
        key = use_link(secret, at=now)
        if key is not None:
            return _open(request, key, proof=proof_of(address_of_link(secret)))
    elif link_works(secret, at=now):
        return render(request, "public/link_open.html", {"procedure": procedure})
    return render(request, "public/link_gone.html", {"procedure": procedure}, status=410)


@for_complainant
@require_POST
def lead_on(request: HttpRequest, entry: Entry) -> HttpResponse:
    """From a case that was merged to the main one, for who proved to read the mail that goes there."""
    if entry.main is None:
        raise Http404
    return _open(request, entry.main.pk, proof=_proof(request))


def _open(request: HttpRequest, key: int, *, proof: str = "") -> HttpResponse:
    _unlock(request, key, proof=proof)
    return redirect("case", organisation=_slug(request))


def _unlock(request: HttpRequest, key: int, *, proof: str = "") -> None:
    """Opens a case for this session, which gets a new key of its own: one that was planted before opens nothing."""
    request.session.cycle_key()
    known = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = {**known, str(_organisation_key(request)): key}
    request.session[PROOF] = {**request.session.get(PROOF, {}), str(_organisation_key(request)): proof}


def _let_in_again(request: HttpRequest, view: CaseView, kwargs: dict[str, str | int]) -> HttpResponseBase:
    """Somebody sent a form after their session was over. They are asked for number and code on the spot, and what they
    typed travels along; with the right ones the form arrives as if nothing had happened."""
    _version, procedure = in_force_now()
    form, status = CodeForm(prefix=AGAIN), 403
    if f"{AGAIN}-code" in request.POST:
        form, status = CodeForm(request.POST, prefix=AGAIN), 422
        seconds = throttling.wait_for(request, "code", at=timezone.now())
        if seconds:
            status = 429
            form.add_error(None, _("Wacht even: probeer het over %(n)d seconden opnieuw.") % {"n": seconds})
        elif form.is_valid():
            try:
                entry = case_for_complainant(form.cleaned_data["reference"], form.cleaned_data["code"])
            except Http404:
                throttling.count(request, "code", at=timezone.now())
                form.add_error(None, _("Dit nummer en deze code horen niet bij elkaar. Kijk ze nog eens na."))
            else:
                throttling.forgive(request, "code")
                _unlock(request, entry.case.pk)
                speak(entry.procedure)
                return view(request, entry=entry, **kwargs)
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and not name.startswith(f"{AGAIN}-")
    ]
    context = {"procedure": procedure, "form": form, "typed": typed}
    return render(request, "public/again.html", context, status=status)


def _slow_page(request: HttpRequest, procedure: Procedure, form: forms.Form, seconds: int) -> HttpResponse:
    context = {"procedure": procedure, "form": form, "seconds": seconds}
    response = render(request, "public/slow.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _proof(request: HttpRequest) -> str:
    return str(request.session.get(PROOF, {}).get(str(_organisation_key(request)), ""))


def _organisation_key(request: HttpRequest) -> int:
    return int(request.organisation.pk)  # type: ignore[attr-defined]


def _slug(request: HttpRequest) -> str:
    return str(request.organisation.slug)  # type: ignore[attr-defined]
