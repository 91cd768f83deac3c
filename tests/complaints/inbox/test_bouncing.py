"""Letters that come back: they stay sent, with the answer beside them, and go on another way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from complaints.actions import THE_COMPLAINANT, perform, send_waiting
from complaints.actions.beside import correct_contact
from complaints.models import Case, Event, IncomingMail, Letter, Membership, Party
from procedures.definition import Channel
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, filed_case
from tests.complaints.inbox.conftest import ADDRESS, NOW, SLUG, taken
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
State = Letter.State
BOUNCES = "retour@klik.example"


def report(message_id: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: Mail Delivery System <MAILER-DAEMON@elders.example>\nTo: x@y.example\nSubject: Undelivered\n"
        f"Message-ID: <dsn-{action}-{status}-{message_id[1:9]}@elders.example>\nAuto-Submitted: auto-replied\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nHet lukte niet.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; elders.example\n\n"
        f"Final-Recipient: rfc822; j.verweij@wilgenroos.example\nAction: {action}\nStatus: {status}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\nSubject: x\n\n--b--\n"
    ).encode()


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    return filed_case(organisation, at=NOW - timedelta(days=1))


def sent_letter(case: Case, people: dict[str, Membership]) -> Letter:
    with scope(case.organisation_id):
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=NOW)
    while send_waiting(case.organisation_id, at=NOW):
        pass
    with scope(case.organisation_id):
        return Letter.objects.select_related("party").get(case=case, name="acknowledgement")


@pytest.fixture
def letter(case: Case, people: dict[str, Membership], smtp_server: MailServer) -> Letter:
    letter = sent_letter(case, people)
    assert letter.state == State.SENT
    return letter


def after(letter: Letter) -> tuple[Letter, list[Letter]]:
    """The letter as it is now, and those that went on in its place."""
    with scope(letter.organisation_id):
        others = Letter.objects.filter(case=letter.case_id, name=letter.name).exclude(pk=letter.pk)
        return Letter.objects.select_related("party").get(pk=letter.pk), list(others)


def test_a_letter_that_came_back_stays_sent_and_becomes_a_task(letter: Letter, organisation: Organisation):
    row = taken(organisation, report(letter.message_id), sender="")
    assert (row.kind, row.state, row.letter, row.case_id) == ("bounce", "placed", letter, letter.case_id)
    now, (again,) = after(letter)
    assert (now.state, now.sent_at, now.bounced_at, now.bounce_status) == (State.SENT, letter.sent_at, NOW, "5.1.1")
    assert (again.state, again.error, again.text) == (State.FAILED, "bounced_5.1.1", letter.text)
    assert again.message_id != letter.message_id
    with scope(organisation.pk):
        event = Event.objects.filter(case=letter.case_id).latest("number")
        assert event.occurrence == "beside:bounced"
        assert now.party
        assert now.party.email_failed_at == NOW
    taken(organisation, report(letter.message_id, status="5.2.1"), sender="")
    assert len(after(letter)[1]) == 1  # a second report makes no third letter


def test_with_an_address_it_goes_on_by_post_and_so_do_later_letters(
    letter: Letter, organisation: Organisation, people: dict[str, Membership]
):
    with scope(organisation.pk):
        Letter.objects.filter(pk=letter.pk).update(to_address=["Kerkstraat 1", "1234 AB Voorbeeldstad"])
        Party.objects.filter(pk=letter.party_id or 0).update(address="Kerkstraat 1", postcode="1234 AB", town="Stad")
        before = Event.objects.filter(case=letter.case_id, occurrence="sent:acknowledgement").count()
    taken(organisation, report(letter.message_id), sender="")
    while send_waiting(organisation.pk, at=NOW + timedelta(minutes=1)):
        pass
    now, (again,) = after(letter)
    assert (again.channel, again.state) == (Channel.POST.value, State.TO_POST)
    assert again.sha256 == now.sha256
    assert again.pdf.open("rb").read() == now.pdf.open("rb").read()
    with scope(organisation.pk):
        assert Event.objects.filter(case=letter.case_id, occurrence="sent:acknowledgement").count() == before == 1
        case = Case.objects.get(pk=letter.case_id)
        perform(
            case,
            "withdraw",
            answers={},
            actor=THE_COMPLAINANT,
            at=NOW + timedelta(hours=1),
        )
        later = Letter.objects.filter(case=case, party=letter.party).latest("pk")
        assert later.channel == Channel.POST.value
        correct_contact(case, {"email": "nieuw@wilgenroos.example"}, actor=THE_COMPLAINANT, at=NOW)
        assert Party.objects.get(pk=letter.party_id or 0).email_failed_at is None


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.4.7")])
def test_what_is_temporary_is_noted(action: str, status: str, letter: Letter, organisation: Organisation):
    taken(organisation, report(letter.message_id, action=action, status=status), sender="")
    now, others = after(letter)
    assert (now.state, now.bounce_status) == (State.SENT, status)
    # A server that gave up after days did not deliver it either: a person sees it, but the address may be right.
    assert [each.state for each in others] == ([State.FAILED] if action == "failed" else [])
    with scope(organisation.pk):
        assert now.party
        assert now.party.email_failed_at is None


def test_a_report_that_it_was_delivered_changes_nothing(letter: Letter, organisation: Organisation):
    row = taken(organisation, report(letter.message_id, action="delivered", status="2.0.0"), sender="")
    assert (row.state, row.why) == ("aside", IncomingMail.Why.DELIVERED)
    now, others = after(letter)
    assert (now.bounced_at, others) == (None, [])


def test_a_report_of_a_mail_that_is_not_ours_stands_in_the_list_alone(letter: Letter, organisation: Organisation):
    row = taken(organisation, report("<niet-van-ons@gehoor.example>"), sender="")
    assert (row.kind, row.state, row.case, row.suggested) == ("bounce", "waiting", None, None)
    now, others = after(letter)
    assert (now.bounced_at, others) == (None, [])


def test_the_envelope_alone_names_the_letter(
    case: Case,
    organisation: Organisation,
    people: dict[str, Membership],
    smtp_server: MailServer,
    settings: Settings,
):
    settings.MAILBOXES = {SLUG: {"address": ADDRESS, "bounces": BOUNCES}}
    letter = sent_letter(case, people)
    (envelope,) = [
        sender
        for sender, message in zip(smtp_server.senders, smtp_server.messages, strict=True)
        if message["Message-ID"] == letter.message_id
    ]
    assert envelope.startswith("retour+bounce-")
    forged = envelope.replace("+bounce-", "+bounce-1")
    taken(organisation, report("<zonder@x>"), to=forged, sender="")
    assert after(letter)[0].bounced_at is None
    taken(organisation, report("<zonder2@x>", status="5.1.10"), to=envelope, sender="")
    assert after(letter)[0].bounce_status == "5.1.10"
