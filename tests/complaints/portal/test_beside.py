"""What a complainant does beside the procedure: messages, other contact details, a copy of their own data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, perform, send_message, send_notices
from complaints.actions.recording import in_history
from complaints.models import BESIDE, Case, Document, Event, Message, Notice, Party
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.catalogue import procedure_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, published, staffed
from tests.complaints.intake.test_filing import txt
from tests.complaints.portal.test_portal import entered, filed, words
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"
CASE = f"/{SLUG}/volgen/zaak/"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def follower(client: Client, organisation: Organisation) -> Client:
    """A complainant with their page open."""
    entered(client, *filed(client))
    return client


def assigned(organisation: Organisation) -> tuple[Case, dict[str, object]]:
    people = staffed(organisation)
    with scope(organisation.pk):
        case = Case.objects.get()
        now = timezone.now()
        for act, by in (("acknowledge", "csm"), ("assign", "csm")):
            answers = act_answers(definition(SLUG), case, act, people, at=now)
            perform(case, act, answers=answers, actor=actor_of(people[by], case), at=now)
            case.refresh_from_db()
    return case, dict(people)


def test_messages_go_both_ways_and_each_side_sees_whether_the_other_read_them(
    follower: Client, organisation: Organisation, smtp_server: MailServer, media_folder: Path
):
    case, people = assigned(organisation)
    sent = follower.post(
        f"/{SLUG}/volgen/bericht/", {"text": "Kunt u mij na 16.00 uur bellen?", "files": txt()}, follow=True
    )
    assert "Wij hebben uw bericht." in words(sent)
    assert "Kunt u mij na 16.00 uur bellen?" in words(sent)
    assert "brief.txt" in words(sent)
    desk = Client()
    desk.force_login(people["handler"].user)  # type: ignore[attr-defined]
    assert "nieuw bericht" in words(desk.get("/beheer/zaken/"))
    page = desk.get(f"/beheer/zaken/{case.reference}/")
    assert "Kunt u mij na 16.00 uur bellen?" in words(page)
    assert "nieuw bericht" not in words(desk.get("/beheer/zaken/"))
    desk.post(f"/beheer/zaken/{case.reference}/bericht/", {"text": "Dat doe ik.", "files": txt("plan.txt")})
    with scope(organisation.pk):
        assert Message.objects.get(by="staff").read_at is None
    mine = follower.get(CASE)
    assert "Dat doe ik." in words(mine)
    with scope(organisation.pk):
        assert Message.objects.get(by="staff").read_at is not None
        plan = Document.objects.get(title="plan.txt")
    file = follower.get(f"/{SLUG}/volgen/stuk/{plan.pk}/")
    assert file["Content-Disposition"] == 'attachment; filename="plan.txt"'
    assert file["X-Content-Type-Options"] == "nosniff"
    while send_notices(organisation.pk, at=timezone.now()):
        pass
    subjects = {message["Subject"] for message in smtp_server.messages}
    assert {"Een bericht over uw klacht", "Een bericht van een indiener"} <= subjects
    assert not any("16.00" in str(message) or "Dat doe ik" in str(message) for message in smtp_server.messages)


def test_message_needs_words_or_a_file_and_loses_no_words_over_a_bad_file(follower: Client, media_folder: Path):
    empty = follower.post(f"/{SLUG}/volgen/bericht/", {"text": " "})
    assert empty.status_code == 422
    assert "Schrijf een bericht of kies een bestand." in words(empty)
    bad = follower.post(f"/{SLUG}/volgen/bericht/", {"text": "Mijn woorden", "files": txt("virus.exe", b"MZ")})
    assert bad.status_code == 422
    assert "Mijn woorden" in bad.content.decode()
    only = follower.post(f"/{SLUG}/volgen/bericht/", {"files": txt()})
    assert only.status_code == 302


def test_staff_without_a_part_in_the_case_send_no_message(follower: Client, organisation: Organisation):
    case, people = assigned(organisation)
    outsider = Client()
    outsider.force_login(people["assessor"].user)  # type: ignore[attr-defined]
    assert outsider.post(f"/beheer/zaken/{case.reference}/bericht/", {"text": "Hoi"}).status_code == 404
    with scope(organisation.pk):
        assert not Message.objects.exists()


def test_case_with_messages_still_replays_to_what_is_stored(follower: Client, organisation: Organisation):
    case, _people = assigned(organisation)
    follower.post(f"/{SLUG}/volgen/bericht/", {"text": "Een"})
    follower.post(f"/{SLUG}/volgen/adres/", {"email": "nieuw@voorbeeld.example", "phone": "06 1"})
    with scope(organisation.pk):
        case.refresh_from_db()
        beside = Event.objects.filter(case=case, occurrence__startswith=BESIDE)
        assert [each.occurrence for each in beside] == ["beside:message", "beside:contact"]
        assert "Een" not in json.dumps([each.facts for each in beside])
        assert "nieuw@" not in json.dumps([each.facts for each in beside])
        again, stored = replayed(case), state_of(case, procedure_of(case.version))
        assert (again.phase, again.done, again.deadlines) == (stored.phase, stored.done, stored.deadlines)
    assert "U paste uw adres of telefoon aan." in words(follower.get(CASE))


def test_contact_details_are_corrected_and_the_name_is_not(follower: Client, organisation: Organisation):
    page = follower.post(
        f"/{SLUG}/volgen/adres/",
        {"email": "nieuw@voorbeeld.example", "phone": "", "name": "Iemand Anders"},
        follow=True,
    )
    assert "Uw gegevens zijn aangepast." in words(page)
    assert re.search(r"om \d+\.\d\d uur", words(page)), "with the time"
    with scope(organisation.pk):
        party = Party.objects.get(kind="complainant")
        assert (party.email, party.phone) == ("nieuw@voorbeeld.example", "")
        assert party.name == "Antwoord op name <b>&"
    gone = follower.post(f"/{SLUG}/volgen/adres/", {"email": "", "phone": ""})
    assert gone.status_code == 422
    assert "Onze brieven komen per e-mail. Daarom hebben wij een e-mailadres van u nodig." in words(gone)
    assert follower.post(f"/{SLUG}/volgen/adres/", {"email": "geen adres"}).status_code == 422
    same = follower.post(f"/{SLUG}/volgen/adres/", {"email": "nieuw@voorbeeld.example", "phone": ""}, follow=True)
    assert "Er is niets veranderd." in words(same)
    phone = follower.post(f"/{SLUG}/volgen/adres/", {"email": "nieuw@voorbeeld.example", "phone": "06 1"}, follow=True)
    assert "Uw telefoonnummer is aangepast." in words(phone)
    endless = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"
    assert follower.post(f"/{SLUG}/volgen/adres/", {"email": endless, "phone": ""}).status_code == 422


def test_who_gives_up_mail_is_asked_for_a_whole_address(client: Client):
    organisation, slug = published("klassepro"), "klassepro"
    entered(client, *filed(client, slug), slug)
    address = {"address": "Dorpsstraat 1", "postcode": "1234 AB", "town": "Leiden"}
    for incomplete in ({}, address | {"town": ""}):
        asked = client.post(f"/{slug}/volgen/adres/", {"email": "", **incomplete})
        assert asked.status_code == 422
        assert "Zonder e-mailadres sturen wij brieven met de post. Vul dan uw hele adres in." in words(asked)
    done = client.post(f"/{slug}/volgen/adres/", {"email": "", **address}, follow=True)
    assert "Nieuwe brieven komen met de post." in words(done)
    with scope(organisation.pk):
        party = Party.objects.get(kind="complainant")
        assert (party.email, party.address_lines) == ("", ("Dorpsstraat 1", "1234 AB Leiden"))
        assert Event.objects.get(occurrence="beside:contact").by == "complainant"


def test_history_holds_a_hash_of_a_message_that_its_salt_alone_explains(follower: Client, organisation: Organisation):
    follower.post(f"/{SLUG}/volgen/bericht/", {"text": "Mijn verhaal"})
    with scope(organisation.pk):
        message = Message.objects.select_related("event").get()
    assert "Mijn verhaal" not in json.dumps(message.event.facts)
    kept = message.event.facts["message"]
    assert kept == in_history("message", message.text, {"message": message.salt})
    assert kept != in_history("message", message.text + ".", {"message": message.salt}), "a changed text is found"
    assert kept != in_history("message", message.text, {"message": ""}), "without its salt it says nothing"


def test_form_that_is_sent_twice_is_one_message(follower: Client, organisation: Organisation):
    address = f"/{SLUG}/volgen/bericht/"
    revision = re.search(r'name="revision" value="(\d+)"', follower.get(address).content.decode())
    assert revision
    for text in ("Een", "Een", "Twee"):
        assert follower.post(address, {"text": text, "revision": revision[1]}).status_code == 302
    with scope(organisation.pk):
        assert list(Message.objects.values_list("text", flat=True)) == ["Een", "Twee"]
        newer = Case.objects.get().revision
    follower.post(address, {"text": "Een", "revision": newer})
    with scope(organisation.pk):
        assert Message.objects.count() == 3, "who says it again means it"


def test_only_own_files_and_those_of_messages_are_handed_over(
    follower: Client, organisation: Organisation, media_folder: Path
):
    case, people = assigned(organisation)
    handler: Any = people["handler"]
    with scope(organisation.pk):
        actor, at = actor_of(handler, case), timezone.now()
        send_message(case, "", actor=actor, at=at, files=[txt("bericht.txt")])
        case.refresh_from_db()
        asked = act_answers(definition(SLUG), case, "request_information", people, at=at)  # type: ignore[arg-type]
        perform(case, "request_information", answers=asked, actor=actor, at=at)
        perform(
            case, "answer", answers={"answer": "x"}, actor=actor, at=at, files={"answer_files": [txt("intern.txt")]}
        )
        sent, internal = Document.objects.get(title="bericht.txt"), Document.objects.get(title="intern.txt")
    assert follower.get(f"/{SLUG}/volgen/stuk/{sent.pk}/").status_code == 200
    assert follower.get(f"/{SLUG}/volgen/stuk/{internal.pk}/").status_code == 404
    assert "intern.txt" not in words(follower.get(CASE))
    sent.file.delete(save=False)
    assert follower.get(f"/{SLUG}/volgen/stuk/{sent.pk}/").status_code == 404, "a file that was lost is no error page"


def test_desk_loses_no_words_that_it_cannot_send(follower: Client, organisation: Organisation):
    case, people = assigned(organisation)
    desk = Client()
    desk.force_login(people["handler"].user)  # type: ignore[attr-defined]
    for text, reason in (
        ("Mijn woorden " + "x" * 20_001, "Dit bericht is te lang. Stuur het in delen."),
        ("Mijn woorden \x00", "Null-tekens zijn niet toegestaan."),
    ):
        page = desk.post(f"/beheer/zaken/{case.reference}/bericht/", {"text": text}, follow=True)
        assert reason in words(page)
        assert "Mijn woorden" in words(page)
    with scope(organisation.pk):
        assert not Message.objects.exists()


def test_session_that_is_over_asks_for_the_code_and_then_does_what_was_meant(
    client: Client, organisation: Organisation
):
    reference, code = filed(client)
    late = Client()
    asked = late.post(f"/{SLUG}/volgen/bericht/", {"text": "Dit wil ik nog zeggen."})
    assert asked.status_code == 403
    assert 'name="text" value="Dit wil ik nog zeggen."' in asked.content.decode()
    wrong = {"text": "Dit wil ik nog zeggen.", "again-reference": reference, "again-code": "0" * 26}
    assert late.post(f"/{SLUG}/volgen/bericht/", wrong).status_code == 422
    with scope(organisation.pk):
        assert not Message.objects.exists()
    done = late.post(f"/{SLUG}/volgen/bericht/", wrong | {"again-code": code}, follow=True)
    assert "Wij hebben uw bericht." in words(done)
    with scope(organisation.pk):
        assert Message.objects.get().text == "Dit wil ik nog zeggen."
        assert not Notice.objects.filter(kind="link").exists()


def test_page_costs_the_same_however_many_messages_there_are(
    follower: Client, organisation: Organisation, django_assert_num_queries
):
    def asked(count: int) -> None:
        with scope(organisation.pk):
            case = Case.objects.get()
            for number in range(count):
                send_message(case, f"Bericht {number}", actor=THE_COMPLAINANT, at=timezone.now())
        with django_assert_num_queries(20):
            follower.get(CASE)

    follower.get(CASE)  # says once that the complaint was filed
    asked(1)
    asked(29)


def test_desk_costs_the_same_however_many_messages_there_are(
    follower: Client, organisation: Organisation, django_assert_num_queries
):
    case, people = assigned(organisation)
    desk = Client()
    desk.force_login(people["handler"].user)  # type: ignore[attr-defined]

    def asked(count: int) -> None:
        with scope(organisation.pk):
            for number in range(count):
                send_message(case, f"Bericht {number}", actor=THE_COMPLAINANT, at=timezone.now())
        with django_assert_num_queries(53):
            desk.get(f"/beheer/zaken/{case.reference}/")

    desk.get(f"/beheer/zaken/{case.reference}/")
    asked(1)
    asked(29)
