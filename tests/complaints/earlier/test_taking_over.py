"""An earlier register in the database: every reader of cases understands what was taken over, and nothing follows."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from complaints.access import case_for_complainant
from complaints.actions import THE_CLOCK, merging, perform, staff
from complaints.actions.cases import expire_due
from complaints.actions.erasing import ERASED, erase
from complaints.actions.importing import NotTaken, take_over, try_out
from complaints.actions.indexing import index_case
from complaints.actions.reporting import adopt
from complaints.earlier.judging import Trial
from complaints.models import (
    Answer,
    Assignment,
    Case,
    Deadline,
    Delivery,
    EarlierNumber,
    Event,
    Letter,
    Membership,
    Notice,
    Party,
    ReferenceCounter,
)
from complaints.queries.figures import Asked, count
from complaints.queries.register import Filters, chosen, with_parts
from complaints.queries.replay import replayed
from complaints.queries.search import found_by
from complaints.queries.state import state_of
from complaints.register import columns, line
from complaints.retention.terms import kept
from procedures import engine
from procedures.catalogue import zone_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.earlier.files import KK, KO, NOW, row, written
from tests.complaints.factories import definition, filed_case, member, published

pytestmark = pytest.mark.django_db

SLUG = "klik-onderwijs"
PROCEDURE = definition(SLUG)
ZONE = zone_of(PROCEDURE)


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def director(organisation: Organisation) -> Membership:
    return member(organisation, "Anna de Wit", "general_director")


def take(organisation: Organisation, *rows: dict[str, str], by: Membership | None = None) -> Trial:
    with scope(organisation.pk):
        actor = staff(by, PROCEDURE) if by else THE_CLOCK
        return take_over(written(rows), actor=actor, at=NOW)


def taken(organisation: Organisation, *rows: dict[str, str], by: Membership | None = None) -> list[Case]:
    take(organisation, *rows, by=by)
    with scope(organisation.pk):
        return list(Case.objects.exclude(imported_at=None).select_related("version").order_by("reference"))


def found_words() -> list[str]:
    """The words that the one case is found by, with how much each weighs."""
    return sorted(re.sub(r"(:|,)\d+", r"\1", str(Case.objects.values_list("words", flat=True).get())).split())


def rows_there(organisation: Organisation) -> dict[str, int]:
    tables = (Case, EarlierNumber, Event, Answer, ReferenceCounter)
    with scope(organisation.pk):
        return {each.__name__: each.objects.count() for each in tables}


def test_dry_run_changes_nothing(organisation: Organisation):
    with scope(organisation.pk):
        trial = try_out(written([KO, row(number="2")]), at=NOW)
    assert (len(trial.entries), trial.known, trial.due, trial.years) == (2, 0, 0, ())
    assert set(rows_there(organisation).values()) == {0}


def test_cases_get_the_next_numbers_of_the_year_in_which_they_came_in(organisation: Organisation):
    filed_case(organisation)
    cases = taken(
        organisation,
        row(number="late"),
        row(number="early", received="03-01-2026"),
        row(number="before", received="31-12-2025"),
    )
    with scope(organisation.pk):
        numbers = dict(EarlierNumber.objects.values_list("case__reference", "number"))
        after = ReferenceCounter.objects.get(year=2026).last
    assert numbers == {"KO-2025-0001": "before", "KO-2026-0002": "early", "KO-2026-0003": "late"}
    assert [each.reference for each in cases] == sorted(numbers)
    assert after == 3


def test_history_of_a_case_is_its_receipt_its_decision_and_its_end(organisation: Organisation, director: Membership):
    case = taken(organisation, KO, by=director)[0]
    with scope(organisation.pk):
        events = list(case.events.all())
        told = [(each.occurrence, each.at.astimezone(ZONE).date(), each.member_id) for each in events]
        assert told == [
            ("beside:imported", date(2026, 2, 2), director.pk),
            ("beside:imported_decision", date(2026, 2, 20), director.pk),
            ("beside:imported_end", date(2026, 2, 23), director.pk),
        ]
        assert {each.recorded_at for each in events} == {NOW}
        assert case.revision == len(events) == events[-1].number
        for each in events:  # what somebody typed is in no event, nor is the old number
            assert not any(text in str((each.facts, each.decision)) for text in ("Wachttijd", "drie weken", "2026/17"))
        assert (case.phase, case.outcome, case.track, case.channel) == ("closed", "decided", "formal", "letter")


@pytest.mark.parametrize(
    ("slug", "told"),
    [(SLUG, KO), ("klikklaar", KK), (SLUG, row(end="Ingetrokken", verdict="", decided=""))],
)
def test_replaying_the_history_gives_the_stored_state_also_when_the_case_is_erased(
    slug: str, told: dict[str, str], media_folder: Path
):
    organisation = published(slug)
    case = taken(organisation, told)[0]
    with scope(organisation.pk):
        assert replayed(case) == state_of(case, definition(slug))
        assert replayed(case).phase == case.phase
        erase([case], at=NOW, strays=())
        case = Case.objects.select_related("version").get(pk=case.pk)
        assert replayed(case) == state_of(case, definition(slug))
        assert Event.objects.filter(case=case, occurrence=ERASED).exists()
        assert not EarlierNumber.objects.exists()
        assert not Answer.objects.filter(is_personal=True).exists()
        assert Answer.objects.filter(name="verdict").exists() is bool(told["Besluit op"])


def test_nothing_follows_and_nobody_gets_in(organisation: Organisation):
    case = taken(organisation, KO)[0]
    with scope(organisation.pk):
        for each in (Letter, Notice, Deadline, Delivery, Party, Assignment):
            assert not each.objects.exists(), each
        assert (case.wake_at, case.next_due_at, case.nonce, case.access_hash) == (None, None, None, "")
        assert expire_due(at=NOW + timedelta(days=3650)) == 0
        for code in ("", "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE-A"):
            with pytest.raises(Http404):
                case_for_complainant(case.reference, code)


def test_procedure_offers_and_allows_nothing_in_it(organisation: Organisation, director: Membership):
    case = taken(organisation, KO)[0]
    with scope(organisation.pk):
        state = state_of(case, PROCEDURE)
        for act in PROCEDURE.acts:
            with pytest.raises(engine.ActRefused, match="eerder register"):
                perform(case, act.name, answers={}, actor=staff(director, PROCEDURE, case), at=NOW)
        assert not [each for each in engine.offers(PROCEDURE, state, at=NOW, by=director.roles) if not each.refusal]
        other = filed_case(organisation)
        side, main = (merging.Side(each, staff(director, PROCEDURE, each), each.revision) for each in (case, other))
        with pytest.raises(merging.NotMerged):
            merging.merge(main, side, at=NOW)


def test_faulty_row_keeps_everything_out(organisation: Organisation):
    with scope(organisation.pk), pytest.raises(NotTaken) as refused:
        take_over(written([row(number=str(each)) for each in range(9)] + [row(end="?")]), actor=THE_CLOCK, at=NOW)
    assert [(each.row, each.column) for each in refused.value.trial.faults] == [(11, "Afloop")]
    assert set(rows_there(organisation).values()) == {0}


def test_taking_over_again_takes_over_what_is_new_alone(organisation: Organisation):
    take(organisation, KO, row(number="Kl 2"))
    before = rows_there(organisation)
    again = take(organisation, row(subject="anders"), row(number=" kl  2 "))
    assert (len(again.entries), again.known) == (0, 2)
    assert rows_there(organisation) == before
    more = take(organisation, KO, row(number="3"))
    assert (len(more.entries), more.known) == (1, 1)


def test_register_and_search_show_it_as_it_ended(organisation: Organisation):
    case = taken(organisation, KO)[0]
    with scope(organisation.pk):
        found = with_parts(chosen(Case.objects.all(), Filters(2026, "closed"), ZONE), columns(PROCEDURE))
        told = dict(zip(columns(PROCEDURE), line(found.get(), columns(PROCEDURE), {}), strict=True))
        assert told["received_on"] == date(2026, 2, 2)
        assert (told["decided_on"], told["closed_on"]) == (date(2026, 2, 20), date(2026, 2, 23))
        assert told["verdict"] == "Deels gegrond"
        for typed in (case.reference, "2026/17", "wachttijden", "antwoord", "vaste dag", "gegrond"):
            assert Case.objects.filter(found_by(typed)).exists(), typed
        before = found_words()
        index_case(case)
        assert found_words() == before
        assert not Case.objects.filter(closed_at=None).exists()


def test_report_of_its_year_counts_it(organisation: Organisation):
    take(
        organisation,
        KO,
        row(number="2", received="30-12-2025", decided="02-01-2026", verdict="Gegrond"),
        row(number="3", end="Ingetrokken", decided="", verdict="", relation=""),
    )
    with scope(organisation.pk):
        counts = count(Asked.of([PROCEDURE]), zone=ZONE, until=datetime(2027, 1, 1, tzinfo=ZONE))
    assert counts.received == {2025: 1, 2026: 2}
    assert counts.handled == {2026: 3}
    assert counts.outcomes == {(2026, "partly_upheld"): 1, (2026, "upheld"): 1, (2026, "withdrawn"): 1}
    assert counts.nature["relation"] == {(2025, "customer"): 1, (2026, "customer"): 1, (2026, ""): 1}
    assert counts.spans == {(2026, "week"): 1, (2026, "four_weeks"): 2}
    assert counts.channels == {(2025, "letter"): 1, (2026, "letter"): 2}
    assert not counts.terms
    assert (counts.open_at_end(2025), counts.open_at_end(2026)) == (1, 0)


def test_adopted_report_stays_as_it_is_and_the_dry_run_says_so(
    organisation: Organisation, director: Membership, media_folder: Path
):
    with scope(organisation.pk):
        adopt(2025, revision=0, member=director, procedure=PROCEDURE, at=NOW)
        trial = try_out(written([row(received="30-12-2025"), row(number="2")]), at=NOW)
    assert trial.years == (2025,)


@pytest.mark.parametrize(
    ("slug", "told", "last_on"), [(SLUG, KO, date(2027, 2, 23)), ("klikklaar", KK, date(2026, 11, 25))]
)
def test_it_goes_on_the_day_that_the_procedure_says(slug: str, told: dict[str, str], last_on: date):
    organisation = published(slug)
    take(organisation, told)
    with scope(organisation.pk):
        assert [(each.last_on, each.held_by) for each in kept(Case.objects.all(), at=NOW)] == [(last_on, ())]


def test_another_organisation_learns_nothing_and_takes_over_the_same_numbers(organisation: Organisation):
    take(organisation, KO)
    other = published("klikklaar")
    assert set(rows_there(other).values()) == {0}
    same = row(KK, number=KO["Oud nummer"])
    assert len(take(other, same).entries) == 1
    assert rows_there(organisation)["Case"] == rows_there(other)["Case"] == 1


def test_queries_do_not_grow_with_the_rows_of_a_lot(organisation: Organisation):
    asked = []
    for year in (2025, 2026):
        rows = [
            row(number=f"{year}-{each}", received=f"0{each + 1}-12-2025") for each in range(1 if year == 2025 else 8)
        ]
        with CaptureQueriesContext(connection) as seen:
            take(organisation, *rows)
        asked.append(len(seen))
    assert asked[1] <= asked[0]  # the counter of the year was made the first time


def said(organisation: Organisation, file: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_register", organisation.slug, str(file), *options, stdout=out, stderr=out)
    return out.getvalue()


def test_command_tries_and_takes_over_in_the_name_of_a_member(
    organisation: Organisation, director: Membership, tmp_path: Path
):
    file = tmp_path / "register.csv"
    now = datetime.now(tz=UTC).date()
    days = {name: f"{now - timedelta(days=ago)}" for name, ago in (("received", 40), ("decided", 20), ("closed", 19))}
    file.write_bytes(
        written([row(**days), row(number="old", received="2020-01-01", decided="2020-02-01", closed="2020-02-02")])
    )
    assert "1 would be taken over" in said(organisation, file, "--dry-run")
    assert set(rows_there(organisation).values()) == {0}
    told = said(organisation, file, "--by", director.user.email)
    assert "1 taken over\n0 here already\n1 passed by" in told
    assert "0 taken over\n1 here already" in said(organisation, file)
    with scope(organisation.pk):
        assert set(Event.objects.values_list("member", flat=True)) == {director.pk}
        worker = member(organisation, "Bo Bakker", "handler")
    file.write_bytes(written([row(number="2", closed="", **{k: v for k, v in days.items() if k != "closed"})]))
    with pytest.raises(CommandError, match="1 faults: nothing was taken over"):
        said(organisation, file)
    for options, why in (
        (("--by", worker.user.email), "does not manage"),
        (("--by", "niemand@example.nl"), "does not manage"),
    ):
        with pytest.raises(CommandError, match=why):
            said(organisation, file, *options)
    with pytest.raises(CommandError, match="cannot be read"):
        said(organisation, tmp_path / "none.csv")
    organisation.slug = "geen"
    with pytest.raises(CommandError, match="There is no organisation"):
        said(organisation, file)
