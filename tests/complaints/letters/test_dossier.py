"""A whole dossier on paper and as a ZIP: contents, pages, hashes, and what is never in it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, open_case, perform, send_message, send_waiting
from complaints.letters.dossier import bundle, dossier
from complaints.models import Case, Document, Membership, Note
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import actor_of, definition, intake_answers, published, staffed

pytestmark = pytest.mark.django_db
SECRET = "Deze notitie is alleen voor ons."


@pytest.fixture
def organisation() -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership], media_folder: Path) -> Case:
    """A case with a file of every kind, a message, an internal note and a letter that left."""
    now = timezone.now()
    handed = {
        "offerte.pdf": files.pdf(),
        "foto.jpg": files.jpg(),
        "brief.txt": "Zo ging het: één regel.".encode(),
        "tabel.xlsx": files.xlsx(),
    }
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(
                definition("klik-onderwijs"), at=now, name="Jolanda Verweij", email="j.verweij@wilgenroos.example"
            ),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile(name, content) for name, content in handed.items()]},
        ).case
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=now)
        send_message(case, "Wanneer hoor ik iets?", actor=THE_COMPLAINANT, at=now)
        Note.objects.create(case=case, member=people["csm"], text=SECRET, written_at=now)
    send_waiting(organisation.pk, at=now)
    return case


def text_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.parametrize("for_outside", [True, False])
def test_all_that_is_in_it_is_listed_numbered_and_found_on_its_page(
    case: Case, organisation: Organisation, *, for_outside: bool
) -> None:
    with scope(organisation.pk):
        pdf, manifest = dossier(case, at=timezone.now(), for_outside=for_outside)
    pages = text_of(pdf)
    total = len(pages)
    assert manifest["pdf"] == {
        "name": f"{case.reference}.pdf",
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "bytes": len(pdf),
        "pages": total,
    }
    for number, text in enumerate(pages, start=1):
        assert f"bladzijde {number} van {total}" in text, number
    pieces = {each["title"]: each for each in manifest["pieces"]}
    assert {"offerte.pdf", "foto.jpg", "brief.txt", "tabel.xlsx"} < set(pieces)
    assert any(each["kind"] == "letter" for each in manifest["pieces"])
    front = " ".join(pages[: pieces["offerte.pdf"]["pages"][0] - 1])
    for each in pieces.values():
        assert each["sha256"] in front
        if each["pages"]:
            assert f"stuk {each['number']} " in pages[each["pages"][0] - 1]
    assert "Zo ging het: één regel." in pages[pieces["brief.txt"]["pages"][0] - 1]
    assert pieces["tabel.xlsx"]["pages"] is None
    assert "Wanneer hoor ik iets?" in front
    assert SECRET not in " ".join(pages)
    assert ("j.verweij@wilgenroos.example" in front) is not for_outside


def test_the_zip_holds_each_piece_as_it_was_kept(case: Case, organisation: Organisation) -> None:
    with scope(organisation.pk):
        packed = zipfile.ZipFile(io.BytesIO(bundle(case, at=timezone.now(), for_outside=False)))
    manifest = json.loads(packed.read("manifest.json"))
    told = {each["name"]: each["sha256"] for each in [*manifest["pieces"], manifest["pdf"]]}
    assert set(packed.namelist()) == {*told, "manifest.json"}
    for name, sha256 in told.items():
        assert hashlib.sha256(packed.read(name)).hexdigest() == sha256
    assert all(SECRET.encode() not in packed.read(name) for name in packed.namelist())


def test_a_file_that_is_gone_or_changed_is_said_to_be(case: Case, organisation: Organisation) -> None:
    with scope(organisation.pk):
        gone, changed, *_rest = Document.objects.order_by("pk")
        Path(gone.file.path).unlink()
        Path(changed.file.path).write_bytes(b"iets anders")
        pdf, manifest = dossier(case, at=timezone.now(), for_outside=False)
    assert [each["name"] for each in manifest["pieces"] if each["sha256"] in (gone.sha256, changed.sha256)] == [
        None
    ] * 2
    assert " ".join(text_of(pdf)).count("Dit bestand is er niet meer") == 2
