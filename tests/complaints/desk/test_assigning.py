"""Giving many cases to one person: every case by its own rules, and nothing typed in vain."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from complaints.actions import perform
from complaints.desk import assigning
from complaints.models import Case, Event, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.test_worklist import filed, fresh
from tests.complaints.factories import actor_of, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
ADDRESS = "/beheer/zaken/toewijzen/"


def ticks(*cases: Case) -> list[str]:
    return [f"{case.reference}:{fresh(case).revision}" for case in cases]


def chosen(cases: list[str], person: Membership, act: str = "assign", **more: object) -> dict[str, object]:
    return {
        "chosen-case": cases,
        "chosen-act": act,
        "chosen-member": str(person.pk),
        "chosen-list": "?handler=none",
        **more,
    }


def words(answer: object) -> str:
    assert isinstance(answer, HttpResponse)
    return html.unescape(answer.content.decode())


@pytest.fixture
def three(organisation: Organisation, people: dict[str, Membership]) -> list[Case]:
    """Two that may be assigned; one that somebody has already."""
    cases = [filed(organisation, days=number, subject=f"Klacht {number}") for number in range(3)]
    with scope(organisation.pk):
        perform(
            cases[2],
            "assign",
            answers={"handler": str(people["handler"].pk)},
            actor=actor_of(people["csm"], cases[2]),
            at=timezone.now(),
        )
    return cases


def test_every_ticked_case_is_assigned_by_an_act_of_its_own(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    answer = client.post(ADDRESS, chosen(ticks(*three[:2]), people["handler"]), follow=True)
    assert answer.redirect_chain == [("/beheer/zaken/?handler=none", 302)]
    assert "Gedaan in 2 zaken: " in words(answer)
    for case in three[:2]:
        assert fresh(case).handler_id == people["handler"].pk
        with scope(case.organisation_id):
            event = Event.objects.get(case=case, occurrence="assign")
            assert (event.member, event.roles) == (people["csm"], ["csm"])


def test_what_the_procedure_refuses_is_told_and_the_rest_is_done(
    organisation: Organisation, three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    colleague = member(organisation, "Tom Rietveld", "handler")
    now = timezone.now()
    about = filed_case(organisation, at=now, recorded_at=now, subject="Over Tom", about="Tom Rietveld")
    answer = signed_in(people["csm"]).post(ADDRESS, chosen(ticks(*three, about), colleague))
    page = words(answer)
    assert answer.status_code == 422
    assert "Gedaan in 2 zaken: Tom Rietveld" in page
    assert "In 2 zaken is dit niet gedaan." in page
    reasons = dict(re.findall(r'id="waarom-([^"]+)">([^<]+)<', page))
    assert set(reasons) == {three[2].reference, about.reference}
    assert "De klacht gaat over deze persoon. Kies iemand anders." in reasons[about.reference]
    assert reasons[three[2].reference].startswith("Dat kan niet in de fase")
    assert re.findall(r'id="zaak-([^"]+)" checked', page) == [about.reference]  # only this one can be mended
    known = [colleague.pk, colleague.pk, people["handler"].pk, None]
    assert [fresh(case).handler_id for case in (*three, about)] == known


def test_case_that_moved_on_is_told_and_can_be_sent_again(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    before = ticks(*three[:2])
    other = three[0]
    with scope(other.organisation_id):
        handler = {"handler": str(people["handler"].pk)}
        perform(other, "assign", answers=handler, actor=actor_of(people["csm"], other), at=timezone.now())
    answer = client.post(ADDRESS, chosen(before, people["handler"]))
    page = words(answer)
    assert answer.status_code == 409
    assert "Gedaan in 1 zaak" in page
    assert "Deze zaak is intussen veranderd." in page
    assert f'value="{ticks(other)[0]}"' in page
    assert client.post(ADDRESS, chosen(before, people["handler"])).status_code == 409  # sent twice: done once
    with scope(other.organisation_id):
        assert Event.objects.filter(case__in=three[:2], occurrence="assign").count() == 2


def test_act_that_asks_more_has_a_form_for_all_of_them(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    client.post(ADDRESS, chosen(ticks(*three[:2]), people["handler"]))
    second = member(Organisation.objects.get(slug="klik-onderwijs"), "Farida el Amrani", "handler")
    answer = client.post(ADDRESS, chosen(ticks(*three[:2]), second, "reassign"))
    page = words(answer)
    assert answer.status_code == 200
    assert page.count('name="chosen-case"') == 2
    assert f'<option value="{second.pk}" selected>' in page
    assert all(fresh(case).handler_id == people["handler"].pk for case in three[:2])
    sent = chosen(ticks(*three[:2]), second, "reassign") | {"chosen-filled": "1", "handler": second.pk}
    empty = client.post(ADDRESS, sent | {"reassign_reason": ""})
    assert empty.status_code == 422
    assert "Vul dit in." in words(empty)
    reason = "Tom is lang ziek; Farida kent beide zaken."
    stale = client.post(ADDRESS, sent | {"reassign_reason": reason, "chosen-case": [f"{three[0].reference}:1"]})
    assert stale.status_code == 409
    assert reason in words(stale)
    done = client.post(ADDRESS, sent | {"reassign_reason": reason}, follow=True)
    assert "Gedaan in 2 zaken" in words(done)
    assert all(fresh(case).handler_id == second.pk for case in three[:2])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"chosen-case": []}, "Kies eerst een of meer zaken"),
        ({"chosen-case": [f"KO-2026-{number:04d}:1" for number in range(201)]}, "Kies hoogstens 200 zaken tegelijk."),
        ({"chosen-act": "acknowledge"}, "Kies wat u met deze zaken wilt doen."),
        ({"chosen-act": ""}, "Kies wat u met deze zaken wilt doen."),
        ({"chosen-member": ""}, "Kies een persoon."),
        ({"chosen-member": "99999"}, "Deze persoon kan dit niet doen."),
    ],
)
def test_half_a_choice_is_told_and_the_ticks_stay(
    changes: dict[str, object],
    why: str,
    three: list[Case],
    people: dict[str, Membership],
    signed_in: SignedIn,
):
    sent = chosen(ticks(*three[:2]), people["handler"]) | changes
    answer = signed_in(people["csm"]).post(ADDRESS, sent)
    page = words(answer)
    assert answer.status_code == 422
    assert why in page
    if "chosen-case" not in changes:
        assert len(re.findall(r'name="chosen-case"[^>]* checked', page)) == 2
    if "chosen-member" not in changes:
        assert f'<option value="{people["handler"].pk}" selected>' in page
    assert all(fresh(case).handler_id is None for case in three[:2])


def test_who_may_not_assign_gets_no_boxes_and_no_say(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    client, mine = signed_in(people["handler"]), three[2]
    before = fresh(mine).revision
    page = words(client.get("/beheer/zaken/"))
    assert mine.reference in page
    assert "chosen-case" not in page
    assert client.post(ADDRESS, chosen(ticks(mine), people["handler"], "reassign")).status_code == 422
    assert fresh(mine).revision == before


def test_respondent_and_stranger_learn_nothing_of_a_case_that_they_tick(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    colleague = member(organisation, "Tom Rietveld", "csm")
    about = filed_case(organisation, at=now, recorded_at=now, subject="Over Tom", about="Tom Rietveld")
    other = published("klassepro")
    stranger = staffed(other)["coordinator"]
    for viewer, handler in ((colleague, people["handler"]), (stranger, member(other, "Ander Mens", "handler"))):
        client = signed_in(viewer)
        known = client.post(ADDRESS, chosen([f"{about.reference}:{fresh(about).revision}"], handler))
        unknown = client.post(ADDRESS, chosen(["KO-2026-9999:2"], handler))
        assert known.status_code == unknown.status_code == 409
        assert about.reference not in words(known)
        assert "Over Tom" not in words(known)
        assert "1 gekozen zaak is er voor u niet." in words(known)
    assert fresh(about).handler_id is None


def test_written_reason_for_a_conflict_is_asked_in_the_case_itself(signed_in: SignedIn):
    organisation = published("klassepro")
    people = staffed(organisation)
    pieter = member(organisation, "Pieter Hoekstra", "handler")
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now, about_someone=True, about="Pieter Hoekstra")
    client = signed_in(people["coordinator"])
    for check in (each for each in definition("klassepro").checks if "assign" in each.before):
        client.post(f"/beheer/zaken/{case.reference}/lijst/{check.name}/")
    answer = client.post(ADDRESS, chosen(ticks(case), pieter))
    assert answer.status_code == 422
    assert "schrijf op waarom het niet anders kan" in words(answer)
    assert f'href="/beheer/zaken/{case.reference}/handeling/assign/"' in words(answer)
    assert fresh(case).handler_id is None


def test_all_of_a_page_are_ticked_at_once(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    page = words(signed_in(people["csm"]).get("/beheer/zaken/?handler=none&alles=1"))
    assert len(re.findall(r'name="chosen-case"[^>]* checked', page)) == 2
    assert 'href="?handler=none&p=1&alles=1"' in page


def test_what_takes_too_long_is_left_for_another_try(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(assigning, "PATIENCE", 0.0)
    answer = signed_in(people["csm"]).post(ADDRESS, chosen(ticks(*three[:2]), people["handler"]))
    assert answer.status_code == 422
    assert words(answer).count("Hier kwamen wij nog niet aan toe.") == 2
    assert len(re.findall(r'name="chosen-case"[^>]* checked', words(answer))) == 2
    assert all(fresh(case).handler_id is None for case in three[:2])
