"""Notes that only colleagues see, and cases that belong together."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from complaints.models import Case, CaseLink, Event, Membership, Note, Party
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, filed_case, member

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]
LATER = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    return filed_case(organisation, subject="Training ging niet door")


def words(response: object) -> str:
    page = response.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_note_is_seen_by_colleagues_and_never_by_the_complainant(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    desk = signed_in(people["csm"])
    done = desk.post(f"/beheer/zaken/{case.reference}/notitie/", {"note": "Eerst even bellen."}, follow=True)
    assert "Eerst even bellen." in words(done)
    assert "Medewerker csm" in words(done)
    outsider = signed_in(people["assessor"])
    assert outsider.get(f"/beheer/zaken/{case.reference}/").status_code == 404
    assert outsider.post(f"/beheer/zaken/{case.reference}/notitie/", {"note": "x"}).status_code == 404
    with scope(case.organisation_id):
        assert Note.objects.get().text == "Eerst even bellen."
        assert not Event.objects.filter(case=case, occurrence__startswith="beside:").exists()


def test_note_without_words_or_too_long_is_refused_and_what_was_typed_stays(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    desk = signed_in(people["csm"])
    assert "Schrijf eerst een notitie." in words(
        desk.post(f"/beheer/zaken/{case.reference}/notitie/", {"note": "  "}, follow=True)
    )
    long = "lang " * 4001
    page = desk.post(f"/beheer/zaken/{case.reference}/notitie/", {"note": long}, follow=True)
    assert "te lang" in words(page)
    assert long.strip() in page.content.decode()
    with scope(case.organisation_id):
        assert not Note.objects.exists()


def test_cases_that_look_alike_are_shown_and_can_be_put_together(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    again = filed_case(organisation, at=LATER, subject="Weer geen training")
    other = filed_case(organisation, at=LATER, subject="Iets heel anders", name="Kees Bos", email="kees@elders.example")
    desk = signed_in(people["csm"])
    page = words(desk.get(f"/beheer/zaken/{again.reference}/"))
    assert f"{case.reference} Training ging niet door dezelfde indiener" in page
    assert other.reference not in page
    done = desk.post(
        f"/beheer/zaken/{again.reference}/verwant/", {"other": case.reference.lower(), "kind": "repeat"}, follow=True
    )
    assert f"Is er weer een {case.reference}" in words(done)
    assert "legde een verband met een andere zaak" in words(done)
    assert f"Kwam eerder, en is herhaald in {again.reference}" in words(desk.get(f"/beheer/zaken/{case.reference}/"))
    twice = desk.post(
        f"/beheer/zaken/{case.reference}/verwant/", {"other": again.reference, "kind": "related"}, follow=True
    )
    assert "Deze zaken staan al bij elkaar." in words(twice)
    with scope(organisation.pk):
        link = CaseLink.objects.get()
        assert (link.case_id, link.other_id, link.kind) == (again.pk, case.pk, "repeat")
        for each in (again, case):
            each.refresh_from_db()
            assert replayed(each).phase == state_of(each, definition(organisation.slug)).phase
    gone = desk.post(f"/beheer/zaken/{case.reference}/verwant/", {"remove": link.pk}, follow=True)
    assert f"{again.reference} staat niet meer bij deze zaak." in words(gone)
    with scope(organisation.pk):
        assert not CaseLink.objects.exists()


@pytest.mark.parametrize(
    ("other", "kind", "said"), [("KO-2026-9999", "repeat", "Wij vinden geen zaak"), ("", "", "Wij")]
)
def test_unknown_number_is_told(
    other: str, kind: str, said: str, case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    desk = signed_in(people["csm"])
    page = desk.post(f"/beheer/zaken/{case.reference}/verwant/", {"other": other, "kind": kind}, follow=True)
    assert said in words(page)


def test_case_about_the_viewer_is_neither_shown_as_alike_nor_linked(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    hidden = filed_case(organisation, at=LATER, about="Piet Bakker")
    piet = member(organisation, "Piet Bakker", "csm")
    with scope(organisation.pk):
        Party.objects.filter(case=hidden, kind=Party.Kind.RESPONDENT).update(membership=piet)
    desk = signed_in(piet)
    assert hidden.reference not in words(desk.get(f"/beheer/zaken/{case.reference}/"))
    tried = desk.post(
        f"/beheer/zaken/{case.reference}/verwant/", {"other": hidden.reference, "kind": "related"}, follow=True
    )
    assert "Wij vinden geen zaak" in words(tried)
    with scope(organisation.pk):
        assert not CaseLink.objects.exists()
    colleague = signed_in(people["csm"])
    colleague.post(f"/beheer/zaken/{case.reference}/verwant/", {"other": hidden.reference, "kind": "related"})
    page = words(desk.get(f"/beheer/zaken/{case.reference}/"))
    assert hidden.reference not in page, "not through a link that a colleague laid either"


def test_saying_who_the_respondent_is_stands_in_the_history(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case = filed_case(organisation, about="P. Bakker")
    piet = member(organisation, "Piet Bakker", "csm")
    with scope(organisation.pk):
        party = Party.objects.get(case=case, kind=Party.Kind.RESPONDENT)
    desk = signed_in(people["csm"])
    address = f"/beheer/zaken/{case.reference}/betrokkene/{party.pk}/"
    desk.post(address, {"member": piet.pk})
    desk.post(address, {"member": piet.pk})  # the same again changes nothing
    with scope(organisation.pk):
        event = Event.objects.get(case=case, occurrence="beside:respondent")
        assert event.facts == {"party": {"value": party.pk}, "member": {"value": piet.pk}}
        assert event.member == people["csm"]
    assert "schreef op welke collega de betrokkene is" in words(desk.get(f"/beheer/zaken/{case.reference}/"))
