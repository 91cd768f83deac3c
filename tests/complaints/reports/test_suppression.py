"""Suppression attacked by brute force: every breakdown that fits what is shown is tried, by two kinds of reader."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.reports.suppression import FEWEST, Hidden, Shown, alone, breakdown, parts, share

MOST = {2: 34, 3: 24, 4: 15}  # for so many parts, totals up to this


def breakdowns(total: int, count: int) -> Iterator[tuple[int, ...]]:
    """Every way in which so many parts make this total."""
    for cuts in itertools.combinations(range(total + count - 1), count - 1):
        edges = (-1, *cuts, total + count - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(edges))


def fits(cell: Shown, number: int) -> bool:
    """Whether a number may hide behind what is shown, by what the report itself says of it."""
    match cell:
        case Hidden.FEW:
            return 0 < number < FEWEST
        case Hidden.WITHHELD:
            return number >= FEWEST
        case Hidden.CLOSED:
            return True
        case _:
            return cell == number


def possible(view: Sequence[Shown], total: int) -> list[set[int]]:
    """What each part may be, for a reader who knows the total and tries everything that fits."""
    tables = [
        table
        for table in breakdowns(total, len(view))
        if all(fits(cell, number) for cell, number in zip(view, table, strict=True))
    ]
    return [set(column) for column in zip(*tables, strict=True)]


def assert_is_safe(view: Sequence[Shown], total: int) -> None:
    """What the rule promises of each hidden number, and no less."""
    for cell, numbers in zip(view, possible(view, total), strict=True):
        if cell is Hidden.FEW:
            assert numbers == {1, 2, 3, 4}, (view, total)
        elif cell is Hidden.WITHHELD:
            assert len(numbers) >= FEWEST - 1, (view, total)
        elif cell is Hidden.CLOSED:
            assert numbers == set(range(total + 1)), (view, total)


@pytest.mark.rule("O21-25")
@pytest.mark.parametrize("count", MOST)
def test_no_hidden_number_is_determined_or_confined_further_than_the_rule_says(count: int):
    checked = set()
    for total in range(MOST[count] + 1):
        for table in breakdowns(total, count):
            view = parts(table)
            if (view, total) not in checked and any(isinstance(each, Hidden) for each in view):
                checked.add((view, total))
                assert_is_safe(view, total)
    assert len(checked) > 30


@pytest.mark.parametrize("count", MOST)
def test_who_knows_the_rule_and_tries_every_table_on_it_finds_no_number_either(count: int):
    for total in range(MOST[count] + 1):
        seen = defaultdict(list)
        for table in breakdowns(total, count):
            seen[parts(table)].append(table)
        for view, tables in seen.items():
            for cell, numbers in zip(view, zip(*tables, strict=True), strict=True):
                assert not isinstance(cell, Hidden) or len(set(numbers)) > 1, (view, total)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=9))
def test_what_is_shown_is_true_and_what_is_small_is_not_shown(table: list[int]):
    for cell, number in zip(parts(table), table, strict=True):
        assert fits(cell, number)
        assert cell not in range(1, FEWEST)


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3).map(tuple), min_size=1, max_size=3),
)
def test_breakdowns_of_one_total_in_several_years_tell_no_more_than_each_alone(years: list[tuple[int, ...]]):
    """Rows by years, each year with its own total and two breakdowns of it: the reader tries every pair of tables."""
    for table in years:
        total = sum(table)
        other = (total - total // 3, total // 3)
        views = (parts(table), parts(other))
        alone_possible = [possible(view, total) for view in views]
        joint = [
            (first, second)
            for first in breakdowns(total, 3)
            if all(fits(c, n) for c, n in zip(views[0], first, strict=True))
            for second in breakdowns(total, 2)
            if all(fits(c, n) for c, n in zip(views[1], second, strict=True))
        ]
        for which, view in enumerate(views):
            together = [set(column) for column in zip(*(pair[which] for pair in joint), strict=True)]
            assert together == alone_possible[which]
            assert_is_safe(view, total)


def test_total_that_is_small_itself_closes_its_parts():
    assert breakdown([3, 0]) == (Hidden.FEW, (Hidden.CLOSED, Hidden.CLOSED))
    assert breakdown([20, 0]) == (20, (20, 0))
    assert breakdown([0, 0]) == (0, (0, 0))


@pytest.mark.parametrize(
    ("table", "view"),
    [
        ((12, 0, 9), (12, 0, 9)),  # nothing is small
        ((52, 3), (Hidden.WITHHELD, Hidden.FEW)),  # 52 would give the 3 away
        ((30, 3, 2), (30, Hidden.FEW, Hidden.FEW)),  # 5 together: each is anything from 1 to 4
        ((30, 1, 1), (Hidden.WITHHELD, Hidden.FEW, Hidden.FEW)),  # 2 together would be 1 and 1
        ((2, 1, 1), (Hidden.CLOSED,) * 3),  # too few altogether
        ((7,), (7,)),
    ],
)
def test_examples(table: tuple[int, ...], view: tuple[Shown, ...]):
    assert parts(table) == view


def test_single_numbers_and_shares_tell_nothing_that_is_hidden():
    assert [alone(each) for each in (0, 1, 4, 5)] == [0, Hidden.FEW, Hidden.FEW, 5]
    assert share(9, 12) == 75
    assert share(Hidden.WITHHELD, 12) is None
    assert share(9, Hidden.FEW) is None
    assert share(0, 0) is None
    assert share(None, 5) is None
