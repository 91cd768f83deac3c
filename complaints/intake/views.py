"""The pages that anyone may read: which organisations there are, and the procedure of one."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from complaints.intake.pages import dates_when_filed, picture, sections
from procedures.catalogue import NotInForce, calendar_of, procedure_of, version_in_force
from procedures.definition import Procedure
from procedures.models import Organisation, ProcedureVersion


@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Where someone chooses the organisation that the complaint is about."""
    return render(request, "public/organisations.html", {"organisations": Organisation.objects.filter(is_open=True)})


@require_safe
def organisation_page(request: HttpRequest) -> HttpResponse:
    """The procedure as people read it, with what would happen by when if they filed now."""
    version, procedure = in_force_now()
    now = timezone.now()
    calendar = calendar_of(procedure, at=now)
    return render(
        request,
        "public/organisation.html",
        {
            "procedure": procedure,
            "version": version,
            "today": now,
            "sections": sections(procedure),
            "dates": dates_when_filed(procedure, calendar, at=now),
            "steps": picture(procedure),
            "channels": [each for each in procedure.intake.channels if each.is_public],
        },
    )


@require_safe
@cache_control(public=True, max_age=300)
def theme(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The organisation's five colours; nothing else differs between organisations."""
    _version, procedure = in_force_now()
    colours = procedure.theme
    css = (
        f":root {{ --accent: {colours.accent}; --accent-strong: {colours.accent_strong}; "
        f"--accent-tint: {colours.accent_tint}; --accent-line: {colours.accent_line}; "
        f"--on-accent: {colours.on_accent}; }}\n"
    )
    return HttpResponse(css, content_type="text/css")


def in_force_now() -> tuple[ProcedureVersion, Procedure]:
    """The version of the organisation in scope that is in force today. Http404 when there is none."""
    try:
        version = version_in_force(timezone.localdate())
    except NotInForce:
        raise Http404 from None
    procedure = procedure_of(version)
    speak(procedure)
    return version, procedure


def speak(procedure: Procedure) -> None:
    """Turns to Dutch for the rest of the request, where the procedure does not speak the reader's language."""
    if get_language() not in procedure.languages:
        translation.activate("nl")
