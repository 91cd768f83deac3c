"""Taking over an earlier register at the desk: trying a file, confirming the very same, and what is there then."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_CLOCK, drafts
from complaints.actions.importing import take_over
from complaints.letters.pieces import chapter_of
from complaints.models import Case, Draft, DraftFile, EarlierNumber, Membership, Message
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.earlier.files import KO, row, written
from tests.complaints.factories import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder")]

SignedIn = Callable[[Membership], Client]
PAGE, SAMPLE, CONFIRM = (
    "/beheer/register/overnemen/",
    "/beheer/register/overnemen/voorbeeld/",
    "/beheer/register/overnemen/bevestigen/",
)
HIDDEN = re.compile(r'name="(file|seen)" value="([^"]+)"')


def of_late(**changes: str) -> dict[str, str]:
    """A row whose days are some weeks ago, whenever that is."""
    today = timezone.localdate()
    days = {name: f"{today - timedelta(days=ago)}" for name, ago in (("received", 60), ("decided", 40), ("closed", 39))}
    return row(KO, **{**days, **changes})


def sent(client: Client, content: bytes, name: str = "register.csv") -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content)})


def hidden(page: Any) -> dict[str, str]:
    return dict(HIDDEN.findall(page.content.decode()))


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def taken_over(organisation: Organisation) -> Case:
    with scope(organisation.pk):
        take_over(written([of_late()]), actor=THE_CLOCK, at=timezone.now())
        return Case.objects.get()


@pytest.fixture
def browser(people: dict[str, Membership], signed_in: SignedIn) -> Client:
    return signed_in(people["general_director"])


def test_file_is_tried_confirmed_and_taken_over_once(organisation: Organisation, browser: Client):
    assert "csv-bestand" in text_of(browser.get(PAGE))
    rows = [
        of_late(),
        of_late(number="2"),
        of_late(number="3", received="2020-01-01", decided="2020-01-02", closed="2020-01-03"),
    ]
    tried = sent(browser, written(rows))
    assert tried.status_code == 200
    assert "2 klachten worden overgenomen." in text_of(tried)
    assert "Van 1 klacht is de bewaartermijn voorbij." in text_of(tried)
    with scope(organisation.pk):
        assert not Case.objects.exists()
    done = browser.post(CONFIRM, hidden(tried), follow=True)
    assert "2 zaken zijn overgenomen." in text_of(done)
    with scope(organisation.pk):
        assert Case.objects.count() == EarlierNumber.objects.count() == 2
        assert not Draft.objects.exists()
    again = browser.post(CONFIRM, hidden(tried), follow=True)
    assert "al overgenomen" in text_of(again)
    known = sent(browser, written(rows))
    assert "2 klachten zijn hier al." in text_of(known)
    assert not hidden(known)
    with scope(organisation.pk):
        assert Case.objects.count() == 2


def test_faults_stand_on_the_page_by_row_and_column(organisation: Organisation, browser: Client):
    page = sent(browser, written([of_late(), of_late(number="2", end="<b>Weg"), of_late(number="3", closed="")]))
    assert page.status_code == 422
    places = re.findall(r"<li><strong>Rij (\d+), ([^<]+)</strong>", page.content.decode())
    assert places == [("3", "Afloop"), ("4", "Afgesloten op")]
    assert "Fout:" in page.content.decode()
    assert not hidden(page)
    with scope(organisation.pk):
        assert not Case.objects.exists()
        assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (written([KO] * 5001), "meer dan 5000 rijen"),
        (b"", "leeg"),
        (b"\x00\x01", "geen csv-bestand"),
        (b"PK\x03\x04..", "van Excel zelf"),
        (b"a;b\r\n1;2", "ontbreekt"),
    ],
)
def test_file_that_cannot_be_read_says_why_beside_the_field(browser: Client, content: bytes, said: str):
    page = sent(browser, content)
    assert page.status_code == 422
    assert said in text_of(page)


def test_no_file_is_asked_for_again(browser: Client):
    page = browser.post(PAGE, {})
    assert (page.status_code, "Kies een bestand." in page.content.decode()) == (422, True)


def test_only_the_file_that_was_tried_is_taken_over_by_who_tried_it(
    organisation: Organisation, browser: Client, signed_in: SignedIn
):
    tried = hidden(sent(browser, written([of_late()])))
    other = signed_in(member(organisation, "Bo Bakker", "general_director"))
    for client, told in (
        (other, tried),
        (browser, {**tried, "seen": "0" * 64}),
        (browser, {**tried, "file": "weg"}),
        (browser, {}),
    ):
        assert "wacht niet meer" in text_of(client.post(CONFIRM, told, follow=True))
    with scope(organisation.pk):
        assert not Case.objects.exists()
        assert drafts.forget_expired(at=timezone.now() + timedelta(hours=3)) == 1
        assert not DraftFile.objects.exists()
    assert "wacht niet meer" in text_of(browser.post(CONFIRM, tried, follow=True))


def test_confirming_asks_once_more_who_it_is(
    organisation: Organisation, people: dict[str, Membership], browser: Client
):
    tried = hidden(sent(browser, written([of_late()])))
    later = Client()
    later.force_login(people["general_director"].user)
    asked = later.post(CONFIRM, tried)
    assert asked.status_code == 403
    with scope(organisation.pk):
        assert not Case.objects.exists()
    done = later.post(CONFIRM, {**tried, "again-password": "een lang wachtwoord"}, follow=True)
    assert "1 zaak is overgenomen." in text_of(done)


def test_colleagues_who_do_not_manage_are_refused(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["handler"])
    for answer in (client.get(PAGE), client.post(PAGE), client.get(SAMPLE), client.post(CONFIRM)):
        assert answer.status_code == 403
    assert PAGE not in client.get("/beheer/register/").content.decode()


def test_example_is_a_file_that_can_be_taken_over(browser: Client):
    sample = browser.get(SAMPLE)
    assert "attachment" in sample["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(sample.content.decode("utf-8-sig")), delimiter=";"))
    assert lines[0][:2] == ["Oud nummer", "Ontvangen op"]
    tried = sent(browser, sample.content)
    assert tried.status_code == 200
    assert "2 klachten worden overgenomen." in text_of(tried)


def test_case_page_tells_what_was_taken_over_and_offers_nothing(
    organisation: Organisation, people: dict[str, Membership], browser: Client
):
    tried = hidden(sent(browser, written([of_late()])))
    browser.post(CONFIRM, tried)
    with scope(organisation.pk):
        case = Case.objects.get()
    page = text_of(browser.get(f"/beheer/zaken/{case.reference}/"))
    for said in (
        f"{people['general_director'].name}: nam deze klacht over uit het eerdere register",
        "Opgeschreven op",
        "Oud nummer 2026/17",
        "Kreeg drie weken lang geen antwoord.",
        "Wat wij deden Een vaste dag voor de post.",
        "Wat is het oordeel? Deels gegrond",
        "overgenomen uit het eerdere register. Zij was daar al klaar.",
        "De termijnen van toen staan niet in het register.",
        "zonder brieven en stukken",
    ):
        assert said in page, said
    assert case.reference in text_of(browser.get("/beheer/register/"))
    assert case.reference not in text_of(browser.get("/beheer/zaken/"))
    assert case.reference in text_of(browser.get("/beheer/zaken/?pile=closed&q=2026/17"))


def test_nothing_can_be_sent_or_asked_in_it(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case = taken_over(organisation)
    client = signed_in(people["csm"])
    address = f"/beheer/zaken/{case.reference}/"
    said = client.post(f"{address}bericht/", {"text": "Dag"}, follow=True)
    assert "krijgt geen bericht" in text_of(said)
    for path in ("gesprek/", "verklaring/", "verzoek/", "maatregel/"):
        answer = client.get(address + path)
        assert (answer.status_code, "eerdere register" in answer.content.decode()) == (409, True), path
    for path in ("wederhoor/", "samenvoegen/", "dossier/"):
        assert client.get(address + path).status_code < 500, path
    assert client.post(f"{address}samenvoegen/", {"other": "KO-2026-0001"}).status_code < 500
    assert client.post(f"{address}notitie/", {"note": "Nog eens gelezen."}, follow=True).status_code == 200
    with scope(organisation.pk):
        assert not Message.objects.exists()
        case = Case.objects.select_related("version", "handler__user").get()
        chapter = chapter_of(case, for_outside=True)
    assert chapter.people == []
    assert [dict(each.rows) for each in chapter.passages] == [
        {
            "Wat bent u van ons?": "Klant",
            "Samenvatting": "Kreeg drie weken lang geen antwoord.",
            "Wat wij deden": "Een vaste dag voor de post.",
        },
        {"Wat is het oordeel?": "Deels gegrond"},
    ]
