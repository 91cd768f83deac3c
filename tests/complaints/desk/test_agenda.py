"""A member's deadlines as a calendar: what is in it, who gets it, and that its address is secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.access import cases_for
from complaints.actions import link_respondent, perform
from complaints.actions.deputies import arrange_deputy, withdraw_deputy
from complaints.actions.subscriptions import hashed
from complaints.desk.agenda import calendar
from complaints.models import Attempt, Case, Membership, Party, Subscription
from complaints.queries.agenda import Owed, owed
from config.logs import without_personal_data
from procedures.definition import DeadlineKind, OwedBy, Text
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case, member, published

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
PAGE, ADDRESS, STOP, MAIL = (f"/beheer/agenda/{part}" for part in ("", "adres/", "stoppen/", "mail/"))
PAGE_QUERIES, FEED_QUERIES = 27, 12
PLANTED = "PLANTGEHEIM"
START = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A fresh case full of planted texts, given to the handler."""
    now = timezone.now()
    case = filed_case(organisation, at=now, name=PLANTED, subject=PLANTED, description=PLANTED)
    with scope(organisation.pk):
        csm = actor_of(people["csm"], case)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=csm, at=now)
    return case


def made_address(client: Client) -> str:
    """The path of a new address, as the page shows it."""
    known = re.search(r'name="known" value="([^"]*)"', client.get(PAGE).content.decode())
    assert known
    page = client.post(ADDRESS, {"known": known[1]}).content.decode()
    shown = re.search(r'value="https?://[^/"]+(/[^"]+\.ics)"', page)
    assert shown
    return shown[1]


def events(content: bytes) -> list[icalendar.Component]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def summaries(path: str) -> set[str]:
    return {str(each["summary"]) for each in events(Client().get(path).content)}


# --- The address ------------------------------------------------------------------------------------------------------


def test_address_is_shown_once_and_only_its_hash_is_kept(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    path = made_address(client)
    secret = path.rpartition("/")[2].removesuffix(".ics")
    assert re.fullmatch(r"[0-9a-f]{32}", secret)  # 128 bits
    assert secret not in client.get(PAGE).content.decode()
    assert secret not in str(dict(client.session))
    with scope(organisation.pk):
        row = Subscription.objects.get(member=people["csm"])
    assert row.secret_hash == hashed(secret)
    assert secret not in str(vars(row))


def test_new_address_ends_the_old_one(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    first = made_address(client)
    assert Client().get(first).status_code == 200
    second = made_address(client)
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)


def test_pressing_twice_does_not_end_the_address_that_was_just_shown(
    people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    path = made_address(client)
    again = client.post(ADDRESS, {"known": ""})
    assert again.status_code == 409
    assert "twee keer geklikt" in again.content.decode()
    assert Client().get(path).status_code == 200


def test_stopping_ends_the_address_and_keeps_the_mail(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    path = made_address(client)
    client.post(MAIL, {"wanted": "yes"})
    assert "De mail staat aan." in client.get(PAGE).content.decode()
    client.post(STOP)
    assert Client().get(path).status_code == 404
    page = client.get(PAGE).content.decode()
    assert ("Maak mijn adres" in page, "De mail staat aan." in page) == (True, True)
    client.post(MAIL, {"wanted": "no"})
    assert "De mail staat uit." in client.get(PAGE).content.decode()


def test_two_members_without_an_address_may_both_have_the_mail(people: dict[str, Membership], signed_in: SignedIn):
    for role in ("csm", "handler"):
        signed_in(people[role]).post(MAIL, {"wanted": "yes"})
        assert "De mail staat aan." in signed_in(people[role]).get(PAGE).content.decode()


def test_what_stands_in_place_of_a_hash_opens_nothing(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    signed_in(people["csm"]).post(MAIL, {"wanted": "yes"})
    with scope(organisation.pk):
        stored = Subscription.objects.get(member=people["csm"]).secret_hash
    for guess in (stored, stored.replace(":", "-"), str(people["csm"].pk)):
        assert Client().get(f"/klik-onderwijs/agenda/{guess}.ics").status_code == 404


# --- The feed ---------------------------------------------------------------------------------------------------------


def test_feed_holds_the_deadlines_of_the_handler_and_of_who_owes_them(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    of_handler, of_csm, of_director = (
        summaries(made_address(signed_in(people[role]))) for role in ("handler", "csm", "general_director")
    )
    assert of_handler == {f"{case.reference} Ontvangstbevestiging", f"{case.reference} Besluit, met uitleg"}
    assert of_csm == {f"{case.reference} Ontvangstbevestiging"}
    assert not {each for each in of_director if "Besluit" in each}


def test_feed_names_nobody_and_no_subject(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    answer = Client().get(made_address(signed_in(people["handler"])))
    text = answer.content.decode().replace("\r\n ", "")
    assert PLANTED not in text
    for each in people.values():
        assert each.name not in text
        assert each.user.email not in text
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Cache-Control"] == "private, no-cache"
    assert not answer.cookies


def test_day_terms_last_the_whole_day_and_hour_terms_are_an_instant(organisation: Organisation):
    def deadline(rule: str, due: date | datetime, changes: int = 0) -> Owed:
        return Owed(
            "KO-2026-0001",
            rule,
            1,
            Text("Besluit"),
            due,
            START,
            DeadlineKind.TARGET,
            OwedBy.COMPLAINANT,
            START,
            changes,
        )

    due_at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    made = calendar(
        organisation, definition("klik-onderwijs"), [deadline("a", date(2026, 12, 18), 2), deadline("b", due_at)]
    )
    day, hour = events(made)
    assert (day.decoded("dtstart"), day.decoded("dtend")) == (date(2026, 12, 18), date(2026, 12, 19))
    assert (hour.decoded("dtstart"), "dtend" in hour) == (due_at, False)
    assert str(day["summary"]) == "KO-2026-0001 Besluit (streefdatum, van de indiener)"
    assert str(day["uid"]).startswith("klik-onderwijs-ko-2026-0001-a-1@")
    assert (day["sequence"], hour["sequence"]) == (2, 0)
    assert {str(each["transp"]) for each in (day, hour)} == {"TRANSPARENT"}
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))


def test_unchanged_feed_is_not_sent_again(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    path = made_address(signed_in(people["handler"]))
    first = Client().get(path)
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["X-Robots-Tag"] == "noindex"
    with scope(case.organisation_id):
        Case.objects.filter(pk=case.pk).update(closed_at=timezone.now())
    changed = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, events(changed.content)) == (200, [])


def test_uids_stay_when_the_day_moves(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    path = made_address(signed_in(people["handler"]))
    before = {str(each["uid"]): each.decoded("dtstart") for each in events(Client().get(path).content)}
    with scope(case.organisation_id):
        for clock in case.deadlines.filter(due_on__isnull=False):
            assert clock.due_on
            clock.due_on += timedelta(days=7)
            clock.save(update_fields=["due_on"])
    after = {str(each["uid"]): each.decoded("dtstart") for each in events(Client().get(path).content)}
    assert after == {uid: day + timedelta(days=7) for uid, day in before.items()}


def test_case_about_the_member_is_not_in_their_feed(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    about = member(organisation, "Tom Rietveld", "csm")
    path = made_address(signed_in(about))
    assert len(summaries(path)) == 1
    with scope(organisation.pk):
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Tom Rietveld")
        link_respondent(case, party, about, actor=actor_of(people["csm"], case), at=timezone.now())
    assert summaries(path) == set()


def test_missed_limit_stays_until_it_is_met(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    long_ago = timezone.now() - timedelta(days=40)
    case = filed_case(organisation, at=long_ago, recorded_at=timezone.now())
    assert f"{case.reference} Ontvangstbevestiging" in summaries(made_address(signed_in(people["csm"])))


def test_deputy_has_the_deadlines_of_who_is_away_in_feed_and_page_while_it_lasts(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    deputy = member(organisation, "Samir Kaya", "handler")
    path = made_address(signed_in(deputy))
    about = filed_case(organisation, at=timezone.now(), about="Samir Kaya")
    today = timezone.localdate()
    with scope(organisation.pk):
        csm = actor_of(people["csm"], about)
        perform(about, "assign", answers={"handler": str(people["handler"].pk)}, actor=csm, at=timezone.now())
        both = cases_for(people["handler"], definition("klik-onderwijs"))
        owing = {
            each.reference for each in owed(both, people["handler"], definition("klik-onderwijs"), at=timezone.now())
        }
    assert owing == {case.reference, about.reference}
    assert summaries(path) == set()
    with scope(organisation.pk):
        arranged = arrange_deputy(
            people["handler"],
            deputy,
            first_on=today,
            last_on=today,
            by=people["handler"],
            procedure=definition("klik-onderwijs"),
            today=today,
            at=timezone.now(),
        )
    assert {each.partition(" ")[0] for each in summaries(path)} == {case.reference}  # the other is about the deputy
    with scope(organisation.pk):
        withdraw_deputy(arranged, at=timezone.now())
    assert summaries(path) == set()


# --- Who gets it ------------------------------------------------------------------------------------------------------


@pytest.fixture
def address(case: Case, people: dict[str, Membership], signed_in: SignedIn) -> str:
    return made_address(signed_in(people["handler"]))


def test_inactive_member_or_account_is_as_unknown_as_any_secret(
    address: str, organisation: Organisation, people: dict[str, Membership]
):
    unknown = Client().get(f"/{organisation.slug}/agenda/{'0' * 32}.ics")
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["handler"].pk).update(is_active=False)
    left = Client().get(address)
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["handler"].pk).update(is_active=True)
    user = people["handler"].user
    user.is_active = False
    user.save()
    closed = Client().get(address)
    for answer in (left, closed):
        assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers)
    assert unknown["X-Robots-Tag"] == "noindex"


def test_unknown_secret_costs_the_same_questions_as_one_of_somebody_who_left(
    address: str,
    organisation: Organisation,
    people: dict[str, Membership],
    django_assert_num_queries: DjangoAssertNumQueries,
):
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["handler"].pk).update(is_active=False)
    Client().get(f"/{organisation.slug}/agenda/{'1' * 32}.ics")
    for path in (f"/{organisation.slug}/agenda/{'0' * 32}.ics", address, f"/{organisation.slug}/agenda/x.ics"):
        with django_assert_num_queries(13):
            assert Client().get(path).status_code == 404


def test_secret_opens_nothing_at_another_organisation(address: str):
    other = published("klassepro")
    assert Client().get(address.replace("klik-onderwijs", other.slug)).status_code == 404


def test_guessing_is_slowed_down_and_who_knows_the_secret_is_not(address: str, organisation: Organisation):
    found = [Client().get(f"/{organisation.slug}/agenda/{number:032x}.ics") for number in range(12)]
    assert [each.status_code for each in found][:10] == [404] * 10
    assert (found[-1].status_code, int(found[-1]["Retry-After"]) > 0) == (429, True)
    assert Client().get(address).status_code == 200
    with scope(organisation.pk):
        assert Attempt.objects.get(what="feed").count == 10


def test_only_reading_is_possible(address: str):
    assert Client().post(address).status_code == 405
    head = Client().head(address)
    assert (head.status_code, head.content) == (200, b"")


def test_secret_is_in_no_log(address: str):
    secret = address.rpartition("/")[2].removesuffix(".ics")
    line = f"GET {address} 200"
    assert secret not in without_personal_data(line)
    assert "/agenda/….ics" in without_personal_data(line)
    assert without_personal_data("GET /beheer/agenda/adres/ 200") == "GET /beheer/agenda/adres/ 200"


# --- What it costs ----------------------------------------------------------------------------------------------------


def test_page_and_feed_cost_the_same_for_one_case_and_thirty(
    case: Case,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    client = signed_in(people["csm"])
    path = made_address(client)
    client.get(PAGE)
    for extra in (0, 29):
        for _ in range(extra):
            filed_case(organisation, at=timezone.now())
        with django_assert_num_queries(FEED_QUERIES):
            assert len(events(Client().get(path).content)) == 1 + extra
        with django_assert_num_queries(PAGE_QUERIES):
            assert client.get(PAGE).status_code == 200


def test_deadlines_of_another_are_only_those_that_the_reader_may_know_of(case: Case, people: dict[str, Membership]):
    with scope(case.organisation_id):
        none = cases_for(people["assessor"], definition("klik-onderwijs"))
        assert owed(none, people["handler"], definition("klik-onderwijs"), at=timezone.now()) == []
