"""A case at each organisation from filing through an appeal to its erasure years later, and what the report kept."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from complaints.actions import expire_due, measures, send_waiting, staff
from complaints.actions.reporting import adopt
from complaints.actions.retaining import carry_out
from complaints.demo.paths import ways
from complaints.demo.playing import HERE, Cast, play
from complaints.models import Answer, Case, Document, Event, Letter, Measure, Membership, Party, YearReport
from complaints.queries.replay import replayed
from complaints.reports.figures import figures
from procedures.catalogue import zone_of
from procedures.definition import Phase, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, member, published, staffed
from tests.complaints.retention.filled import approved, gone_from
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

ENDS = datetime(2027, 3, 17, 12, tzinfo=UTC)  # about when the last act of the case is done
TEN_YEARS = 10 * 366
SECOND = timedelta(seconds=1)


def _after_an_appeal(procedure: Procedure) -> Phase:
    """The phase in which a case ends that was judged by somebody from outside; else the last one of the document."""
    ends = [each for each in procedure.phases if each.is_end]
    return next((each for each in ends if each.outcome == "appealed"), ends[-1])


@pytest.mark.parametrize("slug", SLUGS)
def test_case_lives_through_its_appeal_and_goes_and_the_report_stays(
    slug: str, smtp_server: MailServer, media_folder: Path, settings: Settings, tmp_path: Path
):
    settings.ERASURE_LEDGER = tmp_path / "erasures.jsonl"
    organisation, procedure = published(slug), definition(slug)
    people = _people(organisation, procedure)
    zone = zone_of(procedure)
    told = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))
    with scope(organisation.pk):
        members = {
            role.name: list(Membership.objects.filter(roles__contains=[role.name]).order_by("pk"))
            for role in procedure.roles
        }
        cast = Cast(told["complainants"], told["phrases"], members)
        end = _after_an_appeal(procedure)
        case = play(
            procedure, ways(procedure)[end.name], cast, number=1, ends_at=ENDS, until=ENDS + timedelta(days=90),
            is_diligent=True,
        )  # fmt: skip
        case.refresh_from_db()
        assert (case.phase, case.outcome, case.is_closed) == (end.name, end.outcome, True)
        assert replayed(case).phase == end.name
        names = set(Party.objects.filter(case=case, kind=Party.Kind.COMPLAINANT).values_list("name", flat=True))
        letters = list(Letter.objects.filter(case=case).values_list("name", "state"))
        assert {state for _name, state in letters} <= {Letter.State.SENT, Letter.State.STOPPED}
        assert case.closed_at
        for measure in case.measures.all():
            measures.finish(
                measure, "Het staat in de werkwijze.", kind=Measure.Kind.PREVENTIVE, done_on=measure.due_on,
                actor=staff(people["second"], procedure), at=case.closed_at + timedelta(days=40),
            )  # fmt: skip
        gone, first, last = gone_from(case, at=ENDS), case.received_at.astimezone(zone).year, ENDS.year

    # A report for each year that the case touched, adopted in the January after it.
    with scope(organisation.pk):
        for year in range(first, last + 1):
            adopt(
                year, revision=0, member=people[procedure.publisher], procedure=procedure,
                at=datetime(year + 1, 1, 20, 9, tzinfo=UTC),
            )  # fmt: skip
        before = {each.year: (each.figures, each.sha256) for each in YearReport.objects.all()}
        shown = {year: figures(procedure, year, until=date(year, 12, 31)) for year in before}

    # The years go by: nothing wakes the case, nothing more is written to anybody, and it stays to its last day.
    with scope(organisation.pk):
        for days in range(0, TEN_YEARS, 30):
            at = case.closed_at + timedelta(days=days)
            if at >= gone:
                break
            expire_due(at=at)
            send_waiting(organisation.pk, at=at)
        assert list(Letter.objects.filter(case=case).values_list("name", "state")) == letters
        assert set(Party.objects.filter(case=case, kind=Party.Kind.COMPLAINANT).values_list("name", flat=True)) == names
    approved(organisation, people, at=gone - timedelta(days=20))
    assert carry_out(organisation.pk, at=gone - SECOND) == 0
    assert carry_out(organisation.pk, at=gone)  # the case, and its files

    with scope(organisation.pk):
        left = Case.objects.get(pk=case.pk)
        assert (left.erased_at, left.outcome) == (gone, end.outcome)
        assert not Party.objects.filter(case=case).exists()
        assert not Document.objects.filter(case=case).exists()
        assert not Answer.objects.filter(case=case, is_personal=True).exists()
        assert not any(name in str((each.facts, each.decision)) for each in Event.objects.all() for name in names)
        assert {each.year: (each.figures, each.sha256) for each in YearReport.objects.all()} == before
        assert {year: figures(procedure, year, until=date(year, 12, 31)) for year in before} == shown


def _people(organisation: Organisation, procedure: Procedure) -> dict[str, Membership]:
    people = staffed(organisation)
    administrators = [each.name for each in procedure.roles if each.is_administrator]
    people["second"] = member(organisation, "Tweede Mens", *administrators)
    return people
