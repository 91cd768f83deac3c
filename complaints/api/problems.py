"""What goes wrong, as other systems read it: problem details (RFC 9457), in the language that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views import defaults
from ninja import Schema

CONTENT_TYPE = "application/problem+json"
HERE = "/api/"  # begins each address of the API


class WrongPart(Schema):
    """What is wrong with one part of what was sent."""

    pointer: str
    detail: str


class ProblemDetails(Schema):
    """What went wrong; `type` stays the same for machines, the words are for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[WrongPart] = []


@dataclass(eq=False)
class Problem(Exception):
    """Why a request is not answered as asked. `errors` says of each wrong part where it is and what to do."""

    status: HTTPStatus
    kind: str
    title: str
    detail: str = ""
    errors: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] | None = None

    def answer(self) -> HttpResponse:
        told: dict[str, Any] = {"type": f"urn:gehoor:problem:{self.kind}", "title": self.title, "status": self.status}
        if self.detail:
            told["detail"] = self.detail
        if self.errors:
            told["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in self.errors]
        return finished(
            JsonResponse(
                told,
                status=self.status,
                content_type=CONTENT_TYPE,
                headers=dict(self.headers or {}),
                json_dumps_params={"ensure_ascii": False},
            )
        )


def finished(response: HttpResponse) -> HttpResponse:
    """The answer as no cache keeps it, with the language that its words are in."""
    response["Cache-Control"] = "private, no-store"
    response["Content-Language"] = get_language() or "nl"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ("Accept-Language", "Authorization"))
    return response


def unknown() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "unknown", _("Dit adres is er niet."))


def not_allowed(methods: str) -> Problem:
    title = _("Dat kan niet op dit adres.")
    return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method", title, headers={"Allow": methods})


def bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "unreadable", _("Wij kunnen dit verzoek niet lezen."), detail)


def too_large() -> Problem:
    title = _("Dit verzoek is te groot.")
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "large", title)


def too_often(seconds: int) -> Problem:
    title = _("Dat gaat te snel. Wacht even.")
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_often", title, headers={"Retry-After": str(seconds)})


def wrong(errors: Sequence[tuple[str, str]]) -> Problem:
    title = _("Dit kan zo nog niet.")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong", title, _("Kijk bij errors wat er anders moet."), errors)


# --- What goes wrong before or beside the API's own views -------------------------------------------------------------


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(HERE):
        return unknown().answer()
    return defaults.page_not_found(request, exception)


def bad_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(HERE):
        return bad_request("").answer()
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(HERE):
        return defaults.server_error(request)
    title = _("Er ging bij ons iets mis. Probeer het later nog eens.")
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "ours", title).answer()
