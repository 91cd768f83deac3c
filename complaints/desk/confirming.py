"""The second factor that the desk asks for, and the step-up: being asked once more who you are, before what is grave.

`@confirmed` goes on a view that shows or takes away whole dossiers, or gives somebody a way in: an export, a private
address. `@confirmed_to_change` goes on one whose form alone is grave: publishing, somebody's roles. Who signed in or
confirmed within five minutes goes on. Others are asked on the spot, and what they typed travels along.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from complaints.access import LET_IN_BY, organisations_for
from complaints.desk.passkeys import PasskeyAgainForm, has_passkey, question
from complaints.desk.seats import page

LATELY = 5 * 60  # seconds that a confirmation holds
PROVED_AT = "proved_at"  # in the session of who was let in by an issuer: when they proved there who they are
AGAIN = "again"  # begins the names of what is asked beside another form

View = Callable[..., HttpResponseBase]


def recently_confirmed(request: HttpRequest) -> bool:
    """Whether whoever is at this browser proved within five minutes who they are."""
    if LET_IN_BY in request.session:
        return time.time() - float(request.session.get(PROVED_AT) or 0) < LATELY
    records = [each for each in _records(request) if each["method"] in {"password", "mfa"}]
    return bool(records) and time.time() - float(records[-1]["at"]) < LATELY


def confirmed(view: View) -> View:
    """A view for who confirmed lately who they are. Put it outermost, above `@seated`."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if recently_confirmed(request):
            return view(request, *args, **kwargs)
        return ask(request, lambda: view(request, *args, **kwargs))

    return guarded


def confirmed_to_change(view: View) -> View:
    """A view that anybody may look at who may see it, and whose form only who confirmed lately may send."""
    guarded = confirmed(view)

    @wraps(view)
    def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (guarded if request.method == "POST" else view)(request, *args, **kwargs)

    return chosen


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether this session still has to pass a second factor before it may see the desk."""
    if not settings.STAFF_SECOND_FACTOR or LET_IN_BY in request.session:
        return False
    return not any(each["method"] == "mfa" for each in _records(request))


def behind_second_factor(view: View, *, is_set_up: bool = False) -> View:
    """A view for who passed a second factor in this session. Who has none sets it up first.

    `is_set_up`: this is where one is got, so who has none yet comes in; who has one proves it before they get another.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not lacks_second_factor(request):
            return view(request, *args, **kwargs)
        if has_authenticator(request):  # set up since, in another browser
            return ask(request, lambda: view(request, *args, **kwargs))
        if is_set_up:
            return view(request, *args, **kwargs)
        return redirect(f"{reverse('mfa_activate_totp')}?{urlencode({'next': request.get_full_path()})}")

    return guarded


def own_password(view: View) -> View:
    """A view about signing in with a password; closed to whom their organisation's issuer let in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if LET_IN_BY in request.session:
            return page(request, "desk/issuer_decides.html", {}, status=403)
        return view(request, *args, **kwargs)

    return guarded


def has_authenticator(request: HttpRequest) -> bool:
    return bool(is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def ask(request: HttpRequest, go_on: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Asks for the second factor, a code or a passkey, or for the password of who has none; with the right one it goes
    on."""
    let_in_by = next((each.slug for each in organisations_for(request)), "") if LET_IN_BY in request.session else ""
    by_code = not let_in_by and has_authenticator(request)
    by_passkey = by_code and has_passkey(request.user)
    is_answer = (
        not let_in_by and request.method == "POST" and any(name.startswith(f"{AGAIN}-") for name in request.POST)
    )
    is_passkey = by_passkey and is_answer and f"{AGAIN}-credential" in request.POST
    form = _form(request, by_code=by_code, data=request.POST if is_answer and not is_passkey else None)
    passkey_form = _passkey_form(request, data=request.POST if is_passkey else None) if by_passkey else None
    answer = passkey_form if is_passkey and passkey_form else form
    if is_answer and answer.is_valid():
        if by_code:
            answer.save()  # type: ignore[attr-defined]
        else:
            reauthenticate_by_password(request)
        return redirect(request.get_full_path()) if f"{AGAIN}-look" in request.POST else go_on()
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and not name.startswith(f"{AGAIN}-")
    ]
    is_look = request.method != "POST" or f"{AGAIN}-look" in request.POST
    context = {"form": form, "by_code": by_code, "typed": typed, "is_look": is_look, "again": AGAIN}
    if passkey_form is not None:
        context |= {"passkey_form": passkey_form, "question": question(request.user)}
    if let_in_by:
        context |= {"form": None, "issuer": reverse("issuer", kwargs={"slug": let_in_by})}
    return page(request, "desk/confirm.html", context, status=422 if is_answer else 403)


def _form(request: HttpRequest, *, by_code: bool, data: Any) -> forms.Form:
    form: forms.Form
    if by_code:
        form = CodeForm(data, user=request.user, prefix=AGAIN)
        form.fields["code"].label = _("Code uit uw app, of een reservecode")
    else:
        form = PasswordForm(data, user=request.user, prefix=AGAIN)
        form.fields["password"].label = _("Uw wachtwoord")
    for field in form.fields.values():
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)
    return form


def _passkey_form(request: HttpRequest, *, data: Any) -> forms.Form:
    form: forms.Form = PasskeyAgainForm(data, user=request.user, prefix=AGAIN)
    return form


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    """What this session proved, first to last: {"method": "password" or "mfa", "at": seconds, …}."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return records
