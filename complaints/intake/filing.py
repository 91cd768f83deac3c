"""Filing a complaint: the form, a look at the answers, and the receipt. A form can be put away and taken up again.

What was typed travels with every page; files wait in a draft that is found by the form's nonce. So no session is
needed to get to the receipt, and a session that is over loses nothing.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from complaints import access_codes, throttling
from complaints.actions import (
    THE_COMPLAINANT,
    Opened,
    discard,
    draft_of,
    files_of,
    keep_draft,
    open_case,
    opened_with,
    put_away,
)
from complaints.forms import AnswersForm
from complaints.intake import representation
from complaints.intake.form import (
    EXCLUSION,
    as_initial,
    check_page,
    complaint_form,
    groups,
    late_words,
    passed,
    referral,
    refusals,
    typed,
)
from complaints.intake.pages import dated_steps
from complaints.intake.views import in_force_now
from complaints.models import Draft, Party
from complaints.said import spoken
from complaints.uploads import MAX_FILES
from procedures import engine
from procedures.catalogue import calendar_of, procedure_of
from procedures.definition import Procedure
from procedures.models import Organisation
from procedures.scoping import scope

WEB = "web"
SESSION_KEY = "drafts"  # organisation key → the draft that this browser is busy with
FILED_KEY = "filed"  # organisation key → the number of the complaint that this browser filed last
CHECK, EDIT, SAVE, SEND, REMOVE = "check", "edit", "save", "send", "remove"


class ResumeForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))


@cache_control(private=True, no_cache=True)
@require_http_methods(["GET", "POST"])
def file_complaint(request: HttpRequest) -> HttpResponse:
    """The form and what comes of it: `step` says which button was pressed.

    Every answer but the last is a redirect, so that going back never asks to send anything again. Sending the same
    form twice opens one case and shows the same receipt.
    """
    _version, procedure = in_force_now()
    if request.method == "GET":
        return _form_page(request, procedure, _draft_of_session(request))
    nonce = str(request.POST.get("nonce", ""))
    if not 32 <= len(nonce) <= 64:
        raise PermissionDenied  # no form of ours
    # A second click waits here for the first, and then finds what that one opened.
    draft = Draft.objects.select_for_update().filter(nonce=nonce).prefetch_related("files").first()
    opened = opened_with(nonce)
    if opened:
        return _receipt(request, opened)
    now = timezone.now()
    seconds = throttling.wait_for_all("form", at=now)
    if seconds:
        return _busy(request, procedure, nonce, draft, seconds)
    response = _step(request, procedure, nonce, draft)
    throttling.count_for_all("form", at=now)
    return response


@cache_control(private=True, no_cache=True)
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """A last look at the answers."""
    _version, procedure = in_force_now()
    draft = _draft_of_session(request)
    form = complaint_form(procedure, draft=draft)
    if draft is None or not form.is_valid() or referral(procedure, str(form.data.get(EXCLUSION, ""))):
        return redirect("file", organisation=procedure.organisation)
    return _check_page(request, procedure, form, draft)


@require_POST
def begin_again(request: HttpRequest) -> HttpResponse:
    """Throws away what this browser was busy with, and shows an empty form."""
    draft = _draft_of_session(request)
    if draft:
        discard(draft)
    _forget(request)
    return redirect(request.path.removesuffix("opnieuw/"))


@never_cache
@require_http_methods(["GET", "POST"])
def resume(request: HttpRequest) -> HttpResponse:
    """Takes up a form that was put away, by its code."""
    _version, procedure = in_force_now()
    form = ResumeForm(request.POST or None)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        draft = draft_of(form.cleaned_data["code"], at=timezone.now()) if form.is_valid() else None
        if draft:
            request.session.cycle_key()
            _remember(request, draft)
            return redirect(request.path.removesuffix("verder/"))
        if form.is_valid():
            form.add_error(
                "code", _("Wij vinden niets bij deze code. Kijk haar nog eens na. Na zeven dagen is alles gewist.")
            )
    return render(request, "public/resume.html", {"procedure": procedure, "form": form}, status=status)


def _step(request: HttpRequest, procedure: Procedure, nonce: str, draft: Draft | None) -> HttpResponse:
    now = timezone.now()
    step = next((each for each in (REMOVE, EDIT) if each in request.POST), str(request.POST.get("step", CHECK)))
    form = complaint_form(procedure, data=request.POST, files=request.FILES, draft=draft)
    is_good = form.is_valid()
    came, problems = passed(form), refusals(form)
    if sum(map(len, came.values())) + (draft.files.count() if draft else 0) > MAX_FILES:
        problems = {next(iter(came)): [_("Kies hoogstens %(n)d bestanden.") % {"n": MAX_FILES}]}
        is_good, came = False, {}
    is_elsewhere = referral(procedure, str(request.POST.get(EXCLUSION, ""))) is not None
    if step == SEND and is_good and not came and not is_elsewhere:
        return _send(request, procedure, form, nonce, draft)  # nothing is left to keep for later
    draft = keep_draft(
        nonce,
        answers=typed(form, request.POST),
        files=came,
        without=[int(each) for each in request.POST.getlist(REMOVE) if each.isdecimal()],
        is_judged=step in (CHECK, SEND) or bool(problems),
        problems=problems,
        at=now,
    )
    _remember(request, draft)
    if step == SAVE:
        return _put_away_page(request, procedure, draft, put_away(draft, at=now))
    address = reverse("file", kwargs={"organisation": procedure.organisation})
    if step == EDIT:
        name = str(request.POST[EDIT])
        return redirect(f"{address}#div_id_{name}" if name in form.fields else address)
    if step == REMOVE:
        return redirect(address)
    if not is_good or is_elsewhere:
        return redirect(f"{address}#fouten")
    if step != SEND:
        return redirect(f"{address}nakijken/")
    return _send(request, procedure, form, nonce, draft)


def _send(
    request: HttpRequest, procedure: Procedure, form: AnswersForm, nonce: str, draft: Draft | None
) -> HttpResponse:
    now = timezone.now()
    seconds = throttling.wait_or_count(request, "file", at=now)
    if seconds:
        response = _check_page(request, procedure, form, draft or _kept(request, form, nonce), wait=seconds)
        response["Retry-After"] = str(seconds)
        return response
    given = form.answers()
    given.pop(EXCLUSION, None)
    speaks = representation.take_out(given)
    try:
        opened = open_case(
            answers={"channel": WEB, **given},
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            nonce=nonce,
            language=spoken(),
            files=files_of(draft) if draft else {},
            representative=speaks,
        )
    except engine.ActRefused as refusal:
        form.take_refusal(refusal, language=spoken())
        return _form_page(request, procedure, draft or _kept(request, form, nonce), form=form)
    if draft:
        discard(draft)
        _forget(request)
    request.session[FILED_KEY] = {**request.session.get(FILED_KEY, {}), _organisation(request): opened.case.reference}
    return _receipt(request, opened)


def _kept(request: HttpRequest, form: AnswersForm, nonce: str) -> Draft:
    """What was typed into a form that was to be sent at once, kept after all."""
    draft = keep_draft(nonce, answers=typed(form, request.POST), files={}, is_judged=True, at=timezone.now())
    _remember(request, draft)
    return draft


def _busy(request: HttpRequest, procedure: Procedure, nonce: str, draft: Draft | None, seconds: int) -> HttpResponse:
    """The form with all that was typed, because too many are sent to this organisation at the moment."""
    form = complaint_form(procedure, draft=draft)
    form.initial = {**form.initial, **as_initial(typed(form, request.POST))}
    response = _form_page(
        request, procedure, draft, form=form, nonce=nonce, status=HTTPStatus.TOO_MANY_REQUESTS, wait=seconds
    )
    response["Retry-After"] = str(seconds)
    return response


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a browser gets whose form carries no valid token any more: the form again, with all that was typed.

    Django calls this before any view runs, so there is no organisation in scope yet.
    """
    match = resolve(request.path_info)
    if match.url_name != "file":
        return csrf_failure(request, reason=reason)
    organisation = get_object_or_404(Organisation, slug=match.kwargs["organisation"])
    request.organisation = organisation  # type: ignore[attr-defined]
    with scope(organisation.pk):
        _version, procedure = in_force_now()
        form = complaint_form(procedure)
        form.initial = {**form.initial, **as_initial(typed(form, request.POST))}
        nonce = str(request.POST.get("nonce", "")) or secrets.token_urlsafe(32)
        return _form_page(request, procedure, None, form=form, nonce=nonce, status=HTTPStatus.FORBIDDEN)


# ------------------------------------------------------------------------------------------------ pages


def _form_page(
    request: HttpRequest,
    procedure: Procedure,
    draft: Draft | None,
    *,
    form: AnswersForm | None = None,
    nonce: str = "",
    status: HTTPStatus | None = None,
    wait: int = 0,
) -> HttpResponse:
    form = form or complaint_form(procedure, draft=draft)
    elsewhere = referral(procedure, str(form.data.get(EXCLUSION, ""))) if form.is_bound else None
    is_wrong = form.is_bound and bool(form.errors or elsewhere)
    return render(
        request,
        "public/form.html",
        {
            "procedure": procedure,
            "form": form,
            "groups": [(heading, [form[name] for name in names]) for heading, names in groups(form, procedure)],
            "nonce": nonce or (draft.nonce if draft else secrets.token_urlsafe(32)),
            "kept": list(draft.files.all()) if draft else [],
            "filed": "" if draft else request.session.get(FILED_KEY, {}).get(_organisation(request), ""),
            "is_resumed": draft is not None and not is_wrong and not wait,
            "referral": elsewhere,
            "referrals": {each.name: each.referral for each in procedure.intake.exclusions},
            "is_stale": status is HTTPStatus.FORBIDDEN,
            "wait": wait,
            "came_along": bool(wait and request.FILES),
        },
        status=status or (HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK),
    )


def _check_page(
    request: HttpRequest, procedure: Procedure, form: AnswersForm, draft: Draft, *, wait: int = 0
) -> HttpResponse:
    now = timezone.now()
    return render(
        request,
        "public/check.html",
        {
            "procedure": procedure,
            "groups": check_page(form, procedure, list(draft.files.all())),
            "typed": [(name, value) for name, values in draft.answers.items() for value in values],
            "nonce": draft.nonce,
            "late": late_words(procedure, form.answers(), at=now, calendar=calendar_of(procedure, at=now)),
            "wait": wait,
        },
        status=HTTPStatus.TOO_MANY_REQUESTS if wait else HTTPStatus.OK,
    )


def _put_away_page(request: HttpRequest, procedure: Procedure, draft: Draft, code: str) -> HttpResponse:
    return render(
        request,
        "public/put_away.html",
        {"procedure": procedure, "code": access_codes.written(code), "until": draft.expires_at, "draft": draft},
    )


def _receipt(request: HttpRequest, opened: Opened) -> HttpResponse:
    now = timezone.now()
    case = opened.case
    own = procedure_of(case.version)
    parties = {each.kind: each for each in case.parties.all()}
    speaks = parties.get(Party.Kind.REPRESENTATIVE) or parties[Party.Kind.COMPLAINANT]
    response = render(
        request,
        "public/receipt.html",
        {
            "procedure": own,
            "case": case,
            "code": access_codes.written(opened.access_code),
            "nonce": case.nonce,
            "email": speaks.email or parties[Party.Kind.COMPLAINANT].email,
            "dates": dated_steps(own, opened.state, calendar_of(own, at=now)),
        },
        status=HTTPStatus.OK if opened.is_replay else HTTPStatus.CREATED,
    )
    response["Cache-Control"] = "no-store, private"
    return response


# ------------------------------------------------------------------------------------------------ this browser


def _draft_of_session(request: HttpRequest) -> Draft | None:
    key = request.session.get(SESSION_KEY, {}).get(_organisation(request))
    return Draft.objects.filter(pk=key, expires_at__gt=timezone.now()).first() if key else None


def _remember(request: HttpRequest, draft: Draft) -> None:
    request.session[SESSION_KEY] = {**request.session.get(SESSION_KEY, {}), _organisation(request): draft.pk}


def _forget(request: HttpRequest) -> None:
    known = dict(request.session.get(SESSION_KEY, {}))
    known.pop(_organisation(request), None)
    request.session[SESSION_KEY] = known


def _organisation(request: HttpRequest) -> str:
    return str(request.organisation.pk)  # type: ignore[attr-defined]
