"""Random walks through every definition: whatever people do and whenever, a case never gets stuck, and replays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procedures import definition, engine
from procedures.answers import sample
from procedures.deadlines import Pause, overdue_at
from procedures.definition import Act, Field, FieldKind, Procedure
from procedures.engine import ActRefused, Case, Deadline, Status
from procedures.loading import load
from procedures.simulation import OpenAct, Rehearsal, open_acts

DEFINITIONS: Final = Path(definition.__file__).parent / "definitions"
CLOSED: Final = {date(2026, 12, 24): "brugdag", date(2027, 7, 30): "zomersluiting"}
MOST_STEPS: Final = 25
FULL_STOP: Final = 60  # acts within which a case that is worked on must be able to end


@cache
def procedure(name: str) -> Procedure:
    return load((DEFINITIONS / f"{name}.toml").read_text(encoding="utf-8"), source=name)


def answers(draw: st.DataObject, rehearsal: Rehearsal, act: Act, at: datetime) -> dict[str, object]:
    """An answer to each choice; the rest is left to samples, and some of what may be left out is answered."""
    given_answers: dict[str, object] = {}
    for field in rehearsal.procedure.fields_of(act):
        if field.name == engine.UNTIL and act.extends:
            continue
        if not field.required and draw.draw(st.booleans(), label=f"skip {field.name}"):
            continue
        given_answers[field.name] = answer(draw, field, at.astimezone(rehearsal.zone))
    if act.opens:
        channels = [channel.name for channel in rehearsal.procedure.intake.channels]
        given_answers["channel"] = draw.draw(st.sampled_from(channels), label="channel")
        choices = ["", *(each.name for each in rehearsal.procedure.intake.confidentiality)]
        given_answers["confidentiality"] = draw.draw(st.sampled_from(choices), label="confidentiality")
        for name in ("represented", "meant_as_complaint"):
            given_answers[name] = draw.draw(st.sampled_from([None, False, True]), label=name)
    if act.independence:
        given_answers[engine.INDEPENDENCE_REASON] = "niemand anders is er"
    return given_answers


def answer(draw: st.DataObject, field: Field, at: datetime) -> object:
    match field.kind:
        case FieldKind.YES_NO:
            return draw.draw(st.booleans(), label=field.name)
        case FieldKind.CHOICE:
            return draw.draw(st.sampled_from([choice.value for choice in field.open_choices]), label=field.name)
        case FieldKind.CHOICES:
            values = [choice.value for choice in field.open_choices]
            return draw.draw(st.lists(st.sampled_from(values), min_size=1, unique=True), label=field.name)
        case FieldKind.NUMBER:
            return draw.draw(st.integers(0, 10_000), label=field.name)
        case FieldKind.DATE:
            return at.date() + timedelta(days=draw.draw(st.integers(-800, 60), label=field.name))
    return sample(field, at=at)


def next_moment(draw: st.DataObject, rehearsal: Rehearsal) -> datetime:
    """Soon, after a while, or around the moment that something comes by itself."""
    assert rehearsal.at
    now = rehearsal.at
    wake_at = rehearsal.case.wake_at
    jumps = [
        st.integers(0, 72).map(lambda hours: now + timedelta(hours=hours)),
        st.integers(0, 200).map(lambda days: now + timedelta(days=days)),
    ]
    if wake_at:
        jumps.append(
            st.sampled_from([-1, 0, 1, 3600]).map(lambda seconds: max(now, wake_at + timedelta(seconds=seconds)))
        )
    return draw.draw(st.one_of(jumps), label="at")


def possible(rehearsal: Rehearsal) -> tuple[OpenAct, ...]:
    assert rehearsal.at
    return open_acts(rehearsal.procedure, rehearsal.case, at=rehearsal.at)


def is_end(rehearsal: Rehearsal) -> bool:
    return rehearsal.procedure.phase(rehearsal.case.phase).is_end


def must_hold(rehearsal: Rehearsal, before: Case) -> None:
    """What is so after every step."""
    case, at, zone = rehearsal.case, rehearsal.at, rehearsal.zone
    assert at
    if is_end(rehearsal):
        assert not [each.rule for each in case.deadlines if each.status is Status.OPEN]
        assert case.wake_at is None
    else:
        assert possible(rehearsal) or case.wake_at, f"{case.phase} is a dead end"
    old = {each.key: each for each in before.deadlines}
    for each in case.deadlines:
        clock_is_in_order(each, at, zone)
        if each.key in old:
            assert overdue_at(each.due, zone) >= overdue_at(old[each.key].due, zone), f"{each.rule} was moved forward"
    assert case.done[: len(before.done)] == before.done


def clock_is_in_order(each: Deadline, at: datetime, zone: ZoneInfo) -> None:
    if each.status is Status.OPEN:
        # Paused, or something will still come: never an open clock that nothing will ever end. What is over the moment
        # it starts (a day in the past was filled in) comes at once.
        assert each.is_paused or (each.wake_at and each.wake_at >= at), each.rule
    else:
        assert each.wake_at is None, each.rule
    if each.status is Status.MET:
        assert each.met_at, each.rule
        assert each.met_at < overdue_at(each.due, zone), each.rule
    if each.status is Status.MISSED and each.met_at:
        assert each.met_at >= overdue_at(each.due, zone), each.rule
    assert sum(isinstance(part, Pause) and part.end is None for part in each.history) <= 1, each.rule


def walk(draw: st.DataObject, name: str) -> Rehearsal:
    rehearsal = Rehearsal(procedure(name), closed=CLOSED)
    openings = [act.name for act in rehearsal.procedure.opening_acts]
    opening = rehearsal.procedure.act(draw.draw(st.sampled_from(openings), label="opening"))
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.draw(st.integers(0, 1_100_000), label="start"))
    rehearsal.do(opening.name, at=start, facts=answers(draw, rehearsal, opening, start))
    for _ in range(draw.draw(st.integers(0, MOST_STEPS), label="steps")):
        before = rehearsal.case
        at = next_moment(draw, rehearsal)
        rehearsal.wait(at)
        must_hold(rehearsal, before)
        offered = possible(rehearsal)
        if not offered or draw.draw(st.integers(0, 5), label="wait") == 0:
            continue
        act = procedure(name).act(draw.draw(st.sampled_from([each.act.name for each in offered]), label="act"))
        before = rehearsal.case
        held = draw.draw(st.booleans(), label="held")
        hold = [letter.name for letter in rehearsal.procedure.letters] if held else []
        try:
            rehearsal.do(act.name, at=at, facts=answers(draw, rehearsal, act, at), hold=hold)
        except ActRefused as refusal:
            # What is offered is refused only for an answer, for who was chosen, or for a time that is up.
            if refusal.code not in {"answers", "extension", "independence"}:
                raise
            assert rehearsal.case == before
        must_hold(rehearsal, before)
        if held:
            later = at + timedelta(hours=draw.draw(st.integers(0, 100), label="posted after"))
            for letter in {due.letter for step in rehearsal.steps[-1:] for due in step.decision.letters}:
                before = rehearsal.case
                rehearsal.send(letter, at=later)
                must_hold(rehearsal, before)
    return rehearsal


@pytest.mark.parametrize("name", sorted(path.stem for path in DEFINITIONS.glob("*.toml")))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_a_walk_never_gets_stuck_and_replays_to_the_same_case(name: str, draw: st.DataObject) -> None:
    rehearsal = walk(draw, name)
    assert rehearsal.replay() == rehearsal.case


@pytest.mark.parametrize("name", sorted(path.stem for path in DEFINITIONS.glob("*.toml")))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_from_wherever_a_walk_went_people_can_end_the_case(name: str, draw: st.DataObject) -> None:
    """Without the acts that are possible in every phase: withdrawing is no way out of a procedure."""
    rehearsal = walk(draw, name)
    assert rehearsal.at
    at = rehearsal.at
    done: dict[str, int] = {}
    for _ in range(FULL_STOP):
        if is_end(rehearsal):
            break
        at += timedelta(hours=1)
        rehearsal.wait(at)
        # What was done least comes first, so that no circle is walked for ever.
        offered = sorted(
            (each.act for each in possible(rehearsal) if "*" not in each.act.phases),
            key=lambda act: (done.get(act.name, 0), not act.to),
        )
        for act in offered:
            done[act.name] = done.get(act.name, 0) + 1
            try:
                rehearsal.do(act.name, at=at, facts=answers(draw, rehearsal, act, at))
            except ActRefused:
                continue
            break
        else:
            assert rehearsal.case.wake_at, f"nobody can do anything in {rehearsal.case.phase}"
            at = rehearsal.case.wake_at
    assert is_end(rehearsal), f"{rehearsal.case.phase} was not left; {rehearsal.case.done}"
    assert rehearsal.replay() == rehearsal.case
