"""What a complainant does beside the procedure: messages, other contact details, a copy of their own data."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from complaints.actions import THE_COMPLAINANT, perform, send_message, send_notices
from complaints.models import BESIDE, Case, Document, Event, Message, Notice, Party
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.catalogue import procedure_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, published, staffed
from tests.complaints.intake.test_filing import txt
from tests.complaints.intake.test_public_pages import nonce_of, typed
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
    assert "Zonder e-mailadres sturen wij brieven met de post." in words(gone)
    assert follower.post(f"/{SLUG}/volgen/adres/", {"email": "geen adres"}).status_code == 422
    same = follower.post(f"/{SLUG}/volgen/adres/", {"email": "nieuw@voorbeeld.example", "phone": ""}, follow=True)
    assert "Er is niets veranderd." in words(same)


@pytest.mark.rule("KK-12")
@pytest.mark.parametrize("slug", ["klikklaar", "klik-onderwijs"])
def test_own_data_are_whole_and_hold_nothing_of_others(client: Client, slug: str):
    organisation = published(slug)
    people = staffed(organisation)
    fields = {each.name for each in definition(slug).intake.fields}
    sent = typed(
        definition(slug), nonce=nonce_of(client, slug), **({"about": "Piet Planter"} if "about" in fields else {})
    )
    receipt = client.post(f"/{slug}/indienen/", sent).content.decode()
    reference = re.search(r'class="big-ref ref">([^<]+)<', receipt)
    assert reference
    entered(client, reference[1], " ".join(re.findall(r"<span>([0-9A-Z]{2,4})</span>", receipt)), slug)
    with scope(organisation.pk):
        case = Case.objects.get()
        staff = next(iter(people.values()))
        send_message(case, "Ik bel u morgen.", actor=actor_of(staff, case), at=timezone.now())
        send_message(case, "Graag na vieren.", actor=THE_COMPLAINANT, at=timezone.now())
    assert client.get(f"/{slug}/volgen/gegevens/").status_code == 200
    told = json.loads(client.post(f"/{slug}/volgen/gegevens/", {"form": "json"}).content)
    pdf = client.post(f"/{slug}/volgen/gegevens/", {"form": "pdf"})
    assert pdf["Content-Type"] == "application/pdf"
    read = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages).split())
    for whole in (json.dumps(told, ensure_ascii=False), read):
        assert "Antwoord op description <b>&" in whole
        assert "j.verweij@wilgenroos.example" in whole
        assert "Graag na vieren." in whole
        assert "Piet Planter" not in whole
        assert not any(member.name in whole for member in people.values())
    assert told["reference"] == reference[1]
    if "about" in fields:
        assert "[weggelaten: gegevens van een ander]" in [each["answer"] for each in told["complaint"]]
    with scope(organisation.pk):
        taken = Event.objects.filter(occurrence="beside:own_data")
        assert [each.facts["form"]["value"] for each in taken] == ["json", "pdf"]
    assert client.post(f"/{slug}/volgen/gegevens/", {"form": "exe"}).status_code == 422


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
        with django_assert_num_queries(18):
            follower.get(CASE)

    follower.get(CASE)  # says once that the complaint was filed
    asked(1)
    asked(29)
