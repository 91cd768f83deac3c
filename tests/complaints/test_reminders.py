"""Reminders and escalations as they leave: one for each moment, none about what is past, to whoever is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from complaints.actions import expire_due, link_respondent, perform
from complaints.actions.cases import note_sent
from complaints.models import Case, Letter, Membership, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SLUG = "klik-onderwijs"
ZONE = ZoneInfo("Europe/Amsterdam")
FILED = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday: acknowledgement due on Thursday 5, decision on Monday 30
HEADS_UP = ("reminder", "reminder_acknowledgement", "escalation")


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A case that was confirmed and given to the handler."""
    case = filed_case(organisation, at=FILED, recorded_at=FILED)
    do(case, "acknowledge", people, "csm", at=FILED)
    do(case, "assign", people, "csm", at=FILED)
    return case


def do(case: Case, act: str, people: dict[str, Membership], by: str, *, at: datetime, **given: object) -> None:
    with scope(case.organisation_id):
        answers = act_answers(definition(SLUG), case, act, people, at=at, **given)
        perform(case, act, answers=answers, actor=actor_of(people[by], case), at=at)
        for letter in Letter.objects.filter(case=case, state=Letter.State.WAITING, name__in=("acknowledgement",)):
            leave(letter, at=at)


def leave(letter: Letter, *, at: datetime) -> None:
    """As the sender does, without a mail server."""
    Letter.objects.filter(pk=letter.pk).update(state=Letter.State.SENT, sent_at=at, try_at=None)
    note_sent(letter.case, letter.name, at=at, recorded_at=at)


def local(day: int, hour: int = 8, minute: int = 1, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def sweep_to(case: Case, at: datetime) -> None:
    with scope(case.organisation_id):
        while expire_due(at=at):
            pass


def told(case: Case, *states: str) -> list[tuple[str, date, str]]:
    """What was to be said of deadlines in these states, each with its day and to whom, in order."""
    with scope(case.organisation_id):
        rows = Letter.objects.filter(case=case, name__in=HEADS_UP).order_by("written_on", "name", "recipient", "pk")
        return [(each.name, each.written_on, each.recipient) for each in rows if not states or each.state in states]


def test_each_moment_is_told_once_however_often_it_is_swept(case: Case):
    for day in (23, 23, 27, 27, 30, 30):  # five working days before the end, one, and the last day
        sweep_to(case, local(day))
    assert Counter(name_on for name_on in told(case)) == Counter(
        [("reminder", date(2026, 11, day), to) for day in (23, 27, 30) for to in ("handler", "csm")]
    )
    sweep_to(case, local(1, 0, 0, month=12))
    sweep_to(case, local(8, month=12))
    assert [each for each in told(case) if each[0] == "escalation"] == [
        ("escalation", date(2026, 12, 1), to) for to in ("csm", "general_director", "handler")
    ]


def test_sweeper_that_comes_late_tells_only_what_is_so_by_now(case: Case):
    sweep_to(case, local(3, month=12))
    assert told(case, Letter.State.WAITING) == [
        ("escalation", date(2026, 12, 3), to) for to in ("csm", "general_director", "handler")
    ]
    assert {name for name, *__ in told(case, Letter.State.STOPPED)} == {"reminder"}  # kept, for whoever looks


def test_sweeper_that_comes_late_but_before_the_end_reminds_once(case: Case):
    sweep_to(case, local(29))
    assert [to for name, on, to in told(case, Letter.State.WAITING)] == ["csm", "handler"]


def test_moved_end_is_reminded_of_anew_and_nothing_is_said_of_the_old_one(case: Case, people: dict[str, Membership]):
    sweep_to(case, local(23))
    with scope(case.organisation_id):
        Letter.objects.filter(case=case, name="reminder").update(state=Letter.State.SENT, try_at=None)
    do(case, "extend", people, "handler", at=local(24), until=date(2026, 12, 14))
    for day in (*range(25, 31), 31):
        sweep_to(case, local(day) if day < 31 else local(6, month=12))
    assert {on for __, on, ___ in told(case)} == {date(2026, 11, 23)}
    for day in (7, 11, 14):
        sweep_to(case, local(day, month=12))
    assert [(on.day, to) for name, on, to in told(case) if on.month == 12] == [
        (day, to) for day in (7, 11, 14) for to in ("csm", "handler")
    ]


def test_reminder_that_has_not_left_does_not_outlive_the_act_that_made_it_wrong(
    case: Case, people: dict[str, Membership]
):
    sweep_to(case, local(23))
    do(case, "extend", people, "handler", at=local(23, 8, 5), until=date(2026, 12, 14))
    assert told(case, Letter.State.WAITING) == []
    assert len(told(case, Letter.State.STOPPED)) == 2


def test_nothing_is_told_of_a_case_that_was_withdrawn_when_nobody_had_swept(case: Case, people: dict[str, Membership]):
    do(case, "withdraw", people, "csm", at=local(3, month=12))
    sweep_to(case, local(24, month=12))
    assert told(case, Letter.State.WAITING, Letter.State.HELD, Letter.State.FAILED) == []
    assert {name for name, *__ in told(case, Letter.State.STOPPED)} == {"reminder", "escalation"}


def test_reminder_in_the_hands_of_a_sender_is_left_to_them(case: Case, people: dict[str, Membership]):
    sweep_to(case, local(23))
    with scope(case.organisation_id):
        Letter.objects.filter(case=case, name="reminder", recipient="csm").update(
            lease_until=local(23, 8, 10), token="6f1c1c86-0000-4000-8000-000000000000"
        )
    do(case, "withdraw", people, "csm", at=local(23, 8, 2))
    assert [to for *__, to in told(case, Letter.State.WAITING)] == ["csm"]


@pytest.mark.parametrize("how", ["left", "account"])
def test_who_left_gets_nothing_and_the_administrators_do(case: Case, people: dict[str, Membership], how: str):
    gone = people["handler"]
    with scope(case.organisation_id):
        if how == "left":
            Membership.objects.filter(pk=gone.pk).update(is_active=False)
        else:
            gone.user.is_active = False
            gone.user.save()
    sweep_to(case, local(23))
    with scope(case.organisation_id):
        reminders = Letter.objects.filter(case=case, name="reminder")
        assert {each.to_email for each in reminders} == {people["csm"].user.email}


def test_whom_a_case_is_about_is_told_of_no_deadline_in_it(
    organisation: Organisation, case: Case, people: dict[str, Membership]
):
    about = member(organisation, "Tom Rietveld", "csm", "general_director")
    with scope(organisation.pk):
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Tom Rietveld")
        link_respondent(case, party, about, actor=actor_of(people["csm"], case), at=FILED)
    sweep_to(case, local(23))
    sweep_to(case, local(1, 0, 1, month=12))
    with scope(organisation.pk):
        letters = Letter.objects.filter(case=case, name__in=HEADS_UP)
        assert {each.to_email for each in letters} == {
            people[role].user.email for role in ("handler", "csm", "general_director")
        }
