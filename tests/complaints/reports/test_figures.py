"""The figures of a report: what is counted in which year, and that no name, number or text of a case is in them."""

from __future__ import annotations

import io
import json
import subprocess
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from complaints.actions import Actor
from complaints.models import Case, Event, Membership, Party
from complaints.reports import contents, paper, sheet
from complaints.reports.figures import Figures, figures, last_day
from complaints.reports.suppression import Hidden
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, filed_case, published, staffed
from tests.complaints.reports.year import NAMES, complained, day, decided, does

pytestmark = pytest.mark.django_db

SLUG = "o21"
WHOLE = date(2026, 12, 31)


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


def told(organisation: Organisation, *, year: int = 2026, until: date = WHOLE) -> Figures:
    with scope(organisation.pk):
        return figures(definition(organisation.slug), year, until=until)


def column(found: Figures, table: str) -> dict[str, object]:
    """The own year's cells of a table, by row; with the total as `total`."""
    shown = found.table(table)
    assert shown
    cells: dict[str, object] = {row.name: row.cells[-1] for row in shown.rows}
    return cells | ({"total": shown.total[-1]} if shown.total else {})


@pytest.fixture
def year(organisation: Organisation, people: dict[str, Membership]) -> list[Case]:
    """Nine complaints: eight about planning, five of them decided within a week, and one about a trainer."""
    cases = []
    for number in range(9):
        nature = "planning" if number < 8 else "trainer"
        case = complained(organisation, number, at=day(1 + number, 2), nature=nature)
        if number < 5:
            decided(case, people, at=day(1 + number, 6))
        cases.append(case)
    return cases


@pytest.mark.rule("O21-24", "O21-08")
def test_report_tells_number_nature_handling_throughput_and_effectiveness(
    organisation: Organisation, people: dict[str, Membership], year: list[Case]
):
    for case in year[:1]:
        does(case, "record_effect", people, at=day(12, 2), client_kept="yes")
    found = told(organisation)
    assert column(found, "numbers") == {"received": 9, "handled": 5, "open": 4}
    assert column(found, "nature:nature") == {
        "content": 0,
        "trainer": Hidden.FEW,
        "planning": Hidden.WITHHELD,
        "contact": 0,
        "agreements": 0,
        "other": 0,
        "total": 9,
    }
    outcomes = column(found, "outcomes")
    assert (outcomes["upheld"], outcomes["not_upheld"], outcomes["withdrawn"], outcomes["total"]) == (5, 0, 0, 5)
    assert column(found, "spans") == {
        "week": 5, "two_weeks": 0, "four_weeks": 0, "eight_weeks": 0, "longer": 0, "total": 5,
    }  # fmt: skip
    closed = Hidden.CLOSED
    assert column(found, "effects") == {
        "client_kept": closed, "client_lost": closed, "unknown": closed, "total": Hidden.FEW,
    }  # fmt: skip
    assert column(found, "returned") == {"yes": 0, "no": 5, "total": 5}
    assert column(found, "measures") == {"corrective": 0, "preventive": 0, "": 5, "total": 5}
    assert column(found, "carried_out") == {"carried_out": 0}
    assert column(found, "indicator:outcome_in_time") == {"met": 5, "missed": 0, "total": 5}
    assert column(told(organisation, until=date(2026, 6, 30)), "numbers") == {"received": 6, "handled": 5, "open": 1}
    with scope(organisation.pk):
        Case.objects.filter(pk=year[8].pk).update(merged_into=year[7].pk, closed_at=day(12, 3))
    assert column(told(organisation), "numbers") == {"received": 8, "handled": 5, "open": 3}
    names = [each.name for each in contents.parts(found, definition(SLUG), {})]
    assert {"number", "nature", "outcomes", "throughput", "terms", "measures", "effectiveness"} <= set(names)


@pytest.mark.rule("O21-25", "O21-24")
def test_no_name_number_or_text_of_a_case_is_in_the_report_its_pdf_or_its_spreadsheet(
    organisation: Organisation, year: list[Case]
):
    """Every name that stands in the cases it counts is looked for, whole and in parts."""
    found = told(organisation)
    with scope(organisation.pk):
        parties = Party.objects.filter(case__in=year).values_list("name", "email", "organisation_name")
        sought = {each for row in parties for each in row if each} | {case.reference for case in year}
        sought |= {each.name for each in Membership.objects.select_related("user")}
    sought |= {*NAMES, *(name.split()[-1] for name in NAMES), "PLANT", "wilgenroos"}
    content = paper.pdf(found, definition(SLUG), {}, at=datetime(2027, 1, 4, tzinfo=UTC))
    written = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    screen = "".join(
        str(part) for part in contents.parts(found, definition(SLUG), {}) + contents.scores(found, definition(SLUG))
    )
    kept = json.dumps(found.as_json()) + json.dumps(sheet.lines(found)) + screen
    assert "Klachten in 2026" in written
    pages = PdfReader(io.BytesIO(content)).pages
    assert {(round(float(each.mediabox.width)), round(float(each.mediabox.height))) for each in pages} == {(595, 842)}
    assert len(pages) < 9
    for text in (written, kept):
        for each in sought:
            assert each.casefold() not in text.casefold(), each


def test_complaint_counts_in_the_year_it_came_in_and_its_decision_in_the_year_of_that(
    organisation: Organisation, people: dict[str, Membership]
):
    case = complained(organisation, 1, at=datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    late = complained(organisation, 2, at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))  # the next day, local
    decided(case, people, at=day(1, 6, 2027))
    assert column(told(organisation), "numbers") == {"received": 1, "handled": 0, "open": 1}
    after = told(organisation, year=2027, until=date(2027, 12, 31))
    assert after.years == (2026, 2027)
    assert column(after, "numbers") == {"received": 1, "handled": 1, "open": 1}
    assert after.table("numbers").row("open").cells == (1, 1)  # type: ignore[union-attr]
    assert late.received_at.year == 2026


@pytest.mark.parametrize(
    ("slug", "queries"), [("klassepro", 16), ("klik-onderwijs", 16), ("klikklaar", 15), ("klimkoord", 14), ("o21", 17)]
)
def test_number_of_queries_does_not_hang_on_the_number_of_cases(slug: str, queries: int):
    organisation = published(slug)
    for number in range(30 if slug == SLUG else 2):
        if number < 2:
            assert asked(organisation) == queries
        complained(organisation, number, at=day(1 + number % 11, 3))
    assert asked(organisation) == queries


def asked(organisation: Organisation) -> int:
    """How many queries a report takes."""
    with CaptureQueriesContext(connection) as queries:
        told(organisation)
    return len(queries)


@pytest.mark.parametrize("slug", SLUGS)
def test_report_of_each_procedure_can_be_made_also_of_a_year_without_complaints(slug: str):
    organisation = published(slug)
    staffed(organisation)
    found = told(organisation)
    assert Figures.from_json(json.loads(json.dumps(found.as_json()))) == found
    pages = paper.pdf(found, definition(slug), {"number": "Wij zijn blij."}, at=datetime(2027, 1, 4, tzinfo=UTC))
    written = subprocess.run(["pdftotext", "-", "-"], input=pages, capture_output=True, check=True).stdout.decode()
    assert "geen klachten" in written
    assert "Wij zijn blij." in written


@pytest.mark.rule("KC-13", "KC-14")
def test_report_judges_the_indicators_and_has_room_for_bottlenecks():
    """Fewer than one formal complaint a year, contact in 14 and an answer in 30 days; and repeat subjects."""
    organisation = published("klimkoord")
    people = staffed(organisation)
    for number in range(6):
        case = complained(organisation, number, at=day(1 + number, 2), nature="general")
        does(
            case,
            "assign_employee",
            people,
            at=day(1 + number, 3),
            handler=str(people["employee"].pk),
            compulsory="repeated" if number else "none",
        )
    with scope(organisation.pk):
        assert figures(definition("klimkoord"), 2026, until=WHOLE).met == {"formal_complaints": True}
    manager = people["quality_manager"]
    registered = filed_case(
        organisation,
        at=day(8, 3),
        act="register_formal",
        actor=Actor(Event.By.STAFF, frozenset({"quality_manager"}), manager),
    )
    found = told(organisation)
    assert found.met == {"formal_complaints": False}
    assert registered.track == "formal"
    assert column(found, "repeats")["total"] == 7
    parts = {each.name: each for each in contents.parts(found, definition("klimkoord"), {"bottlenecks": "De balie."})}
    assert parts["bottlenecks"].words == "De balie."
    assert any("Minder dan 1 formele klacht" in each for each in parts["channel"].findings)
    assert found.table("indicator:contact_in_time") is not None
    assert found.table("indicator:steps_in_time") is not None


def test_running_year_counts_whole_months():
    assert last_day(2026, today=date(2026, 11, 21)) == date(2026, 10, 31)
    assert last_day(2026, today=date(2026, 1, 31)) is None
    assert last_day(2026, today=date(2027, 1, 1)) == date(2026, 12, 31)
    assert last_day(2027, today=date(2026, 11, 21)) is None
