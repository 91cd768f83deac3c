"""Each rule of rules.toml is proved by a test that names it, or stands in rules_later.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests import rules


def test_every_rule_is_proved_or_postponed(request: pytest.FixtureRequest) -> None:
    session = request.session
    left_out = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise")
    is_whole = {Path(each).resolve() for each in session.config.args} == {rules.FOLDER}
    if is_whole and not any(session.config.getoption(each, None) for each in left_out):
        assert list(rules.problems(rules.rules(), rules.proofs_in(session.items), rules.later())) == []
        return
    # In a process of its own: a part of the suite was chosen here, and all of it is meant.
    done = subprocess.run(
        [sys.executable, "-m", "tests.rules"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_problems_name_each_way_to_be_wrong() -> None:
    known = {"A-1": "", "A-2": "", "A-3": "", "A-4": ""}
    proved = {"A-1": ["t1"], "A-2": ["t2"], "B-9": ["t3"]}
    postponed = {"A-2": "later", "A-3": " ", "C-9": "later"}
    assert list(rules.problems(known, proved, postponed)) == [
        "A-2 is proved by t2; take it out of rules_later.toml",
        "A-4 is not proved by any test, and rules_later.toml does not say why",
        "B-9, named in t3, is no rule of rules.toml",
        "C-9, named in rules_later.toml, is no rule of rules.toml",
        "A-3 stands in rules_later.toml without a reason",
    ]
