"""The page of a complaint that was merged: what it says, to whom it leads on, and what it keeps to itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import (
    THE_COMPLAINANT,
    Opened,
    disclosing,
    open_case,
    send_message,
    send_waiting,
    staff,
    use_link,
    write_notice,
)
from complaints.actions.beside import FETCHED
from complaints.actions.merging import Side, merge, part
from complaints.actions.notices import secret_of
from complaints.models import Case, Document, Event, Letter, Membership, Notice, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, intake_answers, published, staffed
from tests.complaints.portal.test_portal import entered, words
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"
CASE, ON = f"/{SLUG}/volgen/zaak/", f"/{SLUG}/volgen/samen/"
EMAIL, ELSEWHERE = "j.verweij@wilgenroos.example", "kees@elders.example"
SECRET = "GEHEIM ONDERWERP"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def csm(organisation: Organisation) -> Membership:
    return staffed(organisation)["csm"]


def filed(
    organisation: Organisation,
    *,
    days: int,
    email: str = EMAIL,
    name: str = "Jolanda Verweij",
    subject: str = "Geen les",
) -> Opened:
    at = timezone.now() - timedelta(days=days)
    answers = intake_answers(definition(SLUG), at=at, email=email, name=name, subject=subject)
    with scope(organisation.pk):
        return open_case(answers=answers, actor=THE_COMPLAINANT, received_at=at, recorded_at=at)


def merged(younger: Opened, main: Opened, csm: Membership, reason: str = "") -> None:
    with scope(csm.organisation_id):
        merge(*sides_of(younger.case, main.case, csm), reason, at=timezone.now())


def sides_of(younger: Case, main: Case, csm: Membership) -> tuple[Side, Side]:
    for each in (younger, main):
        each.refresh_from_db()
    one, another = (Side(each, staff(csm, definition(SLUG), each), each.revision) for each in (younger, main))
    return one, another


def by_mail(case: Case) -> Client:
    """A browser in which the mailed link of a case was opened."""
    with scope(case.organisation_id):
        notice = write_notice(case, Notice.Kind.LINK, at=timezone.now())
        assert notice
        address = f"/{SLUG}/volgen/link/{secret_of(notice)}/"
    client = Client()
    assert client.post(address).status_code == 302
    return client


@pytest.fixture
def pair(organisation: Organisation, csm: Membership) -> tuple[Opened, Opened]:
    """The younger complaint and the older one, of one complainant, merged."""
    main = filed(organisation, days=1, subject=SECRET)
    younger = filed(organisation, days=0)
    merged(younger, main, csm)
    return younger, main


def test_number_and_code_still_open_the_page_which_says_that_it_is_handled_together(
    pair: tuple[Opened, Opened], client: Client
):
    younger, main = pair
    entered(client, younger.case.reference, younger.access_code)
    page = words(client.get(CASE))
    assert "Wij behandelen uw klacht samen met een andere klacht." in page
    assert "Uw nummer en uw code blijven werken." in page
    assert "Is die andere klacht ook van u?" in page
    assert main.case.reference not in page, "a code does not prove whose mail it is"
    assert client.post(ON).status_code == 404
    assert "Stuur een bericht of een bestand" in page
    sent = client.post(f"/{SLUG}/volgen/bericht/", {"text": "Nog iets."}, follow=True)
    assert "Wij hebben uw bericht." in words(sent)


def test_mailed_link_leads_on_to_the_main_case(pair: tuple[Opened, Opened]):
    younger, main = pair
    client = by_mail(younger.case)
    page = words(client.get(CASE))
    assert f"Wij behandelen uw klacht samen met uw klacht {main.case.reference}." in page
    assert client.get(ON).status_code == 405
    there = words(client.post(ON, follow=True))
    assert main.case.reference in there
    assert "samen met" not in there
    assert younger.case.reference not in there
    assert client.post(ON).status_code == 404, "the main case leads nowhere"


def test_complainant_of_another_address_learns_nothing_of_the_main_case(organisation: Organisation, csm: Membership):
    main = filed(organisation, days=1, subject=SECRET)
    younger = filed(organisation, days=0, email=ELSEWHERE, name="Kees Bos")
    merged(younger, main, csm, "Hetzelfde kind.")
    client = by_mail(younger.case)
    page = words(client.get(CASE))
    assert "Wij behandelen uw klacht samen met een andere klacht." in page
    assert "Is die andere klacht ook van u?" not in page
    copy = client.post(f"/{SLUG}/volgen/gegevens/", {"form": "json"}).content.decode()
    assert json.loads(copy)["standing"] == "Wij behandelen uw klacht samen met een andere klacht."
    for secret in (main.case.reference, SECRET, "Hetzelfde kind"):
        assert secret not in page + copy
    assert client.post(ON).status_code == 404


def test_document_of_another_complainant_is_there_once_it_was_put_to_them(
    organisation: Organisation, csm: Membership, media_folder: Path
):
    main = filed(organisation, days=1)
    younger = filed(organisation, days=0, email=ELSEWHERE, name="Kees Bos")
    with scope(organisation.pk):
        file = SimpleUploadedFile("Brief van Kees Bos.txt", b"Wat Kees zag.")
        send_message(younger.case, "Zie de brief.", actor=THE_COMPLAINANT, at=timezone.now(), files=[file])
        document = Document.objects.get(case=younger.case)
    merged(younger, main, csm, "Hetzelfde kind.")
    client, other = Client(), Client()
    entered(client, main.case.reference, main.access_code)
    entered(other, younger.case.reference, younger.access_code)
    address = f"/{SLUG}/volgen/stuk/{document.pk}/"
    assert client.get(address).status_code == 404
    assert "Kees" not in words(client.get(CASE))
    with scope(organisation.pk):
        main.case.refresh_from_db()
        actor = staff(csm, definition(SLUG), main.case)
        complainant = Party.objects.get(case=main.case, kind=Party.Kind.COMPLAINANT)
        disclosing.put_to(document, complainant, actor=actor, at=timezone.now())
        letter = Letter.objects.get(name="beside-disclosure")
    assert (letter.case_id, letter.to_email) == (main.case.pk, EMAIL)
    page = words(client.get(CASE))
    assert "Brief van Kees Bos.txt" in page
    assert "van Klik Onderwijs, om te lezen en op te reageren" in page
    assert client.get(address).getvalue() == b"Wat Kees zag."
    assert other.get(address).status_code == 200, "it is their own"
    copy = json.loads(client.post(f"/{SLUG}/volgen/gegevens/", {"form": "json"}).content)
    assert [each["from"] for each in copy["files"]] == ["Klik Onderwijs"]
    with scope(organisation.pk):
        assert Event.objects.filter(case=main.case, occurrence=FETCHED).count() == 1
        assert not Event.objects.filter(case=younger.case, occurrence=FETCHED).exists()


def test_address_that_was_only_typed_leads_nowhere(organisation: Organisation, csm: Membership):
    """Somebody opens their case by a link to their own address, and then types the address of another."""
    main = filed(organisation, days=1, subject=SECRET)
    younger = filed(organisation, days=0, email=ELSEWHERE)
    client = by_mail(younger.case)
    typed = client.post(f"/{SLUG}/volgen/adres/", {"email": EMAIL, "phone": ""})
    assert typed.status_code == 302
    merged(younger, main, csm)  # to the desk they look like one person
    page = words(client.get(CASE))
    assert main.case.reference not in page
    assert client.post(ON).status_code == 404


def test_code_after_a_mailed_link_proves_nothing(pair: tuple[Opened, Opened]):
    younger, main = pair
    client = by_mail(younger.case)
    entered(client, younger.case.reference, younger.access_code)
    assert main.case.reference not in words(client.get(CASE))


def test_letter_that_names_the_main_case_is_shown_only_to_who_reads_the_mail(
    pair: tuple[Opened, Opened], client: Client, smtp_server: MailServer, media_folder: Path
):
    younger, main = pair
    with scope(younger.case.organisation_id):
        Letter.objects.exclude(name="beside-merged").update(state=Letter.State.STOPPED, try_at=None)
    assert send_waiting(younger.case.organisation_id, at=timezone.now()) == 1
    with scope(younger.case.organisation_id):
        letter = Letter.objects.get(name="beside-merged")
    assert (letter.state, main.case.reference in letter.text) == (Letter.State.SENT, True)
    file = f"/{SLUG}/volgen/brief/{letter.pk}/"
    entered(client, younger.case.reference, younger.access_code)
    assert file not in client.get(CASE).content.decode()
    assert client.get(file).status_code == 404
    assert main.case.reference not in client.post(f"/{SLUG}/volgen/gegevens/", {"form": "json"}).content.decode()
    mailed = by_mail(younger.case)
    assert file in mailed.get(CASE).content.decode()
    assert mailed.get(file).status_code == 200


def test_page_goes_on_by_itself_once_it_is_undone(pair: tuple[Opened, Opened], csm: Membership, client: Client):
    younger, main = pair
    with scope(csm.organisation_id):
        part(*sides_of(younger.case, main.case, csm), "Toch iets anders.", at=timezone.now())
    entered(client, younger.case.reference, younger.access_code)
    page = words(client.get(CASE))
    assert "Wij behandelen uw klacht weer apart." in page
    assert "Wij behandelen uw klacht samen met een andere klacht." not in page
    assert main.case.reference not in page
    assert by_mail(younger.case).post(ON).status_code == 404


def test_link_of_the_merged_case_still_works_once(pair: tuple[Opened, Opened]):
    younger, _main = pair
    with scope(younger.case.organisation_id):
        notice = write_notice(younger.case, Notice.Kind.LINK, at=timezone.now())
        assert notice
        assert use_link(secret_of(notice), at=timezone.now()) == younger.case.pk
