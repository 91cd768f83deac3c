"""Letting another system in by its key: what the key may, and not too often."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from complaints import throttling
from complaints.actions.keys import use_key
from complaints.actions.memberships import may_manage
from complaints.api.problems import Problem, too_often
from complaints.intake.views import in_force_now
from complaints.models import ApiKey

REALM = 'Bearer realm="gehoor"'
A_MINUTE: Final = 60  # seconds
AT_MOST: Final = 120  # requests that one key makes in a minute


class Bearer(HttpBearer):
    """A key that works and may do what `scope` says. It is looked up in the organisation of the address, so the key of
    another one is as unknown as none."""

    openapi_description = "Een sleutel die een beheerder van de organisatie in Gehoor maakte, op de pagina Koppelingen."

    def __init__(self, scope: ApiKey.Scope) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) or self.authenticate(request, "")

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Raises Problem: 401 for no key that works, 429 for who tries too often, 403 for what the key may not."""
        now = timezone.now()
        in_force_now()  # so that also what is refused is told in a language of the organisation
        key = use_key(token, today=timezone.localdate(now), at=now) if token else None
        if key is None:
            raise _unknown_key(request, is_guess=bool(token))
        _slow_down(key)
        if not key.may(self.scope):
            title = _("Deze sleutel mag dit niet.")
            headers = {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{self.scope}"'}
            raise Problem(HTTPStatus.FORBIDDEN, "scope", title, headers=headers)
        return key


def refuse_former(key: ApiKey) -> None:
    """Raises Problem when whoever made the key does not administer the organisation any more: in whose name would it
    read?"""
    _version, procedure = in_force_now()
    if not (key.made_by.user.is_active and may_manage(key.made_by, procedure)):
        detail = _("Wie de sleutel maakte, is hier geen beheerder meer. Laat een beheerder een nieuwe sleutel maken.")
        raise Problem(HTTPStatus.FORBIDDEN, "owner", _("Deze sleutel mag dit niet meer."), detail)


def _unknown_key(request: HttpRequest, *, is_guess: bool) -> Problem:
    """Who knows a key is never slowed down by others from the same network: it is looked up first."""
    now = timezone.now()
    if is_guess:
        seconds = throttling.wait_for(request, "key", at=now)
        if seconds:
            return too_often(seconds)
        throttling.count(request, "key", at=now)
    title = _("Voor dit adres is een sleutel nodig die werkt.")
    detail = _("Stuur de sleutel mee als: Authorization: Bearer …")
    header = f'{REALM}, error="invalid_token"' if is_guess else REALM
    return Problem(HTTPStatus.UNAUTHORIZED, "key", title, detail, headers={"WWW-Authenticate": header})


def _slow_down(key: ApiKey) -> None:
    """Counts the requests of each minute. In short memory: what is lost with it costs nobody anything."""
    window, passed = divmod(int(time.time()), A_MINUTE)
    name = f"api:{key.pk}:{window}"
    if cache.add(name, 1, timeout=2 * A_MINUTE):
        return
    if cache.incr(name) > AT_MOST:
        raise too_often(A_MINUTE - passed)
