"""The addresses of the API, below those of an organisation, and the document (OpenAPI) that describes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from ninja import NinjaAPI
from ninja.errors import ValidationError

from complaints.api import asking, filing, reading
from complaints.api.problems import CONTENT_TYPE, Problem, ProblemDetails, finished, not_allowed, unknown, wrong
from complaints.intake.views import in_force_now

View = Callable[..., HttpResponse]
_TOLD = {  # what may go wrong, beside what each operation says itself
    "readForm": (HTTPStatus.NOT_FOUND,),
    "readRegister": (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
    "fileComplaint": (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
    ),
}

api = NinjaAPI(
    title="Gehoor",
    version="1",
    description="Klachten indienen en het klachtenregister lezen, voor andere systemen van een organisatie.",
    urls_namespace="api",
    docs_url=None,  # a page with other people's scripts
    openapi_url=None,  # ours knows the organisation of the address
)
api.add_router("", asking.router)
api.add_router("", reading.router)
api.add_router("", filing.router)


@api.exception_handler(Problem)
def _problem(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem.answer()


@api.exception_handler(Http404)
def _unknown(_request: HttpRequest, _problem: Http404) -> HttpResponse:
    return unknown().answer()


@api.exception_handler(ValidationError)
def _wrong(_request: HttpRequest, problem: ValidationError) -> HttpResponse:
    """What stands in the address or in a header and is not as it should be; never what it was."""
    return wrong([("/".join(map(str, each["loc"])), filing.not_so(each["type"])) for each in problem.errors]).answer()


@api.exception_handler(Exception)
def _ours(_request: HttpRequest, problem: Exception) -> HttpResponse:
    raise problem  # so that the transaction is rolled back, and Django tells who watches


def document(slug: str) -> dict[str, Any]:
    """What may be asked of one organisation, as OpenAPI 3.1."""
    told: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=f"api/v1/{slug}/"))
    told["components"]["schemas"][ProblemDetails.__name__] = ProblemDetails.model_json_schema()
    for operations in told["paths"].values():
        for operation in operations.values():
            for status in _TOLD[operation["operationId"]]:
                operation["responses"][str(int(status))] = {
                    "description": status.phrase,
                    "content": {CONTENT_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}}},
                }
    return told


@require_GET
def openapi(_request: HttpRequest) -> HttpResponse:
    _version, procedure = in_force_now()
    return finished(JsonResponse(_document(procedure.organisation), json_dumps_params={"ensure_ascii": False}))


@cache
def _document(slug: str) -> dict[str, Any]:
    return document(slug)


def _answered(view: View) -> View:
    """The view with every answer as the API gives it, also to a method that there is not."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            return not_allowed(response["Allow"]).answer()
        return finished(response)

    return csrf_exempt(answered)


def _operations() -> list[URLPattern]:
    """ninja's own, without the page at its root."""
    found = [each for each in api.urls[0] if isinstance(each, URLPattern) and each.name != "api-root"]
    return [path(str(each.pattern), _answered(each.callback), name=f"api_{each.name}") for each in found]


urlpatterns: list[URLPattern] = [*_operations(), path("openapi.json", _answered(openapi), name="api_openapi")]
