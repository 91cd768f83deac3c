"""The yearly report at the desk: who reads it, its files, the words in it, adopting it, duties, and insight."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.models import DutyDone, Membership, YearReport
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import account, definition, filed_case, member, published

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder")]

SignedIn = Callable[[Membership], Client]
REPORTS = "/beheer/verslag/"
LAST = timezone.now().year - 1
QUERIES = 38


def test_report_is_for_duty_bearers_the_publisher_and_administrators(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    for role, status in (
        ("csm", 200),
        ("general_director", 200),
        ("manager", 403),
        ("handler", 403),
    ):
        client = signed_in(people[role])
        for address in ("", f"{LAST}/", f"{LAST}/pdf/", f"{LAST}/xlsx/", f"{LAST}/woorden/"):
            assert client.get(REPORTS + address).status_code == status, (role, address)
        assert client.get("/beheer/inzicht/").status_code == status
        assert ("Jaarverslag</a>" in client.get("/beheer/zaken/").content.decode()) is (status == 200)
    assert signed_in(people["csm"]).get(f"{REPORTS}{LAST + 2}/").status_code == 404
    from_outside = signed_in(people["assessor"])
    assert {from_outside.get(REPORTS + each).status_code for each in ("", f"{LAST}/", f"{LAST}/pdf/")} <= {403, 404}


def test_files_are_named_for_the_year_and_kept_by_nobody(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    pdf, xlsx = client.get(f"{REPORTS}{LAST}/pdf/"), client.get(f"{REPORTS}{LAST}/xlsx/")
    assert pdf.content.startswith(b"%PDF")
    metadata = pikepdf.open(io.BytesIO(pdf.content)).open_metadata()
    assert (metadata["pdfuaid:part"], metadata["pdfaid:part"]) == ("1", "2")
    sheet = zipfile.ZipFile(io.BytesIO(xlsx.content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    for answer, name in ((pdf, f"klachten-{LAST}-klik-onderwijs.pdf"), (xlsx, f"klachten-{LAST}-klik-onderwijs.xlsx")):
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert "no-store" in answer["Cache-Control"]


def typed(text: str, revision: int) -> dict[str, str]:
    return {"words-measures": text, "revision": str(revision)}


@pytest.mark.rule("KO-21")
def test_words_are_kept_as_a_draft_and_stay_when_something_is_wrong(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client, address = signed_in(people["csm"]), f"{REPORTS}{LAST}/woorden/"
    assert client.post(address, typed("Wij bellen nu terug.", 0)).status_code == 302
    assert "Wij bellen nu terug." in client.get(f"{REPORTS}{LAST}/").content.decode()
    late = client.post(address, typed("Mijn eigen woorden.", 0))
    assert late.status_code == 409
    assert "Mijn eigen woorden." in late.content.decode()
    assert "Wij bellen nu terug." in late.content.decode()
    long = client.post(address, typed("a" * 5001, 1))
    assert long.status_code == 422
    assert "a" * 5001 in long.content.decode()
    assert 'href="#w-measures"' in long.content.decode()
    with scope(organisation.pk):
        assert YearReport.objects.get(year=LAST).words == {"measures": "Wij bellen nu terug."}


def test_report_is_adopted_by_the_publisher_who_is_asked_about_names(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    address = f"{REPORTS}{LAST}/vaststellen/"
    words = f"Dank aan {people['handler'].name}."
    assert signed_in(people["csm"]).post(f"{REPORTS}{LAST}/woorden/", typed(words, 0)).status_code == 302
    assert signed_in(people["csm"]).get(address).status_code == 403
    client = signed_in(people["general_director"])
    assert people["handler"].name in client.get(address).content.decode()
    assert client.post(address, {"revision": "1"}).status_code == 422
    assert client.post(address, {"revision": "0", "is_sure": "yes"}).status_code == 409
    assert client.post(address, {"revision": "1", "is_sure": "yes"}).status_code == 302
    assert "vastgesteld" in client.get(f"{REPORTS}{LAST}/").content.decode()
    with scope(organisation.pk):
        kept = YearReport.objects.get(year=LAST)
    assert client.get(f"{REPORTS}{LAST}/pdf/").content == Path(kept.pdf.path).read_bytes()
    assert client.post(address, {"revision": "2"}).status_code == 409
    assert client.get(f"{REPORTS}{LAST}/woorden/").status_code == 409
    assert client.get(f"{REPORTS}{LAST + 1}/vaststellen/").status_code == 409


def test_duty_is_done_by_a_person_with_a_day_and_a_note(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    address = f"{REPORTS}taken/analysis/{LAST}/"
    assert signed_in(people["manager"]).get(address).status_code == 403
    client = signed_in(people["csm"])
    assert client.get(f"{REPORTS}taken/onbekend/{LAST}/").status_code == 404
    wrong = client.post(address, {"done_on": "2099-01-01", "note": "Besproken."})
    assert wrong.status_code == 422
    assert "Besproken." in wrong.content.decode()
    today = timezone.localdate()
    assert client.post(address, {"done_on": today.isoformat(), "note": "Besproken."}).status_code == 302
    again = client.post(address, {"done_on": today.isoformat(), "note": "Nog eens."})
    assert (again.status_code, "Nog eens." in again.content.decode()) == (409, True)
    with scope(organisation.pk):
        assert DutyDone.objects.get().note == "Besproken."
    sending = client.post(f"{address}versturen/")
    assert sending.status_code == 409


def test_insight_shows_each_organisation_by_itself(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    other = published("klassepro")
    user = account("Dina Twee")
    mine = member(organisation, "Dina Twee", "general_director", user=user)
    member(other, "Dina Twee", "director", user=user)
    shown = signed_in(mine).get("/beheer/inzicht/").content.decode()
    assert "Klik Onderwijs, " in shown
    assert "Klassepro, " in shown
    assert "Klassepro, " not in signed_in(people["general_director"]).get("/beheer/inzicht/").content.decode()


def test_respondent_and_anybody_else_see_the_same_figures(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    """Three complaints, one of them about the director: nothing in the report tells them apart."""
    with_name = signed_in(people["general_director"])
    for number in range(3):
        filed_case(organisation, at=timezone.now().replace(month=1), about="", name=f"Klager Nummer{number}")
    filed_case(organisation, at=timezone.now().replace(month=1), about=people["general_director"].name)
    mine = with_name.get("/beheer/inzicht/").content.decode()
    theirs = signed_in(people["csm"]).get("/beheer/inzicht/").content.decode()
    assert "Klager" not in mine
    assert (
        mine.partition("<main")[2].partition('class="insight"')[2]
        == theirs.partition("<main")[2].partition('class="insight"')[2]
    )


def test_pages_take_as_many_queries_with_one_case_as_with_many(
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    client, this = signed_in(people["csm"]), LAST + 1
    for number in range(30):
        filed_case(organisation, at=timezone.now().replace(month=1 + number % 6, day=3))
        if number in (0, 29):
            client.get(f"{REPORTS}{this}/")
            with django_assert_num_queries(QUERIES):
                assert client.get(f"{REPORTS}{this}/").status_code == 200


def test_duties_of_january_stand_on_the_worklist_of_whose_they_are(
    people: dict[str, Membership], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
):
    later = timezone.now().replace(year=LAST + 2, month=2, day=10)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert definition("klik-onderwijs").in_force_from < date(LAST + 2, 1, 1)
    assert "Jaarlijkse analyse" in signed_in(people["csm"]).get("/beheer/zaken/").content.decode()
    assert "Jaarlijkse analyse" not in signed_in(people["manager"]).get("/beheer/zaken/").content.decode()
