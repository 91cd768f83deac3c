"""Who sees which page of the desk, and at what cost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import perform
from complaints.models import Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, account, actor_of, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
WORKLIST = "/beheer/zaken/"
WORKLIST_QUERIES = 44
CASE_QUERIES = 53


def test_stranger_is_sent_to_sign_in(organisation: Organisation):
    answer = Client().get(WORKLIST)
    assert answer["Location"] == f"/beheer/login/?next={WORKLIST}"


def test_superuser_without_membership_sees_nothing(organisation: Organisation):
    case = filed_case(organisation)
    client = Client()
    client.force_login(account("Root Root", is_superuser=True, is_staff=True))
    for address in (WORKLIST, f"{WORKLIST}{case.reference}/", f"{WORKLIST}nieuw/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert case.reference not in answer.content.decode()
        assert case.subject not in answer.content.decode()


def test_worklist_and_case_page_show_the_case(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case = filed_case(organisation)
    client = signed_in(people["csm"])
    assert case.reference in client.get(WORKLIST).content.decode()
    page = client.get(reverse("desk:case", args=[case.reference]))
    assert page.status_code == 200
    assert "Jolanda Verweij" in page.content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_worklist_costs_the_same_for_one_and_for_thirty_cases(
    number: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    for _ in range(number):
        filed_case(organisation)
    client = signed_in(people["csm"])
    with django_assert_num_queries(WORKLIST_QUERIES):
        answer = client.get(WORKLIST)
    assert answer.content.decode().count('scope="row"') == number


@pytest.mark.parametrize("changes_of_handler", [0, 10])
def test_case_page_costs_the_same_however_much_happened(
    changes_of_handler: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    handler = str(people["handler"].pk)
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=actor, at=now)
        perform(case, "assign", answers={"handler": handler}, actor=actor, at=now)
        for _ in range(changes_of_handler):
            perform(case, "reassign", answers={"handler": handler, "reassign_reason": "Ziek."}, actor=actor, at=now)
    client = signed_in(people["csm"])
    with django_assert_num_queries(CASE_QUERIES):
        page = client.get(reverse("desk:case", args=[case.reference])).content.decode()
    assert page.count("“Wijs een andere klachtenfunctionaris aan”") == changes_of_handler


@pytest.mark.parametrize("slug", SLUGS)
def test_every_organisation_can_work_at_the_desk(slug: str, signed_in: SignedIn):
    organisation = published(slug)
    staffed(organisation)
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    everybody = member(organisation, "Nadia Brouwer", *[role.name for role in definition(slug).roles])
    client = signed_in(everybody)
    assert case.reference in client.get(WORKLIST).content.decode()
    page = client.get(reverse("desk:case", args=[case.reference]))
    assert page.status_code == 200
    acts = re.findall(r'href="(/beheer/zaken/[^"]*/handeling/[^"]*/)"', page.content.decode())
    ways = [reverse("desk:take_in", args=[act.name]) for act in definition(slug).opening_acts]
    for address in [*acts, *ways]:
        answer = client.get(address)
        assert answer.status_code == 200 or (answer.status_code == 404 and "nieuw" in address), address
    assert acts


def test_password_is_changed_and_signing_out_ends_it(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    typed = {"oldpassword": "een lang wachtwoord", "password1": "1234", "password2": "1234"}
    refused = client.post("/beheer/password_change/", typed)
    assert "Dit kan zo nog niet" in refused.content.decode()
    new = "paars fietspad achter de molen"
    changed = client.post("/beheer/password_change/", typed | {"password1": new, "password2": new}, follow=True)
    assert "Uw wachtwoord is gewijzigd" in changed.content.decode()
    assert "U bent uitgelogd" in client.post("/beheer/logout/").content.decode()
    assert client.get(WORKLIST).status_code == 302
