"""Getting in: guessing is slow and locks nobody out, no answer tells which numbers exist, a link opens once (G9)."""

from __future__ import annotations

import gc
import io
import math
import random
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from logging.config import dictConfig
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

import config.settings
from complaints import access_codes
from complaints.actions import THE_COMPLAINANT, Opened, open_case, send_notices, write_notice
from complaints.actions.notices import secret_of
from complaints.models import Attempt, Notice
from config import logs
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, intake_answers, published
from tests.conftest import MailServer, OwnDatabase

SLUG, OTHER = "klik-onderwijs", "klassepro"
EMAIL = "j.verweij@wilgenroos.example"
WARMING = 5  # pairs that fill caches and are not measured
ENTER, LINK, CASE = f"/{SLUG}/volgen/", f"/{SLUG}/volgen/link/", f"/{SLUG}/volgen/zaak/"


class QuickArgon2(Argon2PasswordHasher):
    """The hasher of production, with a thousandth of its work."""

    time_cost = 1
    memory_cost = 1024
    parallelism = 1


def opened_at(organisation: Organisation) -> Opened:
    """A case with its code, filed a moment ago."""
    now = timezone.now()
    with scope(organisation.pk):
        return open_case(
            answers=intake_answers(definition(organisation.slug), at=now, name="Jolanda Verweij", email=EMAIL),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
        )


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published(SLUG)


@pytest.fixture
def opened(organisation: Organisation) -> Opened:
    return opened_at(organisation)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the log of this installation holds."""
    stream = io.StringIO()
    chosen = logs.configuration(as_json=True, level="DEBUG")
    chosen["handlers"]["stdout"]["stream"] = stream
    dictConfig(chosen)
    yield stream
    logs.configure(django_settings.LOGGING)


def words(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def entered(client: Client, reference: str, code: str, **headers: Any) -> Any:
    return client.post(ENTER, {"reference": reference, "code": code}, **headers)


def guessed(client: Client, times: int, reference: str = "KO-2026-0001") -> Any:
    """Wrong codes, one after the other, as fast as they are answered."""
    for _ in range(times):
        answer = entered(client, reference, access_codes.code_for("wrong"))
    return answer


def wait_is_over(organisation: Organisation) -> None:
    """As if the seconds had gone by."""
    with scope(organisation.pk):
        Attempt.objects.update(next_at=timezone.now())


def link_to(opened: Opened) -> str:
    with scope(opened.case.organisation_id):
        notice = write_notice(opened.case, Notice.Kind.LINK, at=timezone.now())
        assert notice
        return f"{LINK}{secret_of(notice)}/"


# --- Codes ------------------------------------------------------------------------------------------------------------


def test_code_holds_128_bits_and_production_keeps_an_argon2id_hash(settings: Settings):
    codes = [access_codes.code_for(str(number)) for number in range(2000)]
    assert len(access_codes.ALPHABET) == len(set(access_codes.ALPHABET)) == 32
    assert access_codes.LENGTH * math.log2(32) >= 128
    for place in range(access_codes.LENGTH):
        assert {code[place] for code in codes} == set(access_codes.ALPHABET), "every place holds its five bits"
    settings.PASSWORD_HASHERS = config.settings.PASSWORD_HASHERS
    stored = access_codes.hashed(codes[0])
    assert stored.startswith("argon2$argon2id$v=19$m=1024,t=1,p=1$")
    assert access_codes.matches(codes[0].lower(), stored)
    assert not access_codes.matches(codes[1], stored)
    assert not access_codes.matches(codes[1], "")


def test_guessing_is_slowed_down_and_the_page_says_for_how_long(client: Client, opened: Opened):
    assert guessed(client, 5).status_code == 422
    slow = entered(client, opened.case.reference, "HIER STAAT MIJN CODE")
    assert slow.status_code == 429
    assert slow["Retry-After"] == "1"
    assert "no-store" in slow["Cache-Control"]
    assert "Wacht 1 seconde. Verstuur het daarna opnieuw." in words(slow)
    assert f'value="{opened.case.reference}"' in slow.content.decode()
    assert "MIJN CODE" not in slow.content.decode()
    assert "<script" not in slow.content.decode()


def test_right_code_opens_after_the_wait_however_often_was_guessed(
    client: Client, organisation: Organisation, opened: Opened
):
    for _ in range(12):
        guessed(client, 5)
        wait_is_over(organisation)
    assert guessed(client, 2)["Retry-After"] == "30"
    assert entered(client, opened.case.reference, opened.access_code).status_code == 429
    wait_is_over(organisation)
    assert entered(client, opened.case.reference, opened.access_code).status_code == 302
    assert guessed(client, 5).status_code == 422, "who knew it starts anew"


def test_guessing_at_a_number_never_keeps_its_complainant_out(client: Client, opened: Opened):
    guessed(client, 20, opened.case.reference)
    at_home = Client(REMOTE_ADDR="198.51.100.7")
    assert entered(at_home, opened.case.reference, opened.access_code).status_code == 302


def test_form_with_something_missing_is_no_try(client: Client, opened: Opened):
    for _ in range(20):
        assert entered(client, opened.case.reference, "").status_code == 422
    assert entered(client, opened.case.reference, opened.access_code).status_code == 302


def test_session_gets_a_new_key_when_a_case_is_opened(client: Client, opened: Opened):
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    entered(client, opened.case.reference, opened.access_code)
    assert client.session.session_key != before
    other = Client()
    other.cookies["session"] = str(before)
    assert other.get(CASE).status_code == 302


# --- Time tells nothing -----------------------------------------------------------------------------------------------


def welch(first: list[float], second: list[float]) -> float:
    """Welch's t of two lists of durations, without the slowest tenth of both together: those waited for the machine."""
    ends = sorted(first + second)[int(0.9 * (len(first) + len(second)))]
    one, other = ([each for each in durations if each < ends] for durations in (first, second))
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread)


def timed(
    ask: Callable[[str], object],
    one: str,
    other: str,
    *,
    pairs: int,
    afterwards: Callable[[str], object] | None = None,
) -> float:
    """Welch's t between two questions, asked by turns in random order."""
    dice = random.Random(7)
    durations: dict[str, list[float]] = {one: [], other: []}
    gc.collect()
    gc.disable()
    try:
        for number in range(WARMING + pairs):
            for each in dice.sample((one, other), 2):
                started = time.perf_counter()
                ask(each)
                if number >= WARMING:
                    durations[each].append(time.perf_counter() - started)
                if afterwards:
                    afterwards(each)
    finally:
        gc.enable()
    t = welch(durations[one], durations[other])
    print(f"t = {t:.2f} with {pairs} pairs")
    return t


@pytest.fixture
def addresses() -> Iterator[str]:
    """Another visitor each time, so that nobody has to wait."""
    return (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(1 << 24))


def test_unknown_number_takes_as_long_as_a_wrong_code(
    client: Client, organisation: Organisation, settings: Settings, addresses: Iterator[str]
):
    settings.PASSWORD_HASHERS = [f"{__name__}.QuickArgon2"]
    reference = opened_at(organisation).case.reference
    for _ in range(20):
        opened_at(organisation)

    def ask(number: str) -> None:
        answer = entered(client, number, "0123456789ABCDEFGHJKMNPQRS", REMOTE_ADDR=next(addresses))
        assert answer.status_code == 422

    t = timed(ask, reference, reference[:-4] + "9999", pairs=250)
    assert abs(t) < 4.5


def test_asking_for_a_link_takes_as_long_whether_or_not_one_is_mailed(
    client: Client, opened: Opened, addresses: Iterator[str]
):
    mailed = 0

    def ask(email: str) -> None:
        client.post(LINK, {"reference": opened.case.reference, "email": email}, REMOTE_ADDR=next(addresses))

    def forget(email: str) -> None:
        nonlocal mailed
        with scope(opened.case.organisation_id):
            mailed += Notice.objects.all().delete()[0]  # so that the next one is mailed too

    t = timed(ask, EMAIL, "k.verweij@wilgenroos.example", pairs=20, afterwards=forget)
    assert mailed == 20 + WARMING
    assert abs(t) < 4.5


# --- Links ------------------------------------------------------------------------------------------------------------


def test_lost_code_leads_to_a_link(client: Client, opened: Opened, smtp_server: MailServer):
    assert f'href="{LINK}"' in client.get(ENTER).content.decode()
    assert client.get(LINK).status_code == 200
    asked = client.post(LINK, {"reference": opened.case.reference, "email": EMAIL.upper()})
    assert "Als dit nummer en dit e-mailadres bij elkaar horen" in words(asked)
    assert send_notices(opened.case.organisation_id, at=timezone.now()) == 1
    address = re.search(r"http://localhost:8000(\S+)", smtp_server.messages[0].get_content())
    assert address
    page = client.get(address[1])
    assert page.status_code == 200
    assert opened.case.reference not in words(page)
    done = client.post(address[1])
    assert done["Location"] == CASE, "no secret in the next address"
    assert opened.case.reference in words(client.get(CASE))


def test_answer_is_the_same_whether_or_not_number_and_address_belong_together(client: Client, opened: Opened):
    answers = []
    for reference, email in (
        (opened.case.reference, EMAIL),
        (opened.case.reference, "ander@wilgenroos.example"),
        ("KO-2026-9999", EMAIL),
    ):
        visitor = Client()
        answer = visitor.post(LINK, {"reference": reference, "email": email})
        body = re.sub(rb'csrfmiddlewaretoken" value="[^"]+"', b"", answer.content)
        headers = {name: value for name, value in answer.headers.items() if name != "Expires"}  # that is the clock
        answers.append((answer.status_code, body, headers, set(visitor.cookies)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 200
    with scope(opened.case.organisation_id):
        assert Notice.objects.count() == 1


def test_asking_for_links_is_slowed_down(client: Client, opened: Opened):
    for _ in range(3):
        assert client.post(LINK, {"reference": opened.case.reference, "email": EMAIL}).status_code == 200
    slow = client.post(LINK, {"reference": opened.case.reference, "email": EMAIL})
    assert (slow.status_code, slow["Retry-After"]) == (429, "1")
    assert f'value="{opened.case.reference}"' in slow.content.decode()
    assert entered(client, opened.case.reference, opened.access_code).status_code == 302, "another kind of try"


def test_something_that_is_no_mail_address_is_said_so(client: Client, organisation: Organisation):
    answer = client.post(LINK, {"reference": "KO-2026-0001", "email": "geen adres"})
    assert answer.status_code == 422
    assert "<title>Fout:" in answer.content.decode()


def test_mail_scanner_that_looks_uses_nothing_up(client: Client, opened: Opened):
    address = link_to(opened)
    for method in ("get", "head", "options", "put", "delete"):
        getattr(Client(), method)(address)
    page = client.get(address)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert client.get(CASE).status_code == 302, "looking opens nothing"
    assert client.post(address).status_code == 302
    assert client.get(CASE).status_code == 200


def test_button_is_pressed_with_the_token_of_its_page_alone(opened: Opened):
    address = link_to(opened)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', strict.get(address).content.decode())
    assert token
    assert strict.post(address, {"csrfmiddlewaretoken": token[1]}, HTTP_ORIGIN="null").status_code == 403
    sent = strict.post(address, {"csrfmiddlewaretoken": token[1]}, HTTP_ORIGIN="http://testserver")
    assert sent.status_code == 302


def test_link_that_opens_nothing_gets_one_and_the_same_answer(client: Client, opened: Opened):
    used, expired = link_to(opened), link_to(opened)
    client.post(used)
    with scope(opened.case.organisation_id):
        Notice.objects.filter(used_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    published_elsewhere = opened_at(published(OTHER))
    foreign = link_to(published_elsewhere)
    unknown = f"{LINK}zz-{'a' * 32}/"
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    answers = set()
    for address in (used, expired, foreign, unknown):
        for method in ("get", "post"):
            visitor = Client()
            answer = getattr(visitor, method)(address)
            answers.add((answer.status_code, token.sub("", answer.content.decode())))
            assert visitor.get(CASE).status_code == 302
    assert len(answers) == 1
    ((status, body),) = answers
    assert status == 410
    assert f'href="{LINK}"' in body
    there = foreign.replace(SLUG, OTHER)
    assert Client().post(there).status_code == 302, "where it belongs it still works"


def test_two_browsers_that_press_at_once_open_once(own_database: OwnDatabase):
    organisation = published(SLUG)
    opened = opened_at(organisation)
    for _ in range(3):
        address = link_to(opened)
        visitors = [Client() for _ in range(6)]
        gate = threading.Barrier(6)
        answers: list[int] = []

        def press(
            visitor: Client,
            address: str = address,
            gate: threading.Barrier = gate,
            answers: list[int] = answers,
        ) -> None:
            gate.wait()
            answers.append(visitor.post(address).status_code)
            connections.close_all()

        threads = [threading.Thread(target=press, args=(visitor,)) for visitor in visitors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [302, 410, 410, 410, 410, 410]
        assert sorted(visitor.get(CASE).status_code for visitor in visitors) == [200, 302, 302, 302, 302, 302]


def test_many_guesses_at_once_are_no_many_free_ones(own_database: OwnDatabase):
    organisation = published(SLUG)
    reference = opened_at(organisation).case.reference
    gate = threading.Barrier(20)
    answers: list[int] = []

    def guess() -> None:
        gate.wait()
        answers.append(entered(Client(), reference, access_codes.code_for("wrong")).status_code)
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [422] * 5 + [429] * 15


# --- On the side ------------------------------------------------------------------------------------------------------


def test_nothing_that_was_typed_or_mailed_is_in_a_log_or_an_address(
    client: Client, opened: Opened, logged: io.StringIO, smtp_server: MailServer
):
    answers = [entered(client, opened.case.reference, "PLANTGEHEIM") for _ in range(7)]
    answers += [client.post(LINK, {"reference": "PLANTNUMMER", "email": EMAIL}) for _ in range(5)]
    visitor = Client(REMOTE_ADDR="198.51.100.7")
    visitor.post(LINK, {"reference": opened.case.reference, "email": EMAIL})
    send_notices(opened.case.organisation_id, at=timezone.now())
    with scope(opened.case.organisation_id):
        secret = secret_of(Notice.objects.get())
    answers += [visitor.post(f"{LINK}{secret}/"), visitor.post(f"{LINK}{secret}/")]
    answers += [visitor.get(CASE), visitor.get(f"{LINK}{secret}/")]
    assert [answer.status_code for answer in answers[-4:]] == [302, 410, 200, 410]
    assert "429" in logged.getvalue() or "Too Many" in logged.getvalue(), "the log was listened to"
    addresses = "".join(str(answer.get("Location", "")) for answer in answers)
    for planted in ("PLANTGEHEIM", "PLANTNUMMER", EMAIL, secret.partition("-")[2], "198.51.100.7", "127.0.0.1"):
        assert planted not in "\n".join(line for line in logged.getvalue().splitlines() if '"mail.log"' not in line)
        assert planted not in addresses


def test_questions_to_the_database_are_counted(client: Client, opened: Opened):
    address = link_to(opened)
    counted = {}
    for name, ask in {
        "form": lambda: client.get(ENTER),
        "wrong code": lambda: entered(client, opened.case.reference, "x"),
        "unknown number": lambda: entered(client, "KO-2026-9999", "x"),
        "ask": lambda: client.get(LINK),
        "asked in vain": lambda: client.post(LINK, {"reference": "KO-2026-9999", "email": EMAIL}),
        "asked": lambda: client.post(LINK, {"reference": opened.case.reference, "email": EMAIL}),
        "look": lambda: client.get(address),
        "press": lambda: client.post(address),
    }.items():
        with CaptureQueriesContext(connection) as asked:
            ask()
        counted[name] = len([each for each in asked if "SAVEPOINT" not in each["sql"]])
    assert counted == {
        "form": 4,
        "wrong code": 10,
        "unknown number": 10,
        "ask": 4,
        "asked in vain": 8,
        "asked": 11,
        "look": 5,
        "press": 10,
    }
