"""The addresses of signing in, under the names that allauth looks for. Its other pages are not there at all."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from complaints.desk import issuers, second_factor, signing_in
from complaints.desk.confirming import View, behind_second_factor, confirmed, own_password


def _own(view: View) -> View:
    """A page about one's own account."""
    return never_cache(login_required(own_password(behind_second_factor(view))))


def _got(view: View) -> View:
    """A page where a second factor is got: not behind one, for who has none yet."""
    return never_cache(login_required(own_password(behind_second_factor(confirmed(view), is_set_up=True))))


urlpatterns: list[URLPattern] = [
    path("login/", signing_in.SignIn.as_view(), name="account_login"),
    path("login/code/", second_factor.SecondStep.as_view(), name="mfa_authenticate"),
    path("login/bij/<slug:slug>/", issuers.to_issuer, name="issuer"),
    path("login/bij/<slug:slug>/terug/", issuers.back, name="issuer_back"),
    path("wachtwoord-vergeten/", signing_in.Forgotten.as_view(), name="account_reset_password"),
    path("wachtwoord-vergeten/verstuurd/", signing_in.ForgottenSent.as_view(), name="account_reset_password_done"),
    # What comes after "link" is kept out of the logs.
    path(
        "wachtwoord-vergeten/link/<slug:key>/<slug:uidb36>/",
        never_cache(signing_in.NewPassword.as_view()),
        name="account_reset_password_from_key",
    ),
    path(
        "wachtwoord-vergeten/klaar/",
        signing_in.NewPasswordSet.as_view(),
        name="account_reset_password_from_key_done",
    ),
    path("tweede-stap/", _own(second_factor.Overview.as_view()), name="mfa_index"),
    path("tweede-stap/instellen/", _got(second_factor.SetUp.as_view()), name="mfa_activate_totp"),
    path("tweede-stap/passkey/", _got(second_factor.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path(
        "tweede-stap/passkey/<int:pk>/weghalen/",
        _own(confirmed(second_factor.RemovePasskey.as_view())),
        name="mfa_remove_webauthn",
    ),
    path(
        "tweede-stap/weghalen/",
        _own(confirmed(second_factor.TakeAway.as_view())),
        name="mfa_deactivate_totp",
    ),
    path("tweede-stap/reservecodes/", _own(confirmed(second_factor.Codes.as_view())), name="mfa_view_recovery_codes"),
    path(
        "tweede-stap/reservecodes/nieuw/",
        _own(confirmed(second_factor.NewCodes.as_view())),
        name="mfa_generate_recovery_codes",
    ),
]
