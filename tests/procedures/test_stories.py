"""Every story of tests/stories, run against the engine."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from procedures.definition import Procedure
from procedures.engine import ActRefused, Decision
from procedures.simulation import Rehearsal, open_acts
from tests.procedures import stories
from tests.procedures.stories import Outcome, Story, StoryStep


def _marked(path: Path) -> object:
    try:
        rules = stories.read(path).rules
    except Exception:  # noqa: BLE001  # the test itself says what is wrong with the story
        rules = ()
    return pytest.param(path, id=path.stem, marks=[pytest.mark.rule(rule) for rule in rules])


@pytest.mark.parametrize("path", [_marked(path) for path in stories.paths()])
def test_story_goes_as_written(path: Path) -> None:
    story = stories.read(path)
    zone = ZoneInfo(story.procedure.zone)
    rehearsal = Rehearsal(story.procedure, facts=story.facts, closed=story.closed, respondents=story.respondents)
    for number, step in enumerate(story.steps):
        decisions = _carry_out(rehearsal, step)
        outcome = _outcome(story.procedure, rehearsal, decisions)
        wrong = stories.disagreements(step.expected, outcome, zone=zone)
        assert not wrong, f"{_place(story, number, step)}: {'; '.join(wrong)}"
    assert rehearsal.replay() == rehearsal.case


def _carry_out(rehearsal: Rehearsal, step: StoryStep) -> tuple[Decision, ...]:
    if step.until:
        return rehearsal.wait(step.until)
    # What time brings before the step is no doing of the step.
    rehearsal.wait(step.when)
    if not step.refused:
        return _do(rehearsal, step)
    with pytest.raises(ActRefused) as refusal:
        _do(rehearsal, step)
    assert step.refused.lower() in str(refusal.value).lower()
    return ()


def _do(rehearsal: Rehearsal, step: StoryStep) -> tuple[Decision, ...]:
    by = (step.by,) if step.by else ()
    if step.send:
        return rehearsal.send(step.send, at=step.when)
    if step.check:
        return rehearsal.tick(step.check, at=step.when, by=by, not_applicable=step.not_applicable)
    return rehearsal.do(step.act, at=step.when, by=by, facts=step.facts, tick=step.tick, hold=step.held)


def _outcome(procedure: Procedure, rehearsal: Rehearsal, decisions: tuple[Decision, ...]) -> Outcome:
    assert rehearsal.at
    return Outcome(
        phase=rehearsal.case.phase,
        deadlines={each.rule: (each.due.due, each.status.value) for each in rehearsal.case.deadlines},
        letters=[letter.letter for decision in decisions for letter in decision.letters],
        open_acts=frozenset(
            each.act.name for each in open_acts(procedure, rehearsal.case, at=rehearsal.at) if not each.waits_for
        ),
    )


def _place(story: Story, number: int, step: StoryStep) -> str:
    what = step.act or step.check or step.send or "until"
    return f"{story.name}, step {number} ({what} at {step.when:%Y-%m-%d %H:%M})"
