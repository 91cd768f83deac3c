"""Searching: Dutch words, numbers and names; nothing that the viewer may not see, and nothing of it in a log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, correct_contact, perform, send_message
from complaints.models import Case, Membership, Note, Party
from complaints.queries.search import found_by
from config.logs import without_personal_data
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.test_worklist import filed, references
from tests.complaints.factories import actor_of, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]


def found(organisation: Organisation, typed: str) -> list[str]:
    with scope(organisation.pk):
        return list(Case.objects.filter(found_by(typed)).order_by("pk").values_list("reference", flat=True))


@pytest.fixture
def two(organisation: Organisation) -> tuple[Case, Case]:
    """One about an invoice, by somebody with an accent and a stop word in the name; one about a training."""
    now = timezone.now()
    first = filed_case(
        organisation,
        at=now,
        recorded_at=now,
        subject="Facturen dubbel verstuurd",
        description="Wij belden de coördinator over onze klachten.",
        name="André van der Çelik-Baas",
        about="Pieter Hoekstra",
        relation="employee",
    )
    second = filed_case(
        organisation,
        at=now,
        recorded_at=now,
        subject="Training ging niet door",
        description="De trainer kwam niet opdagen.",
        name="Samir Kaya",
        relation="customer",
    )
    return first, second


FINDING = (
    "klacht",
    "klachten",
    "KLACHT",
    "factuur",
    "de factuur van het",
    "facturen klacht",
    "coordinator",
    "dubbele facturen",
    "Celik",
    "çelik-baas",
    "van der Celik",
    "Baa",
    "And",
    "hoekstra",
    "medewerker",
    "klachten cel",
    '"dubbel verstuurd"',
    "factuur -training",
    "factuur or opdagen -trainer",
    "KO-{year}-0001",
    "ko-{year}-0001",
    "{year}-0001",
    "0001",
    "1",
)
FINDING_NOTHING = ("", "  ", "niets", "factuur -dubbel", "factuur trainer", "de het een", "!!", "'", "''")


def test_case_is_found_by_what_stands_in_it(organisation: Organisation, two: tuple[Case, Case]):
    year = timezone.localtime(two[0].received_at).year
    asked = [typed.format(year=year) for typed in FINDING]
    assert {typed: found(organisation, typed) for typed in asked} == {typed: [two[0].reference] for typed in asked}
    assert {typed: found(organisation, typed) for typed in FINDING_NOTHING} == {typed: [] for typed in FINDING_NOTHING}


def test_signs_are_no_operators_and_break_nothing(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    for typed in ("&|!:*()<->", "a'b\\c:*", '"', '"-', "- or -", "x" * 100, "\\", "o'brien", "€%_", "1:A", "a\x00b"):
        assert client.get("/beheer/zaken/", {"q": typed}).status_code == 200
        assert found(organisation, typed.replace("\x00", "")) == []


def test_begin_of_a_number_finds_every_case_with_it(organisation: Organisation, two: tuple[Case, Case]):
    year = timezone.localtime(two[0].received_at).year
    assert found(organisation, f"KO-{year}-00") == [each.reference for each in two]


def test_answers_messages_and_titles_of_files_are_found_when_they_come(
    organisation: Organisation, people: dict[str, Membership], two: tuple[Case, Case], media_folder: Path
):
    now, case = timezone.now(), two[1]
    assert found(organisation, "rolstoel") == found(organisation, "plattegrond") == []
    with scope(organisation.pk):
        send_message(
            case,
            "Er was geen plek voor mijn rolstoel.",
            actor=THE_COMPLAINANT,
            at=now,
            files=[SimpleUploadedFile("plattegrond_zaal-3.pdf", files.pdf())],
        )
        csm = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=csm, at=now)
        handler = {"handler": str(people["handler"].pk)}
        perform(case, "assign", answers=handler, actor=csm, at=now)
        perform(case, "reassign", answers={**handler, "reassign_reason": "Zij is verhuisd."}, actor=csm, at=now)
    for typed in ("rolstoelen", "plattegrond", "verhuizen or verhuisd"):
        assert found(organisation, typed) == [case.reference], typed
    assert found(organisation, str(people["handler"].pk)) == []


def test_new_address_takes_the_place_of_the_old_one(organisation: Organisation, two: tuple[Case, Case]):
    with scope(organisation.pk):
        correct_contact(two[1], {"email": "samir@nieuw.example"}, actor=THE_COMPLAINANT, at=timezone.now())
    assert found(organisation, "samir@nieuw.example") == [two[1].reference]
    assert found(organisation, "j.verweij@wilgenroos.example") == [two[0].reference]


def test_internal_notes_are_not_searched(
    organisation: Organisation, people: dict[str, Membership], two: tuple[Case, Case]
):
    with scope(organisation.pk):
        Note.objects.create(case=two[0], member=people["csm"], text="Tom weet van xylofoon.", written_at=timezone.now())
        call_command("reindex", stdout=StringIO())
    assert found(organisation, "xylofoon") == []


def test_respondent_never_finds_the_case(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    colleague = member(organisation, "Tom Rietveld", "csm", "general_director")
    case = filed(organisation, days=1, subject="Bejegening", name="Samir Kaya")
    about = filed_case(organisation, at=case.received_at, subject="Bejegening", name="Samir Kaya", about="Tom Rietveld")
    with scope(organisation.pk):
        assert Party.objects.get(case=about, kind=Party.Kind.RESPONDENT).membership == colleague
    year = timezone.localtime(case.received_at).year
    for typed in ("bejegening", "kaya", "Tom", "rietveld", about.reference, f"KO-{year}", "-onzin"):
        page = signed_in(colleague).get("/beheer/zaken/", {"q": typed}).content.decode()
        assert f"/beheer/zaken/{about.reference}/" not in page, typed
        assert "2 zaken" not in page, typed
    assert set(references(signed_in(people["csm"]), "?q=bejegening")) == {case.reference, about.reference}
    assert references(signed_in(colleague), "?q=bejegening") == [case.reference]


def test_other_organisation_finds_nothing(two: tuple[Case, Case], signed_in: SignedIn):
    other = published("klassepro")
    assert found(other, "factuur") == []
    assert references(signed_in(staffed(other)["coordinator"]), "?q=factuur") == []


def test_reindexing_finds_cases_that_were_there_before(organisation: Organisation, two: tuple[Case, Case]):
    with scope(organisation.pk):
        Case.objects.update(words=None)
    assert found(organisation, "factuur") == []
    said = StringIO()
    call_command("reindex", stdout=said)
    assert found(organisation, "factuur") == [two[0].reference]
    assert said.getvalue() == "klik-onderwijs done\n"


def test_very_much_text_is_no_reason_to_refuse_it(organisation: Organisation, two: tuple[Case, Case]):
    text = " ".join(f"żółć{number}" for number in range(2200))
    with scope(organisation.pk):
        for number in range(12):
            send_message(two[0], f"{text} laatste{number}", actor=THE_COMPLAINANT, at=timezone.now())
    assert found(organisation, "laatste11") == [two[0].reference]


def test_what_was_typed_reaches_no_log(
    people: dict[str, Membership], signed_in: SignedIn, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    client = signed_in(people["csm"])
    for typed in ("zoekgeheim", "'zoekgeheim:*", "zoekgeheim\x00"):
        assert client.get("/beheer/zaken/", {"q": typed}).status_code == 200
    assert "zoekgeheim" not in "".join(without_personal_data(record.getMessage()) for record in caplog.records)
