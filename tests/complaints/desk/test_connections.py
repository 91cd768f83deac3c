"""Keys and addresses of other systems at the desk: who makes and ends them, and that a secret is shown once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions.keys import hashed, make_key
from complaints.actions.memberships import managing_roles
from complaints.models import ApiKey, Membership, Webhook
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, member

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
PAGE, MAKE = "/beheer/koppelingen/", "/beheer/koppelingen/sleutel/"
TELL, URL = "/beheer/koppelingen/melding/", "https://kantoor.example/melding"
QUERIES = 26
UNTIL = timezone.localdate() + timedelta(days=30)
GOOD = {"name": "  Onze   website ", "scopes": ["file_complaint", "read_register"], "expires_on": UNTIL.isoformat()}


@pytest.fixture
def administrator(organisation: Organisation) -> Membership:
    return member(organisation, "Anke Bos", *managing_roles(definition(organisation.slug)))


@pytest.fixture
def colleague(organisation: Organisation) -> Membership:
    return member(organisation, "Tom Rietveld", "handler")


def keys(organisation: Organisation) -> list[ApiKey]:
    with scope(organisation.pk):
        return list(ApiKey.objects.all())


def test_secret_is_shown_once(organisation: Organisation, administrator: Membership, signed_in: SignedIn):
    client = signed_in(administrator)
    page = client.post(MAKE, GOOD)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    (secret,) = re.findall(r'value="(gehoor_[^"]+)"', page.content.decode())
    (key,) = keys(organisation)
    assert (key.name, key.secret_hash, key.scopes, key.expires_on, key.made_by_id) == (
        "Onze website",
        hashed(secret),
        ["read_register", "file_complaint"],
        UNTIL,
        administrator.pk,
    )
    again = client.get(PAGE).content.decode()
    assert secret not in again
    assert "Onze website" in again


def test_making_asks_who_you_are_once_more(organisation: Organisation, administrator: Membership):
    client = Client()
    client.force_login(administrator.user)
    asked = client.post(MAKE, GOOD)
    assert asked.status_code == 403
    assert "Onze   website" in asked.content.decode()
    assert keys(organisation) == []


def test_only_who_administers_gets_here(organisation: Organisation, colleague: Membership, signed_in: SignedIn):
    client = signed_in(colleague)
    assert [client.get(PAGE).status_code, client.post(MAKE, GOOD).status_code] == [403, 403]
    assert client.post(f"{MAKE}1/intrekken/").status_code == 403
    assert PAGE not in client.get("/beheer/medewerkers/").content.decode()
    for address in (TELL, f"{TELL}1/stoppen/", f"{TELL}1/opnieuw/"):
        assert client.post(address, {"url": URL}).status_code == 403, address
    assert keys(organisation) == []


def test_secret_of_an_address_is_shown_once_and_the_address_can_be_stopped(
    organisation: Organisation, administrator: Membership, signed_in: SignedIn
):
    client = signed_in(administrator)
    page = client.post(TELL, {"url": URL})
    assert page.status_code == 200
    (secret,) = re.findall(r'id="geheim" class="form-control" value="([^"]+)"', page.content.decode())
    again = client.get(PAGE).content.decode()
    assert (URL in again, secret in again) == (True, False)
    with scope(organisation.pk):
        key = Webhook.objects.get().pk
    assert "0 meldingen gaan nog eens weg." in client.post(f"{TELL}{key}/opnieuw/", follow=True).content.decode()
    assert URL in client.post(f"{TELL}{key}/stoppen/", follow=True).content.decode()  # says which one stopped
    assert URL not in client.get(PAGE).content.decode()
    assert client.post(f"{TELL}{key + 1}/stoppen/").status_code == 404


@pytest.mark.parametrize("url", ["", "http://systeem.example/", "https://192.168.1.9/hier"])
def test_address_that_is_none_is_told_and_stays(
    url: str, organisation: Organisation, administrator: Membership, signed_in: SignedIn
):
    page = signed_in(administrator).post(TELL, {"url": url})
    assert page.status_code == 422
    assert f'value="{url}"' in page.content.decode() or not url
    with scope(organisation.pk):
        assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["personal"]},
        {"scopes": ["alles"]},
        {"expires_on": "gisteren"},
        {"expires_on": "2020-01-01"},
        {"expires_on": "2999-01-01"},
    ],
)
def test_what_is_wrong_is_told_and_typed_text_stays(
    wrong: dict[str, object], organisation: Organisation, administrator: Membership, signed_in: SignedIn
):
    page = signed_in(administrator).post(MAKE, {**GOOD, "name": "Datawarehouse", **wrong})
    assert page.status_code == 422
    assert 'id="fouten"' in page.content.decode()
    assert wrong.get("name") == "" or 'value="Datawarehouse"' in page.content.decode()
    assert keys(organisation) == []


def test_revoked_key_stands_with_those_that_ended(
    organisation: Organisation, administrator: Membership, signed_in: SignedIn
):
    client = signed_in(administrator)
    client.post(MAKE, GOOD)
    (key,) = keys(organisation)
    page = client.post(f"{MAKE}{key.pk}/intrekken/", follow=True).content.decode()
    assert "De sleutel voor Onze website werkt niet meer." in page
    assert "Ingetrokken op" in page
    (key,) = keys(organisation)
    assert (key.revoked_at is not None, key.revoked_by_id) == (True, administrator.pk)
    assert client.post(f"{MAKE}{key.pk + 1}/intrekken/").status_code == 404


@pytest.mark.parametrize("number", [1, 19])
def test_page_costs_the_same_for_one_and_for_many(
    number: int,
    organisation: Organisation,
    administrator: Membership,
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    with scope(organisation.pk):
        for each in range(number):
            make_key(
                f"Systeem {each}",
                [ApiKey.Scope.FILE],
                expires_on=UNTIL,
                today=timezone.localdate(),
                by=administrator,
                at=timezone.now(),
            )
    client = signed_in(administrator)
    with django_assert_num_queries(QUERIES):
        page = client.get(PAGE).content.decode()
    assert page.count("/intrekken/") == number
