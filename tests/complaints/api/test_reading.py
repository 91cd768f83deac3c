"""The register by a key: the same lines as at the desk, nothing of whom it is about, and each line noted as read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import link_respondent
from complaints.models import ApiKey, Case, Membership, Party, Reading
from complaints.register import columns, is_personal
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.api.conftest import SLUG, Connected
from tests.complaints.factories import SLUGS, actor_of, definition, filed_case

Scope = ApiKey.Scope
QUERIES = 22
PLANTED = "PLANTGEHEIM"


def test_shows_what_the_register_at_the_desk_shows(
    connected: Connected, organisation: Organisation, administrator: Membership
):
    old = filed_case(organisation, at=datetime(2026, 3, 4, 9, tzinfo=UTC), subject="Eerste")
    new = filed_case(organisation, at=datetime(2026, 11, 20, 9, 15, tzinfo=UTC), subject="Tweede")
    system = connected()
    told = system.get("register").json()
    assert [each["name"] for each in told["columns"]] == [
        "reference",
        *(each for each in columns(definition(SLUG)) if each != "reference"),
    ]
    assert [each["reference"] for each in told["lines"]] == [new.reference, old.reference]
    assert (told["page"], told["pages"], told["total"]) == (1, 1, 2)
    assert told["lines"][0]["received_on"] == "2026-11-20"
    assert "Jolanda Verweij" in str(told)
    assert [each["reference"] for each in system.get("register?year=2026").json()["lines"]] == [
        new.reference,
        old.reference,
    ]
    assert system.get("register?year=2025").json()["lines"] == []
    assert system.get("register?state=closed").json()["lines"] == []
    assert system.get("register?page=2").json()["lines"] == []


@pytest.mark.parametrize("bad", ["year=abc", "year=1", "state=half", "page=0", "page=-1"])
def test_filter_that_makes_no_sense_is_told(connected: Connected, bad: str):
    answer = connected().get(f"register?{bad}")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"query/{bad.partition('=')[0]}"]


def test_without_the_right_nothing_of_a_person_is_told(
    connected: Connected, organisation: Organisation, people: dict[str, Membership]
):
    now = timezone.now()
    filed_case(
        organisation,
        at=now,
        recorded_at=now,
        name=f"{PLANTED} Verweij",
        subject=f"{PLANTED} onderwerp",
        description=f"{PLANTED} verhaal",
        about=f"{PLANTED} Hoekstra",
    )
    system = connected(Scope.READ)
    told = system.get("register")
    assert told.status_code == 200
    assert PLANTED not in told.content.decode()
    assert not any(each["is_personal"] for each in told.json()["columns"])
    assert PLANTED in connected().get("register").content.decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_column_that_may_name_somebody_is_personal(slug: str):
    procedure = definition(slug)
    open_ones = {each for each in columns(procedure) if not is_personal(each, procedure)}
    assert not open_ones & {"name", "organisation", "email", "subject", "respondents", "handler", "measures", "about"}
    assert "reference" in open_ones
    assert is_personal("niemand_kent_dit", procedure)


def test_never_shows_a_case_about_who_made_the_key(
    connected: Connected, organisation: Organisation, administrator: Membership, people: dict[str, Membership]
):
    now = timezone.now()
    about = filed_case(organisation, at=now, recorded_at=now, about=administrator.name)
    linked = filed_case(organisation, at=now, recorded_at=now, about="de baas")
    with scope(organisation.pk):
        party = Party.objects.get(case=linked, kind=Party.Kind.RESPONDENT)
        link_respondent(linked, party, administrator, actor=actor_of(people["csm"], linked), at=now)
    answer = connected().get("register")
    assert answer.json()["total"] == 0
    for case in (about, linked):
        assert case.reference not in answer.content.decode()


def test_each_line_is_noted_as_read(connected: Connected, organisation: Organisation, administrator: Membership):
    case = filed_case(organisation)
    system = connected(Scope.READ)
    for _ in range(2):
        system.get("register")
    with scope(organisation.pk):
        rows = Reading.objects.values_list("case", "member", "what", "key")
        assert list(rows) == [(case.pk, administrator.pk, Reading.What.API, system.key.pk)] * 2


@pytest.mark.parametrize("number", [1, 30])
def test_costs_the_same_for_one_and_for_thirty(
    number: int, connected: Connected, organisation: Organisation, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(number):
        filed_case(organisation)
    system = connected()
    with django_assert_num_queries(QUERIES):
        told = system.get("register").json()
    assert len(told["lines"]) == number


def test_erased_case_is_not_there(connected: Connected, organisation: Organisation):
    case = filed_case(organisation)
    with scope(organisation.pk):
        Case.objects.filter(pk=case.pk).update(erased_at=timezone.now())
    assert connected().get("register").json()["total"] == 0
