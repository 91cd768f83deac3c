"""Standing in for who is away: what a deputy sees, may do and gets, and what never passes to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from complaints.access import case_for_staff, cases_for
from complaints.actions import THE_COMPLAINANT, expire_due, perform, send_message, tick_check
from complaints.actions.deputies import NotArranged, arrange_deputy, hand_over, withdraw_deputy
from complaints.models import Assignment, Case, Event, Letter, Membership, Notice, Party, Substitution
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
SLUG = "klik-onderwijs"
PAGE = "/beheer/waarnemen/"


@pytest.fixture
def deputy(organisation: Organisation) -> Membership:
    """Another handler, who sees no case of their own."""
    return member(organisation, "Samir Kaya", "handler")


def assigned(organisation: Organisation, people: dict[str, Membership], *, at: datetime, about: str = "") -> Case:
    """A case that the handler investigates."""
    case = filed_case(organisation, at=at, recorded_at=at, about=about)
    with scope(organisation.pk):
        actor = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=actor, at=at)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=actor, at=at)
        return Case.objects.select_related("version", "handler__user").get(pk=case.pk)


def away(away_member: Membership, deputy: Membership, *, at: datetime, days: int = 7) -> Substitution:
    today = timezone.localdate(at)
    with scope(away_member.organisation_id):
        return arrange_deputy(
            away_member,
            deputy,
            first_on=today,
            last_on=today + timedelta(days=days),
            by=away_member,
            procedure=definition(SLUG),
            today=today,
            at=at,
        )


def sees(who: Membership, case: Case, *, at: datetime) -> bool:
    with scope(case.organisation_id):
        return cases_for(who, definition(SLUG), at=at).filter(pk=case.pk).exists()


def written(case: Case, name: str) -> dict[str, str]:
    """To whom a letter went, by address, and in what capacity."""
    with scope(case.organisation_id):
        letters = Letter.objects.filter(case=case, name=name)
        return {each.to_email: each.to_organisation for each in letters}


def test_deputy_sees_and_acts_while_it_lasts_and_history_says_for_whom(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership, signed_in: SignedIn
):
    now = timezone.now()
    case = assigned(organisation, people, at=now)
    client, page = signed_in(deputy), f"/beheer/zaken/{case.reference}/"
    assert client.get(page).status_code == 404
    arranged = away(people["handler"], deputy, at=now)
    assert client.get(page).status_code == 200
    mine = client.get("/beheer/zaken/?handler=me").content.decode()
    assert case.reference in mine
    form = client.get(f"{page}handeling/request_information/")
    assert form.status_code == 200
    tomorrow = timezone.localdate(now) + timedelta(days=7)
    done = client.post(
        f"{page}handeling/request_information/",
        {"revision": case.revision, "question": "Hebt u de offerte nog?", "answer_by": tomorrow.isoformat()},
    )
    assert done.status_code == 302, done.content.decode()
    with scope(organisation.pk):
        event = Event.objects.select_related("member").get(case=case, occurrence="request_information")
    assert (event.member, event.roles) == (deputy, ["handler"])
    assert event.decision["deputy_of"] == people["handler"].pk
    name = people["handler"].name
    assert f"Samir Kaya (vervangt {name})" in client.get(page).content.decode()
    with scope(organisation.pk):
        withdraw_deputy(arranged, at=now)
    assert client.get(page).status_code == 404
    assert case.reference not in client.get("/beheer/zaken/").content.decode()


def test_substitution_holds_on_its_days_alone(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership
):
    now = timezone.now()
    case = assigned(organisation, people, at=now)
    away(people["handler"], deputy, at=now, days=2)
    assert [sees(deputy, case, at=now + timedelta(days=days)) for days in (-1, 0, 2, 3)] == [False, True, True, False]
    with scope(organisation.pk):
        assert not cases_for(deputy, definition(SLUG)).exists()  # no moment, no deputy
        Membership.objects.filter(pk=people["handler"].pk).update(is_active=False)
    assert not sees(deputy, case, at=now)


@pytest.mark.rule("KO-09")
def test_case_about_the_deputy_stays_hidden_and_its_letters_go_to_who_is_away_and_the_administrator(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership, signed_in: SignedIn
):
    at = datetime(2026, 11, 2, 9, 0, tzinfo=timezone.get_current_timezone())
    case = assigned(organisation, people, at=at, about="Samir Kaya")
    with scope(organisation.pk):
        assert Party.objects.get(case=case, kind=Party.Kind.RESPONDENT).membership == deputy
    away(people["handler"], deputy, at=at, days=60)
    assert not sees(deputy, case, at=at)
    with scope(organisation.pk):
        with pytest.raises(Http404):
            case_for_staff(deputy, case.reference, definition(SLUG), at=at)
        while expire_due(at=at + timedelta(days=55)):
            pass
        told = Letter.objects.filter(case=case, member__isnull=False)
        assert {each.member_id for each in told.filter(recipient="handler")} == {people["handler"].pk}
        assert not told.filter(to_email=deputy.user.email).exists()
        send_message(case, "Hoe staat het?", actor=THE_COMPLAINANT, at=at + timedelta(days=56))
        assert Notice.objects.get(case=case, kind=Notice.Kind.MESSAGE).member == people["handler"]


def test_deputy_gets_the_letters_and_mails_of_who_is_away(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership
):
    at = datetime(2026, 11, 2, 9, 0, tzinfo=timezone.get_current_timezone())
    away(people["handler"], deputy, at=at, days=60)
    case = assigned(organisation, people, at=at)
    with scope(organisation.pk):
        while expire_due(at=at + timedelta(days=55)):
            pass
        to_handler = Letter.objects.filter(case=case, recipient="handler")
        assert to_handler.exists()
        assert {(each.member_id, each.to_organisation) for each in to_handler} == {
            (deputy.pk, f"vervangt {people['handler'].name}")
        }
        send_message(case, "Hoe staat het?", actor=THE_COMPLAINANT, at=at + timedelta(days=56))
        assert Notice.objects.get(case=case, kind=Notice.Kind.MESSAGE).to_email == deputy.user.email
        send_message(case, "En nu?", actor=THE_COMPLAINANT, at=at + timedelta(days=70))
        assert Notice.objects.filter(case=case, kind=Notice.Kind.MESSAGE).last().member == people["handler"]  # type: ignore[union-attr]


def test_general_and_outside_roles_are_not_passed_on(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership
):
    now = timezone.now()
    case = assigned(organisation, people, at=now)
    with scope(organisation.pk):
        Assignment.objects.create(case=case, membership=people["assessor"], role="assessor")
    for who in ("csm", "assessor"):
        arranged = away(people[who], deputy, at=now)
        assert not sees(deputy, case, at=now), who
        with scope(organisation.pk):
            withdraw_deputy(arranged, at=now)
    arranged = away(people["handler"], people["manager"], at=now)
    with scope(organisation.pk):
        entry = case_for_staff(people["manager"], case.reference, definition(SLUG), at=now)
    assert entry.actor.roles == {"manager", "handler"}
    assert arranged.deputy == people["manager"]


def test_letters_of_a_general_role_go_to_a_deputy_who_may_see_the_case(
    organisation: Organisation, people: dict[str, Membership]
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    blind = member(organisation, "Bo Blind", "handler")
    away(people["csm"], people["manager"], at=now)
    later = filed_case(organisation, at=now, recorded_at=now)
    name = next(
        each.name for each in definition(SLUG).letters if "csm" in each.to and any(str(on) == "file" for on in each.on)
    )
    assert set(written(case, name)) == {people["csm"].user.email}
    assert written(later, name) == {people["manager"].user.email: f"vervangt {people['csm'].name}"}
    with scope(organisation.pk):
        withdraw_deputy(Substitution.objects.get(), at=now)
    away(people["csm"], blind, at=now)
    assert set(written(filed_case(organisation, at=now, recorded_at=now), name)) == {people["csm"].user.email}


def test_member_arranges_their_own_and_the_administrator_everybodys(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership, signed_in: SignedIn
):
    today = timezone.localdate()
    days = {"first_on": today.isoformat(), "last_on": (today + timedelta(days=3)).isoformat()}
    handler, csm = signed_in(people["handler"]), signed_in(people["csm"])
    assert 'name="member"' not in handler.get(PAGE).content.decode()
    handler.post(PAGE, {"member": people["manager"].pk, "deputy": deputy.pk, **days})
    with scope(organisation.pk):
        made = Substitution.objects.select_related("member", "deputy", "made_by").get()
    assert (made.member, made.deputy, made.made_by) == (people["handler"], deputy, people["handler"])
    assert "Samir Kaya neemt waar." in signed_in(deputy).get(PAGE).content.decode()
    assert signed_in(people["manager"]).post(f"{PAGE}{made.pk}/stop/").status_code == 404
    assert signed_in(deputy).post(f"{PAGE}{made.pk}/stop/").status_code == 403
    answer = csm.post(PAGE, {"member": people["manager"].pk, "deputy": people["csm"].pk, **days})
    assert answer.status_code == 302
    assert csm.post(f"{PAGE}{made.pk}/stop/").status_code == 302
    with scope(organisation.pk):
        assert [each.member for each in Substitution.objects.filter(ended_at=None)] == [people["manager"]]
    assert signed_in(people["assessor"]).get(PAGE).status_code == 403


def test_what_cannot_be_arranged_says_why_and_keeps_what_was_typed(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership, signed_in: SignedIn
):
    today = timezone.localdate()
    away(people["handler"], deputy, at=timezone.now())
    typed = {
        "member": people["manager"].pk,
        "deputy": people["csm"].pk,
        "first_on": today.isoformat(),
        "last_on": (today + timedelta(days=3)).isoformat(),
    }
    client = signed_in(people["csm"])
    for wrong, reason in (
        ({"deputy": people["manager"].pk}, "niemand vervangt zichzelf"),
        ({"first_on": (today - timedelta(days=1)).isoformat()}, "Kies vandaag of een dag die nog komt."),
        ({"last_on": (today - timedelta(days=1)).isoformat()}, "De laatste dag ligt voor de eerste."),
        ({"last_on": (today + timedelta(days=400)).isoformat()}, "hoogstens een jaar"),
        ({"deputy": people["handler"].pk}, f"{people['handler'].name} is al afwezig"),
        ({"member": deputy.pk}, f"Samir Kaya vervangt {people['handler'].name}"),
        ({"member": people["handler"].pk}, f"{people['handler'].name} is al afwezig"),
        ({"first_on": "ooit"}, "Schrijf de datum zo"),
        ({"deputy": people["assessor"].pk}, "Kies een persoon."),
    ):
        answer = client.post(PAGE, typed | wrong)
        page = answer.content.decode()
        assert answer.status_code == 422, wrong
        assert reason in page, wrong
        assert f'value="{(typed | wrong)["last_on"]}"' in page
    with scope(organisation.pk):
        assert Substitution.objects.count() == 1
        with pytest.raises(NotArranged):
            arrange_deputy(
                people["manager"],
                people["assessor"],
                first_on=today,
                last_on=today,
                by=people["csm"],
                procedure=definition(SLUG),
                today=today,
                at=timezone.now(),
            )


# --- handing over -----------------------------------------------------------------------------------------------------


def test_handing_over_moves_what_the_procedure_lets_move_and_says_why_the_rest_stays(
    organisation: Organisation, people: dict[str, Membership], deputy: Membership
):
    now = timezone.now()
    movable = assigned(organisation, people, at=now)
    about_deputy = assigned(organisation, people, at=now, about="Samir Kaya")
    with scope(organisation.pk):
        outcome = hand_over(
            [movable, about_deputy],
            member=people["handler"],
            to=deputy,
            by=people["csm"],
            reason="Zij gaat met verlof.",
            at=now,
            language="nl",
        )
        assert outcome.moved == [movable]
        assert [(case, why.partition(".")[0]) for case, why in outcome.left] == [
            (about_deputy, "De klacht gaat over deze persoon")
        ]
        assert Case.objects.get(pk=movable.pk).handler == deputy
        assert Case.objects.get(pk=about_deputy.pk).handler == people["handler"]
        event = Event.objects.get(case=movable, occurrence="reassign")
        assert (event.member, event.roles) == (people["csm"], ["csm"])
        refused = hand_over(
            [about_deputy],
            member=people["handler"],
            to=people["handler"],
            by=people["general_director"],
            reason="Ziek.",
            at=now,
            language="nl",
        )
        assert refused.left == [(about_deputy, "Dat doet: customer success manager.")]
        not_a_handler = hand_over(
            [about_deputy],
            member=people["handler"],
            to=people["manager"],
            by=people["csm"],
            reason="Ziek.",
            at=now,
            language="nl",
        )
        assert not_a_handler.left == [(about_deputy, f"{people['manager'].name} is geen klachtenfunctionaris.")]
        closed_phase = filed_case(organisation, at=now, recorded_at=now)
        nothing = hand_over(
            [closed_phase], member=people["handler"], to=deputy, by=people["csm"], reason="x", at=now, language="nl"
        )
        assert nothing.left == [(closed_phase, "In deze fase wijst de procedure niemand anders aan.")]


def test_handing_over_where_independence_is_soft_asks_for_its_reason_in_the_case():
    organisation = published("klassepro")
    everyone = staffed(organisation)
    pieter = member(organisation, "Pieter Hoekstra", "handler")
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    with scope(organisation.pk):
        coordinator = actor_of(everyone["coordinator"], case)
        for check in (each for each in definition("klassepro").checks if "assign" in each.before):
            tick_check(case, check.name, actor=coordinator, at=now)
        perform(case, "assign", answers={"handler": str(everyone["handler"].pk)}, actor=coordinator, at=now)
        Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Piet", membership=pieter)
        outcome = hand_over(
            [Case.objects.select_related("version").get(pk=case.pk)],
            member=everyone["handler"],
            to=pieter,
            by=everyone["coordinator"],
            reason="Ziek.",
            at=now,
            language="nl",
        )
        assert not outcome.moved
        assert "schrijf op waarom het niet anders kan" in outcome.left[0][1]


def test_day_of_leave_is_the_local_one(organisation: Organisation, people: dict[str, Membership], deputy: Membership):
    zone = timezone.get_current_timezone()
    case = assigned(organisation, people, at=datetime(2026, 11, 20, 9, tzinfo=zone))
    with scope(organisation.pk):
        arrange_deputy(
            people["handler"],
            deputy,
            first_on=date(2026, 11, 24),
            last_on=date(2026, 11, 24),
            by=people["csm"],
            procedure=definition(SLUG),
            today=date(2026, 11, 20),
            at=datetime(2026, 11, 20, 10, tzinfo=zone),
        )
    moments = [datetime(2026, 11, 23, 23, 59, tzinfo=zone), datetime(2026, 11, 24, 0, 1, tzinfo=zone)]
    assert [sees(deputy, case, at=each) for each in moments] == [False, True]
