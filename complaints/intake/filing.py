"""Filing a complaint: the form, and the receipt."""

from __future__ import annotations

import secrets
from datetime import datetime

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from complaints import access_codes
from complaints.actions import THE_COMPLAINANT, open_case
from complaints.forms import AnswersForm, form_for
from complaints.intake.pages import dated_steps
from complaints.intake.views import in_force_now
from complaints.queries.state import state_of
from procedures import answers, engine
from procedures.catalogue import calendar_of, procedure_of, zone_of
from procedures.definition import PARTY_FIELDS, Procedure

NONE_OF_THESE = "none"
WEB = "web"


@never_cache
@require_http_methods(["GET", "POST"])
def file_complaint(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it. Sending the same form twice opens one case and shows the same receipt."""
    _version, procedure = in_force_now()
    now = timezone.now()
    language = get_language() or "nl"
    form = complaint_form(procedure, request, language)
    if request.method == "GET":
        return _form_page(request, procedure, form, nonce=secrets.token_urlsafe(32), status=200)
    nonce = str(request.POST.get("nonce", ""))
    if not 32 <= len(nonce) <= 64:
        raise PermissionDenied  # no form of ours
    referral = _referral(procedure, str(request.POST.get("exclusion", "")), language)
    if referral:
        return _form_page(request, procedure, form, nonce=nonce, status=422, referral=referral)
    if not form.is_valid():
        return _form_page(request, procedure, form, nonce=nonce, status=422)
    given = form.answers()
    given.pop("exclusion", None)
    if _is_late(procedure, given, at=now) and not request.POST.get("late_ok"):
        return _form_page(request, procedure, form, nonce=nonce, status=422, is_late=True)
    try:
        opened = open_case(
            answers={"channel": WEB, **given},
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            nonce=nonce,
            language=language,
            files=form.files_by_field(),
        )
    except engine.ActRefused as refusal:
        form.take_refusal(refusal, language=language)
        return _form_page(request, procedure, form, nonce=nonce, status=422)
    case = opened.case
    own = procedure_of(case.version)
    calendar = calendar_of(own, at=now)
    complainant = case.parties.filter(kind="complainant").first()
    return render(
        request,
        "public/receipt.html",
        {
            "procedure": own,
            "case": case,
            "code": access_codes.written(opened.access_code),
            "email": complainant.email if complainant else "",
            "dates": dated_steps(own, state_of(case, own), calendar),
        },
        status=201,
    )


def complaint_form(procedure: Procedure, request: HttpRequest, language: str) -> AnswersForm:
    """The intake's questions, after those about where the complaint belongs and before those about who may know."""
    sent = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = form_for(procedure, procedure.intake.fields, language=language, **sent)  # type: ignore[arg-type]
    if procedure.intake.exclusions:
        choices = [(each.name, each.title.in_language(language)) for each in procedure.intake.exclusions]
        form.fields["exclusion"] = forms.ChoiceField(
            label=_("Gaat uw klacht over een van deze dingen?"),
            choices=[(NONE_OF_THESE, _("Nee, over iets anders")), *choices],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
    if procedure.intake.confidentiality:
        form.fields["confidentiality"] = forms.ChoiceField(
            label=_("Wie mag weten van uw klacht?"),
            choices=[
                (each.name, f"{each.title.in_language(language)} {each.consequence.in_language(language)}".strip())
                for each in procedure.intake.confidentiality
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Kies hier een antwoord.")},
        )
    return form


def _form_page(
    request: HttpRequest,
    procedure: Procedure,
    form: AnswersForm,
    *,
    nonce: str,
    status: int,
    referral: tuple[str, str] | None = None,
    is_late: bool = False,
) -> HttpResponse:
    language = get_language() or "nl"
    first = [name for name in ("exclusion",) if name in form.fields]
    about_you = [each.name for each in procedure.intake.fields if each.name in PARTY_FIELDS]
    about_it = [each.name for each in procedure.intake.fields if each.name not in PARTY_FIELDS]
    last = [name for name in ("confidentiality",) if name in form.fields]
    window = procedure.intake.window
    return render(
        request,
        "public/form.html",
        {
            "procedure": procedure,
            "form": form,
            "groups": [
                (_("Uw klacht"), [form[name] for name in (*first, *about_it)]),
                (_("Over u"), [form[name] for name in (*about_you, *last)]),
            ],
            "nonce": nonce,
            "referral": referral,
            "late": window.late.in_language(language) if window and is_late else "",
            "late_ok": bool(request.POST.get("late_ok")),
        },
        status=status,
    )


def _referral(procedure: Procedure, chosen: str, language: str) -> tuple[str, str] | None:
    """What to do with a complaint that has to be filed elsewhere."""
    for each in procedure.intake.exclusions:
        if each.name == chosen:
            return each.title.in_language(language), each.referral.in_language(language)
    return None


def _is_late(procedure: Procedure, given: dict[str, object], *, at: datetime) -> bool:
    window = procedure.intake.window
    if window is None or window.from_fact not in given:
        return False
    field = next(each for each in procedure.intake.fields if each.name == window.from_fact)
    day = answers.parse(field, given[window.from_fact], zone=zone_of(procedure))
    return engine.filed_late(procedure, {window.from_fact: day}, at=at, calendar=calendar_of(procedure, at=at))
