"""Passkeys as a second factor: what the browser is asked, and what it answers. The rules are allauth's."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.models import User

FAILED = _("Dit lukte niet met uw passkey. Probeer het nog eens.")
NO_ANSWER = (TypeError, ValueError, KeyError, AttributeError)  # what reading something else than an answer ends in
TOO_OFTEN = "too_many_login_attempts"


def has_passkey(user: User | AnonymousUser) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).exists())


def question(user: User | AnonymousUser) -> dict[str, Any]:
    """What the browser is asked, for a script to pass on. Side effect: the session waits for the answer to it."""
    return {"request_options": auth.begin_authentication(user)}


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = forms.CharField(label=_("Hoe noemt u deze passkey?"), max_length=60, required=False)
        _mute(self.fields["credential"])

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except (ValidationError, *NO_ANSWER):
            raise ValidationError(FAILED) from None
        return cleaned


class _Answer:
    """An answer of the browser, which may be none: anybody can send anything."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _mute(self.fields["credential"])

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError as refused:
            raise (refused if refused.code == TOO_OFTEN else ValidationError(FAILED)) from None
        except NO_ANSWER:
            raise ValidationError(FAILED) from None


class PasskeyForm(_Answer, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """At signing in."""


class PasskeyAgainForm(_Answer, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """At the step-up."""


def _mute(field: forms.Field) -> None:
    """Says the same of an answer that is missing or cannot be read as of a wrong one."""
    field.error_messages = {**field.error_messages, "required": FAILED, "invalid": FAILED}
