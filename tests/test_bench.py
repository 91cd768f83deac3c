"""Benchmarks are measured by hand; that they can be, and that what they copy is whole, is tested here."""

from __future__ import annotations

import ast

import pytest

from tests.bench.__main__ import BENCHES
from tests.bench.clock import best
from tests.drills.figures import Report
from tests.drills.stack import ROOT


@pytest.mark.parametrize("name", BENCHES)
def test_each_benchmark_is_a_module_that_says_what_it_measures(name: str):
    module = ast.parse((ROOT / "tests" / "bench" / f"{BENCHES[name]}.py").read_text(encoding="utf-8"))
    assert (ast.get_docstring(module) or "").startswith("Measures ")
    assert "bench" in {each.name for each in module.body if isinstance(each, ast.FunctionDef)}


def test_best_is_of_one_call_and_of_the_quickest_round():
    calls: list[int] = []
    assert 0 < best(lambda: calls.append(1), rounds=2, at_least=0.001) < 0.001
    assert len(calls) > 2


def test_goal_that_was_missed_is_named_as_such():
    report = Report("x")
    report.at_least("ours", 1, 2)
    assert "missed" in report.table(missed="missed")
    assert "BROKEN" in report.table()
