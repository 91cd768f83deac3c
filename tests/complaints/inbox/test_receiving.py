"""What becomes of a mail: kept first, then put where it surely belongs, else left for a person (G11)."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_django import Settings

from complaints.actions import receiving, send_waiting
from complaints.actions.beside import send_message
from complaints.actions.notices import send_notices
from complaints.actions.receiving import keep_mail, read_mail
from complaints.inbox.addresses import reply_address
from complaints.inbox.boxes import box_of
from complaints.models import Case, Document, Event, IncomingMail, Letter, Membership, Message, Notice, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import actor_of, definition, filed_case, published
from tests.complaints.inbox.conftest import ADDRESS, NOW, SLUG, taken, written
from tests.complaints.inbox.test_reading import deep, malformed
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

State, Kind, Why = IncomingMail.State, IncomingMail.Kind, IncomingMail.Why
OWN = "Jolanda Verweij <J.Verweij@wilgenroos.example>"


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    return filed_case(organisation, at=NOW - timedelta(days=1))


@pytest.fixture
def sent(case: Case, people: dict[str, Membership], smtp_server: MailServer) -> EmailMessage:
    """What the complainant got from us about the case."""
    with scope(case.organisation_id):
        send_message(case, "Wij hebben een vraag.", actor=actor_of(people["csm"], case), at=NOW)
    while send_notices(case.organisation_id, at=NOW) or send_waiting(case.organisation_id, at=NOW):
        pass
    return next(each for each in smtp_server.messages if "wilgenroos" in each["To"])


def test_the_address_to_answer_names_the_case_and_holds_a_signature(sent: EmailMessage, case: Case):
    local, _, domain = ADDRESS.partition("@")
    expected = rf"{re.escape(local)}\+{case.reference.lower()}\.[a-z2-7]{{16}}@{re.escape(domain)}"
    assert re.fullmatch(expected, sent["Reply-To"])


def test_without_a_mailbox_the_contact_address_is_answered(
    settings: Settings, case: Case, people: dict[str, Membership], smtp_server: MailServer
):
    settings.MAILBOXES = {}
    with scope(case.organisation_id):
        send_message(case, "Wij hebben een vraag.", actor=actor_of(people["csm"], case), at=NOW)
    send_notices(case.organisation_id, at=NOW)
    assert [each["Reply-To"] for each in smtp_server.messages] == [definition(SLUG).contact.email]


def test_an_answer_from_the_partys_own_address_is_a_message_in_the_case(
    sent: EmailMessage, case: Case, organisation: Organisation
):
    mail = written("Hier is mijn antwoord.\n\nOp vr schreef x <a@b.example>:\n> vraag", sender=OWN, subject="Re: vraag")
    mail.add_attachment(files.pdf(), maintype="application", subtype="pdf", filename="bewijs.pdf")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="virus.exe")
    row = taken(organisation, mail, to=sent["Reply-To"])
    with scope(organisation.pk):
        assert (row.state, row.case) == (State.PLACED, case)
        message = Message.objects.filter(case=case).latest("pk")
        assert (message.text, message.by, message.sent_at) == (
            "Hier is mijn antwoord.",
            Message.By.COMPLAINANT,
            row.arrived_at,
        )
        assert row.message == message
        document = Document.objects.get(event=message.event)
        assert (document.title, document.by) == ("bewijs.pdf", Document.By.COMPLAINANT)
        assert [each["name"] for each in row.refused] == ["virus.exe"]
        assert list(Event.objects.filter(case=case).values_list("occurrence", flat=True))[-2:] == [
            "beside:message",
            "beside:mail",
        ]
        facts = Event.objects.filter(case=case).latest("number").facts
    assert facts == {
        "mail": {"value": row.pk},
        "sha256": {"value": row.sha256},
        "party": {"value": message_party(case)},
    }


def message_party(case: Case) -> int:
    with scope(case.organisation_id):
        return Party.objects.get(case=case, kind=Party.Kind.COMPLAINANT).pk


def test_an_answer_to_our_message_id_is_enough_with_the_partys_own_address(
    sent: EmailMessage, case: Case, organisation: Organisation
):
    row = taken(organisation, written(sender=OWN, In_Reply_To=sent["Message-ID"]))
    assert (row.state, row.case_id) == (State.PLACED, case.pk)


@pytest.mark.parametrize("way", ["signature", "message_id", "subject", "unsigned", "forged", "other_party"])
def test_what_proves_nothing_is_left_for_a_person(way: str, sent: EmailMessage, case: Case, organisation: Organisation):
    other = filed_case(organisation, at=NOW - timedelta(days=2), name="Ander Mens", email="ander@mens.example")
    mail, to = written(sender="vreemd@elders.example"), ADDRESS
    match way:
        case "signature":
            to = sent["Reply-To"]
        case "message_id":
            mail["References"] = sent["Message-ID"]
        case "subject":
            mail = written(sender=OWN, subject=f"Re: {case.reference}")
        case "unsigned":
            mail, to = written(sender=OWN), ADDRESS.replace("@", f"+{case.reference}@")
        case "forged":
            mail = written(sender=OWN)
            to = ADDRESS.replace("@", f"+{case.reference.lower()}.aaaaaaaaaaaaaaaa@")
        case "other_party":  # their own address, with the signature of another case
            mail = written(sender=OWN)
            to = sent["Reply-To"].replace(case.reference.lower(), other.reference.lower())
    row = taken(organisation, mail, to=to)
    suggested = case.pk if way in ("signature", "message_id", "subject") else None
    why = {"signature": Why.SENDER, "message_id": Why.SENDER, "subject": Why.SUBJECT}.get(way, "")
    assert (row.state, row.case, row.suggested_id, row.why) == (State.WAITING, None, suggested, why)
    with scope(organisation.pk):
        assert Message.objects.filter(by=Message.By.COMPLAINANT).count() == 0


def test_a_signature_of_one_organisation_is_worth_nothing_at_another(
    sent: EmailMessage, case: Case, settings: Settings
):
    theirs = published("klassepro")
    settings.MAILBOXES = settings.MAILBOXES | {"klassepro": {"address": "klachten@klassepro.example"}}
    filed_case(theirs, at=NOW - timedelta(days=1))
    row = taken(theirs, written(sender=OWN), to=sent["Reply-To"].replace("klik.example", "klassepro.example"))
    assert (row.state, row.suggested_id) == (State.WAITING, None)


def test_what_a_respondent_mails_is_a_document_that_the_complainant_does_not_see(
    case: Case, organisation: Organisation, people: dict[str, Membership]
):
    with scope(organisation.pk):
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Bert Bos", email="bert@bos.example")
    box = box_of(SLUG)
    assert box
    address = reply_address(box, organisation=organisation.pk, case=case.pk, reference=case.reference, party=party.pk)
    row = taken(organisation, written("Zo ging het niet.", sender="bert@bos.example"), to=address)
    with scope(organisation.pk):
        assert row.case == case
        document = Document.objects.get(case=case)
        assert (document.by, document.field) == (Document.By.RESPONDENT, f"statement:{party.pk}")
        assert Message.objects.filter(case=case).count() == 0
        assert Notice.objects.filter(case=case).exclude(member=None).count() == 1  # somebody is told


def test_the_same_mail_twice_is_one(organisation: Organisation):
    raw = written().as_bytes()
    first = [keep_mail(organisation.pk, raw, arrived_at=None, at=NOW) for _ in range(2)]
    assert first == [True, False]
    again = b"Received: from b by c; Fri, 20 Nov 2026 09:00:00 +0000\n" + raw
    row = taken(organisation, again)
    assert (row.state, row.why) == (State.ASIDE, Why.DOUBLE)
    other = taken(organisation, written("Andere woorden, zelfde Message-ID"))
    assert other.state == State.WAITING
    with scope(organisation.pk):
        assert IncomingMail.objects.count() == 3


def test_what_a_machine_answers_to_us_is_laid_aside_and_nobody_is_mailed(
    sent: EmailMessage, case: Case, organisation: Organisation, smtp_server: MailServer
):
    before = len(smtp_server.messages)
    row = taken(organisation, written(sender=OWN, Auto_Submitted="auto-replied"), to=sent["Reply-To"])
    assert (row.state, row.why, row.kind) == (State.ASIDE, Why.ANSWERED, Kind.AUTOMATIC)
    ours = taken(organisation, sent.as_bytes())
    assert (ours.state, ours.why) == (State.ASIDE, Why.OWN)
    form = taken(organisation, written("Uit een webformulier", message_id="<f@x>", Precedence="bulk"))
    assert (form.state, form.kind) == (State.WAITING, Kind.AUTOMATIC)
    while send_waiting(organisation.pk, at=NOW) or send_notices(organisation.pk, at=NOW):
        pass
    assert len(smtp_server.messages) == before


def test_no_new_mail_is_answered_by_a_machine(organisation: Organisation, smtp_server: MailServer):
    for number in range(3):
        taken(organisation, written(f"Klacht {number}", message_id=f"<{number}@x>"))
    with scope(organisation.pk):
        assert Letter.objects.count() == Notice.objects.count() == 0


def test_of_a_bomb_of_answers_a_person_sees_the_rest(
    sent: EmailMessage, case: Case, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(receiving, "MOST_A_DAY", 3)
    rows = [
        taken(organisation, written(f"{number}", sender=OWN, message_id=f"<{number}@x>"), to=sent["Reply-To"])
        for number in range(5)
    ]
    assert [each.state for each in rows] == [State.PLACED] * 3 + [State.WAITING] * 2
    assert rows[-1].why == Why.MANY
    assert rows[-1].suggested_id == case.pk


def test_malformed_and_deep_mail_is_all_kept_for_a_person(organisation: Organisation, case: Case):
    mails = {*malformed(random.Random(3), 60), deep(1500), b"", b"\x00" * 100}
    for raw in mails:
        keep_mail(organisation.pk, raw, arrived_at=None, at=NOW)
    while read_mail(organisation.pk, at=NOW):
        pass
    with scope(organisation.pk):
        rows = list(IncomingMail.objects.all())
        assert len(rows) == len(mails)
        assert {row.state for row in rows} <= {State.WAITING, State.ASIDE}
        assert all(row.file.open("rb").read() in mails for row in rows)
        assert IncomingMail.objects.filter(kind=Kind.UNREADABLE).exists()


def test_a_mail_that_breaks_its_reader_is_given_to_a_person(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
):
    def broken(_raw: bytes) -> None:
        raise MemoryError

    keep_mail(organisation.pk, written().as_bytes(), arrived_at=None, at=NOW)
    monkeypatch.setattr(receiving, "read", broken)
    for attempt in range(3):
        assert read_mail(organisation.pk, at=NOW + attempt * receiving.LEASE) == 1
    with scope(organisation.pk):
        row = IncomingMail.objects.get()
    assert (row.state, row.kind, row.try_at) == (State.WAITING, Kind.UNREADABLE, None)


def test_arrival_is_when_the_mail_server_got_it(organisation: Organisation):
    raw = b"Received: from x by klik.example; Fri, 20 Nov 2026 09:15:00 +0100\n" + written().as_bytes()
    assert taken(organisation, raw).arrived_at == NOW.replace(hour=8, minute=15)
    later = b"Received: x; Fri, 27 Nov 2026 09:15:00 +0100\n" + written("x", message_id="<2@x>").as_bytes()
    assert taken(organisation, later).arrived_at == NOW
    old = b"Received: x; Fri, 20 Mar 2026 09:15:00 +0100\n" + written("y", message_id="<3@x>").as_bytes()
    assert taken(organisation, old).arrived_at == NOW


def test_raw_mail_lies_in_the_organisations_own_folder(organisation: Organisation, media_folder: Path):
    row = taken(organisation, written())
    assert [path.parent.name for path in (media_folder / "mail").rglob("*.eml")] == [str(organisation.pk)]
    assert Path(row.file.path).read_bytes() == written().as_bytes()
