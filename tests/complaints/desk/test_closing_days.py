"""Closing days: shown first, moved only after someone says so, and the history still gives what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import expire_due, recounting
from complaints.actions.recounting import EndedDay, NewDay, PreviewMovedOn
from complaints.models import Case, Event, Membership, Party
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures import engine, wording
from procedures.calendars import Calendar
from procedures.catalogue import procedure_of
from procedures.models import ClosingDay, Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, filed_case, member, published

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
PAGE = "/beheer/sluitingsdagen/"
NEW = f"{PAGE}nieuw/"
PREVIEW_QUERIES = 30
FILED = datetime.fromisoformat("2026-11-20T10:15:00+01:00")
LATER = datetime.fromisoformat("2026-11-23T09:00:00+01:00")
CLOSED = NewDay(date(2026, 11, 24), "Studiedag")  # a Tuesday
PROCEDURE = definition("klik-onderwijs")


def shown(answer: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())  # type: ignore[attr-defined]


def seen(answer: object) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())  # type: ignore[attr-defined]
    assert found
    return found[1]


def coming_working_day() -> date:
    """A day after tomorrow on which people work; the terms of a complaint of today run over it."""
    day = timezone.localdate() + timedelta(days=1)
    return Calendar.for_policy(PROCEDURE.calendar).add_working_days(day, 1)


def ends(case: Case) -> dict[str, date | None]:
    with scope(case.organisation_id):
        return {each.rule: each.due_on for each in case.deadlines.all()}


def replays_to_what_is_stored(case: Case) -> bool:
    with scope(case.organisation_id):
        fresh = Case.objects.select_related("version").get(pk=case.pk)
        stored, again = state_of(fresh, procedure_of(fresh.version)), replayed(fresh)
        return (
            replace(again, facts={}) == replace(stored, facts={})
            and fresh.wake_at == stored.wake_at
            and fresh.revision == fresh.events.count()
        )


def told(organisation: Organisation, change: NewDay | EndedDay, by: Membership, *, at: datetime) -> str:
    with scope(organisation.pk):
        return recounting.preview(change, member=by, procedure=PROCEDURE, at=at).seen


def changed(organisation: Organisation, change: NewDay | EndedDay, by: Membership, *, at: datetime) -> int:
    """The change, as somebody who was shown what it moves makes it; in how many cases it moved anything."""
    hashed = told(organisation, change, by, at=at)
    with scope(organisation.pk):
        return recounting.change_closing_days(change, member=by, procedure=PROCEDURE, seen=hashed, at=at)


# ------------------------------------------------------------------------------------------------ counting


def test_new_day_moves_open_deadlines_with_an_event(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FILED)
    before = ends(case)
    assert changed(organisation, CLOSED, people["csm"], at=LATER) == 1
    assert before == {"acknowledgement": date(2026, 11, 25), "decision": date(2026, 12, 18)}
    assert ends(case) == {"acknowledgement": date(2026, 11, 26), "decision": date(2026, 12, 21)}
    with scope(organisation.pk):
        event = case.events.order_by("number").last()
        assert event
        assert (event.occurrence, event.by, event.member, event.at) == (
            engine.RECOUNT,
            Event.By.STAFF,
            people["csm"],
            LATER,
        )
        assert {"on": "2026-11-24", "name": "Studiedag"} in case.deadlines.get(rule="decision").skipped
    assert replays_to_what_is_stored(case)


def test_ended_day_is_kept_and_moves_deadlines_back(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FILED)
    before = ends(case)
    changed(organisation, CLOSED, people["csm"], at=LATER)
    with scope(organisation.pk):
        day = ClosingDay.objects.get()
    later = LATER + timedelta(hours=1)
    assert changed(organisation, EndedDay(day.pk), people["csm"], at=later) == 1
    assert ends(case) == before
    with scope(organisation.pk):
        kept = ClosingDay.objects.get()
        assert (kept.on, kept.added_at, kept.removed_at) == (CLOSED.on, LATER, later)
        assert recounting.closing_days(at=LATER) == [kept]
        assert recounting.closing_days(at=later) == []
    assert replays_to_what_is_stored(case)


def test_what_passed_before_stays_passed(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FILED)
    late = datetime.fromisoformat("2026-11-27T09:00:00+01:00")  # nobody acknowledged it, and no worker was awake
    changed(organisation, CLOSED, people["csm"], at=late)
    with scope(organisation.pk):
        assert case.deadlines.get(rule="acknowledgement").status == "missed"
        assert case.deadlines.get(rule="acknowledgement").due_on == date(2026, 11, 25)
        assert case.deadlines.get(rule="decision").due_on == date(2026, 12, 21)
    assert replays_to_what_is_stored(case)


def test_deadline_that_is_over_once_a_day_ends_is_shown_as_such(
    organisation: Organisation, people: dict[str, Membership]
):
    case = filed_case(organisation, at=FILED)
    changed(organisation, CLOSED, people["csm"], at=LATER)
    at = datetime.fromisoformat("2026-11-26T09:00:00+01:00")
    with scope(organisation.pk):
        change = EndedDay(ClosingDay.objects.get().pk)
        moves = recounting.preview(change, member=people["csm"], procedure=PROCEDURE, at=at).moves
        assert [(each.after, each.is_over) for each in moves] == [
            (date(2026, 11, 25), True),
            (date(2026, 12, 18), False),
        ]
    changed(organisation, change, people["csm"], at=at)
    with scope(organisation.pk):
        expire_due(at=at)
        assert case.deadlines.get(rule="acknowledgement").status == "missed"
    assert replays_to_what_is_stored(case)


def test_day_that_moves_nothing_leaves_no_event(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FILED)
    assert changed(organisation, NewDay(date(2027, 6, 1), "Uitje"), people["csm"], at=LATER) == 0
    with scope(organisation.pk):
        assert case.events.filter(occurrence=engine.RECOUNT).count() == 0
        assert ClosingDay.objects.count() == 1
    assert replays_to_what_is_stored(case)


def test_closed_case_stays_as_it_was(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FILED)
    with scope(organisation.pk):
        Case.objects.filter(pk=case.pk).update(closed_at=FILED)
    before = ends(case)
    assert changed(organisation, CLOSED, people["csm"], at=LATER) == 0
    assert ends(case) == before


def test_other_organisation_keeps_its_days(organisation: Organisation, people: dict[str, Membership]):
    other = published("klassepro")
    case = filed_case(other, at=FILED)
    before = ends(case)
    changed(organisation, CLOSED, people["csm"], at=LATER)
    assert ends(case) == before
    with scope(other.pk):
        assert recounting.closing_days(at=LATER) == []


def test_what_was_not_shown_is_not_moved(organisation: Organisation, people: dict[str, Membership]):
    filed_case(organisation, at=FILED)
    hashed = told(organisation, CLOSED, people["csm"], at=LATER)
    second = filed_case(organisation, at=FILED)
    before = ends(second)
    with scope(organisation.pk), pytest.raises(PreviewMovedOn):
        recounting.change_closing_days(CLOSED, member=people["csm"], procedure=PROCEDURE, seen=hashed, at=LATER)
    assert ends(second) == before
    with scope(organisation.pk):
        assert ClosingDay.objects.count() == 0


def test_day_is_added_once(organisation: Organisation, people: dict[str, Membership]):
    hashed = told(organisation, CLOSED, people["csm"], at=LATER)
    changed(organisation, CLOSED, people["csm"], at=LATER)
    with scope(organisation.pk), pytest.raises(PreviewMovedOn):
        recounting.change_closing_days(CLOSED, member=people["csm"], procedure=PROCEDURE, seen=hashed, at=LATER)


# ------------------------------------------------------------------------------------------------ who sees what


def test_case_about_the_viewer_is_neither_shown_nor_counted_but_moves(
    organisation: Organisation, people: dict[str, Membership]
):
    about_them = filed_case(organisation, at=FILED)
    filed_case(organisation, at=FILED)
    with scope(organisation.pk):
        Party.objects.create(
            case=about_them, kind=Party.Kind.RESPONDENT, name="Medewerker csm", membership=people["csm"]
        )
        preview = recounting.preview(CLOSED, member=people["csm"], procedure=PROCEDURE, at=LATER)
    assert about_them.reference not in {each.reference for each in preview.moves}
    assert (len(preview.moves), preview.others) == (2, 0)
    assert changed(organisation, CLOSED, people["csm"], at=LATER) == 2
    assert ends(about_them)["decision"] == date(2026, 12, 21)
    assert replays_to_what_is_stored(about_them)


def test_cases_that_the_viewer_may_not_open_are_counted_without_a_name(
    organisation: Organisation, people: dict[str, Membership]
):
    filed_case(organisation, at=FILED)
    with scope(organisation.pk):
        preview = recounting.preview(CLOSED, member=people["handler"], procedure=PROCEDURE, at=LATER)
    assert (preview.moves, preview.others) == ([], 2)


# ------------------------------------------------------------------------------------------------ the pages


def test_day_is_previewed_then_confirmed(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    before, day = ends(case), coming_working_day()
    client = signed_in(people["csm"])
    asked = {"on": f"{day.day}-{day.month}-{day.year}", "name": "Studiedag"}
    preview = client.get(NEW, asked)
    page = shown(preview)
    assert preview.status_code == 200
    assert before["decision"]
    assert f"{case.reference} Besluit, met uitleg {wording.day(before['decision'])}" in page
    assert "Er is nog niets veranderd" in page
    assert ends(case) == before
    answer = client.post(NEW, asked | {"seen": seen(preview)})
    assert answer["Location"] == PAGE
    assert (ends(case)["decision"] or date.min) > before["decision"]
    assert "is nu een sluitingsdag. De termijnen zijn opnieuw geteld." in shown(client.get(PAGE))
    assert replays_to_what_is_stored(case)
    history = shown(client.get(f"/beheer/zaken/{case.reference}/"))
    assert "Medewerker csm : termijnen opnieuw geteld met de nieuwe kalender" in history.replace("csm:", "csm :")

    with scope(organisation.pk):
        pk = ClosingDay.objects.get().pk
    ending = f"{PAGE}{pk}/vervallen/"
    assert "weer mee als werkdag" in shown(client.get(ending))
    assert client.post(ending, {"seen": seen(client.get(ending))})["Location"] == PAGE
    assert ends(case) == before
    assert "Studiedag" not in shown(client.get(PAGE))
    gone = client.get(ending)
    assert (gone.status_code, "intussen al veranderd" in shown(gone)) == (409, True)


def test_preview_that_is_old_is_shown_anew(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    asked = {"on": coming_working_day().isoformat(), "name": "Studiedag"}
    old = seen(client.get(NEW, asked))
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    answer = client.post(NEW, asked | {"seen": old})
    assert answer.status_code == 409
    assert "Er is nog niets verschoven" in shown(answer)
    assert case.reference in shown(answer)
    assert client.post(NEW, asked | {"seen": seen(answer)})["Location"] == PAGE


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"on": "", "name": "Leeg"}, "Vul dit in"),
        ({"on": "31-2-2027", "name": "Bestaat niet"}, "februari bestaat niet"),
        ({"on": "25-12-2026", "name": "Kerst"}, "telt al niet mee als werkdag: Eerste Kerstdag"),
        ({"on": "2-1-2027", "name": "Weekend"}, "telt al niet mee als werkdag: zaterdag"),
        ({"on": "2-1-2400", "name": "Ver weg"}, "Kies een dag van 2000 tot en met 2100"),
        ({"on": "5-1-2027", "name": ""}, "Vul dit in"),
        ({"on": "5-1-2027", "name": "x" * 101}, "100"),
    ],
)
def test_day_that_cannot_be_says_why(
    asked: dict[str, str], said: str, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    for answer in (client.get(NEW, asked), client.post(NEW, asked)):
        assert answer.status_code == 422
        assert said in shown(answer)
        assert f'value="{asked["name"] or asked["on"]}"' in answer.content.decode()


@pytest.mark.parametrize("role", ["csm", "general_director", "handler"])
def test_administrators_and_publishers_change_and_others_read(
    role: str, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    with scope(organisation.pk):
        day = ClosingDay.objects.create(on=coming_working_day(), name="Studiedag", added_at=LATER)
        ClosingDay.objects.filter(pk=day.pk).update(added_at=FILED - timedelta(days=900))
    client = signed_in(people[role])
    page = shown(client.get(PAGE))
    may = role != "handler"
    assert "Studiedag" in page
    assert ("Nieuwe sluitingsdag" in page) is may
    for address in (NEW, f"{PAGE}{day.pk}/vervallen/"):
        answers = [client.get(address, {"on": "5-1-2027", "name": "Vrij"}), client.post(address, {})]
        assert [each.status_code for each in answers] == ([200, answers[1].status_code] if may else [403, 403])


@pytest.mark.parametrize("number", [1, 30])
def test_preview_costs_the_same_for_one_and_for_thirty_cases(
    number: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    now = timezone.now()
    for _ in range(number):
        filed_case(organisation, at=now, recorded_at=now)
    client = signed_in(people["csm"])
    with django_assert_num_queries(PREVIEW_QUERIES):
        answer = client.get(NEW, {"on": coming_working_day().isoformat(), "name": "Studiedag"})
    assert answer.content.decode().count('scope="row"') == 2 * number


def test_closing_days_of_another_organisation_are_not_found(
    people: dict[str, Membership], signed_in: SignedIn, organisation: Organisation
):
    other = published("klassepro")
    with scope(other.pk):
        theirs = ClosingDay.objects.create(
            on=date(2027, 1, 5), name="Geheime dag", added_at=FILED - timedelta(days=900)
        )
    client = signed_in(people["csm"])
    assert client.get(f"{PAGE}{theirs.pk}/vervallen/").status_code == 409
    assert "Geheime dag" not in shown(client.get(PAGE))
    assert "Geheime dag" in shown(signed_in(member(other, "Ander Mens", "director")).get(PAGE))
