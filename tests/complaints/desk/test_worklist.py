"""The worklist: its order, its piles, its filters and its search."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import perform
from complaints.models import Case, Letter, Membership
from complaints.queries import worklist as query
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, filed_case

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]


def filed(organisation: Organisation, *, days: int, subject: str, name: str = "Jolanda Verweij") -> Case:
    """A case that came in so many days ago."""
    at = timezone.now() - timedelta(days=days)
    return filed_case(organisation, at=at, recorded_at=at, subject=subject, name=name)


def acknowledge_and_assign(case: Case, people: dict[str, Membership], *, at: datetime) -> None:
    with scope(case.organisation_id):
        actor = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=actor, at=at)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=actor, at=at)


def references(client: Client, asked: str = "") -> list[str]:
    page = client.get(f"/beheer/zaken/{asked}").content.decode()
    return re.findall(r'class="ref">(.*?)</a>', page)


def fresh(case: Case) -> Case:
    with scope(case.organisation_id):
        return Case.objects.get(pk=case.pk)


def counts(client: Client) -> dict[str, int]:
    page = client.get("/beheer/zaken/").content.decode()
    return {words: int(n) for n, words in re.findall(r"<b>(\d+)</b> ([^<]+)</a>", page)}


@pytest.fixture
def three(organisation: Organisation, people: dict[str, Membership]) -> list[Case]:
    """A new one, one that is far too late, and one with a handler."""
    new = filed(organisation, days=0, subject="Training ging niet door", name="Samir Kaya")
    late = filed(organisation, days=30, subject="Factuur dubbel")
    assigned = filed(organisation, days=1, subject="Bejegening")
    acknowledge_and_assign(assigned, people, at=timezone.now())
    return [new, late, assigned]


def test_overdue_cases_come_first(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    by_due_moment = sorted(three, key=lambda case: (fresh(case).next_due_at, case.received_at))
    found = references(signed_in(people["csm"]))
    assert found == [case.reference for case in by_due_moment]
    assert found[0] == three[1].reference


def test_piles_count_what_they_hold(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    found = counts(signed_in(people["csm"]))
    assert found["te laat"] == 1
    assert found["niet toegewezen"] == 2
    assert found["alle open zaken"] == 3
    assert found["afgesloten"] == 0


def test_filters_and_search_narrow_the_list(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    new, late, assigned = (case.reference for case in three)
    csm, handler = signed_in(people["csm"]), signed_in(people["handler"])
    assert references(csm, "?pile=late") == [late]
    assert references(csm, "?handler=none") == [late, new]
    assert references(csm, f"?handler={people['handler'].pk}") == [assigned]
    assert references(handler, "?handler=me") == [assigned]
    assert references(csm, "?q=FACTUUR") == [late]
    assert references(csm, "?q=kaya") == [new]
    assert references(csm, f"?q={assigned}") == [assigned]
    assert references(csm, "?track=no-such") == []
    assert references(csm, f"?phase={fresh(three[2]).phase}") == [assigned]
    assert references(csm, f"?phase={fresh(three[2]).phase}&q=niets") == []
    assert set(references(csm, "?handler=99999999999999999999&pile=x&p=zz")) == {new, late, assigned}


def test_letters_that_wait_for_a_person_are_flagged(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    with scope(three[0].organisation_id):
        letter = Letter.objects.filter(case=three[0]).first()
        assert letter is not None
        Letter.objects.filter(pk=letter.pk).update(state=Letter.State.FAILED)
    page = signed_in(people["csm"]).get("/beheer/zaken/").content.decode()
    assert page.count("1 brief is niet aangekomen") == 1


def test_long_list_has_pages(
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(query, "PER_PAGE", 2)
    for number in range(3):
        filed(organisation, days=number, subject=f"Zaak {number}")
    client = signed_in(people["csm"])
    assert len(references(client)) == 2
    assert len(references(client, "?p=2")) == 1
    assert 'href="?p=2"' in client.get("/beheer/zaken/").content.decode()
