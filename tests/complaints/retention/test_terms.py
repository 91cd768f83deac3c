"""Until when a case is kept, against a second way of counting: every day of ten years, at all five."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaints.actions import THE_COMPLAINANT, Actor, perform, tick_check
from complaints.actions.measures import finish
from complaints.actions.retaining import hold, lift
from complaints.models import Case, Deadline, Event, Measure, Membership, RetentionHold
from complaints.queries.state import state_of
from complaints.retention.terms import kept, term_of
from procedures.definition import Unit
from procedures.engine import waits_for
from procedures.models import ClosingDay, Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, act_answers, actor_of, definition, filed_case, published, staffed
from tests.complaints.retention.filled import closed, gone_from

ZONE = ZoneInfo("Europe/Amsterdam")
# What each source says (KO-20, O21-20, KP-13, KK-12); Klimkoord's names no term, so its two years are a choice (KC-16).
YEARS = {"klik-onderwijs": 1, "o21": 2, "klassepro": 5, "klikklaar": 1, "klimkoord": 2}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def years_later(day: date, years: int) -> date:
    """The same day of the year, or the last of February."""
    return date(day.year + years, day.month, min(day.day, monthrange(day.year + years, day.month)[1]))


@pytest.mark.rule("KO-20")
@pytest.mark.rule("O21-20")
@pytest.mark.rule("KP-13")
@pytest.mark.rule("KK-12")
@pytest.mark.rule("KC-16")
@pytest.mark.parametrize("slug", SLUGS)
def test_case_is_kept_to_the_day_for_every_day_of_ten_years(slug: str):
    procedure = definition(slug)
    assert (procedure.retention.term.unit, procedure.retention.term.amount) == (Unit.YEARS, YEARS[slug])
    for number in range(3653):
        day = date(2024, 1, 1) + timedelta(days=number)
        at = datetime.combine(day, time(0) if number % 2 else time(23, 59), ZONE)
        since, last_on, gone = term_of(Case(closed_at=at), procedure, None)
        assert (since, last_on) == (day, years_later(day, YEARS[slug]))
        over = gone.astimezone(ZONE)
        assert (over.date(), over.time()) == (last_on + timedelta(days=1), time(0)), day


@pytest.mark.rule("KC-16")
def test_only_the_term_that_no_source_names_is_called_a_choice():
    assert [slug for slug in SLUGS if definition(slug).retention.is_own_choice] == ["klimkoord"]


@pytest.mark.rule("KK-12")
def test_term_that_counts_from_the_decision_is_never_over_before_the_case_is():
    procedure = definition("klikklaar")
    decided = datetime(2026, 3, 2, 9, tzinfo=UTC)
    soon, late = datetime(2026, 3, 20, 9, tzinfo=UTC), datetime(2027, 6, 1, 9, tzinfo=UTC)
    assert term_of(Case(closed_at=soon), procedure, decided)[:2] == (date(2026, 3, 2), date(2027, 3, 2))
    assert term_of(Case(closed_at=late), procedure, decided)[1] == date(2027, 6, 1)


@pytest.mark.rule("KK-12")
@pytest.mark.django_db
def test_term_counts_from_the_last_decision_where_the_procedure_says_so(media_folder: Path):
    organisation = published("klikklaar")
    people = staffed(organisation)
    procedure = definition("klikklaar")
    case = filed_case(organisation, at=NOON)
    with scope(organisation.pk):
        for number, act in enumerate(("acknowledge", "decide", "consider_prevention")):
            at = NOON + timedelta(days=number)
            actor = actor_of(people[procedure.act(act).by[0]], case)
            case.refresh_from_db()
            for check in waits_for(procedure, state_of(case, procedure), procedure.act(act)):
                tick_check(case, check.name, actor=actor, at=at)
            perform(case, act, answers=act_answers(procedure, case, act, people, at=at), actor=actor, at=at)
        case.refresh_from_db()
        assert case.closed_at == NOON + timedelta(days=2)
        Deadline.objects.filter(case=case).update(status=Deadline.Status.MISSED)
        (found,) = kept(Case.objects.all(), at=NOON)
        assert found.since == date(2026, 11, 21)


@pytest.mark.django_db
def test_reopened_case_counts_from_the_last_time_that_it_was_closed():
    organisation = published("klassepro")
    people = staffed(organisation)
    procedure = definition("klassepro")
    case = filed_case(organisation, at=NOON)
    with scope(organisation.pk):
        for number, act in enumerate(("dismiss", "reopen", "dismiss")):
            at = NOON + timedelta(days=30 * number)
            answers = act_answers(procedure, case, act, people, at=at)
            perform(case, act, answers=answers, actor=actor_of(people["coordinator"], case), at=at)
            case.refresh_from_db()
            found = kept(Case.objects.all(), at=at)
            assert [each.since for each in found] == ([] if act == "reopen" else [at.date()]), act


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    return closed(filed_case(organisation, at=NOON), at=NOON)


def reasons(case: Case, *, at: datetime) -> tuple[str, ...]:
    with scope(case.organisation_id):
        return kept(Case.objects.filter(pk=case.pk), at=at)[0].held_by


@pytest.mark.django_db
def test_closing_day_moves_nothing(case: Case):
    before = gone_from(case, at=NOON)
    with scope(case.organisation_id):
        ClosingDay.objects.create(on=date(2027, 11, 20), name="Brugdag", added_at=NOON)
    assert gone_from(case, at=NOON) == before == datetime(2027, 11, 20, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_what_still_runs_keeps_a_case_by_itself(case: Case, people: dict[str, Membership]):
    later = NOON + timedelta(days=400)
    assert reasons(case, at=later) == ()
    with scope(case.organisation_id):
        clock = Deadline.objects.filter(case=case).first()
        assert clock
        Deadline.objects.filter(pk=clock.pk).update(status=Deadline.Status.OPEN, overdue_at=later + timedelta(days=1))
    assert len(reasons(case, at=later)) == 1, "somebody may still object or appeal"
    assert reasons(case, at=later + timedelta(days=2)) == ()
    with scope(case.organisation_id):
        Deadline.objects.filter(case=case).update(status=Deadline.Status.MISSED)
        event = case.events.earliest("number")
        measure = Measure.objects.create(case=case, event=event, what="x", owner="y", due_on=later.date())
    assert len(reasons(case, at=later + timedelta(days=6))) == 1, "however late it is"
    with scope(case.organisation_id):
        actor = Actor(Event.By.STAFF, frozenset(), people["csm"])
        done_on, kind = later.date(), Measure.Kind.CORRECTIVE
        finish(measure, "Gedaan.", kind=kind, done_on=done_on, actor=actor, at=later)
    assert reasons(case, at=later + timedelta(days=6)) == ()


@pytest.mark.django_db
def test_hold_keeps_a_case_until_somebody_lifts_it(case: Case, people: dict[str, Membership]):
    later = NOON + timedelta(days=4000)
    with scope(case.organisation_id):
        held = hold(case, "Er loopt een rechtszaak.", member=people["csm"], at=later)
        assert set(case.events.get(occurrence="beside:kept_longer").facts["reason"]) == {"hmac"}
    assert reasons(case, at=later) == ("Vastgehouden: Er loopt een rechtszaak.",)
    with scope(case.organisation_id):
        lift(held, "De rechter heeft beslist.", member=people["general_director"], at=later)
        assert RetentionHold.objects.get().lifted_by == people["general_director"]
    assert reasons(case, at=later) == ()


@pytest.mark.django_db
def test_objection_opens_a_case_again_so_that_it_has_no_end(organisation: Organisation):
    case = filed_case(organisation, at=NOON)
    with scope(organisation.pk):
        assert kept(Case.objects.all(), at=NOON + timedelta(days=4000)) == []
        perform(case, "withdraw", answers={}, actor=THE_COMPLAINANT, at=NOON)
        assert len(kept(Case.objects.all(), at=NOON)) == 1
