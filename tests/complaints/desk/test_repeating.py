"""A complaint that looks like another: the form names it, chooses "repeat", and a no asks for a reason (KC-10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import explaining
from complaints.models import Answer, Case, Event, Letter, Membership, Party
from complaints.queries.replay import replayed
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import filed_case, member, published, staffed

pytestmark = [pytest.mark.django_db, pytest.mark.rule("KC-10")]
SignedIn = Callable[[Membership], Client]

SUBJECT = "Afspraken werden steeds verzet"
EARLIER = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
COMPULSORY = re.compile(r'name="compulsory" value="(\w+)"[^>]*checked')


@pytest.fixture
def organisation() -> Organisation:
    return published("klimkoord")


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def desk(people: dict[str, Membership], signed_in: SignedIn) -> Client:
    return signed_in(people["servicedesk"])


def case_of(organisation: Organisation, name: str, *, subject: str = SUBJECT, about: str = "") -> Case:
    now = timezone.now()
    given: dict[str, Any] = {"about": about} if about else {}
    return filed_case(
        organisation,
        at=now,
        recorded_at=now,
        name=name,
        email=f"{name[:3].lower()}@voorbeeld.example",
        subject=subject,
        nature="general",
        prefers="direct",
        confidentiality="shared",
        **given,
    )


def address(case: Case) -> str:
    return f"/beheer/zaken/{case.reference}/handeling/assign_employee/"


def chosen(answer: object) -> list[str]:
    return COMPULSORY.findall(answer.content.decode())  # type: ignore[attr-defined]


def test_question_names_the_cases_and_yes_is_chosen_beforehand(
    organisation: Organisation, people: dict[str, Membership], desk: Client
):
    first = case_of(organisation, "Anna de Wit")
    again = case_of(organisation, "Bert Bos", subject=SUBJECT.upper())
    other = case_of(organisation, "Cor Cuypers", subject="De wachttijd")
    page = desk.get(address(again))
    assert chosen(page) == ["repeated"]
    assert "Ik kies niets" not in page.content.decode(), "it has to be answered"
    assert f"{first.reference}</a> {SUBJECT} (hetzelfde onderwerp)" in page.content.decode()
    assert other.reference not in page.content.decode()
    typed = {"handler": people["handler"].pk, "compulsory": "repeated", "revision": again.revision}
    assert desk.post(address(again), typed).status_code == 302
    with scope(organisation.pk):
        assert Letter.objects.filter(case=again, name="quality_notice", recipient="quality_manager").exists()
        assert not Event.objects.filter(case=again, occurrence=explaining.NO_REPEAT).exists()


def test_no_asks_for_a_reason_that_stands_with_the_case(
    organisation: Organisation, people: dict[str, Membership], desk: Client
):
    first = case_of(organisation, "Anna de Wit", about="Pieter Hoekstra")
    again = case_of(organisation, "Bert Bos", subject="Te laat", about="pieter hoekstra")
    typed = {"handler": people["handler"].pk, "compulsory": "none", "revision": again.revision}
    refused = desk.post(address(again), typed)
    assert refused.status_code == 422
    said = refused.content.decode()
    assert f"Er zijn zaken die hierop lijken: {first.reference}. Schrijf op waarom dit geen herhaling is." in said
    assert "over dezelfde persoon" in said
    assert chosen(refused) == ["none"], "what was typed stays"
    reason = "Een andere Pieter Hoekstra."
    assert desk.post(address(again), {**typed, "no_repeat_reason": reason}).status_code == 302
    with scope(organisation.pk):
        event = Event.objects.get(case=again, occurrence=explaining.NO_REPEAT)
        assert event.facts["cases"] == {"value": [first.pk]}
        assert event.facts["act"] == {"value": "assign_employee"}
        assert set(event.facts["reason"]) == {"hmac"}
        assert Answer.objects.get(event=event).value == reason
        again.refresh_from_db()
        assert replayed(again).phase == again.phase == "handling"
        assert not Letter.objects.filter(case=again, name="quality_notice").exists()
    page = desk.get(f"/beheer/zaken/{again.reference}/").content.decode()
    assert f"<strong>Geen herhaling, omdat:</strong> {reason}" in page
    assert "schreef op waarom dit geen herhaling is van een andere zaak" in page


def test_what_is_compulsory_for_another_reason_needs_no_explanation(
    organisation: Organisation, people: dict[str, Membership], desk: Client
):
    case_of(organisation, "Anna de Wit")
    again = case_of(organisation, "Bert Bos")
    typed = {
        "handler": people["handler"].pk,
        "compulsory": "unwanted_behaviour",
        "no_repeat_reason": "Dit telt niet.",
        "revision": again.revision,
    }
    assert desk.post(address(again), typed).status_code == 302
    with scope(organisation.pk):
        assert not Answer.objects.filter(case=again, name=explaining.NO_REPEAT).exists()


def test_complaint_that_looks_like_no_other_asks_nothing_more(
    organisation: Organisation, people: dict[str, Membership], desk: Client
):
    only = case_of(organisation, "Anna de Wit")
    page = desk.get(address(only))
    assert chosen(page) == []
    assert "Waarom is dit geen herhaling?" not in page.content.decode()
    typed = {"handler": people["handler"].pk, "compulsory": "none", "revision": only.revision}
    assert desk.post(address(only), typed).status_code == 302


def test_case_that_the_viewer_may_not_know_of_is_neither_named_nor_counted(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    hidden = case_of(organisation, "Anna de Wit", about="Els Edel")
    again = case_of(organisation, "Bert Bos")
    els = member(organisation, "Els Edel", "servicedesk")
    with scope(organisation.pk):
        Party.objects.filter(case=hidden, kind=Party.Kind.RESPONDENT).update(membership=els)
    page = signed_in(els).get(address(again))
    assert hidden.reference not in page.content.decode()
    assert chosen(page) == []


def test_many_at_once_leaves_the_one_that_has_to_be_explained(
    organisation: Organisation, people: dict[str, Membership], desk: Client
):
    first = case_of(organisation, "Anna de Wit")
    again = case_of(organisation, "Bert Bos")
    other = case_of(organisation, "Cor Cuypers", subject="De wachttijd")
    sent = {
        "chosen-case": [f"{each.reference}:{each.revision}" for each in (again, other)],
        "chosen-act": "assign_employee",
        "chosen-member": people["handler"].pk,
        "chosen-filled": "1",
        "handler": people["handler"].pk,
        "compulsory": "none",
    }
    answer = desk.post("/beheer/zaken/toewijzen/", sent)
    assert answer.status_code == 422
    assert f"Deze zaak lijkt op {first.reference}." in answer.content.decode()
    with scope(organisation.pk):
        assert Case.objects.get(pk=other.pk).phase == "handling"
        assert Case.objects.get(pk=again.pk).phase == "received"


# ------------------------------------------------------------------------------------------- solved in a talk


def solved(client: Client, **given: object) -> dict[str, object]:
    """The form for what was solved in a talk, filled in."""
    page = client.get("/beheer/zaken/nieuw/register_solved/").content.decode()
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    now = timezone.localtime()
    typed: dict[str, object] = {
        "nonce": nonce[1],
        "channel": "conversation",
        "received_at": f"{now.day}-{now.month}-{now.year} 0.00",
        "confidentiality": "shared",
        "represented": "no",
        "name": "Bert Bos",
        "reach": "email",
        "email": "ber@voorbeeld.example",
        "nature": "general",
        "subject": SUBJECT,
        "description": "De afspraak ging weer niet door.",
        "prefers": "direct",
        "unwanted_behaviour": "no",
        "agreements": "Wij bellen voortaan.",
        "compulsory": "none",
    }
    return typed | given


def test_what_was_solved_in_a_talk_need_not_be_kept_open_when_it_happened_once(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    employee = signed_in(people["employee"])
    assert employee.post("/beheer/zaken/nieuw/register_solved/", solved(employee)).status_code == 302
    with scope(organisation.pk):
        assert Case.objects.get().phase == "closed"


def test_what_was_solved_in_a_talk_goes_to_the_quality_manager_when_it_was_complained_about_before(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    first = case_of(organisation, "Anna de Wit")
    taker = signed_in(people["servicedesk"])
    typed = solved(taker)
    refused = taker.post("/beheer/zaken/nieuw/register_solved/", typed)
    assert refused.status_code == 422
    assert f"Er zijn zaken die hierop lijken: {first.reference}." in refused.content.decode()
    assert "Wij bellen voortaan.</textarea>" in refused.content.decode()
    with scope(organisation.pk):
        assert Case.objects.count() == 1
    assert taker.post("/beheer/zaken/nieuw/register_solved/", {**typed, "compulsory": "repeated"}).status_code == 302
    with scope(organisation.pk):
        again = Case.objects.exclude(pk=first.pk).get()
        assert again.phase == "follow_up"
        assert Letter.objects.filter(case=again, name="quality_notice", recipient="quality_manager").exists()


@pytest.mark.rule("KC-10")
def test_repeat_goes_to_the_quality_manager_also_when_who_solved_it_may_not_know_of_the_other(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    first = case_of(organisation, "Anna de Wit")
    employee = signed_in(people["employee"])
    answer = employee.post("/beheer/zaken/nieuw/register_solved/", solved(employee), follow=True)
    assert answer.status_code == 200
    assert first.reference not in answer.content.decode()
    with scope(organisation.pk):
        again = Case.objects.exclude(pk=first.pk).get()
        assert again.phase == "follow_up"
        assert Letter.objects.filter(case=again, name="quality_notice", recipient="quality_manager").exists()


def test_reason_that_it_is_no_repeat_is_kept_once_with_the_new_case(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    first = case_of(organisation, "Anna de Wit")
    taker = signed_in(people["servicedesk"])
    typed = solved(taker, no_repeat_reason="Dit ging over een feestdag.")
    for _again in range(2):
        assert taker.post("/beheer/zaken/nieuw/register_solved/", typed).status_code == 302
    with scope(organisation.pk):
        again = Case.objects.exclude(pk=first.pk).get()
        event = Event.objects.get(case=again, occurrence=explaining.NO_REPEAT)
        assert event.facts["cases"] == {"value": [first.pk]}
        assert replayed(again).phase == again.phase == "closed"
