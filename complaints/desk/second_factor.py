"""The second factor of a member of staff: an app on their telephone, and codes for the day that it is lost."""

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
from django import forms
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

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
    """Asks for the code, between the password and the desk."""

    form_class = CodeForm
    template_name = "desk/second_step.html"


class Overview(Framed, base.IndexView):  # type: ignore[misc]
    template_name = "desk/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["app"] = context["authenticators"].get(Authenticator.Type.TOTP)
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


class TakeAway(Framed, totp.DeactivateTOTPView):  # type: ignore[misc]
    """For another telephone: takes the app away, after which it is set up anew."""

    template_name = "desk/second_factor_take_away.html"
    success_url = reverse_lazy("mfa_activate_totp")

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        known = self.request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        # This session has no second factor either any more.
        self.request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [each for each in known if each["method"] != "mfa"]
        return response


class Codes(Framed, codes.ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "desk/second_factor_codes.html"


class NewCodes(Framed, codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "desk/second_factor_new_codes.html"
