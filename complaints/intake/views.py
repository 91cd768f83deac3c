"""The pages that anyone may read: which organisations there are, the procedure of one, its versions, its privacy."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from complaints.intake.pages import asked_of_you, dates_when_filed, page_of, versions
from complaints.letters.rendering import mark
from procedures.catalogue import NotInForce, calendar_of, procedure_of, published_versions, version_at
from procedures.definition import Procedure
from procedures.models import Organisation, ProcedureVersion


@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Where someone chooses the organisation that the complaint is about; on an organisation's own host, its page."""
    if request.organisation:  # type: ignore[attr-defined]
        return organisation_page(request)
    return render(request, "public/organisations.html", {"organisations": Organisation.objects.filter(is_open=True)})


@require_safe
def organisation_page(request: HttpRequest) -> HttpResponse:
    """The procedure as people read it, with what would happen by when if they filed now."""
    _version, procedure = in_force_now()
    now = timezone.now()
    dates = dates_when_filed(procedure, calendar_of(procedure, at=now), at=now)
    return render(request, "public/organisation.html", {**page_of(procedure), "today": now, "dates": dates})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Which personal data are asked and why, who reads them, how long they are kept, and what people may ask."""
    _version, procedure = in_force_now()
    return render(request, "public/privacy.html", {"procedure": procedure, "asked": asked_of_you(procedure)})


@require_safe
def version_list(request: HttpRequest) -> HttpResponse:
    """Every version that was published, and when each was in force."""
    _version, procedure = in_force_now()
    rows = versions(published_versions(), on=timezone.localdate())
    return render(request, "public/versions.html", {"procedure": procedure, "versions": rows})


@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One published version as people read it, whether or not it is in force."""
    found = {each.number: each for each in published_versions()}
    if number not in found:
        raise Http404
    procedure = procedure_of(found[number])
    speak(procedure)
    row = next(each for each in versions(list(found.values()), on=timezone.localdate()) if each.number == number)
    return render(request, "public/version.html", {**page_of(procedure), "version": row})


@require_safe
def procedure_on_paper(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The procedure in force as a PDF, for a website, a handbook or a wall."""
    found, procedure = in_force_now()
    # Drawn once for each version and language: the address is public, and drawing costs a third of a second.
    content = cache.get_or_set(f"procedure:{found.sha256}:{get_language()}", lambda: _paper(procedure), timeout=None)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{procedure.organisation}-v{procedure.version}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


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
    """The version of the organisation in scope that is in force today. Http404 when there is none.

    Side effect: the request goes on in Dutch where the procedure does not speak the reader's language.
    """
    try:
        version = version_at(timezone.now())
    except NotInForce:
        raise Http404 from None
    procedure = procedure_of(version)
    speak(procedure)
    return version, procedure


def speak(procedure: Procedure) -> None:
    """Turns to Dutch for the rest of the request, where the procedure does not speak the reader's language."""
    if get_language() not in procedure.languages:
        translation.activate("nl")


def _paper(procedure: Procedure) -> bytes:
    from complaints.letters.printing import paper  # WeasyPrint takes half a second to load

    contact = procedure.contact
    context: dict[str, Any] = {
        **page_of(procedure),
        "contact": [each for each in (contact.email, contact.phone, ", ".join(contact.address)) if each],
        "mark": mark(procedure.theme),
        "address": f"{settings.SITE_URL}/{procedure.organisation}/",
    }
    return paper(render_to_string("paper/procedure.html", context))
