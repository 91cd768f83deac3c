"""Talks with an entry for calendars, what was said at them, and requests with a last day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import hearings, requests, send_waiting, sweeping
from complaints.models import Case, Event, Hearing, Letter, Membership, Party, Request
from complaints.queries.due import organisations_with_work
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.catalogue import procedure_of
from procedures.definition import Channel
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.hearing import EMAIL, SLUG, address, event, lines, party, revision
from tests.complaints.factories import actor_of, definition, member
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
ZONE = ZoneInfo("Europe/Amsterdam")
TALK = {"starts_at": "4-11-2037 14.30", "minutes": "45", "place": "Kamer 3, Utrecht", "note": "Neem uw brief mee."}


@pytest.fixture
def case(opened: tuple[Case, str]) -> Case:
    return opened[0]


@pytest.fixture
def client(people: dict[str, Membership], case: Case, signed_in: SignedIn) -> Client:
    """The handler's browser."""
    return signed_in(people["handler"])


@pytest.fixture
def follower(opened: tuple[Case, str]) -> Client:
    """The complainant's browser."""
    client = Client()
    client.post(f"/{SLUG}/volgen/", {"reference": opened[0].reference, "code": opened[1]})
    return client


def invited(case: Case, client: Client, *kinds: str) -> Hearing:
    """A talk to which these are invited through the form."""
    chosen = [party(case, kind).pk for kind in kinds]
    typed = {**TALK, "parties": chosen, "revision": revision(case)}
    answer = client.post(address(case, "gesprek/"), typed)
    assert (answer.status_code, answer["Location"]) == (302, address(case) + "#gesprekken")
    return Hearing.objects.get(case=case)


def asked(case: Case, client: Client, kind: str) -> Request:
    due_on = timezone.localdate() + timedelta(days=30)
    typed = {
        "party": party(case, kind).pk,
        "what": "Stuurt u ons de nota?",
        "due_on": f"{due_on.day}-{due_on.month}-{due_on.year}",
        "revision": revision(case),
    }
    answer = client.post(address(case, "verzoek/"), typed)
    assert (answer.status_code, answer["Location"]) == (302, address(case) + "#verzoeken")
    return Request.objects.get(case=case)


def sent(case: Case, server: MailServer) -> list[icalendar.Component]:
    """The talks in the mails that leave now."""
    server.messages.clear()
    while send_waiting(case.organisation_id, at=timezone.now()):
        pass
    found = []
    for mail in server.messages:
        for part in mail.walk():
            if part.get_content_type() == "text/calendar":  # in the mail itself, and as a file
                calendar = icalendar.Calendar.from_ical(part.get_content())
                assert part.get_param("method") == calendar["method"]
            if part.get_filename() == f"{case.reference}.ics":
                found += list(calendar.walk("VEVENT"))
    return found


# ---------------------------------------------------------------------------------------------------------------- talks


def test_who_has_an_address_gets_an_entry_for_calendars_and_the_others_a_page_to_print(
    case: Case, client: Client, smtp_server: MailServer
):
    hearing = invited(case, client, "complainant", "respondent")
    assert hearing.starts_at == datetime(2037, 11, 4, 14, 30, tzinfo=ZONE)
    (entry,) = sent(case, smtp_server)
    (mail,) = smtp_server.messages
    assert (mail["To"], mail["Subject"]) == (EMAIL, f"Uitnodiging voor een gesprek ({case.reference})")
    assert entry.decoded("dtstart") == hearing.starts_at
    assert entry.decoded("dtend") == hearing.starts_at + timedelta(minutes=45)
    assert (entry["sequence"], str(entry["location"]), str(entry["attendee"])) == (
        0,
        "Kamer 3, Utrecht",
        f"mailto:{EMAIL}",
    )
    whole = mail.as_string()
    assert "Pieter Hoekstra" not in whole  # who else comes is told, not who it is
    text = mail.get_body(("plain",))
    assert text
    assert "woensdag 4 november 2037 om 14.30 uur" in text.get_content()
    assert "Ook de andere partij" in text.get_content()
    on_paper = Letter.objects.get(case=case, party__kind="respondent", name="beside-invitation")
    assert (on_paper.state, on_paper.channel) == (Letter.State.TO_POST, Channel.POST.value)
    assert "Verweij" not in on_paper.text
    assert on_paper.pdf


def test_moved_and_cancelled_talks_tell_calendars_so(case: Case, client: Client, smtp_server: MailServer):
    hearing = invited(case, client, "complainant")
    (first,) = sent(case, smtp_server)
    later = {**TALK, "starts_at": "5-11-2037 9.00", "place": "Kamer 4", "revision": revision(case)}
    assert client.post(address(case, f"gesprek/{hearing.pk}/"), later).status_code == 302
    (moved,) = sent(case, smtp_server)
    assert smtp_server.messages[0]["Subject"] == f"Het gesprek is verplaatst ({case.reference})"
    assert client.post(address(case, f"gesprek/{hearing.pk}/afzeggen/")).status_code == 302
    (cancelled,) = sent(case, smtp_server)
    assert {str(each["uid"]) for each in (first, moved, cancelled)} == {str(first["uid"])}
    assert [each["sequence"] for each in (first, moved, cancelled)] == [0, 1, 2]
    assert [str(each["status"]) for each in (first, moved, cancelled)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert moved.decoded("dtstart") == datetime(2037, 11, 5, 9, tzinfo=ZONE)
    again = client.post(address(case, f"gesprek/{hearing.pk}/afzeggen/"), follow=True)
    assert "intussen al gedaan" in again.content.decode()
    assert Event.objects.filter(case=case, occurrence=hearings.CANCELLED).count() == 1


def test_invitation_that_leaves_after_the_talk_was_moved_tells_what_it_told_then(
    case: Case, client: Client, smtp_server: MailServer
):
    hearing = invited(case, client, "complainant")
    later = {**TALK, "starts_at": "5-11-2037 9.00", "place": "Kamer 4", "revision": revision(case)}
    client.post(address(case, f"gesprek/{hearing.pk}/"), later)
    first, second = sent(case, smtp_server)
    assert (first["sequence"], first.decoded("dtstart"), "location" in first) == (0, hearing.starts_at, False)
    assert (second["sequence"], str(second["location"])) == (1, "Kamer 4")


def test_invitation_is_no_letter_of_the_procedure(
    case: Case, client: Client, follower: Client, smtp_server: MailServer
):
    """No clock hangs on it, it is no step in the history, and every page that shows letters shows it too."""
    before = state_of(case, procedure_of(case.version))
    invited(case, client, "complainant", "respondent")
    sent(case, smtp_server)
    fresh = Case.objects.get(pk=case.pk)
    assert state_of(fresh, procedure_of(fresh.version)).deadlines == before.deadlines
    assert replayed(fresh).phase == fresh.phase
    assert not Event.objects.filter(case=case, occurrence__startswith="sent:beside").exists()
    assert "Kamer" not in str(event(case, hearings.INVITED).facts)
    page = client.get(address(case)).content.decode()
    assert "nodigde uit voor een gesprek" in page
    paper = Letter.objects.get(case=case, party__kind="respondent", name="beside-invitation")
    assert (
        "intussen al iets anders"
        in client.post(address(case, f"brief/{paper.pk}/vrijgeven/"), follow=True).content.decode()
    )
    today = timezone.localdate()
    client.post(address(case, f"brief/{paper.pk}/gepost/"), {"posted_on": f"{today.day}-{today.month}-{today.year}"})
    paper.refresh_from_db()
    assert paper.state == Letter.State.SENT
    own = follower.get(f"/{SLUG}/volgen/zaak/").content.decode()
    assert "Uitnodiging voor een gesprek (pdf)" in own
    assert "Kamer 3, Utrecht" in own


def test_representative_gets_the_one_invitation(case: Case, client: Client, smtp_server: MailServer):
    Party.objects.create(case=case, kind=Party.Kind.REPRESENTATIVE, name="Mr. Bos", email="bos@bos.example")
    invited(case, client, "complainant", "representative")
    (entry,) = sent(case, smtp_server)
    assert str(entry["attendee"]) == "mailto:bos@bos.example"
    text = Letter.objects.get(case=case, name="beside-invitation").text
    assert "Voor: Jolanda Verweij, Mr. Bos" in text
    assert "/beheer/" not in text


def test_form_that_cannot_be_sent_says_why_and_keeps_what_was_typed(case: Case, client: Client):
    typed = {**TALK, "starts_at": "4-11-2020 14.30", "revision": revision(case)}
    wrong = client.post(address(case, "gesprek/"), typed)
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "Dit moment is al voorbij." in page
    assert "Kies wie u uitnodigt." in page
    assert "Kamer 3, Utrecht" in page
    stale = {**TALK, "parties": [party(case, "complainant").pk], "revision": revision(case) - 1}
    refused = client.post(address(case, "gesprek/"), stale)
    assert refused.status_code == 409
    assert "Deze zaak is intussen veranderd." in refused.content.decode()
    assert "Kamer 3, Utrecht" in refused.content.decode()
    assert f'name="revision" value="{revision(case)}"' in refused.content.decode()
    assert not Hearing.objects.filter(case=case).exists()


def test_who_plays_no_part_hears_nobody(
    organisation: Organisation, case: Case, people: dict[str, Membership], signed_in: SignedIn, client: Client
):
    hearing = invited(case, client, "complainant")
    outside = next(role.name for role in definition(SLUG).roles if role.is_outside)
    stranger = member(organisation, "Bas Buiten", outside)
    with scope(organisation.pk):
        case.assignments.create(membership=stranger, role=outside)
    other = signed_in(stranger)
    assert "Nodig uit" not in other.get(address(case)).content.decode()
    for path in ("gesprek/", "verzoek/", "verklaring/", f"gesprek/{hearing.pk}/", f"gesprek/{hearing.pk}/verslag/"):
        assert other.get(address(case, path)).status_code == 404, path
        assert other.post(address(case, path), TALK).status_code == 404, path
    assert other.post(address(case, f"gesprek/{hearing.pk}/afzeggen/")).status_code == 404


# --------------------------------------------------------------------------------------------- reports and statements


def test_report_and_statement_are_kept_as_documents(case: Case, client: Client):
    hearing = invited(case, client, "respondent")
    page = address(case, f"gesprek/{hearing.pk}/verslag/")
    neither = client.post(page, {"text": "", "revision": revision(case)})
    assert neither.status_code == 422
    assert "Typ de tekst, of kies een bestand." in neither.content.decode()
    client.post(page, {"text": "Hij zei dat het niet klopt.", "revision": revision(case)})
    hearing.refresh_from_db()
    assert hearing.report
    assert hearing.report.title == "Verslag gesprek 4-11-2037.txt"
    with hearing.report.file.open("rb") as stored:
        assert stored.read() == b"Hij zei dat het niet klopt."
    sent = {"party": party(case, "respondent").pk, "file": SimpleUploadedFile("verklaring.pdf", files.pdf())}
    client.post(address(case, "verklaring/"), {**sent, "revision": revision(case)})
    known = {line.document.title: [cell.known for cell in line.cells] for line in lines(case)}
    assert known == {
        "offerte.pdf": ["own", "open"],
        "Verslag gesprek 4-11-2037.txt": ["open", "open"],
        "verklaring.pdf": ["open", "own"],
    }


# ------------------------------------------------------------------------------------------------------------- requests


def test_request_is_reminded_two_working_days_before_the_last(
    case: Case, people: dict[str, Membership], smtp_server: MailServer
):
    asked_at, late = datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 12, 4, 8, tzinfo=ZONE)
    wanted = requests.ask(
        party(case, "complainant"),
        "Stuurt u ons de nota?",
        due_on=date(2026, 12, 8),  # a Tuesday
        actor=actor_of(people["handler"], case),
        at=asked_at,
    )
    Letter.objects.filter(case=case).update(try_at=late)  # so that nothing else waits
    Case.objects.filter(pk=case.pk).update(wake_at=None)
    assert wanted.remind_at == late
    early = late - timedelta(seconds=1)
    key = case.organisation_id
    assert (key in organisations_with_work(early), key in organisations_with_work(late)) == (False, True)
    assert [requests.send_reminders(key, at=at) for at in (early, late, late)] == [0, 1, 0]
    assert requests.send_reminders in sweeping._WORK
    reminded = Request.objects.get(pk=wanted.pk)
    assert (reminded.reminded_at, reminded.remind_at) == (late, None)
    while send_waiting(case.organisation_id, at=late):
        pass
    subjects = [mail["Subject"] for mail in smtp_server.messages[-2:]]
    assert subjects == [f"Wij vragen u iets ({case.reference})", f"Wij vroegen u iets ({case.reference})"]
    assert all("Stuurt u ons de nota?" in str(mail.get_body(("plain",))) for mail in smtp_server.messages[-2:])
    assert event(case, requests.REMINDED).facts == {"request": {"value": wanted.pk}}


def test_request_is_on_the_complainants_page_until_it_is_met(case: Case, client: Client, follower: Client):
    wanted = asked(case, client, "complainant")
    page = follower.get(f"/{SLUG}/volgen/zaak/").content.decode()
    assert "Stuurt u ons de nota?" in page
    assert "Graag uiterlijk" in page
    assert client.post(address(case, f"verzoek/{wanted.pk}/gekregen/")).status_code == 302
    wanted.refresh_from_db()
    assert wanted.met_at
    assert wanted.remind_at is None
    assert "Dit hebben wij gekregen op" in follower.get(f"/{SLUG}/volgen/zaak/").content.decode()
    again = client.post(address(case, f"verzoek/{wanted.pk}/intrekken/"), {"reason": "Niet nodig."}, follow=True)
    assert "intussen al gedaan" in again.content.decode()


def test_request_is_withdrawn_with_a_reason_in_the_history(case: Case, client: Client, follower: Client):
    wanted = asked(case, client, "complainant")
    page = address(case, f"verzoek/{wanted.pk}/intrekken/")
    assert "Schrijf op waarom" in client.post(page, {"reason": " "}, follow=True).content.decode()
    shown = client.post(page, {"reason": "Wij vonden de nota zelf."}, follow=True).content.decode()
    assert "Niet meer nodig, omdat: Wij vonden de nota zelf." in shown
    facts = event(case, requests.WITHDRAWN).facts
    assert set(facts["reason"]) == {"hmac"}
    assert "nota" not in str(facts)
    own = follower.get(f"/{SLUG}/volgen/zaak/").content.decode()
    assert "Dit hoeft niet meer." in own
    assert "zelf" not in own


def test_respondent_is_asked_by_letter_and_not_reminded(case: Case, client: Client, follower: Client):
    wanted = asked(case, client, "respondent")
    assert wanted.remind_at is None
    letter = Letter.objects.get(case=case, name="beside-request")
    assert (letter.channel, letter.recipient) == (Channel.POST.value, "respondent")
    assert "Verweij" not in letter.text
    assert "Stuurt u ons de nota?" not in follower.get(f"/{SLUG}/volgen/zaak/").content.decode()


def test_last_day_is_still_to_come(case: Case, client: Client):
    typed = {
        "party": party(case, "complainant").pk,
        "what": "De nota",
        "due_on": "1-1-2020",
        "revision": revision(case),
    }
    wrong = client.post(address(case, "verzoek/"), typed)
    assert wrong.status_code == 422
    assert "Kies een dag na vandaag." in wrong.content.decode()
    assert "De nota</textarea>" in wrong.content.decode()
