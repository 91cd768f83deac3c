"""Measures: whose they are, when that person is reminded and when not any more, and what the history keeps of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from complaints.actions import TooLate, link_respondent, measures, perform, send_notices
from complaints.actions.deputies import arrange_deputy
from complaints.actions.digests import Morning, with_measures
from complaints.actions.measures import Plan, remind_owners
from complaints.letters.digest import Digest
from complaints.models import Answer, Case, Event, Measure, Membership, Notice, Party
from complaints.queries import measures as query
from complaints.queries.due import organisations_with_work
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case, member, published, staffed
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"
ZONE = ZoneInfo("Europe/Amsterdam")
FILED = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday
DUE = date(2026, 11, 19)  # a Thursday
SECRET = "PLANTGEHEIM"


def local(day: int, hour: int = 8, minute: int = 0) -> datetime:
    """A moment in November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    found = filed_case(organisation, at=FILED)
    with scope(organisation.pk):
        given = {"handler": str(people["handler"].pk)}
        perform(found, "assign", answers=given, actor=actor_of(people["csm"], found), at=FILED)
        Notice.objects.all().delete()
        found.letters.update(try_at=None)
        found.refresh_from_db()
    return found


def promised(case: Case, by: Membership, owner: Membership | None, *, due_on: date = DUE) -> Measure:
    plan = Plan(Measure.Kind.PREVENTIVE, due_on, owner.name if owner else "De drukker", owner)
    return measures.promise(case, SECRET, plan, actor=actor_of(by, case), at=FILED)


def reminded(organisation: Organisation, *, at: datetime) -> list[tuple[str, str]]:
    """Whom a reminder was written to by then, and of which moment; for the first time."""
    with scope(organisation.pk):
        before = set(Notice.objects.values_list("pk", flat=True))
    remind_owners(organisation.pk, at=at)
    with scope(organisation.pk):
        new = Notice.objects.filter(kind=Notice.Kind.MEASURE).exclude(pk__in=before).select_related("member__user")
        events = Event.objects.filter(occurrence=measures.REMINDED, at=at)
        moments = [event.facts["moment"]["value"] for event in events]
        return [(each.member.name, moment) for each, moment in zip(new, moments, strict=True) if each.member]


@pytest.mark.rule("KC-15")
def test_owner_is_reminded_once_before_on_and_after_the_promised_day(
    organisation: Organisation, people: dict[str, Membership], case: Case, smtp_server: MailServer
):
    key, owner = organisation.pk, people["manager"]
    with scope(key):
        promised(case, people["csm"], owner)
    told = {}
    for day in range(14, 26):
        for hour in (0, 7, 8, 9, 23):
            found = reminded(organisation, at=local(day, hour, 1))
            if found:
                told[day, hour] = found
    assert told == {(16, 8): [(owner.name, "before")], (19, 8): [(owner.name, "on")], (20, 8): [(owner.name, "after")]}
    send_notices(key, at=local(25))
    mails = [each for each in smtp_server.messages if each["To"] == owner.user.email]
    bodies = [str(each.get_payload(decode=True), "utf-8") for each in mails]  # type: ignore[arg-type]
    assert ["vandaag" in each for each in bodies] == [False, True, False]
    assert all("19 november" in each and case.reference in each and SECRET not in each for each in bodies)
    assert all(SECRET not in str(each["Subject"]) for each in mails)


def test_a_sweep_that_comes_late_tells_only_what_is_so_by_then(
    organisation: Organisation, people: dict[str, Membership], case: Case, smtp_server: MailServer
):
    with scope(organisation.pk):
        promised(case, people["csm"], people["manager"])
        Case.objects.update(wake_at=None)
    assert organisation.pk in organisations_with_work(local(24))
    assert reminded(organisation, at=local(24)) == [(people["manager"].name, "after")]
    assert reminded(organisation, at=local(25)) == []
    send_notices(organisation.pk, at=local(24))
    assert organisation.pk not in organisations_with_work(local(30))


def test_nobody_is_reminded_once_it_is_done_or_dropped_and_what_waits_does_not_leave(
    organisation: Organisation, people: dict[str, Membership], case: Case, smtp_server: MailServer
):
    key = organisation.pk
    with scope(key):
        done, dropped = (promised(case, people["csm"], people["manager"]) for _ in range(2))
        actor = actor_of(people["csm"], case)
    assert len(reminded(organisation, at=local(16))) == 2
    with scope(key):
        kind = Measure.Kind.CORRECTIVE
        measures.finish(done, SECRET, kind=kind, done_on=local(17).date(), actor=actor, at=local(17))
        measures.drop(dropped, SECRET, actor=actor, at=local(17))
        with pytest.raises(TooLate):
            measures.finish(dropped, SECRET, kind=kind, done_on=local(17).date(), actor=actor, at=local(17))
    for day in (17, 19, 20, 23):
        assert reminded(organisation, at=local(day)) == []
    send_notices(key, at=local(17))
    assert not smtp_server.messages
    with scope(key):
        assert not Notice.objects.exclude(try_at=None).exists()


def test_deputy_is_reminded_and_who_may_not_know_of_the_case_never_is(
    organisation: Organisation, people: dict[str, Membership], case: Case
):
    away = people["csm"]
    deputy = member(organisation, "Waar Nemer", "csm")
    with scope(organisation.pk):
        days = {"first_on": local(16).date(), "last_on": local(16).date()}
        arrange_deputy(away, deputy, by=away, procedure=definition(SLUG), today=local(13).date(), at=local(13), **days)
        promised(case, away, away)
    assert reminded(organisation, at=local(16)) == [(deputy.name, "before")]
    with scope(organisation.pk):
        about = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name=away.name)
        link_respondent(case, about, away, actor=actor_of(people["manager"], case), at=local(17))
    assert reminded(organisation, at=local(19)) == [(people["handler"].name, "on")]


def test_measure_of_nobody_in_particular_is_told_to_who_handles_the_case(
    organisation: Organisation, people: dict[str, Membership], case: Case
):
    with scope(organisation.pk):
        promised(case, people["csm"], None)
    assert reminded(organisation, at=local(19)) == [(people["handler"].name, "on")]


def test_moved_measure_is_reminded_of_by_its_new_day(
    organisation: Organisation, people: dict[str, Membership], case: Case
):
    with scope(organisation.pk):
        measure = promised(case, people["csm"], people["manager"])
        plan = Plan(Measure.Kind.PREVENTIVE, date(2026, 11, 26), people["manager"].name, people["manager"])
        measures.change(measure, plan, SECRET, actor=actor_of(people["csm"], case), at=local(16, 7))
    assert [day for day in range(16, 30) if reminded(organisation, at=local(day))] == [23, 26, 27]


def test_history_keeps_keys_and_hashes_and_no_word_of_a_measure(people: dict[str, Membership], case: Case):
    with scope(case.organisation_id):
        actor = actor_of(people["csm"], case)
        measure = promised(case, people["csm"], None)
        plan = Plan(Measure.Kind.CORRECTIVE, DUE, SECRET)
        measures.change(measure, plan, SECRET, actor=actor, at=local(3))
        kind, day = Measure.Kind.CORRECTIVE, local(4).date()
        measures.finish(measure, SECRET, kind=kind, done_on=day, actor=actor, at=local(4))
        measures.judge(measure, Measure.Effect.TOO_EARLY, SECRET, repeats=0, actor=actor, at=local(5))
        measures.judge(measure, Measure.Effect.WORKED, SECRET, repeats=2, actor=actor, at=local(6))
        events = list(case.events.filter(occurrence__startswith="beside:measure_").order_by("number"))
        written = ("promised", "changed", "done", "judged", "judged")
        assert [each.occurrence.removeprefix("beside:measure_") for each in events] == list(written)
        assert not [each for each in events if SECRET in str(each.facts)]
        assert all(set(each.facts["reason"]) == {"hmac"} for each in events)
        assert Answer.objects.filter(event__in=events, is_personal=True).count() == len(events)
        measure.refresh_from_db()
        assert (measure.effect, measure.repeats, measure.judged_on) == ("worked", 2, local(6).date())
        with pytest.raises(IntegrityError), transaction.atomic():
            Measure.objects.filter(pk=measure.pk).update(dropped_on=day)


def test_new_complaints_on_the_subject_are_counted_from_the_day_after(
    organisation: Organisation, people: dict[str, Membership], case: Case
):
    subject = case.subject
    days = {9: " " + subject.upper(), 10: subject, 12: "Iets anders", 16: subject}
    others = {day: filed_case(organisation, at=local(day), subject=told) for day, told in days.items()}
    with scope(organisation.pk):
        measure = promised(case, people["csm"], None)
        among = Case.objects.all()
        assert query.since([measure], among, ZONE) == {}
        measure.done_on = local(8).date()
        assert query.since([measure], among, ZONE) == {measure.pk: 3}
        measure.done_on = local(9).date()
        assert query.since([measure], among, ZONE) == {measure.pk: 2}
        assert query.since([measure], among.exclude(pk=others[16].pk), ZONE) == {measure.pk: 1}


def test_daily_mail_tells_an_owner_what_is_late_today_and_this_week(people: dict[str, Membership], case: Case):
    with scope(case.organisation_id):
        for day in (date(2026, 11, 16), DUE, date(2026, 11, 22), date(2026, 11, 23)):
            promised(case, people["csm"], people["manager"], due_on=day)
        mine = query.owned(Case.objects.all(), {people["manager"].pk})
        told = with_measures(Digest([], [], []), mine, Morning(definition(SLUG), DUE, local(19, 7)))
        assert [len(each) for each in (told.late, told.today, told.this_week)] == [1, 1, 1]
        assert told.late[0].reference == case.reference
        assert SECRET not in str(told)
        assert not query.owned(Case.objects.all(), {people["csm"].pk})
