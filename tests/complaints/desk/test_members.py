"""Managing who works in the organisation: letting in, changing, handing over, letting go; and who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import perform, send_notices
from complaints.actions.memberships import change_member, deactivate
from complaints.models import Case, Event, Membership, Notice, Substitution, User
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import account, actor_of, definition, filed_case, member, published
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
SLUG = "klik-onderwijs"
LIST = "/beheer/medewerkers/"
LIST_QUERIES = 27
NEW = {
    "first_name": "Yara",
    "last_name": "Smit",
    "email": "Yara.Smit@medewerker.example",
    "function": "jurist",
    "roles": ["handler"],
}


def fresh(who: Membership) -> Membership:
    with scope(who.organisation_id):
        return Membership.objects.select_related("user").get(pk=who.pk)


def one(who: Membership, what: str = "") -> str:
    return f"{LIST}{who.pk}/{what}"


def assigned(organisation: Organisation, people: dict[str, Membership], *, about: str = "") -> Case:
    """A case that the handler investigates."""
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now, about=about)
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=actor, at=now)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=actor, at=now)
    return case


def handler_of(case: Case) -> Membership | None:
    with scope(case.organisation_id):
        return Case.objects.select_related("handler__user").get(pk=case.pk).handler


@pytest.fixture
def other(organisation: Organisation) -> Membership:
    """Another handler."""
    return member(organisation, "Samir Kaya", "handler")


def test_list_shows_roles_by_their_titles_and_only_who_manages_may_change(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    former = member(organisation, "Oud Medewerker", "manager")
    with scope(organisation.pk):
        Membership.objects.filter(pk=former.pk).update(is_active=False)
    for manages in ("csm", "general_director"):
        page = signed_in(people[manages]).get(LIST).content.decode()
        assert "klachtenfunctionaris" in page
        assert f'href="{one(people["handler"])}"' in page
        assert "Oud Medewerker" in page
    handler = signed_in(people["handler"])
    page = handler.get(LIST).content.decode()
    assert people["csm"].name in page
    assert one(people["csm"]) not in page
    assert "Oud Medewerker" not in page
    assert signed_in(people["assessor"]).get(LIST).status_code == 403
    assert LIST not in signed_in(people["assessor"]).get("/beheer/zaken/").content.decode()
    for address in (f"{LIST}nieuw/", one(people["csm"])):
        assert handler.get(address).status_code == 403
        assert handler.post(address, NEW).status_code == 403
    for address in ("overdragen/", "uit/", "aan/"):
        assert handler.post(one(people["csm"], address)).status_code == 403


@pytest.mark.parametrize("number", [1, 30])
def test_list_costs_the_same_for_one_and_for_thirty_members(
    number: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    for each in range(number):
        member(organisation, f"Nieuw Lid{each}", "handler")
    client = signed_in(people["csm"])
    with django_assert_num_queries(LIST_QUERIES):
        page = client.get(LIST).content.decode()
    assert page.count('scope="row"') == number + len(definition(SLUG).roles) + 2  # three assessors


def test_invited_colleague_has_an_account_without_a_password(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    assert client.get(f"{LIST}nieuw/").status_code == 200
    done = client.post(f"{LIST}nieuw/", NEW, follow=True)
    assert "Wachtwoord vergeten" in done.content.decode()
    user = User.objects.get(email="yara.smit@medewerker.example")
    assert (user.full_name, user.has_usable_password()) == ("Yara Smit", False)
    with scope(organisation.pk):
        made = Membership.objects.get(user=user)
    assert (made.roles, made.function, made.is_active) == (["handler"], "jurist", True)
    assert signed_in(made).get("/beheer/zaken/").status_code == 200
    again = client.post(f"{LIST}nieuw/", NEW)
    assert again.status_code == 422
    assert "Deze collega staat al in de lijst." in again.content.decode()


def test_who_has_an_account_elsewhere_keeps_it_as_it_is(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    user = account("Tom Rietveld")
    member(published("o21"), "Tom Rietveld", "employee", user=user)
    before = user.password
    done = signed_in(people["csm"]).post(f"{LIST}nieuw/", NEW | {"email": user.email.upper()}, follow=True)
    assert "Tom Rietveld hoort er nu bij" in done.content.decode()
    user.refresh_from_db()
    assert (user.full_name, user.password) == ("Tom Rietveld", before)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"email": "geen adres"}, "Dit is geen e-mailadres."),
        ({"roles": []}, "Kies ten minste één rol."),
        ({"roles": ["director"]}, "roles"),  # a role of another organisation
        ({"roles": ["general_director"]}, "alleen iemand die haar zelf heeft"),
        ({"first_name": ""}, "Vul dit in."),
    ],
)
def test_invitation_that_cannot_be_keeps_what_was_typed(
    wrong: dict[str, object], reason: str, people: dict[str, Membership], signed_in: SignedIn
):
    answer = signed_in(people["csm"]).post(f"{LIST}nieuw/", NEW | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert reason in page
    assert 'value="jurist"' in page
    assert not User.objects.filter(email__iexact="yara.smit@medewerker.example").exists()


def test_roles_and_function_change_and_old_roles_stay(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["manager"].pk).update(roles=["manager", "gone_since_version_2"])
    client = signed_in(people["csm"])
    assert client.get(one(people["manager"])).status_code == 200
    answer = client.post(one(people["manager"]), {"function": "teamleider", "roles": ["manager", "handler"]})
    assert answer.status_code == 302
    now = fresh(people["manager"])
    assert (now.roles, now.function) == (["gone_since_version_2", "handler", "manager"], "teamleider")


def test_last_administrator_role_stays(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, other: Membership
):
    csm, director = people["csm"], people["general_director"]
    own = signed_in(csm).post(one(csm), {"roles": ["manager"]})
    assert own.status_code == 422
    assert "uw laatste rol als beheerder" in own.content.decode()
    by_another = signed_in(director).post(one(csm), {"roles": ["manager"]})
    assert "is de laatste met de rol" in by_another.content.decode()
    publisher = signed_in(director).post(one(director), {"roles": ["csm"]})
    assert "is de laatste met de rol" in publisher.content.decode()
    assert signed_in(csm).post(one(csm, "uit/")).status_code == 302
    assert signed_in(director).post(one(csm, "uit/")).status_code == 302
    assert [fresh(each).roles for each in (csm, director)] == [["csm"], ["general_director"]]
    assert fresh(csm).is_active
    signed_in(director).post(one(other), {"roles": ["handler", "csm"]})
    assert signed_in(director).post(one(csm), {"roles": ["manager"]}).status_code == 302
    assert fresh(csm).roles == ["manager"]


def test_role_that_publishes_is_given_and_taken_only_by_who_has_it(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    csm, director = people["csm"], people["general_director"]
    for address, typed in (
        (one(csm), {"roles": ["csm", "general_director"]}),
        (one(director), {"roles": ["csm"]}),
    ):
        refused = signed_in(csm).post(address, typed)
        assert "alleen iemand die haar zelf heeft" in refused.content.decode()
    assert signed_in(csm).post(one(director, "uit/")).status_code == 302
    assert fresh(director).is_active
    assert signed_in(director).post(one(csm), {"roles": ["csm", "general_director"]}).status_code == 302


def test_role_with_open_cases_is_handed_over_first(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, other: Membership
):
    case = assigned(organisation, people)
    client = signed_in(people["csm"])
    refused = client.post(one(people["handler"]), {"roles": ["manager"]})
    assert "nog open zaken als klachtenfunctionaris" in refused.content.decode()
    handed = client.post(one(people["handler"], "overdragen/"), {"to": other.pk, "reason": "Andere baan."})
    assert "1 zaak is overgedragen." in handed.content.decode()
    assert handler_of(case) == other
    assert client.post(one(people["handler"]), {"roles": ["manager"]}).status_code == 302


def test_handing_over_without_a_person_or_a_reason_says_so(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, other: Membership
):
    case = assigned(organisation, people)
    client = signed_in(people["csm"])
    for what in ("overdragen/", "uit/"):
        answer = client.post(one(people["handler"], what), {"to": "", "reason": "Andere baan."})
        assert answer.status_code == 422
        assert "Kies een persoon." in answer.content.decode()
        assert "Andere baan.</textarea>" in answer.content.decode()
    assert handler_of(case) == people["handler"]


def test_letting_somebody_go_needs_their_cases_handed_over(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, other: Membership
):
    movable, stays = assigned(organisation, people), assigned(organisation, people, about="Samir Kaya")
    client, handler = signed_in(people["csm"]), people["handler"]
    nothing = client.post(one(handler, "uit/"))
    assert nothing.status_code == 422
    assert "Er zijn nog open zaken. Kies wie ze overneemt." in nothing.content.decode()
    partly = client.post(one(handler, "uit/"), {"to": other.pk, "reason": "Uit dienst."}).content.decode()
    assert "1 zaak is overgedragen." in partly
    assert "De klacht gaat over deze persoon" in partly
    assert f"{handler.name} heeft nog toegang" in partly
    assert (handler_of(movable), handler_of(stays)) == (other, handler)
    assert fresh(handler).is_active
    anyway = client.post(one(handler, "uit/"), {"anyway": "yes"}, follow=True)
    assert f"{handler.name} kan hier niet meer in." in anyway.content.decode()
    assert not fresh(handler).is_active
    assert signed_in(handler).get("/beheer/zaken/").status_code == 403
    with scope(organisation.pk):
        event = Event.objects.get(occurrence="beside:left")
        assert (event.case_id, event.facts) == (stays.pk, {"member": {"value": handler.pk}})
    assert "werkt hier niet meer" in client.get(f"/beheer/zaken/{stays.reference}/").content.decode()
    assert client.post(one(handler, "aan/")).status_code == 302
    assert fresh(handler).is_active


def test_case_about_the_administrator_is_neither_shown_nor_lost(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, smtp_server: MailServer
):
    boss = member(organisation, "Anna Baas", "csm")
    case = assigned(organisation, people, about="Anna Baas")
    client, handler = signed_in(boss), people["handler"]
    page = client.get(one(handler)).content.decode()
    assert "Deze collega werkt aan" not in page
    assert 'data-label="Open zaken">0</td>' in client.get(LIST).content.decode()
    answer = client.post(one(handler, "uit/"), follow=True)
    assert case.reference not in answer.content.decode()
    assert not fresh(handler).is_active
    with scope(organisation.pk):
        told = Notice.objects.filter(case=case, kind=Notice.Kind.MESSAGE, member__isnull=False)
        assert {each.member_id for each in told} == {people["csm"].pk, people["general_director"].pk}
    send_notices(organisation.pk, at=timezone.now())
    mail = smtp_server.messages[0]
    assert mail["Subject"] == "Een zaak zonder behandelaar"
    assert case.reference in mail.get_content()
    assert handler.name not in mail.get_content()


def test_letting_go_ends_standing_in(organisation: Organisation, people: dict[str, Membership], other: Membership):
    today, now = timezone.localdate(), timezone.now()
    with scope(organisation.pk):
        for away, deputy in ((people["handler"], other), (people["manager"], people["handler"])):
            Substitution.objects.create(
                member=away, deputy=deputy, first_on=today, last_on=today, made_by=people["csm"], made_at=now
            )
        deactivate(people["handler"], by=people["csm"], procedure=definition(SLUG), at=now)
        assert not Substitution.objects.filter(ended_at=None).exists()


def test_another_organisation_is_not_found(people: dict[str, Membership], signed_in: SignedIn):
    stranger = member(published("o21"), "Ander Mens", "secretariaat", "directie")
    client = signed_in(stranger)
    for what in ("", "overdragen/", "uit/", "aan/"):
        assert client.post(one(people["handler"], what), {"roles": ["directie"]}).status_code == 404
    assert people["handler"].name not in client.get(LIST).content.decode()


def test_superuser_manages_nobody(organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    client.force_login(account("Root Root", is_superuser=True, is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.post(one(people["handler"], "uit/")).status_code == 403
    assert fresh(people["handler"]).is_active


def test_manager_changes_nothing_behind_a_stale_copy(organisation: Organisation, people: dict[str, Membership]):
    stale = fresh(people["manager"])
    with scope(organisation.pk):
        Membership.objects.filter(pk=stale.pk).update(roles=["manager", "general_director"])
        change_member(
            stale,
            roles=["manager", "general_director"],
            function="",
            by=people["csm"],
            procedure=definition(SLUG),
        )
    assert fresh(stale).roles == ["general_director", "manager"]
