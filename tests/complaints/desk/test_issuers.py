"""Signing in through an organisation's own issuer opens that organisation, for who works there, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.test import Client
from pytest_django import Settings

from complaints.desk.confirming import recently_confirmed
from complaints.models import Membership, User
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.conftest import GravePage
from tests.complaints.desk.issuer import CLIENT, SECRET, Issuer, new_key, serve
from tests.complaints.factories import account, member, published

pytestmark = pytest.mark.django_db

SLUG = "klik-onderwijs"
TO, BACK, WORKLIST = f"/beheer/login/bij/{SLUG}/", f"/beheer/login/bij/{SLUG}/terug/", "/beheer/zaken/"


@pytest.fixture(scope="module")
def keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    return new_key(), new_key()


@pytest.fixture
def issuer(keys: tuple[RSAPrivateKey, RSAPrivateKey], settings: Settings) -> Iterator[Issuer]:
    issuer = Issuer(key=keys[0])
    server = serve(issuer)
    settings.OIDC_PROVIDERS = {SLUG: {"issuer": issuer.url, "client_id": CLIENT, "secret": SECRET}}
    yield issuer
    server.shutdown()
    server.server_close()


def sign_in(issuer: Issuer, client: Client | None = None, *, start: str = TO, **claims: Any) -> Any:
    """Goes to the issuer and comes back: the answer to coming back."""
    client = client or Client()
    return client.get(BACK, issuer.signs_in(client.get(start)["Location"], **claims))


def is_refused(answer: Any) -> bool:
    return answer.status_code == 403 and "Inloggen is niet gelukt" in answer.content.decode()


def test_sign_in_page_names_the_organisation(issuer: Issuer, organisation: Organisation):
    page = Client().get("/beheer/login/", {"next": "/beheer/zaken/nieuw/"}).content.decode()
    assert f'href="{TO}?next=%2Fbeheer%2Fzaken%2Fnieuw%2F">{organisation.name}</a>' in page


def test_member_signs_in_and_is_known_by_the_issuers_key_from_then_on(
    issuer: Issuer, people: dict[str, Membership], settings: Settings
):
    settings.STAFF_SECOND_FACTOR = True  # which is the issuer's affair
    user, client = people["csm"].user, Client()
    answer = sign_in(issuer, client, email=user.email.upper())
    assert (answer.status_code, answer["Location"]) == (302, WORKLIST)
    assert client.get(WORKLIST).status_code == 200
    [bound] = SocialAccount.objects.all()
    assert (bound.user, bound.provider, bound.extra_data) == (user, SLUG, {"issuer": issuer.url})
    again = Client()
    assert sign_in(issuer, again, email="andere.naam@school.example")["Location"] == WORKLIST
    assert again.get(WORKLIST).wsgi_request.user == user


def test_next_page_is_kept(issuer: Issuer, people: dict[str, Membership]):
    start = f"{TO}?next=/beheer/zaken/nieuw/"
    assert sign_in(issuer, start=start, email=people["csm"].user.email)["Location"] == "/beheer/zaken/nieuw/"
    start = f"{TO}?next=https://elders.example/"
    assert sign_in(issuer, start=start, email=people["csm"].user.email)["Location"] == WORKLIST


def test_issuer_opens_its_own_organisation_alone(issuer: Issuer, people: dict[str, Membership]):
    other = published("klassepro")
    both = member(other, "Overal Thuis", "coordinator", user=people["csm"].user)
    client = Client()
    sign_in(issuer, client, email=both.user.email)
    page = client.get(WORKLIST).content.decode()
    assert 'name="organisation"' not in page
    assert client.post("/beheer/organisatie/", {"organisation": other.pk}).status_code == 400
    session = client.session
    session["organisation"] = other.pk
    session.save()
    assert client.get(WORKLIST).wsgi_request.organisation.slug == SLUG  # type: ignore[attr-defined]


def test_member_of_another_organisation_is_refused(issuer: Issuer, people: dict[str, Membership]):
    stranger = member(published("klassepro"), "Ander Mens", "coordinator")
    assert is_refused(sign_in(issuer, email=stranger.user.email))
    assert not SocialAccount.objects.exists()


def test_membership_that_ended_opens_nothing(issuer: Issuer, people: dict[str, Membership]):
    client = Client()
    sign_in(issuer, client, email=people["csm"].user.email)
    with scope(people["csm"].organisation_id):
        Membership.objects.filter(pk=people["csm"].pk).update(is_active=False)
    assert client.get(WORKLIST).status_code == 403
    assert is_refused(sign_in(issuer, email=people["csm"].user.email))


def test_nobody_is_signed_up(issuer: Issuer, people: dict[str, Membership]):
    closed = member(Organisation.objects.get(slug=SLUG), "Dicht Account", "csm", user=account("Dicht Account"))
    User.objects.filter(pk=closed.user.pk).update(is_active=False)
    before = User.objects.count()
    refused = [
        sign_in(issuer, email="niemand@nergens.example"),
        sign_in(issuer, email=closed.user.email),
        sign_in(issuer, email=people["csm"].user.email, email_verified=False),
        sign_in(issuer),
    ]
    assert all(is_refused(each) for each in refused)
    assert len({each.content for each in refused}) == 1
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_address_that_was_given_to_somebody_else_opens_nothing(issuer: Issuer, people: dict[str, Membership]):
    email = people["csm"].user.email
    sign_in(issuer, email=email)
    assert is_refused(sign_in(issuer, email=email, sub="key-of-the-successor"))


def test_another_issuer_of_the_organisation_begins_anew(issuer: Issuer, people: dict[str, Membership]):
    user = people["csm"].user
    SocialAccount.objects.create(user=user, provider=SLUG, uid="of-before", extra_data={"issuer": "https://before"})
    assert sign_in(issuer, email=user.email).status_code == 302
    assert [each.extra_data for each in SocialAccount.objects.all()] == [{"issuer": issuer.url}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elders.example"},
        {"aud": "another-client"},
        {"exp": int(time.time()) - 120},
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
    ],
    ids=["issuer", "audience", "expired", "nonce", "no nonce"],
)
def test_token_that_is_not_for_this_sign_in_is_refused(
    wrong: dict[str, Any], issuer: Issuer, people: dict[str, Membership]
):
    assert is_refused(sign_in(issuer, email=people["csm"].user.email, **wrong))


def test_token_with_another_signature_is_refused(
    issuer: Issuer, keys: tuple[RSAPrivateKey, RSAPrivateKey], people: dict[str, Membership]
):
    issuer.signs_with = keys[1]
    assert is_refused(sign_in(issuer, email=people["csm"].user.email))


def test_answer_belongs_to_the_browser_that_asked_and_counts_once(issuer: Issuer, people: dict[str, Membership]):
    client, email = Client(), people["csm"].user.email
    back = issuer.signs_in(client.get(TO)["Location"], email=email)
    assert is_refused(Client().get(BACK, back))  # another browser
    assert client.get(BACK, back).status_code == 302
    assert is_refused(client.get(BACK, back))
    assert is_refused(Client().get(BACK))
    assert is_refused(Client().get(BACK, {"error": "access_denied", "state": "x"}))


def test_signed_in_account_is_never_tied_to_another(issuer: Issuer, people: dict[str, Membership]):
    client = Client()
    client.force_login(people["handler"].user)
    sign_in(issuer, client, start=f"{TO}?process=connect", email=people["csm"].user.email)
    assert SocialAccount.objects.get().user == people["csm"].user
    assert client.get(WORKLIST).wsgi_request.user == people["csm"].user


def test_unknown_slug_is_no_page_and_an_issuer_that_lies_or_is_away_is_refused(
    issuer: Issuer, people: dict[str, Membership], settings: Settings
):
    for path in ("/beheer/login/bij/klassepro/", "/beheer/login/bij/klassepro/terug/"):
        assert Client().get(path).status_code == 404
    issuer.says_to_be = "https://elders.example"
    assert is_refused(Client().get(TO))
    asked = len(issuer.requests)
    assert is_refused(Client().get(TO))
    assert len(issuer.requests) == asked  # left alone for a while
    settings.OIDC_PROVIDERS = {SLUG: {"issuer": "http://127.0.0.1:9", "client_id": CLIENT, "secret": SECRET}}
    assert is_refused(Client().get(TO))


def test_password_and_second_factor_are_not_ours_to_change(issuer: Issuer, people: dict[str, Membership]):
    client = Client()
    sign_in(issuer, client, email=people["csm"].user.email)
    for path in ("password_change/", "tweede-stap/", "tweede-stap/instellen/", "tweede-stap/reservecodes/"):
        answer = client.get(f"/beheer/{path}")
        assert (answer.status_code, "Uw organisatie regelt dit" in answer.content.decode()) == (403, True), path


def test_step_up_asks_the_issuer_to_ask_anew(issuer: Issuer, people: dict[str, Membership]):
    client, email = Client(), people["csm"].user.email
    sign_in(issuer, client, email=email)
    assert recently_confirmed(client.get(WORKLIST).wsgi_request)
    sign_in(issuer, client, email=email, auth_time=int(time.time()) - 3600)  # without being asked anything there
    assert not recently_confirmed(client.get(WORKLIST).wsgi_request)
    asked = parse_qs(urlsplit(client.get(f"{TO}?again=1")["Location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    sign_in(issuer, client, start=f"{TO}?again=1", email=email)
    assert recently_confirmed(client.get(WORKLIST).wsgi_request)


def test_step_up_leads_to_the_issuer_and_loses_nothing(
    issuer: Issuer, people: dict[str, Membership], grave_page: GravePage
):
    client, email = Client(), people["csm"].user.email
    sign_in(issuer, client, email=email, auth_time=int(time.time()) - 3600)
    looked = client.get(grave_page.address)
    assert looked.status_code == 403
    assert f'href="{TO}?again=1&amp;next=%2Fbeheer%2Fpassword_change%2F"' in looked.content.decode()
    asked = client.post(grave_page.address, {"reason": "Op verzoek", "again-password": "een lang wachtwoord"})
    assert (asked.status_code, grave_page.arrived) == (403, [])  # a password is no answer here
    assert '<input type="hidden" name="reason" value="Op verzoek">' in asked.content.decode()
    sign_in(issuer, client, start=f"{TO}?again=1", email=email)
    assert client.post(grave_page.address, {"reason": "Op verzoek"}).content == b"gewist"
