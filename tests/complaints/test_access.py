"""The one door: who may know of a case."""

from __future__ import annotations

import pytest
from django.http import Http404

from complaints.access import case_for_staff, cases_for, membership_of
from complaints.models import Assignment, Case, Membership, Party, User
from procedures.scoping import scope
from tests.complaints.factories import account, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db


def seen(slug: str, membership: Membership) -> set[str]:
    with scope(membership.organisation_id):
        return {case.reference for case in cases_for(membership, definition(slug))}


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("o21", marks=pytest.mark.rule("O21-05")),
        pytest.param("klassepro", marks=pytest.mark.rule("KP-02")),
        pytest.param("klikklaar", marks=pytest.mark.rule("KK-07")),
        "klik-onderwijs",
        "klimkoord",
    ],
)
def test_case_is_known_only_to_those_who_work_on_it(slug: str):
    organisation, other = published(slug), published("klik-onderwijs" if slug != "klik-onderwijs" else "o21")
    people = staffed(organisation)
    case = filed_case(organisation)
    procedure = definition(slug)
    for role in procedure.roles:
        works_on_all = not (role.per_case or role.is_outside or role.only_own)
        assert (case.reference in seen(slug, people[role.name])) is works_on_all, role.name
    with scope(organisation.pk):
        stranger = account("Vreemde Vogel", is_superuser=True, is_staff=True)
        assert membership_of(stranger) is None
        with pytest.raises(Http404):
            case_for_staff(None, case.reference, procedure)
    with scope(other.pk), pytest.raises(Http404):
        case_for_staff(member(other, "Ander Mens", "csm"), case.reference, definition(other.slug))


def test_respondent_knows_nothing_whatever_their_role():
    organisation = published("klik-onderwijs")
    director = member(organisation, "Anna Baas", "general_director", "csm")
    case = filed_case(organisation, about="Anna Baas")
    assert seen("klik-onderwijs", director) == set()
    with scope(organisation.pk), pytest.raises(Http404):
        case_for_staff(director, case.reference, definition("klik-onderwijs"))


@pytest.mark.rule("KP-05")
def test_respondent_who_was_assigned_with_a_reason_sees_that_case():
    organisation = published("klassepro")
    handler = member(organisation, "Marieke Wit", "handler")
    case = filed_case(organisation)
    with scope(organisation.pk):
        Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Marieke Wit", membership=handler)
        assert not Case.objects.filter(pk__in=cases_for(handler, definition("klassepro"))).exists()
        Assignment.objects.create(case=case, membership=handler, role="handler")
        entry = case_for_staff(handler, case.reference, definition("klassepro"))
        assert entry.actor.roles == {"handler"}


def test_person_without_active_membership_is_a_stranger():
    organisation = published("klik-onderwijs")
    gone = member(organisation, "Oud Medewerker", "csm")
    with scope(organisation.pk):
        Membership.objects.filter(pk=gone.pk).update(is_active=False)
        assert membership_of(User.objects.get(pk=gone.user_id)) is None
