"""Telling other systems what happens: signed, without names, tried again, and in the end told to a person."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from complaints.actions import link_respondent, perform
from complaints.actions.announcing import announce
from complaints.actions.leasing import LEASE, MAX_ATTEMPTS, claim
from complaints.actions.memberships import managing_roles
from complaints.actions.notices import send_notices
from complaints.actions.sweeping import sweep
from complaints.actions.webhooks import (
    WebhookRefused,
    end_webhook,
    register_webhook,
    retry_deliveries,
    send_deliveries,
)
from complaints.models import Delivery, Event, Letter, Membership, Notice, Party, Webhook
from complaints.queries.due import organisations_with_work
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case, member, published, staffed
from tests.conftest import MailServer

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the next day in Amsterdam
PLANTED = "PLANTGEHEIM"


@dataclass
class Receiver:
    """Another system, which keeps what it is told."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOKS_INSIDE = True
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.got.append((dict(self.headers), body))
            self.send_response(known.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_port}/gehoor?van=ons"
    yield known
    server.shutdown()
    server.server_close()


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def administrator(organisation: Organisation) -> Membership:
    return member(organisation, "Anke Bos", *managing_roles(definition("klik-onderwijs")))


@pytest.fixture
def secret(organisation: Organisation, administrator: Membership, receiver: Receiver) -> Iterator[str]:
    with scope(organisation.pk):
        yield register_webhook(receiver.url, by=administrator, at=NOW).secret


def test_message_tells_what_happened_and_nothing_of_anybody(
    organisation: Organisation, secret: str, receiver: Receiver, people: dict[str, Membership]
):
    case = filed_case(
        organisation, at=NOW, name=f"{PLANTED} Verweij", subject=PLANTED, description=PLANTED, about=f"{PLANTED} X"
    )
    perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=NOW)
    assert send_deliveries(organisation.pk, at=NOW) == 2
    told = [json.loads(body) for _headers, body in receiver.got]
    assert [{**each, "id": ""} for each in told] == [
        {"id": "", "reference": case.reference, "occurrence": occurrence, "date": "2026-11-21"}
        for occurrence in ("file", "acknowledge")
    ]
    assert PLANTED not in str(receiver.got)
    for headers, body in receiver.got:
        seconds, _comma, given = headers["Gehoor-Signature"].removeprefix("t=").partition(",v1=")
        assert int(seconds) == int(NOW.timestamp())
        assert given == hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["Gehoor-Delivery"] == json.loads(body)["id"]
        assert headers["Content-Type"] == "application/json"
    assert send_deliveries(organisation.pk, at=NOW) == 0
    assert set(Delivery.objects.values_list("sent_at", "try_at", "token", "error")) == {(NOW, None, None, "")}


def test_secret_is_not_kept_as_it_is(organisation: Organisation, secret: str):
    assert secret not in Webhook.objects.get().secret


def test_nothing_of_a_case_about_who_registered_it(
    organisation: Organisation,
    secret: str,
    receiver: Receiver,
    administrator: Membership,
    people: dict[str, Membership],
):
    filed_case(organisation, at=NOW, about=administrator.name)
    linked = filed_case(organisation, at=NOW, about="de baas")
    party = Party.objects.get(case=linked, kind=Party.Kind.RESPONDENT)
    link_respondent(linked, party, administrator, actor=actor_of(people["csm"], linked), at=NOW)
    send_deliveries(organisation.pk, at=NOW)
    assert receiver.got == []
    assert set(Delivery.objects.values_list("try_at", "sent_at", "error")) == {(None, None, "not_theirs")}


def test_nothing_once_who_registered_it_administers_no_more(
    organisation: Organisation, secret: str, receiver: Receiver, administrator: Membership
):
    filed_case(organisation, at=NOW)
    Membership.objects.filter(pk=administrator.pk).update(is_active=False)
    send_deliveries(organisation.pk, at=NOW)
    assert receiver.got == []


def test_what_is_not_taken_is_tried_again_with_the_same_number(
    organisation: Organisation, secret: str, receiver: Receiver
):
    filed_case(organisation, at=NOW)
    receiver.status = 503
    send_deliveries(organisation.pk, at=NOW)
    first = Delivery.objects.get()
    assert (first.attempts, first.error, first.try_at) == (1, "http_503", NOW + timedelta(seconds=30))
    assert send_deliveries(organisation.pk, at=NOW + timedelta(seconds=29)) == 0
    receiver.status = 200
    send_deliveries(organisation.pk, at=NOW + timedelta(seconds=30))
    assert Delivery.objects.get().sent_at == NOW + timedelta(seconds=30)
    numbers = {json.loads(body)["id"] for _headers, body in receiver.got}
    assert (len(receiver.got), numbers) == (2, {str(first.number)})


@pytest.mark.parametrize("status", [301, 307, 404, 410])
def test_no_other_answer_counts_as_taken(organisation: Organisation, secret: str, receiver: Receiver, status: int):
    filed_case(organisation, at=NOW)
    receiver.status = status
    send_deliveries(organisation.pk, at=NOW)
    assert Delivery.objects.get().error == f"http_{status}"
    assert len(receiver.got) == 1


def test_after_the_last_try_a_person_hears_once_and_can_send_again(
    organisation: Organisation,
    secret: str,
    receiver: Receiver,
    administrator: Membership,
    smtp_server: MailServer,
):
    for _ in range(2):
        filed_case(organisation, at=NOW)
    Letter.objects.update(try_at=None)
    receiver.status = 500
    at = NOW
    for _ in range(MAX_ATTEMPTS):
        send_deliveries(organisation.pk, at=at)
        at += timedelta(hours=2)
    assert set(Delivery.objects.values_list("attempts", "try_at", "error")) == {(MAX_ATTEMPTS, None, "http_500")}
    assert not Delivery.objects.filter(given_up_at=None).exists()
    (notice,) = Notice.objects.filter(kind=Notice.Kind.WEBHOOK)
    assert notice.to_email == administrator.user.email
    send_notices(organisation.pk, at=at)
    (mail,) = smtp_server.messages
    assert mail["Subject"] == "Een ander systeem krijgt geen meldingen"
    assert "/beheer/koppelingen/" in mail.get_content()
    receiver.status = 204
    assert retry_deliveries(Webhook.objects.get(), at=at) == 2
    send_deliveries(organisation.pk, at=at)
    assert Delivery.objects.filter(sent_at=at).count() == 2


def test_ended_address_is_told_nothing_more(
    organisation: Organisation, secret: str, receiver: Receiver, administrator: Membership
):
    filed_case(organisation, at=NOW)
    assert end_webhook(Webhook.objects.get(), by=administrator, at=NOW)
    assert not end_webhook(Webhook.objects.get(), by=administrator, at=NOW)
    filed_case(organisation, at=NOW)
    assert send_deliveries(organisation.pk, at=NOW) == 0
    assert Delivery.objects.count() == 1


def test_sender_that_died_leaves_it_to_the_next(organisation: Organisation, secret: str, receiver: Receiver):
    filed_case(organisation, at=NOW)
    claim(Delivery.objects.filter(sent_at=None), at=NOW, limit=1)
    assert send_deliveries(organisation.pk, at=NOW) == 0
    assert send_deliveries(organisation.pk, at=NOW + LEASE) == 1
    assert len(receiver.got) == 1


def test_sweep_finds_what_waits(organisation: Organisation, secret: str, receiver: Receiver):
    filed_case(organisation, at=NOW)
    Letter.objects.update(try_at=None)
    assert organisations_with_work(NOW) == [organisation.pk]
    sweep(at=NOW)
    assert len(receiver.got) == 1


def test_event_is_told_to_each_address_once(
    organisation: Organisation, secret: str, receiver: Receiver, administrator: Membership
):
    register_webhook(f"{receiver.url}&tweede", by=administrator, at=NOW)
    filed_case(organisation, at=NOW)
    assert Delivery.objects.count() == 2
    Webhook.objects.update(ended_at=NOW)
    event = Event.objects.get()
    with CaptureQueriesContext(connection) as spent:
        announce(event, at=NOW)
    assert len(spent) == 1


@pytest.mark.parametrize("url", ["http://systeem.example/", "https://10.0.0.1/", "geen adres", "https://a b/"])
def test_address_that_is_no_public_one_is_refused(
    url: str, organisation: Organisation, administrator: Membership, settings: Settings
):
    settings.WEBHOOKS_INSIDE = False
    with scope(organisation.pk), pytest.raises(WebhookRefused):
        register_webhook(url, by=administrator, at=NOW)


def test_address_that_turns_out_to_be_inside_is_not_called(
    organisation: Organisation, secret: str, receiver: Receiver, settings: Settings
):
    filed_case(organisation, at=NOW)
    settings.WEBHOOKS_INSIDE = False
    Webhook.objects.update(url="https://localhost/")
    send_deliveries(organisation.pk, at=NOW)
    assert Delivery.objects.get().error == "not_called_inside"
    assert receiver.got == []
