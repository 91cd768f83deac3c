"""The desk keeps cases from whoever may not know of them, and tells browsers to keep nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, open_case, perform, send_waiting
from complaints.models import Case, Document, Letter, Membership, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import actor_of, definition, filed_case, intake_answers, member, published

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]


def addresses(case: Case) -> dict[str, str]:
    """Every address of one case, with the method that it takes."""
    page = f"/beheer/zaken/{case.reference}/"
    with scope(case.organisation_id):
        letter = Letter.objects.filter(case=case).first()
        document = Document.objects.filter(case=case).first()
    keys = {"letter": letter.pk if letter else 1, "document": document.pk if document else 1}
    return {
        page: "get",
        f"{page}handeling/acknowledge/": "get",
        f"{page}brief/{keys['letter']}/": "get",
        f"{page}stuk/{keys['document']}/": "get",
        f"{page}betrokkene/1/": "post",
        f"{page}lijst/dossier_read/": "post",
        f"{page}brief/{keys['letter']}/vrijgeven/": "post",
        f"{page}brief/{keys['letter']}/gepost/": "post",
        f"{page}brief/{keys['letter']}/opnieuw/": "post",
    }


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership], pieter: Membership, media_folder: Path) -> Case:
    """A case about a colleague, with a document."""
    now = timezone.now()
    with scope(organisation.pk):
        return open_case(
            answers=intake_answers(
                definition(organisation.slug),
                at=now,
                name="Jolanda Verweij",
                email="j.verweij@wilgenroos.example",
                subject="Geheim onderwerp",
                about="Pieter Hoekstra",
            ),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
        ).case


@pytest.fixture
def pieter(organisation: Organisation) -> Membership:
    """The colleague whom the case is about, in roles that see every case."""
    return member(organisation, "Pieter Hoekstra", "csm", "handler")


def test_addresses_are_there_for_a_colleague(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    for address, method in addresses(case).items():
        if method == "get" and "/brief/" not in address:  # no letter has left yet, so there is no file of one
            assert client.get(address).status_code == 200, address


def test_person_complained_about_finds_nothing(pieter: Membership, case: Case, signed_in: SignedIn):
    client = signed_in(pieter)
    for address, method in addresses(case).items():
        assert getattr(client, method)(address).status_code == 404, address
    for query in ("", "?pile=late", f"?q={case.reference}", "?q=Geheim", "?q=Verweij", "?handler=none"):
        page = client.get(f"/beheer/zaken/{query}").content.decode()
        assert f"/zaken/{case.reference}/" not in page
        assert "Geheim onderwerp" not in page
        assert "<b>0</b> alle open zaken" in page


def test_another_organisation_and_an_unknown_number_answer_alike(
    case: Case, people: dict[str, Membership], pieter: Membership, signed_in: SignedIn
):
    other = published("o21")
    stranger = member(other, "Tom Rietveld", *[role.name for role in definition("o21").roles])
    foreign = signed_in(stranger).get(f"/beheer/zaken/{case.reference}/")
    unknown = signed_in(people["csm"]).get("/beheer/zaken/KO-1999-0001/")
    own = signed_in(pieter).get(f"/beheer/zaken/{case.reference}/")
    assert [each.status_code for each in (foreign, unknown, own)] == [404, 404, 404]
    assert foreign.content == unknown.content == own.content
    for address, method in addresses(case).items():
        assert getattr(signed_in(stranger), method)(address).status_code == 404, address


def test_switching_works_only_to_an_organisation_of_ones_own(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    other = published("o21")
    client = signed_in(people["csm"])
    assert client.post("/beheer/organisatie/", {"organisation": other.pk}).status_code == 400
    member(other, "Medewerker csm", definition("o21").roles[0].name, user=people["csm"].user)
    assert client.post("/beheer/organisatie/", {"organisation": other.pk}).status_code == 302
    page = client.get("/beheer/zaken/").content.decode()
    assert definition("o21").name in page
    assert case.reference not in page
    assert client.get(f"/beheer/zaken/{case.reference}/").status_code == 404


def test_former_member_sees_nothing(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    with scope(case.organisation_id):
        Membership.objects.filter(pk=people["csm"].pk).update(is_active=False)
    answer = client.get(f"/beheer/zaken/{case.reference}/")
    assert answer.status_code == 403
    assert "Geheim onderwerp" not in answer.content.decode()


def test_pages_run_nothing_and_are_kept_nowhere(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    for address in ("/beheer/zaken/", f"/beheer/zaken/{case.reference}/", "/beheer/zaken/nieuw/file/"):
        answer = client.get(address)
        page = answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        assert "<script" not in page
        assert " style=" not in page
        assert "<style" not in page


def test_document_is_handed_over_and_never_run(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    with scope(case.organisation_id):
        document = Document.objects.get(case=case)
    answer = signed_in(people["csm"]).get(f"/beheer/zaken/{case.reference}/stuk/{document.pk}/")
    assert b"".join(answer) == files.pdf()
    assert answer["Content-Disposition"] == 'attachment; filename="offerte.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer["Cache-Control"]


def test_only_our_own_addresses_are_there(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    for gone in ("r/1/1/", "autocomplete/", "jsi18n/", "complaints/case/", "auth/group/"):
        assert client.get(f"/beheer/{gone}").status_code == 404


def test_letter_that_left_is_shown_as_a_pdf(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    with scope(case.organisation_id):
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=timezone.now())
    send_waiting(case.organisation_id, at=timezone.now() + timedelta(minutes=1))
    with scope(case.organisation_id):
        letter = Letter.objects.filter(case=case).exclude(pdf="").first()
    assert letter is not None
    answer = signed_in(people["csm"]).get(f"/beheer/zaken/{case.reference}/brief/{letter.pk}/")
    assert b"".join(answer).startswith(b"%PDF-")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_linking_a_name_to_a_colleague_keeps_the_case_from_them(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now, about="die lange van de planning")
    with scope(organisation.pk):
        party = Party.objects.get(case=case, kind=Party.Kind.RESPONDENT)
    page = f"/beheer/zaken/{case.reference}/"
    handler = signed_in(people["manager"])
    assert handler.get(page).status_code == 200
    client = signed_in(people["csm"])
    assert client.post(f"{page}betrokkene/{party.pk}/", {"member": people["manager"].pk}).status_code == 302
    assert handler.get(page).status_code == 404
    assert "ziet deze zaak niet in Gehoor" in client.get(page).content.decode()
    assert client.post(f"{page}betrokkene/{party.pk}/", {"member": ""}).status_code == 302
    assert handler.get(page).status_code == 200
