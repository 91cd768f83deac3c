"""How staff prove who they are: allauth's rules for accounts, made stricter.

An account is found by its mail address alone. Whether one exists shows in no answer, and in no answer's time. Wrong
tries count against the visitor, against an account as this visitor tries it, and, more loosely, against the account;
the longest that anyone waits after the last wrong one is five minutes.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context, ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints import throttling
from complaints.access import LET_IN_BY
from complaints.actions.account_mail import LANGUAGE, post, tell_changed
from complaints.desk.confirming import PROVED_AT, recently_confirmed
from complaints.models import User

LOOSELY = "login_failed_account"  # the rate for an account, whoever tries it
# What the owner of an account is told, by allauth's name for what changed.
CHANGED = {
    "account/email/password_changed": _("Uw wachtwoord voor Gehoor is veranderd."),
    "account/email/password_reset": _("Er is een nieuw wachtwoord gekozen voor uw account bij Gehoor."),
    "mfa/email/totp_activated": _("Er is een app voor inlogcodes aan uw account gekoppeld."),
    "mfa/email/totp_deactivated": _("De app voor inlogcodes is van uw account gehaald."),
    "mfa/email/webauthn_added": _("Er is een passkey aan uw account toegevoegd."),
    "mfa/email/webauthn_removed": _("Er is een passkey van uw account gehaald."),
    "mfa/email/recovery_codes_generated": _("U hebt nieuwe reservecodes. De oude werken niet meer."),
    "": _("Er is iets veranderd aan hoe u inlogt bij Gehoor."),
}


def account_with(email: str) -> User | None:
    """The open account with this mail address, however it is capitalised."""
    found = list(User.objects.filter(email__iexact=email.strip(), is_active=True)[:2])
    return found[0] if len(found) == 1 else None


class ByEmail(ModelBackend):
    """Mail address and password. An address without an account costs the same work as a wrong password."""

    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,  # noqa: ARG002
        email: str | None = None,
        password: str | None = None,
        **_credentials: Any,
    ) -> User | None:
        if not email or not password:
            return None
        user = account_with(email)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Dit klopt niet samen. Kijk uw e-mailadres en uw wachtwoord na."),
        "enter_current_password": _("Dit is niet uw wachtwoord van nu."),
        "incorrect_password": _("Dit wachtwoord klopt niet."),
        "incorrect_code": _("Deze code klopt niet. Een code werkt maar kort: typ de code die u nu ziet."),
        "too_many_login_attempts": _("Dit is te vaak geprobeerd. Wacht vijf minuten en probeer het dan opnieuw."),
        "rate_limited": _("Dit is te vaak geprobeerd. Wacht vijf minuten en probeer het dan opnieuw."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def is_ajax(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say themselves what was done."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return throttling.network_of(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        return reverse("desk:worklist")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:  # noqa: ARG002
        return not recently_confirmed(self.request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        if not ratelimit.consume(request, action=LOOSELY, key=_account_key(**credentials), dry_run=True):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        ratelimit.consume(request, action=LOOSELY, key=_account_key(**credentials))

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{_account_key(**credentials)}|{throttling.network_of(request)}"

    def get_login_stages(self) -> list[str]:
        return ["complaints.desk.second_factor.Stage"]

    def post_login(self, request: HttpRequest, user: User, *, signal_kwargs: Any, **kwargs: Any) -> HttpResponse:
        """Keeps in the session by which door somebody came in: their own password, or their organisation's issuer."""
        login = (signal_kwargs or {}).get("sociallogin")
        for name in (LET_IN_BY, PROVED_AT):
            request.session.pop(name, None)
        if login is not None:
            request.session[LET_IN_BY] = login.state["organisation"]
            request.session[PROVED_AT] = login.state["proved_at"]
        response: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **kwargs)
        return response

    def get_reset_password_from_key_url(self, key: str) -> str:
        uidb36, _dash, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": secret})
        return f"{settings.SITE_URL}{path}"

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:  # noqa: ARG002
        """Posts the mail beside the answer, so that the answer takes as long as one for an unknown address."""
        subject = render_to_string("desk/mail/password_reset_subject.txt").strip()
        body = render_to_string("desk/mail/password_reset.txt", {"person": user, "url": context["password_reset_url"]})
        post(user, subject, body)

    def send_notification_mail(self, template_prefix: str, user: User, *_args: Any, **_kwargs: Any) -> None:
        """Tells the owner in our own words. allauth's mails name the network address and the browser, and its templates
        are not there; what it has no words of ours for is told too."""
        with translation.override(LANGUAGE):
            tell_changed(user, str(CHANGED.get(template_prefix, CHANGED[""])), at=timezone.now())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The secret of an authenticator app is kept encrypted, under a key that is derived from ours. A passkey belongs to
    the host of the desk, whatever host a visitor asked for."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": "Gehoor"}

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002  # allauth's own name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": number}


def _account_key(*, email: str = "", **_credentials: Any) -> str:
    return email.strip().lower()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.sha256(b"second factor:" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])
