"""Whole reports attacked: everything that two of them show, of this year and the one before, against every hidden cell.

The attacker knows both reports, which totals belong together, and what each word that stands for a number means.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.queries.figures import SPANS, Asked, Counts
from complaints.reports.figures import QUARTERS, Cell, Figures, Table, shown
from complaints.reports.suppression import FEWEST, Hidden
from procedures.definition import Indicator, Procedure, Text
from tests.complaints.factories import SLUGS, definition

YEARS = (2025, 2026)
ENDLESS = 10**9


def numbers_of(procedure: Procedure, chance: random.Random) -> Counts:
    """Two years of an organisation as it might be: mostly very small, sometimes not."""
    asked = Asked.of([procedure])
    received = Counter({year: chance.choice((0, 1, 2, 3, 5, 7, 12, 30, 90)) for year in YEARS})
    handled = Counter({year: chance.randint(0, received[year]) for year in YEARS})

    def divided(names: list[str], totals: Mapping[int, int]) -> Counter[tuple[int, str]]:
        found: Counter[tuple[int, str]] = Counter()
        for year in YEARS:
            weights = [chance.choice((0.02, 0.2, 1, 4)) for _ in names]
            found.update((year, each) for each in chance.choices(names, weights, k=totals[year]))
        return found

    def some(totals: Mapping[int, int]) -> Counter[int]:
        return Counter({year: chance.randint(0, totals[year]) for year in YEARS})

    natures = {
        field.name: [each.value for each in field.choices] or ["yes", "no"]
        for field in procedure.intake.fields
        if field.name in asked.nature
    }
    means = sorted({each for values in asked.verdicts.values() for each in values.values()})
    judged = sorted({choice.value for act in procedure.acts for field in act.fields for choice in field.choices
                     if act.name in asked.judging and field.name in asked.judgements})  # fmt: skip
    rules = [(each.name, track.name, "") for each in procedure.deadlines for track in procedure.tracks]
    terms: dict[tuple[str, str, str], Counter[tuple[int, str]]] = {}
    for rule, track, outcome in rules:
        counter = divided(["met", "missed"], some(handled))
        terms[rule, track, outcome] = counter
        terms[rule, "", ""] = terms.get((rule, "", ""), Counter()) + counter
    return Counts(
        received=received,
        handled=handled,
        quarters=divided(list(QUARTERS), received),
        nature={name: divided([*values, ""], received) for name, values in natures.items()},
        channels=divided([each.name for each in procedure.intake.channels], received),
        tracks=divided([each.name for each in procedure.tracks], received),
        outcomes=divided([*means, "settled", "withdrawn", "inadmissible", "otherwise"], handled),
        spans=divided([name for name, _days in SPANS], handled),
        repeated=some(received),
        returned=some(handled),
        terms=terms,
        extended=divided(list(asked.extending.values()) or ["-"], some(handled)),
        appeals=some(handled),
        judgements=divided(judged or ["-"], some(handled)),
        effects=divided(["client_kept", "client_lost", "unknown"], some(handled)),
        measures=divided(["corrective", "preventive", ""], some(handled)),
        carried_out=some(handled),
        judged=divided(["worked", "failed", "too_early"], some(handled)),
    )


def report_of(procedure: Procedure, year: int, counts: Counts, adopted: Mapping[int, Figures]) -> Figures:
    return shown(
        procedure,
        year,
        counts,
        asked=Asked.of([procedure]),
        until=date(year, 12, 31),
        adopted={each: json.loads(json.dumps(figures.as_json())) for each, figures in adopted.items()},
    )


# --- The attacker -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Range:
    least: int
    most: int

    @classmethod
    def of(cls, cell: Cell) -> Range:
        """What a cell may hide, by what the report says of it."""
        match cell:
            case Hidden.FEW:
                return cls(1, FEWEST - 1)
            case Hidden.WITHHELD:
                return cls(FEWEST, ENDLESS)
            case Hidden.CLOSED | None:
                return cls(0, ENDLESS)
            case _:
                return cls(int(cell), int(cell))


def judged(procedure: Procedure, figures: Figures) -> dict[tuple[str, str], Range]:
    """What the judgements on the indicators tell of a line."""
    found = {}
    for each in procedure.report.indicators:
        if each.name in figures.met:
            line = ("outcomes", each.outcome) if each.outcome else ("tracks", each.track)
            found[line] = Range(0, each.fewer_than - 1) if figures.met[each.name] else Range(each.fewer_than, ENDLESS)
    return found


def confined(table: Table, told: Mapping[tuple[str, str], Range]) -> Iterator[tuple[str, Cell, Range]]:
    """Each hidden part of the own year's column, with all that it can still be: whatever the others are, within what is
    said of them, they make the total. Each bound is reached, and everything between, since only the sum ties them."""
    ranges = []
    for row in table.rows:
        said, more = Range.of(row.cells[-1]), told.get((table.name, row.name), Range(0, ENDLESS))
        ranges.append(Range(max(said.least, more.least), min(said.most, more.most)))
    total = Range.of(table.total[-1])
    for at, row in enumerate(table.rows):
        others = [each for number, each in enumerate(ranges) if number != at]
        least = max(ranges[at].least, total.least - sum(each.most for each in others))
        most = min(ranges[at].most, total.most - sum(each.least for each in others))
        assert least <= most, "what the report says of its parts cannot be"
        if isinstance(row.cells[-1], Hidden):
            yield row.name, row.cells[-1], Range(least, most)


def assert_nothing_is_found(procedure: Procedure, figures: Figures) -> None:
    told = judged(procedure, figures)
    none_at_all = {table for (table, _row), each in told.items() if each in (Range(0, 0), Range(1, ENDLESS))}
    for table in figures.tables:
        if not table.total:
            assert all(row.cells[-1] not in range(1, FEWEST) for row in table.rows) or table.name == "numbers"
            continue
        for name, cell, left in confined(table, told):
            if cell is Hidden.FEW:
                assert left == Range(1, FEWEST - 1), (table, name)
            elif cell is Hidden.WITHHELD:
                assert left.most - left.least >= FEWEST - 2, (table, name)
            elif table.name in none_at_all:  # the procedure asks whether there was one, and is answered
                assert left.least in (0, 1) or left.most == table.total[-1], (table, name)
            else:
                most = table.total[-1] if isinstance(table.total[-1], int) else FEWEST - 1
                assert left == Range(0, most), (table, name)


# --- The attacks ------------------------------------------------------------------------------------------------------

often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.rule("O21-25")
@pytest.mark.parametrize("slug", SLUGS)
@often
@given(st.integers(0, 10**9))
def test_no_hidden_cell_comes_out_of_two_reports(slug: str, seed: int):
    """The report of the year before was adopted; this year's shows it in a column beside its own."""
    procedure = definition(slug)
    counts = numbers_of(procedure, random.Random(seed))
    before = report_of(procedure, YEARS[0], counts, {})
    after = report_of(procedure, YEARS[1], counts, {YEARS[0]: before})
    for figures in (before, after):
        assert_nothing_is_found(procedure, figures)
    assert_no_second_version(before, after)


def assert_no_second_version(before: Figures, after: Figures) -> None:
    """Of a year that has its report, another one says the same or nothing."""
    for table in after.tables:
        then = before.table(table.name)
        for row in table.rows:
            line = then.row(row.name) if then else None
            assert row.cells[0] == (line.cells[-1] if line else None)


@pytest.mark.parametrize("slug", SLUGS)
def test_what_changes_in_a_year_after_its_report_changes_nothing_in_the_next_one(slug: str):
    """Else who has both would see the difference, and that may be one case."""
    procedure = definition(slug)
    before = report_of(procedure, YEARS[0], numbers_of(procedure, random.Random(1)), {})
    this_year = numbers_of(procedure, random.Random(2))
    for seed in range(20):
        later = of_two(numbers_of(procedure, random.Random(seed)), this_year)
        after = report_of(procedure, YEARS[1], later, {YEARS[0]: before})
        assert_no_second_version(before, after)
        assert_nothing_is_found(procedure, after)


@pytest.mark.parametrize("slug", SLUGS)
def test_year_without_an_adopted_report_is_told_in_no_more_than_the_three_numbers(slug: str):
    procedure = definition(slug)
    after = report_of(procedure, YEARS[1], numbers_of(procedure, random.Random(3)), {})
    for table in after.tables:
        assert table.name == "numbers" or all(row.cells[0] is None for row in table.rows)
        assert table.name == "numbers" or set(table.total[:-1]) <= {None}


def of_two(first: Counts, second: Counts) -> Counts:
    """The first year of the one, the second of the other."""

    def joined(one: Any, other: Any) -> Any:
        if isinstance(one, Counter):
            of = {key: n for key, n in one.items() if _year(key) == YEARS[0]}
            return Counter(of | {key: n for key, n in other.items() if _year(key) == YEARS[1]})
        return {name: joined(one[name], other[name]) for name in one}

    return Counts(
        **{each.name: joined(getattr(first, each.name), getattr(second, each.name)) for each in fields(first)}
    )


def _year(key: int | tuple[int, str]) -> int:
    return key if isinstance(key, int) else key[0]


@pytest.mark.parametrize(
    ("fewer_than", "number", "is_told"),
    [
        (1, 0, True),  # whether there was one at all is asked, and told
        (1, 3, True),
        (3, 2, False),  # "fewer than 3" of a number of 1 to 4 would leave two
        (2, 1, False),
        (5, 3, True),  # says no more than "1 to 4"
        (10, 8, False),  # withheld, because of the 2 beside it
        (3, 0, True),
    ],
)
def test_judgement_on_a_number_tells_no_more_than_the_number_itself(fewer_than: int, number: int, is_told: bool):
    procedure = definition("klimkoord")
    procedure = replace(
        procedure,
        report=replace(
            procedure.report,
            indicators=(Indicator("few", Text("x", "x"), fewer_than=fewer_than, track="formal"),),
        ),
    )
    others = 2 if fewer_than == 10 else 20
    counts = replace(
        numbers_of(procedure, random.Random(1)),
        received=Counter({2026: number + others}),
        tracks=Counter({(2026, "formal"): number, (2026, "informal"): others}),
    )
    figures = report_of(procedure, 2026, counts, {})
    assert ("few" in figures.met) is is_told
    assert_nothing_is_found(procedure, replace(figures, tables=tuple(t for t in figures.tables if t.name == "tracks")))


@pytest.mark.parametrize("slug", SLUGS)
def test_lines_of_a_year_that_is_too_small_to_be_broken_down_tell_nothing_either(slug: str):
    """A line that is there only when something was counted in it would say that there was something."""
    procedure = definition(slug)
    lines: dict[str, set[tuple[str, ...]]] = {}
    for seed in range(40):
        for table in report_of(procedure, YEARS[0], numbers_of(procedure, random.Random(seed)), {}).tables:
            if table.is_closed(-1):
                lines.setdefault(table.name, set()).add(tuple(row.name for row in table.rows))
    assert lines
    assert all(len(each) == 1 for each in lines.values())
