"""The reading log: every look into a dossier is kept, and colleagues can see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, note_reading, open_case, perform, send_waiting
from complaints.models import Assignment, Case, Document, Letter, Membership, Reading
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import actor_of, definition, filed_case, intake_answers, member

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
LOG = "Wie dit dossier heeft gelezen"


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now)


def page(case: Case) -> str:
    return f"/beheer/zaken/{case.reference}/"


def log(case: Case) -> list[tuple[int, str]]:
    """Who read what, oldest first."""
    with scope(case.organisation_id):
        return list(Reading.objects.filter(case=case).order_by("pk").values_list("member_id", "what"))


@pytest.mark.rule("O21-27")
def test_page_letter_and_document_are_each_noted(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, media_folder: Path
):
    now = timezone.now()
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(organisation.slug), at=now, email="j.verweij@wilgenroos.example"),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
        ).case
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=now)
    send_waiting(organisation.pk, at=now)
    with scope(organisation.pk):
        letter = Letter.objects.filter(case=case).exclude(pdf="").first()
        document = Document.objects.get(case=case)
    assert letter is not None
    csm = people["csm"]
    client = signed_in(csm)
    for address in ("", f"brief/{letter.pk}/", f"stuk/{document.pk}/"):
        assert client.get(f"{page(case)}{address}").status_code == 200
    assert log(case) == [(csm.pk, "page"), (csm.pk, "letter"), (csm.pk, "document")]
    assert client.get(f"{page(case)}stuk/{document.pk + 1}/").status_code == 404
    assert len(log(case)) == 3


def test_reloading_is_one_reading_and_coming_back_later_another(case: Case, people: dict[str, Membership]):
    now = timezone.now()
    csm, manager = people["csm"], people["manager"]
    with scope(case.organisation_id):
        for reader, minutes in ((csm, 0), (csm, 9), (manager, 9), (csm, 10), (csm, 19)):
            note_reading(case, Reading.What.PAGE, member=reader, at=now + timedelta(minutes=minutes))
        note_reading(case, Reading.What.LETTER, member=csm, at=now + timedelta(minutes=19))
    assert log(case) == [(csm.pk, "page"), (manager.pk, "page"), (csm.pk, "page"), (csm.pk, "letter")]


def test_case_page_shows_who_read_it(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    signed_in(people["manager"]).get(page(case))
    shown = signed_in(people["csm"]).get(page(case)).content.decode()
    assert f"<details><summary>{LOG}</summary>" in shown
    part = shown.partition(LOG)[2]
    assert part.index(f"<strong>{people['csm'].name}</strong> de zaak") < part.index(
        f"<strong>{people['manager'].name}</strong> de zaak"
    )


def test_log_is_cut_and_says_so(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    first = timezone.now() - timedelta(days=30)
    with scope(case.organisation_id):
        for number in range(51):
            note_reading(case, Reading.What.PAGE, member=people["manager"], at=first + timedelta(minutes=15 * number))
    shown = signed_in(people["csm"]).get(page(case)).content.decode()
    assert shown.partition(LOG)[2].count(f"<strong>{people['manager'].name}</strong> de zaak") == 49
    assert "Alleen de laatste 50 keer staan hier." in shown


def test_somebody_from_outside_is_noted_and_does_not_see_the_log(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    with scope(case.organisation_id):
        Assignment.objects.create(case=case, membership=people["assessor"], role="assessor")
    shown = signed_in(people["assessor"]).get(page(case))
    assert shown.status_code == 200
    assert LOG not in shown.content.decode()
    assert log(case) == [(people["assessor"].pk, "page")]


def test_who_finds_nothing_leaves_no_trace(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    pieter = member(organisation, "Pieter Hoekstra", "csm")
    case = filed_case(organisation, at=now, recorded_at=now, about="Pieter Hoekstra")
    assert signed_in(pieter).get(page(case)).status_code == 404
    assert log(case) == []
