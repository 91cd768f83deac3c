"""The addresses for machines that watch: alive, ready, in time, and the figures. No cache may keep an answer."""

from __future__ import annotations

import hmac
import time
from http import HTTPStatus
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from complaints.operations.figures import figures_now
from complaints.operations.readiness import readiness
from complaints.throttling import address_of

_STARTED = time.monotonic()


@never_cache
@require_safe
def alive(_request: HttpRequest) -> JsonResponse:
    """Whether the process answers. It asks no database: that one being away is no reason to restart this one."""
    return JsonResponse({"status": "alive", "seconds": round(time.monotonic() - _STARTED)})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether to send people here: 503 only when a complaint could not be taken in. For a load balancer."""
    now = readiness()
    told: dict[str, object] = {"status": now.status if may_look(request) or not now.is_ready else "ready"}
    if may_look(request):
        told["findings"] = {each.name: each.as_json() for each in now.findings}
    return JsonResponse(told, status=HTTPStatus.OK if now.is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


@never_cache
@require_safe
def in_time(request: HttpRequest) -> HttpResponse:
    """Whether all is well: 503 also when work is late, so that whoever watches wakes a person."""
    if not may_look(request):
        return _refused()
    now = readiness()
    told = {"status": now.status, "findings": {each.name: each.as_json() for each in now.findings}}
    return JsonResponse(told, status=HTTPStatus.OK if now.is_well else HTTPStatus.SERVICE_UNAVAILABLE)


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Everything that was counted in all processes of this machine, and what waits now, for Prometheus."""
    if not may_look(request):
        return _refused()
    return HttpResponse(figures_now(), content_type=CONTENT_TYPE_LATEST)


def may_look(request: HttpRequest) -> bool:
    """With the token of OPERATIONS_TOKEN, or from a network of OPERATIONS_NETWORKS. Neither is set: nobody."""
    told = str(request.headers.get("Authorization", ""))
    token: str = settings.OPERATIONS_TOKEN
    if token and hmac.compare_digest(told.encode(), f"Bearer {token}".encode()):
        return True
    try:
        address = ip_address(address_of(request))
    except ValueError:
        return False
    return any(address in ip_network(each) for each in settings.OPERATIONS_NETWORKS)


def _refused() -> JsonResponse:
    why = _("Dit is alleen voor wie dit systeem beheert: met een token, of van een adres dat mag.")
    return JsonResponse(
        {"error": why},
        status=HTTPStatus.UNAUTHORIZED,
        headers={"WWW-Authenticate": "Bearer"},
        json_dumps_params={"ensure_ascii": False},
    )


urlpatterns: list[URLPattern] = [
    path("", alive, name="alive"),
    path("gereed/", ready, name="ready"),
    path("optijd/", in_time, name="in_time"),
    path("cijfers/", figures, name="figures"),
]
