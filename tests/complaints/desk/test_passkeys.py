"""Passkeys as a second factor: made, asked for after the password, refused when they are not right, taken away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import Settings

from complaints.models import Membership, User
from procedures.models import Organisation
from tests.complaints.desk.passkey import Key, asked
from tests.complaints.desk.test_signing_in import SET_UP, WORKLIST, later, set_up, sign_in, text

pytestmark = pytest.mark.django_db

ADD, STEP, OVERVIEW = "/beheer/tweede-stap/passkey/", "/beheer/login/code/", "/beheer/tweede-stap/"
FAILED = "Dit lukte niet met uw passkey."
NO_ANSWERS = ("", "{}", "[]", "1", "null", '"x"', "{", '{"response": {}}', '{"id": 1, "rawId": "x", "response": []}')


@pytest.fixture(autouse=True)
def _compulsory(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def user(organisation: Organisation, people: dict[str, Membership]) -> User:
    return people["handler"].user


def make(client: Client, key: Key, *, name: str = "Laptop") -> Any:
    return client.post(ADD, {"name": name, "credential": key.made(text(client.get(ADD)))})


def with_passkey(user: User) -> tuple[Client, Key]:
    """A browser in which somebody signed in and made their first passkey."""
    client, key = Client(), Key()
    sign_in(user, client=client)
    assert make(client, key)["Location"] == "/beheer/tweede-stap/reservecodes/"
    return client, key


def test_passkey_is_enough_as_a_second_factor(user: User):
    client, key = with_passkey(user)
    assert client.get(WORKLIST).status_code == 200
    shown = text(client.get("/beheer/tweede-stap/reservecodes/"))
    code = shown.partition('<code class="code">')[2][:8]
    assert "Laptop" in text(client.get(OVERVIEW))

    again = Client()
    assert sign_in(user, client=again)["Location"] == STEP
    assert again.get(WORKLIST).status_code == 302  # a password alone opens nothing
    step = text(again.get(STEP))
    assert "Uw browser kan dit nu niet" in step  # what stands there without JavaScript
    assert again.post(STEP, {"credential": key.answer(step)})["Location"] == WORKLIST
    assert again.get(WORKLIST).status_code == 200

    without_script = Client()
    sign_in(user, client=without_script)
    assert without_script.post(STEP, {"code": code})["Location"] == WORKLIST


def test_app_works_beside_a_passkey(user: User):
    client = Client()
    sign_in(user, client=client)
    _secret, codes = set_up(client)
    key = Key()
    assert make(client, key)["Location"] == OVERVIEW
    for typed in ("key", "code"):
        again = Client()
        sign_in(user, client=again)
        step = text(again.get(STEP))
        answer = {"credential": key.answer(step)} if typed == "key" else {"code": codes[0]}
        assert again.post(STEP, answer)["Location"] == WORKLIST


def test_page_loads_scripts_from_here_alone_and_only_where_there_is_a_passkey(
    user: User, people: dict[str, Membership]
):
    client, _key = with_passkey(user)
    policy = client.get(ADD)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    client.post("/beheer/logout/")
    sign_in(user, client=client)
    assert '<script src="/static/mfa/js/webauthn.js" defer></script>' in text(client.get(STEP))
    other = Client()
    sign_in(people["csm"].user, client=other)
    set_up(other)
    other.post("/beheer/logout/")
    sign_in(people["csm"].user, client=other)
    assert "passkey" not in text(other.get(STEP))


def test_passkey_belongs_to_the_host_of_the_desk(user: User, settings: Settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://gehoor.example", ["*"]
    client = Client(headers={"host": "elders.gehoor.example"})
    sign_in(user, client=client)
    assert asked(text(client.get(ADD)))["rp"] == {"id": "gehoor.example", "name": "Gehoor"}


@pytest.mark.parametrize("sent", NO_ANSWERS)
def test_what_is_no_answer_is_refused(user: User, sent: str):
    client, _key = with_passkey(user)
    assert client.get(ADD).status_code == 200
    made = client.post(ADD, {"name": "Telefoon", "credential": sent})
    assert (made.status_code, text(made).count(FAILED), "Telefoon" in text(made)) == (
        422,
        2,
        True,
    )  # one of them waits for a script
    again = Client()
    sign_in(user, client=again)
    again.get(STEP)
    step = again.post(STEP, {"credential": sent})
    assert (step.status_code, text(step).count(FAILED)) == (422, 2)
    later(client, seconds=301)
    client.get(ADD)
    up = client.post(ADD, {"again-credential": sent, "again-look": "1"})
    assert (up.status_code, text(up).count(FAILED)) == (422, 2)
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_wrong_site_wrong_key_and_old_answers_are_refused(user: User, people: dict[str, Membership]):
    _client, key = with_passkey(user)
    _other, stranger = with_passkey(people["csm"].user)
    again = Client()
    sign_in(user, client=again)
    step = text(again.get(STEP))
    elsewhere = Key(origin="https://gehoor-inloggen.example", secret=key.secret, number=key.number)
    liar = Key(number=key.number)
    for wrong in (elsewhere.answer(step), liar.answer(step), stranger.answer(step)):
        assert again.post(STEP, {"credential": wrong}).status_code == 422
        step = text(again.get(STEP))
    right = key.answer(step)
    text(again.get(STEP))
    assert again.post(STEP, {"credential": right}).status_code == 422  # another question was asked since
    assert again.get(WORKLIST).status_code == 302


def test_guessing_passkeys_slows_down(user: User, monkeypatch: pytest.MonkeyPatch):
    _client, key = with_passkey(user)
    again = Client()
    sign_in(user, client=again)
    for _ in range(5):
        again.post(STEP, {"credential": Key().answer(text(again.get(STEP)))})
    refused = again.post(STEP, {"credential": key.answer(text(again.get(STEP)))})
    assert (refused.status_code, "Wacht vijf minuten" in text(refused)) == (422, True)
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 301)
    assert again.post(STEP, {"credential": key.answer(text(again.get(STEP)))}).status_code == 302


def test_step_up_takes_a_passkey_and_goes_on_with_what_was_typed(user: User):
    client, key = with_passkey(user)
    later(client, seconds=301)
    typed = {"reference": "KO-2026-9999", "reason": "De directie vroeg erom."}
    question = text(client.post("/beheer/inzien/", typed))
    done = client.post("/beheer/inzien/", {**typed, "again-credential": key.answer(question)})
    assert "Er is geen zaak met dit nummer" in text(done)
    later(client, seconds=301)
    question = text(client.get(ADD))
    looked = client.post(ADD, {"again-credential": key.answer(question), "again-look": "1"})
    assert (looked.status_code, looked["Location"]) == (302, ADD)


def test_who_has_a_second_factor_proves_it_before_getting_another(user: User):
    before = [Client(), Client()]
    for each in before:
        sign_in(user, client=each)
    with_passkey(user)
    for client, address in zip(before, (ADD, SET_UP), strict=True):
        asked_again = client.get(address)
        assert (asked_again.status_code, "Bent u het zelf?" in text(asked_again)) == (403, True)
        client.post(address, {"name": "x", "credential": "{}", "code": "000000"})
    assert Authenticator.objects.filter(user=user, type="totp").count() == 0
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1


def test_passkey_is_taken_away(
    user: User,
    people: dict[str, Membership],
    told: Callable[[], AbstractContextManager[list[str]]],
):
    client = Client()
    sign_in(user, client=client)
    with told() as mails:
        make(client, Key())
    assert "Er is een passkey aan uw account toegevoegd." in mails[0]
    make(client, Key(), name="")
    assert "Passkey 2" in text(client.get(OVERVIEW))
    first, second = Authenticator.objects.filter(user=user, type="webauthn").order_by("pk")
    stranger, _key = with_passkey(people["csm"].user)
    assert stranger.post(f"{ADD}{first.pk}/weghalen/").status_code == 404
    assert "Laptop" in text(client.get(f"{ADD}{first.pk}/weghalen/"))
    with told() as mails:
        assert client.post(f"{ADD}{first.pk}/weghalen/")["Location"] == OVERVIEW
    assert "Er is een passkey van uw account gehaald." in mails[0]
    assert client.get(WORKLIST).status_code == 200  # there is another one
    client.post(f"{ADD}{second.pk}/weghalen/")
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.get(WORKLIST)["Location"].startswith(SET_UP)


def test_lost_passkey_is_taken_away_by_an_administrator(
    user: User, people: dict[str, Membership], signed_in: Callable[[Membership], Client], settings: Settings
):
    client, _key = with_passkey(user)
    settings.STAFF_SECOND_FACTOR = False
    address = f"/beheer/medewerkers/{people['handler'].pk}/tweede-stap/"
    assert signed_in(people["csm"]).post(address, {"reason": "De laptop is gestolen."}).status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.get(WORKLIST).status_code == 302
