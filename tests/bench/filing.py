"""Measures filing a complaint over HTTP against a bare Django view with one INSERT, and against django-helpdesk.

All three commit to a PostgreSQL that waits for the disk, behind gunicorn with two processes of four threads, and get
their forms from four visitors at once. Ours opens the case with its history, answers, clocks and letters, and answers
with the receipt; django-helpdesk makes a ticket and a follow-up, and answers with a redirect; it is spared its mail.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from statistics import median

from tests.bench import helpdesk, servers, visitors
from tests.bench.bare import COLUMNS
from tests.complaints.factories import SLUGS, definition, publish_all, staffed
from tests.complaints.intake.test_public_pages import typed
from tests.drills.figures import Report, percentile
from tests.drills.stack import Stack, free_port

FILINGS, ROUNDS = 1_200, 5
VISITORS = 4
TEXT = "Op 3 november is de monteur niet gekomen, en niemand belde. Ik heb er een dag vrij voor genomen. " * 3
OURS, BARE, HELPDESK = "ours", "bare Django", "django-helpdesk"


def bench(stack: Stack, size: float) -> Report:
    report = Report("Filing a complaint over HTTP")
    for organisation in publish_all().values():
        staffed(organisation)
    ports = {OURS: stack.web_port, BARE: free_port(), HELPDESK: free_port()}
    servers.make_bare(stack)
    servers.ours(stack)
    servers.bare(stack, ports[BARE])
    forms: dict[str, Callable[[int], bytes]] = {OURS: _ours, BARE: _bare}
    if servers.HELPDESK.exists():
        servers.make_helpdesk(stack)
        servers.helpdesk(stack, ports[HELPDESK])
        forms[HELPDESK] = _helpdesk
    count = max(20, round(FILINGS * size / ROUNDS))
    report.say(f"{', '.join(forms)}: {ROUNDS} rounds of {count} forms each, in turn; {VISITORS} visitors")
    rates: dict[str, list[float]] = {name: [] for name in forms}
    waited: dict[str, list[float]] = {name: [] for name in forms}
    refused = dict.fromkeys(forms, 0)
    for name, form in forms.items():  # what is read and compiled at the first forms is no part of it
        answers = visitors.send(ports[name], [form(each) for each in range(20)], visitors=VISITORS)
        if max(answers.statuses) >= 400:
            raise RuntimeError(f"{name} answers {dict(answers.statuses)}")
    for turn in range(1, ROUNDS + 1):
        for name, form in forms.items():
            # A bare view is done before it can be measured: it gets more of them.
            many = count * (10 if name == BARE else 1)
            requests = [form(turn * 100_000 + each) for each in range(many)]
            answers = visitors.send(ports[name], requests, visitors=VISITORS)
            rates[name].append(answers.each_second)
            waited[name] += answers.waited
            refused[name] += many - answers.statuses[302 if name == HELPDESK else 201]
    for name in forms:
        report.exactly(f"{name}: forms that were not taken", refused[name], 0)
    for name in forms:
        report.told(f"{name}: forms a second", median(rates[name]), unit="/s")
        report.told(f"{name}: 95 % answered within", percentile(waited[name], 0.95) * 1000, unit="ms")
    _compare(report, rates)
    return report


def _compare(report: Report, rates: Mapping[str, list[float]]) -> None:
    """The median of the rounds, each against the one beside it."""

    def against(other: str) -> float:
        return median(a / b for a, b in zip(rates[OURS], rates[other], strict=True))

    report.at_least("ours, of the bare view's speed", against(BARE), 0.3)
    if HELPDESK in rates:
        report.at_least("ours, times as fast as django-helpdesk", against(HELPDESK), 3)


def _ours(number: int) -> bytes:
    slug = SLUGS[number % len(SLUGS)]
    token = secrets.token_hex(16)
    procedure = definition(slug)
    words = {field.name: TEXT for field in procedure.intake.fields if field.kind == "long_text"}
    form = typed(procedure, **words, email=_address(number), nonce=secrets.token_urlsafe(32), csrfmiddlewaretoken=token)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return visitors.post(f"/{slug}/indienen/", form, headers={"Cookie": f"csrf={token}", "X-Forwarded-For": address})


def _address(number: int) -> str:
    return f"j.verweij{number}@wilgenroos.example"


def _bare(number: int) -> bytes:
    return visitors.post("/indienen/", {**dict.fromkeys(COLUMNS, f"Antwoord {number}"), "description": TEXT})


def _helpdesk(number: int) -> bytes:
    token = secrets.token_hex(16)
    form = {
        "queue": helpdesk.QUEUE_KEY,
        "title": f"Antwoord {number}",
        "body": TEXT,
        "priority": 3,
        "submitter_email": _address(number),
        "csrfmiddlewaretoken": token,
    }
    return visitors.post("/tickets/submit/", form, headers={"Cookie": f"csrftoken={token}"})
