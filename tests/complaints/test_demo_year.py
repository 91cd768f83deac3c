"""Years of cases in bulk: they are as recording would have written them, and the reports of whole years are adopted."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from complaints.models import Answer, Case, Event, Party, ReferenceCounter, YearReport
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.scoping import scope
from tests.complaints.factories import definition, published, staffed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder")]

SLUG = "klik-onderwijs"


def said() -> str:
    told = StringIO()
    call_command("demo_year", SLUG, "--cases", "40", stdout=told)
    return told.getvalue()


def test_years_of_cases_replay_to_what_is_stored_and_their_reports_are_adopted():
    organisation = published(SLUG)
    staffed(organisation)
    first = said()
    assert f"{definition(SLUG).name}: 40 cases" in first
    assert first.count("is adopted") == 2
    with scope(organisation.pk):
        for case in Case.objects.filter(erased_at=None).select_related("version"):
            stored, again = state_of(case, definition(SLUG)), replayed(case)
            for each in ("phase", "opened_at", "deadlines", "done", "checks"):
                assert getattr(again, each) == getattr(stored, each), each
        gone = Case.objects.exclude(erased_at=None)
        assert gone
        assert not Party.objects.filter(case__in=gone).exists()
        assert not Answer.objects.filter(case__in=gone, is_personal=True).exists()
        assert Event.objects.filter(case__in=gone, occurrence="beside:erased").count() == len(gone)
        assert sum(ReferenceCounter.objects.values_list("last", flat=True)) == Case.objects.count() == 40
        assert YearReport.objects.exclude(adopted_at=None).count() == 2
    assert "nothing to do" in said()


def test_years_of_cases_are_refused_in_production(settings: Settings):
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        said()
