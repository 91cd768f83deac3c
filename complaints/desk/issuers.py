"""Signing in through an organisation's own issuer (OpenID Connect), which opens that organisation and no other.

Who the issuer names must have an account and an active membership there already; nobody is signed up. The first time
they are found by their mail address, among that organisation's members alone; from then on by the issuer's own key for
them, so that an address that is given to somebody else opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import requests
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.desk.accounts import account_with
from complaints.desk.seats import page
from complaints.models import User, organisations_of
from procedures.models import Organisation

KNOWN_FOR = 600  # seconds that what an issuer says of itself is believed without asking again
AWAY_FOR = 10  # seconds that an issuer which did not answer is left alone


class Refused(Exception):
    """The issuer's answer opens nothing. Why is not told: it could tell who has an account."""


class IssuerAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The issuers are those of the settings, by the slug of their organisation."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=slug,
                name=slug,
                client_id=told["client_id"],
                secret=told["secret"],
                settings={"server_url": told["issuer"], "oauth_pkce_enabled": True},
            )
            for slug, told in settings.OIDC_PROVIDERS.items()
            if provider in (None, slug, "openid_connect") and client_id in (None, told["client_id"])
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return False

    def on_authentication_error(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> None:
        raise ImmediateHttpResponse(refused(request))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        try:
            _bind(sociallogin)
        except Refused:
            raise ImmediateHttpResponse(refused(request)) from None


class Handshake(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Reads an answer strictly: issuer as the settings name it, signed, for us."""

    @property
    def told(self) -> dict[str, Any]:
        return dict(settings.OIDC_PROVIDERS[self.provider_id])

    @property
    def openid_config(self) -> dict[str, Any]:
        issuer = self.told["issuer"]
        key = f"issuer:{issuer}"
        found: dict[str, Any] | None = cache.get(key)
        if found is None:
            try:
                found = super().openid_config
            except (requests.RequestException, ValueError):
                found = {}
            found = found if found.get("issuer") == issuer else {}
            cache.set(key, found, KNOWN_FOR if found else AWAY_FOR)
        if not found:
            raise OAuth2Error("The issuer does not answer, or says to be another.")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002
        return settings.SITE_URL + reverse("issuer_back", kwargs={"slug": self.provider_id})

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, *, response: dict[str, Any], **_kwargs: Any
    ) -> SocialLogin:
        claims = jwtkit.verify_and_decode(
            credential=response.get("id_token") or "",
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.told["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        if not claims.get("email") and self.openid_config.get("userinfo_endpoint"):
            told = self._fetch_user_info(token.token)
            if told.get("sub") == claims["sub"]:
                claims |= {name: told[name] for name in ("email", "email_verified") if name in told}
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.account.uid = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
        login.account.extra_data = {"issuer": claims["iss"]}  # kept; the rest is not
        login.claims = claims
        return login


@never_cache
@require_safe
def to_issuer(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Sends the browser to the issuer of an organisation. With `again`, the issuer has to ask who they are anew."""
    _known(slug)
    nonce = secrets.token_urlsafe(32)
    anew = {"prompt": "login", "max_age": "0"} if "again" in request.GET else {}
    provider = get_adapter().get_provider(request, provider=slug)
    provider.oauth2_adapter_class = Handshake
    try:
        response: HttpResponseBase = provider.redirect(
            request,
            process="login",
            next_url=get_next_redirect_url(request),
            data={"nonce": nonce},
            auth_params={"nonce": nonce, **anew},
        )
    except (OAuth2Error, requests.RequestException, KeyError):
        return refused(request)
    return response


@never_cache
@require_safe
def back(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Where the issuer sends the browser back to, with what it says."""
    _known(slug)
    try:
        response: HttpResponseBase = OAuth2CallbackView.adapter_view(Handshake(request, slug))(request)
    except (KeyError, ValueError, TypeError):  # an answer that is no answer
        return refused(request)
    return response


def refused(request: HttpRequest) -> HttpResponse:
    return page(request, "desk/issuer_refused.html", {}, status=403).render()  # type: ignore[attr-defined,no-any-return]


def organisations_with_issuer() -> list[Organisation]:
    """The organisations whose staff can sign in through their own issuer, by name."""
    if not settings.OIDC_PROVIDERS:
        return []
    return list(Organisation.objects.filter(slug__in=settings.OIDC_PROVIDERS).order_by("name"))


def _known(slug: str) -> None:
    if slug not in settings.OIDC_PROVIDERS:
        raise Http404


def _bind(login: SocialLogin) -> None:
    """Finds the member whom the issuer means and ties the issuer's key to their account; Refused when there is none."""
    claims: dict[str, Any] = login.claims
    asked = str((login.state.get("data") or {}).get("nonce", ""))
    if not asked or not hmac.compare_digest(asked, str(claims.get("nonce", ""))):
        raise Refused
    organisation = Organisation.objects.filter(slug=login.account.provider).first()
    user = login.user if login.is_existing else _by_email(login.account.provider, claims)
    if organisation is None or user is None or not user.is_active or organisation not in organisations_of(user):
        raise Refused
    if not login.is_existing:
        bound = SocialAccount.objects.filter(provider=login.account.provider, user=user)
        if any(each.extra_data.get("issuer") == claims["iss"] for each in bound):
            raise Refused  # the same address, but somebody else at the issuer
        bound.delete()  # of an issuer that the organisation had before
        login.user = login.account.user = user
        login.account.save()
    login.state["organisation"] = organisation.pk
    login.state["proved_at"] = claims.get("auth_time", 0)


def _by_email(slug: str, claims: dict[str, Any]) -> User | None:
    is_verified = claims.get("email_verified") is True or settings.OIDC_PROVIDERS[slug].get("email_is_verified")
    return account_with(str(claims.get("email") or "")) if is_verified else None
