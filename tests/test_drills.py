"""A drill that cannot fail proves nothing: what it makes of letters that are lost, sent twice, or sent otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from complaints.models import Letter
from tests.drills.figures import Figure, Report, percentile
from tests.drills.letters import Fate, judge
from tests.drills.one_scope import Ask, House, judged
from tests.drills.stack import Taken
from tests.drills.tested import PROVED_BY, paths

DUE = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
FATE = Fate(kills=1, wanted=1)


def letter(number: int, kind: str = "fine", state: str = Letter.State.SENT, error: str = "") -> Letter:
    return Letter(
        key=f"1:1:letter:drill-{number}",
        message_id=f"<{number}>",
        to_email=f"{kind}-{number}@wilgenroos.example",
        due_at=DUE,
        state=state,
        error=error,
    )


def taken(number: int, *, after: float = 5, sha256: str = "same", answered: str = "yes") -> Taken:
    return Taken(DUE.timestamp() + after, f"<{number}>", sha256, "", answered)


LETTERS = [letter(1), letter(2), letter(3, "never", Letter.State.FAILED, "smtp_451"), letter(4, "cut")]
TAKEN = [taken(1), taken(2), taken(4, answered="cut"), taken(4)]


def broken(letters: list[Letter], mails: list[Taken], fate: Fate = FATE) -> list[str]:
    report = Report("")
    judge(report, letters, mails, fate)
    return [figure.name for figure in report.figures if not figure.holds]


def test_run_in_which_every_promise_held():
    assert broken(LETTERS, TAKEN) == []
    assert broken(LETTERS, [*TAKEN, taken(1)]) == [], "a kill may send one letter twice"


@pytest.mark.parametrize(
    ("letters", "mails"),
    [
        ([*LETTERS, letter(5, state=Letter.State.WAITING)], TAKEN),
        (LETTERS, TAKEN[1:]),
        ([*LETTERS, letter(5, state=Letter.State.FAILED, error="smtp_451")], TAKEN),
        ([*LETTERS, letter(5, "refused")], [*TAKEN, taken(5)]),
        ([*LETTERS, letter(5, "never", Letter.State.FAILED, "TimeoutError")], TAKEN),
        (LETTERS, [*TAKEN, taken(9)]),
        (LETTERS, [*TAKEN, taken(1, sha256="other")]),
        (LETTERS, [*TAKEN, taken(1), taken(2)]),
        (LETTERS, [taken(1, after=61), *TAKEN[1:]]),
        (LETTERS, [taken(1, after=-1), *TAKEN[1:]]),
    ],
)
def test_run_in_which_one_was_broken(letters: list[Letter], mails: list[Taken]):
    assert len(broken(letters, mails)) >= 1


def test_letters_that_became_due_without_a_broker_have_two_minutes():
    off = replace(FATE, off_from=DUE.timestamp() - 1, off_to=DUE.timestamp() + 1)
    mails = [taken(1, after=119), *TAKEN[1:]]
    assert broken(LETTERS, mails, off) == []
    assert broken(LETTERS, [taken(1, after=121), *TAKEN[1:]], off) == ["99 % left within, of those due without one"]


def test_percentile_is_a_value_that_was_measured():
    assert percentile([], 0.99) == 0
    assert percentile([3.0], 0.99) == 3
    assert percentile(map(float, range(1, 101)), 0.99) == 99
    assert percentile(map(float, range(1, 11)), 0.5) == 5


def test_goal_is_said_as_it_is_judged():
    assert Figure("x", 1, at_most=1, at_least=1).goal == "1"
    assert (Figure("x", 3, at_most=2).goal, Figure("x", 3, at_most=2).holds) == ("≤ 2", False)


@pytest.mark.parametrize(
    ("path", "status", "page", "found"),
    [
        ("/beheer/zaken/", 200, "Geheimeen 4", []),
        ("/beheer/zaken/", 200, "niets", ["blind"]),
        ("/beheer/zaken/", 200, "Geheimeen 4 Geheimtwee 4", ["leaked"]),
        ("/beheer/zaken/", 200, "Geheimeen 4 over Geheimtwee", ["leaked"]),
        ("/beheer/zaken/?q=Geheimtwee", 200, "Geheimeen 4; u zocht Geheimtwee", []),
        ("/beheer/zaken/?q=Geheimtwee", 200, "Geheimeen 4; u vond Geheimtwee 1", ["leaked"]),
        ("/beheer/zaken/", 500, "Geheimeen 4", ["failed", "odd"]),
    ],
)
def test_words_of_another_organisation_are_seen_in_an_answer(path: str, status: int, page: str, found: list[str]):
    one, two = House("een", "Geheimeen", (), ""), House("twee", "Geheimtwee", (), "")
    assert list(judged(Ask(one, path, frozenset({200}), shows=True), status, page, [one, two])) == found


def test_files_that_prove_the_other_promises_are_there():
    assert [each for files in PROVED_BY.values() for each in paths(files) if not Path(each).exists()] == []
