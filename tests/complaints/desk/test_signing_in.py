"""How staff sign in: password and second factor, slowed down when wrong, asked again before what is grave."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from complaints.models import Membership, Subscription, Substitution, User
from config import embedded
from config.short_memory import ShortMemory
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.conftest import GravePage
from tests.complaints.factories import account

pytestmark = pytest.mark.django_db

SIGN_IN, WORKLIST, SET_UP = "/beheer/login/", "/beheer/zaken/", "/beheer/tweede-stap/instellen/"
MEMBERS = "/beheer/medewerkers/"
PASSWORD = "een lang wachtwoord"
NOT_TOGETHER = "Dit klopt niet samen"


def sign_in(user: User, password: str = PASSWORD, *, client: Client | None = None, **headers: str) -> Any:
    data = {"login": user.email, "password": password}
    return (client or Client()).post(SIGN_IN, data, **headers)  # type: ignore[arg-type]


def code_for(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def set_up(client: Client) -> tuple[str, list[str]]:
    """Sets up an authenticator app as somebody who just signed in: its secret and the recovery codes."""
    shown = text(client.get(SET_UP))
    found = re.search(r'<code class="code">([A-Z2-7]+)</code>', shown)
    assert found, shown
    answer = client.post(SET_UP, {"code": code_for(found[1])})
    assert answer["Location"] == "/beheer/tweede-stap/reservecodes/"
    codes = re.findall(r'<code class="code">(\d+)</code>', text(client.get(answer["Location"])))
    cache.clear()  # the code counts as used, and the next test step would have to wait for another
    return found[1], codes


def later(client: Client, *, seconds: int) -> None:
    """As if what this browser proved was so many seconds ago."""
    session = client.session
    for each in session["account_authentication_methods"]:
        each["at"] -= seconds
    session.save()


# --- Password ---------------------------------------------------------------------------------------------------------


def test_sign_in_by_email_leads_to_the_worklist(organisation: Organisation, people: dict[str, Membership]):
    user = people["csm"].user
    for email in (user.email, user.email.upper()):
        client = Client()
        answer = client.post(SIGN_IN, {"login": email, "password": PASSWORD})
        assert (answer.status_code, answer["Location"]) == (302, WORKLIST)
        assert client.get(WORKLIST).status_code == 200


def test_address_with_capitals_in_the_account_signs_in_too(organisation: Organisation, people: dict[str, Membership]):
    user = people["csm"].user
    User.objects.filter(pk=user.pk).update(email="Jan.Jansen@School.Example")
    assert Client().post(SIGN_IN, {"login": "jan.jansen@school.example", "password": PASSWORD}).status_code == 302


def test_next_page_is_kept_and_a_strange_one_is_not(organisation: Organisation, people: dict[str, Membership]):
    data = {"login": people["csm"].user.email, "password": PASSWORD}
    assert Client().post(SIGN_IN, {**data, "next": f"{WORKLIST}nieuw/"})["Location"] == f"{WORKLIST}nieuw/"
    assert Client().post(SIGN_IN, {**data, "next": "https://elders.example/"})["Location"] == WORKLIST


def test_unknown_closed_and_wrong_get_one_answer(organisation: Organisation, people: dict[str, Membership]):
    closed = account("Dicht Account", is_active=False)
    answers = [
        Client().post(SIGN_IN, {"login": email, "password": password})
        for email, password in (
            ("niemand@nergens.example", PASSWORD),
            (closed.email, PASSWORD),
            (people["csm"].user.email, "anders"),
        )
    ]
    bodies = {re.sub(r'value="[^"]*"', "", text(each)) for each in answers}
    assert [each.status_code for each in answers] == [422, 422, 422]
    assert len(bodies) == 1
    assert NOT_TOGETHER in bodies.pop()


def test_unknown_closed_and_wrong_cost_the_same_work(people: dict[str, Membership], monkeypatch: pytest.MonkeyPatch):
    closed, hashed, encode = account("Dicht Account", is_active=False), [0], MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed[0] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    work = []
    for email in ("niemand@nergens.example", closed.email, people["csm"].user.email):
        hashed[0] = 0
        Client().post(SIGN_IN, {"login": email, "password": "anders"})
        work.append(hashed[0])
    assert work == [1, 1, 1]


def test_wrong_passwords_slow_down_who_tries_and_nobody_else(organisation: Organisation, people: dict[str, Membership]):
    user, other = people["csm"].user, people["handler"].user
    for _ in range(5):
        assert NOT_TOGETHER in text(sign_in(user, "anders"))
    refused = sign_in(user)
    assert (refused.status_code, "Wacht vijf minuten" in text(refused)) == (422, True)
    assert sign_in(other).status_code == 302  # another account from here
    assert sign_in(user, REMOTE_ADDR="198.51.100.7").status_code == 302  # the owner, from elsewhere


def test_unknown_account_slows_down_alike(organisation: Organisation):
    answers = [Client().post(SIGN_IN, {"login": "niemand@nergens.example", "password": "x"}) for _ in range(6)]
    assert ["Wacht vijf minuten" in text(each) for each in answers] == [False] * 5 + [True]


def test_guesses_from_everywhere_slow_down_the_account(organisation: Organisation, people: dict[str, Membership]):
    user = people["csm"].user
    for number in range(20):
        sign_in(user, "anders", REMOTE_ADDR=f"198.51.100.{number}")
    assert "Wacht vijf minuten" in text(sign_in(user, REMOTE_ADDR="198.51.100.99"))


def test_one_address_that_guesses_at_many_accounts_is_slowed_down(organisation: Organisation):
    answers = [Client().post(SIGN_IN, {"login": f"n{number}@x.example", "password": "x"}) for number in range(11)]
    assert ["Wacht vijf minuten" in text(each) for each in answers] == [False] * 10 + [True]


def test_waiting_is_enough(organisation: Organisation, people: dict[str, Membership], monkeypatch: pytest.MonkeyPatch):
    user = people["csm"].user
    for _ in range(6):
        sign_in(user, "anders")
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 301)
    assert sign_in(user).status_code == 302


def test_session_ends_after_half_an_hour_without_use(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    session = Session.objects.get(session_key=client.session.session_key)
    left = (session.expire_date - timezone.now()).total_seconds()
    assert 29 * 60 < left <= 30 * 60
    Session.objects.update(expire_date=timezone.now())
    assert client.get(WORKLIST)["Location"] == f"{SIGN_IN}?next={WORKLIST}"


def test_half_an_hour_counts_from_the_last_request(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    answer = sign_in(people["csm"].user, client=client)
    cookie = answer.cookies["session"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")  # gone with the browser
    assert cookie["httponly"]
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    assert client.get(WORKLIST).status_code == 200
    left = (Session.objects.get().expire_date - timezone.now()).total_seconds()
    assert 29 * 60 < left <= 30 * 60


def test_membership_is_looked_at_with_each_request(organisation: Organisation, people: dict[str, Membership]):
    csm, client = people["csm"], Client()
    sign_in(csm.user, client=client)
    assert client.get(WORKLIST).status_code == client.get(f"{MEMBERS}nieuw/").status_code == 200
    with scope(organisation.pk):
        Membership.objects.filter(pk=csm.pk).update(roles=["handler"])
    assert (client.get(WORKLIST).status_code, client.get(f"{MEMBERS}nieuw/").status_code) == (200, 403)
    with scope(organisation.pk):
        Membership.objects.filter(pk=csm.pk).update(is_active=False)
    assert client.get(WORKLIST).status_code == 403


def test_account_is_looked_at_with_each_request(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    assert client.get(WORKLIST).status_code == 200
    User.objects.filter(pk=people["csm"].user.pk).update(is_active=False)
    assert client.get(WORKLIST).status_code == 302


def test_pages_of_allauth_that_are_not_used_are_not_there(organisation: Organisation):
    for path in ("signup", "email", "confirm-email", "password/set", "login/code/confirm", "reauthenticate", "social"):
        assert Client().get(f"/beheer/{path}/").status_code in (302, 404)
        assert Client().get(f"/accounts/{path}/").status_code == 404


# --- Another password -------------------------------------------------------------------------------------------------


def asked_link(email: str) -> list[str]:
    """The links in the mail after a forgotten password was told for this address."""
    before = len(mail.outbox)
    answer = Client().post("/beheer/wachtwoord-vergeten/", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/beheer/wachtwoord-vergeten/verstuurd/")
    until = time.monotonic() + 1
    while len(mail.outbox) == before and time.monotonic() < until and "@nergens" not in email:
        time.sleep(0.01)
    return re.findall(r"http://localhost:8000(/\S+)", "".join(str(each.body) for each in mail.outbox[before:]))


def test_forgotten_password_is_chosen_anew_once(organisation: Organisation, people: dict[str, Membership]):
    user = people["csm"].user
    elsewhere = Client()
    sign_in(user, client=elsewhere)
    [link] = asked_link(user.email.upper())
    assert user.email not in link
    client = Client()
    address = client.get(link)["Location"]
    assert client.get(link).status_code == 302  # looking does not use it up
    new = {"password1": "nog een lang wachtwoord", "password2": "nog een lang wachtwoord"}
    assert client.post(address, new)["Location"] == "/beheer/wachtwoord-vergeten/klaar/"
    assert sign_in(user).status_code == 422
    assert sign_in(user, "nog een lang wachtwoord").status_code == 302
    assert elsewhere.get(WORKLIST).status_code == 302  # other sessions are over
    assert "Deze link werkt niet meer" in text(Client().get(link))


def test_unknown_address_gets_the_same_answer_and_no_mail(organisation: Organisation):
    assert asked_link("niemand@nergens.example") == []
    assert mail.outbox == []


def test_weak_password_is_refused(organisation: Organisation, people: dict[str, Membership]):
    [link] = asked_link(people["csm"].user.email)
    client = Client()
    answer = client.post(client.get(link)["Location"], {"password1": "kort", "password2": "kort"})
    assert answer.status_code == 422


def test_password_is_changed_with_the_old_one(organisation: Organisation, people: dict[str, Membership]):
    user, client = people["csm"].user, Client()
    sign_in(user, client=client)
    new = {"password1": "nog een lang wachtwoord", "password2": "nog een lang wachtwoord"}
    wrong = client.post("/beheer/password_change/", {"oldpassword": "anders", **new})
    assert "Dit is niet uw wachtwoord van nu" in text(wrong)
    right = client.post("/beheer/password_change/", {"oldpassword": PASSWORD, **new})
    assert right["Location"] == "/beheer/password_change/done/"
    assert client.get(WORKLIST).status_code == 200
    assert sign_in(user, "nog een lang wachtwoord").status_code == 302


# --- Second factor ----------------------------------------------------------------------------------------------------


@pytest.fixture
def _compulsory(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.mark.usefixtures("_compulsory")
def test_without_a_second_factor_every_page_leads_to_setting_it_up(
    organisation: Organisation, people: dict[str, Membership]
):
    client = Client()
    sign_in(people["csm"].user, client=client)
    for path in (WORKLIST, f"{WORKLIST}nieuw/", "/beheer/password_change/", "/beheer/tweede-stap/"):
        assert client.get(path)["Location"].startswith(f"{SET_UP}?next="), path
    assert client.post("/beheer/organisatie/", {"organisation": organisation.pk})["Location"].startswith(SET_UP)
    shown = text(client.get(SET_UP))
    assert 'src="data:image/svg+xml;base64,' in shown
    assert "<script" not in shown
    wrong = client.post(SET_UP, {"code": "000000"})
    assert (wrong.status_code, "Deze code klopt niet" in text(wrong)) == (422, True)
    assert client.post("/beheer/logout/").status_code == 200


@pytest.mark.usefixtures("_compulsory")
def test_second_factor_is_set_up_and_then_asked(organisation: Organisation, people: dict[str, Membership]):
    user, client = people["csm"].user, Client()
    sign_in(user, client=client)
    secret, codes = set_up(client)
    assert client.get(WORKLIST).status_code == 200
    assert len(codes) == 10
    assert "al eens gezien" in text(client.get("/beheer/tweede-stap/reservecodes/"))
    assert all(secret not in str(each.data) for each in Authenticator.objects.all())  # kept encrypted

    again = Client()
    assert sign_in(user, client=again)["Location"] == "/beheer/login/code/"
    assert again.get(WORKLIST).status_code == 302  # a password alone opens nothing
    assert "Deze code klopt niet" in text(again.post("/beheer/login/code/", {"code": "000000"}))
    code = code_for(secret)
    assert again.post("/beheer/login/code/", {"code": code})["Location"] == WORKLIST
    assert again.get(WORKLIST).status_code == 200

    replaying = Client()
    sign_in(user, client=replaying)
    assert replaying.post("/beheer/login/code/", {"code": code}).status_code == 422  # used already

    for times in (1, 2):
        lost = Client()
        sign_in(user, client=lost)
        assert lost.post("/beheer/login/code/", {"code": codes[0]}).status_code == (302 if times == 1 else 422)


@pytest.mark.usefixtures("_compulsory")
def test_guessing_codes_slows_down(organisation: Organisation, people: dict[str, Membership]):
    user, client = people["csm"].user, Client()
    sign_in(user, client=client)
    secret, _codes = set_up(client)
    client.post("/beheer/logout/")
    sign_in(user, client=client)
    for _ in range(5):
        client.post("/beheer/login/code/", {"code": "000000"})
    assert "Wacht vijf minuten" in text(client.post("/beheer/login/code/", {"code": code_for(secret)}))


@pytest.mark.usefixtures("_compulsory")
def test_guessing_recovery_codes_slows_down_and_uses_none_up(
    organisation: Organisation, people: dict[str, Membership], monkeypatch: pytest.MonkeyPatch
):
    user, client = people["csm"].user, Client()
    sign_in(user, client=client)
    _secret, codes = set_up(client)
    client.post("/beheer/logout/")
    sign_in(user, client=client)
    for number in range(5):
        client.post("/beheer/login/code/", {"code": f"0000000{number}"})
    refused = client.post("/beheer/login/code/", {"code": codes[0]})
    assert (refused.status_code, "Wacht vijf minuten" in text(refused)) == (422, True)
    elsewhere = Client()
    sign_in(user, client=elsewhere, REMOTE_ADDR="198.51.100.7")
    guessed = elsewhere.post("/beheer/login/code/", {"code": codes[0]}, REMOTE_ADDR="198.51.100.7")
    assert guessed.status_code == 422  # from another address the account has no more tries
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 301)
    assert client.post("/beheer/login/code/", {"code": codes[0]})["Location"] == WORKLIST


@pytest.mark.usefixtures("_compulsory")
def test_guessing_codes_at_the_step_up_slows_down(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    _secret, codes = set_up(client)
    later(client, seconds=301)
    for _ in range(5):
        assert "Deze code klopt niet" in text(client.post("/beheer/inzien/", {"again-code": "000000"}))
    assert "Wacht vijf minuten" in text(client.post("/beheer/inzien/", {"again-code": codes[0]}))


@pytest.mark.usefixtures("_compulsory")
def test_session_from_before_the_second_factor_is_asked_for_it(
    organisation: Organisation, people: dict[str, Membership]
):
    user, before, client = people["csm"].user, Client(), Client()
    sign_in(user, client=before)
    sign_in(user, client=client)
    secret, _codes = set_up(client)
    asked = before.get(WORKLIST)
    assert (asked.status_code, "Bent u het zelf?" in text(asked)) == (403, True)
    answer = before.post(WORKLIST, {"again-code": code_for(secret), "again-look": "1"})
    assert (answer.status_code, answer["Location"]) == (302, WORKLIST)
    assert before.get(WORKLIST).status_code == 200


@pytest.mark.usefixtures("_compulsory")
def test_another_telephone_begins_anew(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    set_up(client)
    assert "nog 10 reservecodes" in text(client.get("/beheer/tweede-stap/"))
    assert client.post("/beheer/tweede-stap/reservecodes/nieuw/").status_code == 302
    assert "U ziet ze alleen nu" in text(client.get("/beheer/tweede-stap/reservecodes/"))
    assert client.post("/beheer/tweede-stap/weghalen/")["Location"] == SET_UP
    assert not Authenticator.objects.exists()
    assert client.get(WORKLIST)["Location"].startswith(SET_UP)
    set_up(client)
    assert client.get(WORKLIST).status_code == 200


def test_second_factor_of_who_has_one_is_asked_also_where_it_is_not_compulsory(
    organisation: Organisation, people: dict[str, Membership]
):
    client = Client()
    sign_in(people["csm"].user, client=client)
    assert client.get(WORKLIST).status_code == 200
    assert "Stel de tweede stap in" in text(client.get("/beheer/tweede-stap/"))
    set_up(client)
    assert sign_in(people["csm"].user)["Location"] == "/beheer/login/code/"


# --- Step-up ----------------------------------------------------------------------------------------------------------


def test_set_up_asks_once_more_after_five_minutes(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    assert client.get(SET_UP).status_code == 200
    later(client, seconds=301)
    asked = client.get(SET_UP)
    assert (asked.status_code, "nog een keer uw wachtwoord" in text(asked)) == (403, True)
    wrong = client.post(SET_UP, {"again-password": "anders", "again-look": "1"})
    assert (wrong.status_code, "Dit wachtwoord klopt niet" in text(wrong)) == (422, True)
    right = client.post(SET_UP, {"again-password": PASSWORD, "again-look": "1"})
    assert (right.status_code, right["Location"]) == (302, SET_UP)
    assert client.get(SET_UP).status_code == 200


def test_what_was_typed_travels_along_and_arrives(people: dict[str, Membership], grave_page: GravePage):
    client = Client()
    sign_in(people["csm"].user, client=client)
    later(client, seconds=301)
    asked = client.post(grave_page.address, {"reason": 'Op verzoek, "nu"'})
    assert (asked.status_code, grave_page.arrived) == (403, [])
    assert '<input type="hidden" name="reason" value="Op verzoek, &quot;nu&quot;">' in text(asked)
    done = client.post(grave_page.address, {"reason": 'Op verzoek, "nu"', "again-password": PASSWORD})
    assert (done.status_code, text(done)) == (200, "gewist")
    assert grave_page.arrived[0]["reason"] == 'Op verzoek, "nu"'


def test_step_up_guesses_slow_down(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    sign_in(people["csm"].user, client=client)
    later(client, seconds=301)
    for _ in range(5):
        client.post(SET_UP, {"again-password": "anders"})
    assert "Wacht vijf minuten" in text(client.post(SET_UP, {"again-password": PASSWORD}))


@pytest.mark.parametrize(
    ("who", "address", "form"),
    [
        ("general_director", "/beheer/procedure/publiceren/", {"seen": "x"}),
        ("csm", "/beheer/medewerkers/nieuw/", {"email": "a@b.example"}),
        ("csm", "/beheer/medewerkers/{handler}/", {"roles": ["manager"]}),
        ("csm", "/beheer/medewerkers/{handler}/uit/", {}),
        ("csm", "/beheer/medewerkers/{handler}/aan/", {}),
        ("csm", "/beheer/medewerkers/{handler}/overdragen/", {"to": "{manager}", "reason": "Ziek."}),
        ("csm", "/beheer/medewerkers/{handler}/tweede-stap/", {"reason": "Telefoon gestolen"}),
        ("csm", "/beheer/waarnemen/", {"member": "{handler}", "deputy": "{manager}"}),
        ("handler", "/beheer/inzien/", {"reference": "KO-2026-0001", "reason": "De directie vroeg het."}),
        ("handler", "/beheer/agenda/adres/", {"known": ""}),
    ],
)
def test_what_is_grave_asks_once_more_and_then_goes_on(
    organisation: Organisation, people: dict[str, Membership], who: str, address: str, form: dict[str, Any]
):
    keys = {name: str(each.pk) for name, each in people.items()}
    days = {"first_on": "4-11-2099", "last_on": "5-11-2099"} if "deputy" in form else {}
    typed = {name: value.format(**keys) if isinstance(value, str) else value for name, value in form.items()} | days
    client = Client()
    sign_in(people[who].user, client=client)
    later(client, seconds=301)
    asked = client.post(address.format(**keys), typed)
    assert (asked.status_code, "Bent u het zelf?" in text(asked)) == (403, True)
    for name, value in typed.items():
        assert f'name="{name}" value="{value[0] if isinstance(value, list) else value}"' in text(asked)
    with scope(organisation.pk):
        assert Membership.objects.get(pk=people["handler"].pk).roles == ["handler"]
        assert not Substitution.objects.exists()
        assert not Subscription.objects.exists()
    done = client.post(address.format(**keys), {**typed, "again-password": PASSWORD})
    assert "Bent u het zelf?" not in text(done)


def test_looking_and_ones_own_deputy_ask_nothing_more(organisation: Organisation, people: dict[str, Membership]):
    csm, client = people["csm"], Client()
    sign_in(csm.user, client=client)
    later(client, seconds=301)
    for address in (MEMBERS, f"{MEMBERS}{csm.pk}/", "/beheer/waarnemen/", "/beheer/agenda/"):
        assert client.get(address).status_code == 200, address
    first = timezone.localdate() + timedelta(days=3)
    days = {"first_on": f"{first:%d-%m-%Y}", "last_on": f"{first:%d-%m-%Y}"}
    own = client.post("/beheer/waarnemen/", {"member": csm.pk, "deputy": people["manager"].pk, **days})
    assert own.status_code == 302


# --- What is mailed ---------------------------------------------------------------------------------------------------


def test_owner_hears_of_each_change(
    organisation: Organisation, people: dict[str, Membership], told: Callable[[], AbstractContextManager[list[str]]]
):
    user, client = people["csm"].user, Client()
    sign_in(user, client=client)
    new = {"password1": "nog een lang wachtwoord", "password2": "nog een lang wachtwoord"}
    with told() as mails:
        client.post("/beheer/password_change/", {"oldpassword": PASSWORD, **new})
    assert "Uw wachtwoord voor Gehoor is veranderd." in mails[0]
    [link] = asked_link(user.email)
    with told() as mails:
        other = Client()
        other.post(other.get(link)["Location"], new)
    assert "Er is een nieuw wachtwoord gekozen" in mails[0]
    client = Client()
    sign_in(user, new["password1"], client=client)
    with told() as mails:
        set_up(client)
    assert "een app voor inlogcodes aan uw account gekoppeld" in mails[0]
    with told() as mails:
        client.post("/beheer/tweede-stap/reservecodes/nieuw/")
    assert "nieuwe reservecodes" in mails[0]
    with told() as mails:
        client.post("/beheer/tweede-stap/weghalen/")
    assert "De app voor inlogcodes is van uw account gehaald." in mails[0]
    assert "/beheer/wachtwoord-vergeten/" in mails[0]
    changed = [each for each in mail.outbox if "account" in each.subject]
    assert {(each.subject, *each.to) for each in changed} == {
        ("Er is iets veranderd aan uw account bij Gehoor", user.email)
    }
    assert len(changed) == 5


def test_change_stays_when_the_mail_cannot_leave(
    organisation: Organisation, people: dict[str, Membership], settings: Settings
):
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    client = Client()
    sign_in(people["csm"].user, client=client)
    new = {"password1": "nog een lang wachtwoord", "password2": "nog een lang wachtwoord"}
    assert client.post("/beheer/password_change/", {"oldpassword": PASSWORD, **new}).status_code == 302
    assert sign_in(people["csm"].user, "nog een lang wachtwoord").status_code == 302


# --- What counts the tries --------------------------------------------------------------------------------------------


def test_tries_are_counted_while_valkey_is_away(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ShortMemory, "away_until", 0.0)
    memory = ShortMemory("unix:///nowhere/valkey.sock", {})
    assert memory.add("tries", 1, 60)
    assert memory.get("tries") == 1
    memory.set("tries", 2, 60)
    assert (memory.get("tries"), memory.add("tries", 1, 60)) == (2, False)
    memory.delete("tries")
    assert memory.get("tries") is None


def test_tries_are_counted_in_valkey(valkey: embedded.Valkey, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ShortMemory, "away_until", 0.0)
    options = {"OPTIONS": {"socket_timeout": 1}}
    one, other = ShortMemory(valkey.url(), options), ShortMemory(valkey.url(), options)
    one.set("tries", 3, 60)
    assert other.get("tries") == 3
    one.delete("tries")
    assert other.get("tries") is None
    assert ShortMemory.away_until == 0.0  # Valkey answered; it was not the memory of this process
