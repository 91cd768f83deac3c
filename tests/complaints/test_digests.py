"""The daily mail: when it leaves, what it says, that it leaves once, and what becomes of it when mail goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from complaints.actions import digests, link_respondent, perform
from complaints.actions.deputies import arrange_deputy
from complaints.actions.digests import send_digests
from complaints.actions.subscriptions import choose_digest
from complaints.actions.sweeping import sweep
from complaints.models import Case, Membership, Party, Subscription
from procedures.models import ClosingDay, Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case, member, published, staffed
from tests.conftest import MailServer, OwnDatabase

SLUG = "klik-onderwijs"
ZONE = ZoneInfo("Europe/Amsterdam")
PLANTED = "PLANTGEHEIM"
FILED = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday: acknowledgement due on Thursday 5, decision on Monday 30


def local(day: int, hour: int = 7, minute: int = 0) -> datetime:
    """A moment in November 2026, in the organisation's zone."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def knows_nothing() -> Iterator[None]:
    """A process that was just started."""
    digests._settled.clear()
    yield
    digests._settled.clear()


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A case with a handler who wants the mail."""
    case = planted(organisation)
    given(case, people)
    subscribe(people["handler"])
    return case


def planted(organisation: Organisation, *, at: datetime = FILED) -> Case:
    return filed_case(organisation, at=at, name=PLANTED, subject=PLANTED, description=PLANTED)


def given(case: Case, people: dict[str, Membership]) -> None:
    with scope(case.organisation_id):
        actor = actor_of(people["csm"], case)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=actor, at=FILED)


def subscribe(member_: Membership, *, at: datetime = FILED - timedelta(days=3)) -> None:
    with scope(member_.organisation_id):
        choose_digest(member_, definition(SLUG), wanted=True, at=at)


def slot(member_: Membership) -> date | None:
    with scope(member_.organisation_id):
        return Subscription.objects.get(member=member_).digest_on


# --- When -------------------------------------------------------------------------------------------------------------


def test_mail_leaves_from_seven_on_and_once_a_day(case: Case, people: dict[str, Membership], smtp_server: MailServer):
    key = case.organisation_id
    assert send_digests(key, at=local(3, 6, 59)) == 0
    assert send_digests(key, at=local(3)) == 1
    assert send_digests(key, at=local(3, 7, 1)) == 0
    digests._settled.clear()  # another worker
    assert send_digests(key, at=local(3, 15)) == 0
    assert send_digests(key, at=local(4, 14)) == 1  # late, when nobody was awake
    assert [to for (to,) in smtp_server.recipients] == [people["handler"].user.email] * 2
    assert slot(people["handler"]) == date(2026, 11, 4)


def test_no_mail_on_a_day_off(case: Case, people: dict[str, Membership], smtp_server: MailServer):
    with scope(case.organisation_id):
        ClosingDay.objects.create(on=date(2026, 11, 3), name="studiedag", added_at=FILED - timedelta(days=30))
    for day in (3, 7, 8):  # closed, Saturday, Sunday
        assert send_digests(case.organisation_id, at=local(day, 10)) == 0
        digests._settled.clear()
    assert (smtp_server.messages, slot(people["handler"])) == ([], date(2026, 10, 30))
    assert send_digests(case.organisation_id, at=local(4)) == 1


def test_turned_on_after_seven_it_begins_the_next_day(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer
):
    given(planted(organisation), people)
    subscribe(people["handler"], at=local(3, 9))
    assert send_digests(organisation.pk, at=local(3, 9, 1)) == 0
    assert send_digests(organisation.pk, at=local(4)) == 1


def test_turned_on_before_seven_it_begins_that_day(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer
):
    given(planted(organisation), people)
    subscribe(people["handler"], at=local(3, 6))
    assert send_digests(organisation.pk, at=local(3)) == 1


def test_nobody_gets_it_who_did_not_ask_or_left(case: Case, people: dict[str, Membership], smtp_server: MailServer):
    with scope(case.organisation_id):
        choose_digest(people["handler"], definition(SLUG), wanted=False, at=FILED)
    assert send_digests(case.organisation_id, at=local(3)) == 0
    with scope(case.organisation_id):
        choose_digest(people["handler"], definition(SLUG), wanted=True, at=FILED)
        Membership.objects.filter(pk=people["handler"].pk).update(is_active=False)
    assert send_digests(case.organisation_id, at=local(4)) == 0
    assert smtp_server.messages == []


# --- What it says -----------------------------------------------------------------------------------------------------


def test_mail_tells_what_is_late_what_ends_today_and_this_week(
    case: Case, organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, settings: Settings
):
    settings.SITE_URL = "https://gehoor.example"
    send_digests(organisation.pk, at=local(5))  # Thursday
    late = planted(organisation, at=FILED - timedelta(days=10))
    later = planted(organisation, at=FILED + timedelta(days=1))
    for each in (late, later):
        given(each, people)
    sweep(at=local(4, 23))
    with scope(organisation.pk):
        Subscription.objects.update(digest_on=None)
    digests._settled.clear()
    smtp_server.messages.clear()
    send_digests(organisation.pk, at=local(5))
    (mail,) = smtp_server.messages
    body = mail.get_body().get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == "Uw termijnen: 1 te laat, 1 vandaag, 1 deze week"
    assert body.splitlines() == [
        "Goedendag,",
        "",
        "Te laat:",
        "",
        f"- {late.reference}: Ontvangstbevestiging, wo 28 okt",
        f"  https://gehoor.example/beheer/zaken/{late.reference}/",
        "",
        "Vandaag:",
        "",
        f"- {case.reference}: Ontvangstbevestiging, do 5 nov",
        f"  https://gehoor.example/beheer/zaken/{case.reference}/",
        "",
        "Later deze week:",
        "",
        f"- {later.reference}: Ontvangstbevestiging, vr 6 nov",
        f"  https://gehoor.example/beheer/zaken/{later.reference}/",
        "",
        "Alle zaken staan op uw werklijst: https://gehoor.example/beheer/zaken/",
        "Wilt u deze mail niet meer? Zet hem uit: https://gehoor.example/beheer/agenda/",
        "",
        "Klik Onderwijs",
    ]
    assert mail["Auto-Submitted"] == "auto-generated"


def test_mail_names_nobody_and_no_subject(case: Case, people: dict[str, Membership], smtp_server: MailServer):
    send_digests(case.organisation_id, at=local(5))
    (mail,) = smtp_server.messages
    text = mail["Subject"] + mail.get_body().get_content()  # type: ignore[union-attr]
    assert PLANTED not in text
    assert not [each.name for each in people.values() if each.name in text]


def test_nothing_to_tell_is_no_mail(organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer):
    subscribe(people["handler"])
    assert send_digests(organisation.pk, at=local(3)) == 1
    assert (smtp_server.messages, slot(people["handler"])) == ([], date(2026, 11, 3))


def test_case_about_the_member_is_not_told(
    case: Case, organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer
):
    about = member(organisation, "Tom Rietveld", "csm")
    subscribe(about)
    with scope(organisation.pk):
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Tom Rietveld")
        link_respondent(case, party, about, actor=actor_of(people["csm"], case), at=FILED)
    send_digests(organisation.pk, at=local(5))
    assert about.user.email not in [to for (to,) in smtp_server.recipients]


def test_deputy_is_told_what_who_is_away_has_to_do_but_not_of_a_case_about_themselves(
    case: Case, organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer
):
    deputy = member(organisation, "Tom Rietveld", "handler")
    subscribe(deputy)
    about = planted(organisation)
    given(about, people)
    with scope(organisation.pk):
        party = Party.objects.create(case=about, kind=Party.Kind.RESPONDENT, name="Tom Rietveld")
        link_respondent(about, party, deputy, actor=actor_of(people["csm"], about), at=FILED)
        arrange_deputy(
            people["handler"],
            deputy,
            first_on=date(2026, 11, 5),
            last_on=date(2026, 11, 5),
            by=people["handler"],
            procedure=definition(SLUG),
            today=date(2026, 11, 4),
            at=local(4),
        )
    for day in (4, 5, 6):
        send_digests(organisation.pk, at=local(day))
    got = [
        message
        for (to,), message in zip(smtp_server.recipients, smtp_server.messages, strict=True)
        if to == deputy.user.email
    ]
    assert len(got) == 1  # on the day of the substitution alone
    assert case.reference in str(got[0].get_payload())
    assert about.reference not in str(got[0].get_payload())


# --- Once -------------------------------------------------------------------------------------------------------------


def test_three_schedulers_at_once_send_one_mail(own_database: OwnDatabase, smtp_server: MailServer):
    organisation = published(SLUG)
    people = staffed(organisation)
    given(planted(organisation), people)
    takers = [people["handler"], people["csm"], *(member(organisation, f"Nog Een{n}", "csm") for n in range(8))]
    for each in takers:
        subscribe(each)
    start = threading.Barrier(3)

    def scheduler(minutes: int) -> None:
        start.wait()
        try:
            send_digests(organisation.pk, at=local(5, 7, 30) + timedelta(minutes=minutes))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=scheduler, args=(minutes,)) for minutes in (-10, 0, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to for (to,) in smtp_server.recipients) == sorted(each.user.email for each in takers)
    assert {slot(each) for each in takers} == {date(2026, 11, 5)}


def test_scheduler_that_waited_for_another_does_not_take_the_day_too(own_database: OwnDatabase):
    organisation = published(SLUG)
    someone = member(organisation, "Nadia Brouwer", "csm")
    subscribe(someone)
    with scope(organisation.pk):
        key = Subscription.objects.get(member=someone).pk
    taken: list[bool] = []

    def other() -> None:
        try:
            taken.append(digests._take(organisation.pk, key, date(2026, 11, 5)))
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    with scope(organisation.pk):  # nothing is committed before its end
        assert digests._take(organisation.pk, key, date(2026, 11, 5))
        thread.start()
        with own_database.connect("admin") as admin:
            while not admin.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:  # type: ignore[index]
                time.sleep(0.02)
    thread.join()
    assert taken == [False]


# --- When mail goes wrong ---------------------------------------------------------------------------------------------


def test_mail_server_that_cannot_be_reached_costs_nobody_their_mail(
    case: Case, people: dict[str, Membership], smtp_server: MailServer, settings: Settings
):
    working, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send_digests(case.organisation_id, at=local(3)) == 0
    assert slot(people["handler"]) == date(2026, 10, 30)
    settings.EMAIL_PORT = working
    assert send_digests(case.organisation_id, at=local(3, 16)) == 1
    assert len(smtp_server.messages) == 1


def test_mail_that_is_put_off_is_offered_again_until_nine(
    case: Case, people: dict[str, Membership], smtp_server: MailServer
):
    smtp_server.answer = "451 later"
    assert send_digests(case.organisation_id, at=local(3)) == 0
    smtp_server.answer = "250 OK"
    assert send_digests(case.organisation_id, at=local(3, 7, 1)) == 1
    assert len(smtp_server.messages) == 1
    smtp_server.answer = "451 later"
    assert send_digests(case.organisation_id, at=local(4, 9)) == 1  # given up for that day
    smtp_server.answer = "250 OK"
    assert send_digests(case.organisation_id, at=local(4, 9, 1)) == 0
    assert send_digests(case.organisation_id, at=local(5)) == 1
    assert len(smtp_server.messages) == 2


def test_refused_mail_is_given_up_and_the_others_still_get_theirs(
    case: Case, people: dict[str, Membership], smtp_server: MailServer
):
    smtp_server.answer = "550 no"
    subscribe(people["csm"])
    assert send_digests(case.organisation_id, at=local(3)) == 2
    assert {slot(people[role]) for role in ("csm", "handler")} == {date(2026, 11, 3)}
    smtp_server.answer = "250 OK"
    assert send_digests(case.organisation_id, at=local(4)) == 2


# --- What a sweep costs -----------------------------------------------------------------------------------------------


def test_sweep_sends_it_and_asks_nothing_more_that_day(
    case: Case, people: dict[str, Membership], smtp_server: MailServer
):
    with CaptureQueriesContext(connection) as early:
        assert send_digests(case.organisation_id, at=local(5, 6)) == 0
    assert early.captured_queries
    with CaptureQueriesContext(connection) as early:
        assert send_digests(case.organisation_id, at=local(5, 6, 30)) == 0
    assert not early.captured_queries
    sweep(at=local(5))
    assert [to for (to,) in smtp_server.recipients].count(people["handler"].user.email) >= 1
    with CaptureQueriesContext(connection) as done:
        assert send_digests(case.organisation_id, at=local(5, 8)) == 0
    assert not done.captured_queries
