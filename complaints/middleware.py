"""Puts the organisation of the request in scope, for as long as its view runs; and counts the answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse

from complaints import counting
from complaints.access import organisations_for
from procedures.models import Organisation
from procedures.scoping import scope

_OURS = ("localhost", "127.0.0.1", "[::1]", "testserver")  # a developer's machine, and Django's own test client
_DESK = "beheer/"  # what begins the address of each of its pages
_WATCHED = "gezond/"  # the same of what machines ask; no organisation, and no query that may fail
View = Callable[..., HttpResponseBase]


class CountMiddleware:
    """Counts each answer by the name of its view and its status. Outermost, so that it sees what others answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = match.view_name if match is not None and match.view_name else "none"
        counting.count(counting.REQUESTS, view, response.status_code)
        counting.measure(counting.SECONDS, time.perf_counter() - started, view)
        return response


class ScopeMiddleware:
    """`/<organisation>/…` or the organisation's own host on the public side; the one chosen by staff at the desk.

    The view runs in one transaction with the organisation set in it, and what it wrote is committed before the answer
    leaves. `request.organisation` is the organisation, None where there is none (`/`, signing in). On an organisation's
    own host there is no other organisation and no desk.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.organisation = None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        organisation = _organisation(request, kwargs)
        request.organisation = organisation  # type: ignore[attr-defined]
        if organisation is None:
            return None
        with scope(organisation.pk):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response = response.render()
        return response


def _organisation(request: HttpRequest, kwargs: dict[str, Any]) -> Organisation | None:
    match = request.resolver_match
    if match is not None and match.route.startswith(_WATCHED):
        return None
    own = _of_host(request)
    if match is not None and match.route.startswith(_DESK):
        if own:
            raise Http404  # staff work on the main host, under its own cookies
        return _chosen(request)
    if "organisation" in kwargs:
        slug = kwargs.pop("organisation")
        if own:
            if own.slug != slug:
                raise Http404
            return own
        try:
            return Organisation.objects.get(slug=slug)
        except Organisation.DoesNotExist:
            raise Http404 from None
    return own


def _of_host(request: HttpRequest) -> Organisation | None:
    """The organisation whose own host name was asked for. The main host costs no query."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    host = host.lower().rstrip(".")
    if host == urlsplit(settings.SITE_URL).hostname or host in _OURS:
        return None
    return Organisation.objects.filter(domain=host, is_open=True).first()


def _chosen(request: HttpRequest) -> Organisation | None:
    """The organisation that a member of staff works in now: the one chosen in the session, else their first."""
    organisations = organisations_for(request)
    chosen = request.session.get("organisation")
    return next((each for each in organisations if each.pk == chosen), organisations[0] if organisations else None)
