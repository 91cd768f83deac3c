"""The same figures come out after the cases were erased: every one that is counted, bare, with real erasing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from complaints.actions import THE_COMPLAINANT, perform
from complaints.actions.erasing import erase
from complaints.demo import years as demo
from complaints.models import Case, Party
from complaints.queries.figures import Asked, Counts, count
from complaints.reports.figures import Figures, figures
from procedures.catalogue import zone_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, published, staffed
from tests.complaints.reports.year import complained, day

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder")]

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
YEARS = (2024, 2025, 2026)


@pytest.fixture(autouse=True)
def _own_ledger(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LEDGER = tmp_path / "erasures.jsonl"


def counted(organisation: Organisation, until: datetime) -> Counts:
    with scope(organisation.pk):
        procedure = definition(organisation.slug)
        return count(Asked.of([procedure]), zone=zone_of(procedure), until=until)


def shown(organisation: Organisation) -> list[Figures]:
    with scope(organisation.pk):
        return [figures(definition(organisation.slug), year, until=date(year, 12, 31)) for year in YEARS]


@pytest.mark.rule("KO-20", "O21-20", "KP-13", "KK-12", "KC-16")
@pytest.mark.parametrize("slug", SLUGS)
def test_every_figure_is_the_same_before_and_after_erasing(slug: str):
    """Half of the closed cases go, so that what stays and what went are counted together."""
    organisation = published(slug)
    staffed(organisation)
    zone = zone_of(definition(slug))
    ends = [datetime(2026, 3, 1, tzinfo=zone), datetime(2027, 1, 1, tzinfo=zone)]
    with scope(organisation.pk):
        demo.fill(definition(slug), count=48, years=YEARS, now=NOW)
    before, told = [counted(organisation, each) for each in ends], shown(organisation)
    assert before[1].received.total() == 48
    assert all((before[1].handled, before[1].outcomes, before[1].spans, before[1].terms, before[1].channels))
    with scope(organisation.pk):
        closed = list(Case.objects.filter(closed_at__isnull=False, erased_at=None).order_by("pk")[::4])
        assert closed
        for case in closed:
            erase([case], at=NOW, strays=())
        assert not Party.objects.filter(case__in=closed).exists()
    assert [counted(organisation, each) for each in ends] == before
    assert shown(organisation) == told


@pytest.mark.parametrize("slug", ["o21", "klik-onderwijs"])
def test_who_came_back_is_counted_also_when_either_case_is_erased(slug: str):
    organisation = published(slug)
    staffed(organisation)
    first = complained(organisation, 1, at=day(2, 2), email="Klager@wilgenroos.example")
    other = complained(organisation, 2, at=day(2, 2), email="ander@wilgenroos.example")
    with scope(organisation.pk):
        for case in (first, other):
            withdrawn(case, at=day(3, 2))
        assert back(first) is None
    complained(organisation, 3, at=day(3, 2), email="klager@wilgenroos.example")  # in the same minute
    with scope(organisation.pk):
        assert back(first) is None
    again = complained(organisation, 4, at=day(5, 20), email="KLAGER@wilgenroos.example")
    complained(organisation, 5, at=day(9, 20), email="klager@wilgenroos.example")
    with scope(organisation.pk):
        assert back(first) == date(2026, 5, 1)
        assert back(other) is None
        withdrawn(again, at=day(6, 20))
    zone = zone_of(definition(slug))
    for until, number in ((datetime(2026, 5, 1, tzinfo=zone), 0), (datetime(2026, 6, 1, tzinfo=zone), 1)):
        assert counted(organisation, until).returned[2026] == number
    for case in (again, first):
        with scope(organisation.pk):
            erase([Case.objects.get(pk=case.pk)], at=NOW, strays=())
        assert counted(organisation, datetime(2026, 6, 1, tzinfo=zone)).returned[2026] == 1


def withdrawn(case: Case, *, at: datetime) -> None:
    perform(case, "withdraw", answers={}, actor=THE_COMPLAINANT, at=at)


def back(case: Case) -> date | None:
    return Case.objects.get(pk=case.pk).came_back_on
