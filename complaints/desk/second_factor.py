"""The second factor of a member of staff: an app or a passkey, and codes for the day that it is lost."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base import views as base
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import views as webauthn
from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from complaints.desk.confirming import has_authenticator
from complaints.desk.passkeys import NewPasskeyForm, PasskeyForm, has_passkey
from complaints.desk.signing_in import Framed, named


class Stage(AuthenticateStage):  # type: ignore[misc]  # allauth has no types
    """Between the password and the desk. Who comes from their organisation's issuer was asked enough there."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if "sociallogin" in (self.login.signal_kwargs or {}):
            return None, True
        handled: tuple[HttpResponse | None, bool] = super().handle()
        return handled


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self, code=_("Code uit uw app, of een reservecode"))


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self, code=_("De code die uw app nu toont"))
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class SecondStep(Framed, base.AuthenticateView):  # type: ignore[misc]
    """Asks for the code or the passkey, between the password and the desk."""

    form_class = CodeForm
    webauthn_form_class = PasskeyForm
    template_name = "desk/second_step.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        kinds = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        context["has_app"] = Authenticator.Type.TOTP in kinds
        context["has_passkey"] = Authenticator.Type.WEBAUTHN in kinds
        return context


class Overview(Framed, base.IndexView):  # type: ignore[misc]
    template_name = "desk/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["app"] = context["authenticators"].get(Authenticator.Type.TOTP)
        context["passkeys"] = context["authenticators"].get(Authenticator.Type.WEBAUTHN, [])
        found = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        context["left"] = len(found.get_unused_codes()) if found else 0
        return context


class SetUp(Framed, totp.ActivateTOTPView):  # type: ignore[misc]
    """Shows the picture to scan, and takes the first code. With that, this session has passed the second factor."""

    form_class = FirstCodeForm
    template_name = "desk/second_factor_set_up.html"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, method="mfa", type=Authenticator.Type.TOTP.value)
        return response


class AddPasskey(Framed, webauthn.AddWebAuthnView):  # type: ignore[misc]
    """Lets the browser make a passkey. With that, this session has passed the second factor."""

    form_class = NewPasskeyForm
    template_name = "desk/passkey_add.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**super().get_context_data(**kwargs), **kwargs}  # allauth forgets the form that was refused
        return {**context, "has_factor": has_authenticator(self.request)}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, method="mfa", type=Authenticator.Type.WEBAUTHN.value)
        return response


class RemovePasskey(Framed, webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "desk/passkey_remove.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        forget_when_none_is_left(self.request)
        return response


class TakeAway(Framed, totp.DeactivateTOTPView):  # type: ignore[misc]
    """For another telephone: takes the app away, after which it is set up anew."""

    template_name = "desk/second_factor_take_away.html"
    success_url = reverse_lazy("mfa_activate_totp")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "with_passkey": has_passkey(self.request.user)}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        forget_when_none_is_left(self.request)
        return response


def forget_when_none_is_left(request: HttpRequest) -> None:
    """Whose second factor is gone has none in this session either any more."""
    if has_authenticator(request):
        return
    known = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [each for each in known if each["method"] != "mfa"]


class Codes(Framed, codes.ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "desk/second_factor_codes.html"


class NewCodes(Framed, codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "desk/second_factor_new_codes.html"
