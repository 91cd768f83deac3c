"""G8: no request and no task reads in the scope of another, whatever went wrong on the same connection before."""

from __future__ import annotations

import http.client
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from complaints.models import Case, Letter
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, filed_case, publish_all, staffed
from tests.drills.figures import Report
from tests.drills.stack import Stack

REQUESTS, VISITORS, CASES, CONNECTIONS = 10_000, 8, 6, 2
FAILING = 0.1  # of all requests


@dataclass(frozen=True, slots=True)
class House:
    """An organisation of the drill, with somebody who works there and the words that nobody elsewhere may read."""

    slug: str
    planted: str
    references: tuple[str, ...]
    session: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, by somebody of `house`. What it must answer; None when the browser leaves before the answer."""

    house: House
    path: str
    expected: frozenset[int] | None
    form: Mapping[str, str] | None = None
    shows: bool = False  # the page holds words of its own organisation


def drill(stack: Stack, size: float) -> Report:
    report = Report("G8 · A scope never sticks")
    count = max(100, round(REQUESTS * size))
    houses = [_house(slug, organisation) for slug, organisation in publish_all().items()]
    stack.web(pool=CONNECTIONS)
    stack.worker(1)
    stack.beat()
    stack.sweeper(every=1)
    report.say(
        f"{count} requests of {len(houses)} organisations, mixed, by {VISITORS} browsers at once over {CONNECTIONS} "
        "pooled connections a process; a worker and a sweeper send their letters meanwhile"
    )
    asks = _mixed(houses, count)
    tally = _asked(asks, houses, stack.web_port)
    report.exactly("requests", tally["asked"], count)
    report.at_least("of which failed, as they were to", tally["failed"], round(count * FAILING * 0.8))
    report.exactly("answers with words of another organisation", tally["leaked"], 0)
    report.exactly("answers without the words of their own", tally["blind"], 0)
    report.exactly("answers with another status than they should have", tally["odd"], 0)
    report.exactly("letters that hold words of another organisation", _letters_that_leak(houses), 0)
    report.at_least("letters that left meanwhile", len(stack.taken()), 1)
    return report


def _house(slug: str, organisation: object) -> House:
    people = staffed(organisation)  # type: ignore[arg-type]
    procedure = definition(slug)
    member = people[next(role.name for role in procedure.roles if role.is_administrator)]
    planted, now = f"Geheimwoord{slug.replace('-', '').title()}", datetime.now(UTC)
    references = []
    for number in range(CASES):
        case = filed_case(
            organisation,  # type: ignore[arg-type]
            at=now,
            recorded_at=now,
            name=f"{planted} {number}",
            subject=f"{planted} {number}",
            email=f"klant.{number}@{slug}.example",
        )
        references.append(case.reference)
    client = Client()
    client.force_login(member.user)
    return House(slug, planted, tuple(references), client.cookies[settings.SESSION_COOKIE_NAME].value)


def _mixed(houses: list[House], count: int) -> list[Ask]:
    dice = random.Random(8)
    return [_drawn(houses, dice) for _ in range(count)]


def _drawn(houses: list[House], dice: random.Random) -> Ask:
    house = dice.choice(houses)
    other = dice.choice([each for each in houses if each is not house])
    case = f"/beheer/zaken/{dice.choice(house.references)}/"
    fine, gone = frozenset({200}), frozenset({404})
    if dice.random() < FAILING:
        return dice.choice(
            [
                Ask(house, case, None),
                Ask(house, f"/{house.slug}/indienen/", None),
                Ask(house, f"{case}handeling/withdraw/", frozenset({403}), {"revision": "1"}),
                Ask(house, f"/{house.slug}/indienen/", frozenset({403, 422}), {"subject": "zonder formulier"}),
            ]
        )
    return dice.choice(
        [
            Ask(house, "/beheer/zaken/", fine, shows=True),
            Ask(house, f"/beheer/zaken/?{urlencode({'q': house.planted})}", fine, shows=True),
            Ask(house, f"/beheer/zaken/?{urlencode({'q': other.planted})}", fine),
            Ask(house, "/beheer/register/", fine, shows=True),
            Ask(house, case, fine, shows=True),
            Ask(house, f"/beheer/zaken/{dice.choice(other.references)}/", gone),
            Ask(house, f"/{other.slug}/", fine),
            Ask(house, f"/{other.slug}/indienen/", fine),
        ]
    )


def _asked(asks: list[Ask], houses: list[House], port: int) -> Counter[str]:
    """What came of the requests, by many browsers at once, each on one connection after the other."""
    tally: Counter[str] = Counter()
    waiting, turn = iter(asks), threading.Lock()

    def browse(number: int) -> None:
        while True:
            with turn:
                ask = next(waiting, None)
            if ask is None:
                return
            found = list(_judged(ask, houses, port, number))
            with turn:
                tally.update(["asked", *found])

    threads = [threading.Thread(target=browse, args=(number,), daemon=True) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _judged(ask: Ask, houses: list[House], port: int, visitor: int) -> Iterator[str]:
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={ask.house.session}",
        "X-Forwarded-For": f"10.9.{visitor}.{random.Random().randrange(1, 250)}",
    }
    if ask.expected is None:
        _leave(ask, port, headers)
        yield "failed"
        return
    browser = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        if ask.form is None:
            browser.request("GET", ask.path, headers=headers)
        else:
            form = urlencode(ask.form)
            browser.request("POST", ask.path, form, {**headers, "Content-Type": "application/x-www-form-urlencoded"})
        answer = browser.getresponse()
        yield from judged(ask, answer.status, answer.read().decode(errors="replace"), houses)
    finally:
        browser.close()


def judged(ask: Ask, status: int, page: str, houses: list[House]) -> Iterator[str]:
    """What is to be counted of an answer: "failed", "odd", "leaked" and "blind" are told in the report."""
    if status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        yield "failed"
    if ask.expected is not None and status not in ask.expected:
        yield "odd"
    # What was searched for stands in the page again, as a word; of a case it stands before a number.
    others = [each for each in houses if each is not ask.house]
    if any(
        re.search(rf"{each.planted} \d", page) or (each.planted in page and each.planted not in ask.path)
        for each in others
    ):
        yield "leaked"
    if ask.shows and not re.search(rf"{ask.house.planted} \d", page):
        yield "blind"


def _leave(ask: Ask, port: int, headers: Mapping[str, str]) -> None:
    """Asks, and hangs up before the answer is there."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(f"GET {ask.path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())


def _letters_that_leak(houses: list[House]) -> int:
    count = 0
    by_slug = {each.slug: each for each in houses}
    for slug in SLUGS:
        organisation = by_slug[slug]
        others = [each.planted for each in houses if each is not organisation]
        with scope(_key(slug)):
            assert Case.objects.count() == CASES
            for letter in Letter.objects.all():
                count += any(word in f"{letter.subject} {letter.text} {letter.html}" for word in others)
    return count


def _key(slug: str) -> int:
    from procedures.models import Organisation

    return Organisation.objects.values_list("pk", flat=True).get(slug=slug)
