"""What was put to the complainant: on their page and nowhere else, never more than they were given."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import (
    THE_COMPLAINANT,
    Actor,
    TooLate,
    beside,
    disclosing,
    has_moved_on,
    hearings,
    open_case,
    send_waiting,
)
from complaints.letters.invitation import DISCLOSURE
from complaints.models import Case, Document, Event, Letter, Membership, Party
from complaints.queries.replay import replayed
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, intake_answers, published, staffed
from tests.complaints.portal.test_portal import entered, words
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"
PAGE = f"/{SLUG}/volgen/zaak/"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


def filed(client: Client, organisation: Organisation, **given: str) -> Case:
    """A case about somebody, with its page open."""
    now = timezone.now()
    with scope(organisation.pk):
        answers = intake_answers(definition(SLUG), at=now) | {"about": "Pieter Hoekstra"} | given
        opened = open_case(answers=answers, actor=THE_COMPLAINANT, received_at=now, recorded_at=now)
    entered(client, opened.case.reference, opened.access_code)
    return opened.case


def statement(case: Case, title: str, words_of_it: str, actor: Actor, kind: str = "respondent") -> Document:
    """What somebody stated, as a document."""
    return hearings.keep_statement(
        Party.objects.get(case=case, kind=kind), hearings.typed(title, words_of_it), actor=actor, at=timezone.now()
    )


def fetched(client: Client, document: Document) -> tuple[int, bytes]:
    answer = client.get(f"/{SLUG}/volgen/stuk/{document.pk}/")
    return answer.status_code, answer.getvalue() if answer.streaming else answer.content


def test_complainant_finds_what_was_put_to_them_and_nothing_more(
    client: Client, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    case, now = filed(client, organisation), timezone.now()
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        complainant = Party.objects.get(case=case, kind="complainant")
        respondent = Party.objects.get(case=case, kind="respondent")
        secret = statement(case, "GEHEIM met namen", "GEHEIM: Kees zag het.", actor)
        withheld = statement(case, "GEHEIM achtergehouden", "GEHEIM: over een kind.", actor)
        waiting = statement(case, "GEHEIM nog niet", "GEHEIM: nog te lezen.", actor)
        whole = statement(case, "Verklaring", "Ik was er niet.", actor)
        own = statement(case, "GEHEIM van de indiener", "GEHEIM voor een ander.", actor, "complainant")
        cut = SimpleUploadedFile("Zonder namen.txt", b"Iemand zag het.")
        shorter = SimpleUploadedFile("GEHEIM voor een ander.txt", b"GEHEIM kort.")
        put = disclosing.put_to(secret, complainant, actor=actor, at=now, copy=cut)
        disclosing.put_to(whole, complainant, actor=actor, at=now)
        disclosing.withhold(withheld, complainant, "GEHEIM: dat schaadt het kind.", actor=actor, at=now)
        other = disclosing.put_to(own, respondent, actor=actor, at=now, copy=shorter).copy
        copy = put.copy
    assert copy
    assert other
    page = words(client.get(PAGE))
    assert "Zonder namen.txt" in page
    assert "Verklaring.txt" in page
    assert "van Klik Onderwijs, om te lezen en op te reageren" in page
    assert fetched(client, copy) == (200, b"Iemand zag het.")
    assert fetched(client, whole) == (200, b"Ik was er niet.")
    for hidden in (secret, withheld, waiting, own, other):
        status, body = fetched(client, hidden)
        assert status == 404, hidden.title
        assert b"GEHEIM" not in body
    data = client.post(f"/{SLUG}/volgen/gegevens/", {"form": "json"}).content.decode()
    assert "Zonder namen.txt" in data
    assert "GEHEIM" not in data + words(client.get(PAGE))


def test_withheld_document_that_is_put_after_all_is_there_and_the_copy_then_takes_its_place(
    client: Client, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    case, now = filed(client, organisation), timezone.now()
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        complainant = Party.objects.get(case=case, kind="complainant")
        secret = statement(case, "Met namen", "Kees zag het.", actor)
        disclosing.withhold(secret, complainant, "Nog niet.", actor=actor, at=now)
    assert fetched(client, secret)[0] == 404
    with scope(organisation.pk):
        cut = SimpleUploadedFile("Zonder namen.txt", b"Iemand zag het.")
        copy = disclosing.put_to(secret, complainant, actor=actor, at=now, copy=cut).copy
        with pytest.raises(TooLate):
            disclosing.put_to(secret, complainant, actor=actor, at=now)
    assert copy
    assert (fetched(client, secret)[0], fetched(client, copy)[0]) == (404, 200)


def test_each_time_that_it_is_taken_in_stands_in_the_history(
    client: Client, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    case = filed(client, organisation)
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        document = statement(case, "Verklaring", "Ik was er niet.", actor)
        complainant = Party.objects.get(case=case, kind="complainant")
        disclosing.put_to(document, complainant, actor=actor, at=timezone.now())
    client.head(f"/{SLUG}/volgen/stuk/{document.pk}/")
    fetched(client, document)
    fetched(client, document)
    fetched(Client(), document)
    with scope(organisation.pk):
        found = Event.objects.filter(case=case, occurrence=beside.FETCHED)
        assert [(each.by, each.facts) for each in found] == [
            ("complainant", {"document": {"value": document.pk}}),
            ("complainant", {"document": {"value": document.pk}}),
        ]
        case.refresh_from_db()
        assert not has_moved_on(case, case.revision - 2), "whoever has a form open at the desk is not disturbed"
        assert has_moved_on(case, case.revision - 3)
        assert replayed(case).phase == case.phase
    assert "U haalde een stuk op dat u van ons kreeg." in words(client.get(PAGE))
    desk = Client()
    desk.force_login(people["csm"].user)
    assert "haalde een stuk op dat wij gaven" in words(desk.get(f"/beheer/zaken/{case.reference}/"))


@pytest.mark.parametrize("email", ["j.verweij@wilgenroos.example", ""])
def test_complainant_is_told_that_something_waits_and_not_what(
    email: str,
    client: Client,
    organisation: Organisation,
    people: dict[str, Membership],
    smtp_server: MailServer,
    media_folder: Path,
):
    case, now = filed(client, organisation), timezone.now()
    with scope(organisation.pk):
        Letter.objects.filter(case=case).update(try_at=None)
        actor = actor_of(people["csm"], case)
        document = statement(case, "GEHEIM", "GEHEIM", actor)
        Party.objects.filter(case=case, kind="complainant").update(email=email)
        complainant = Party.objects.get(case=case, kind="complainant")
        on = timezone.localdate(now)  # given by hand as well: they are told of their page all the same
        disclosing.put_to(document, complainant, actor=actor, at=now, given_on=on)
    while send_waiting(organisation.pk, at=now + timedelta(seconds=1)):
        pass
    with scope(organisation.pk):
        letter = Letter.objects.get(case=case, name=DISCLOSURE)
    assert letter.state == (Letter.State.SENT if email else Letter.State.TO_POST)
    assert f"/{SLUG}/volgen/" in letter.text
    assert "GEHEIM" not in letter.text + letter.subject
    if email:
        (mail,) = smtp_server.messages
        assert mail["Subject"] == f"Er staat een stuk voor u klaar ({case.reference})"
        assert [part.get_filename() for part in mail.iter_attachments()] == [f"{case.reference}-{DISCLOSURE}.pdf"]
        assert "GEHEIM" not in mail.as_string()
    assert "Er staat een stuk voor u klaar (pdf)" in words(client.get(PAGE))


def test_another_complainant_is_given_nothing_of_it(
    client: Client, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    case = filed(client, organisation)
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        document = statement(case, "Verklaring", "GEHEIM", actor)
        complainant = Party.objects.get(case=case, kind="complainant")
        disclosing.put_to(document, complainant, actor=actor, at=timezone.now())
    other = Client()
    filed(other, organisation, name="Ander Mens", email="ander@mens.example")
    assert fetched(other, document)[0] == 404
    assert "Verklaring.txt" not in words(other.get(PAGE))
    assert fetched(client, document) == (200, b"GEHEIM")
