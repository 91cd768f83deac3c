"""Ways through a procedure: for each of its phases, the acts that lead a case there."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from procedures import engine
from procedures.definition import Act, FieldKind, Procedure
from procedures.engine import ActRefused
from procedures.simulation import Rehearsal, open_acts

WAIT = "…"  # time passes until something comes of it
MEANT = "meant_as_complaint"
A_WEEK_AGO, LONG_AGO = timedelta(days=-7), timedelta(days=-2000)
START = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
LONGEST = 11  # acts


@dataclass(frozen=True, slots=True)
class Move:
    """An act (or WAIT) with the answers that matter for where it leads."""

    act: str
    facts: tuple[tuple[str, object], ...] = ()  # a timedelta stands for the day so long before or after the act

    def answers(self, at: datetime) -> dict[str, object]:
        return {name: (at + value).date() if isinstance(value, timedelta) else value for name, value in self.facts}


Way = tuple[Move, ...]


def ways(procedure: Procedure) -> dict[str, Way]:
    """For each phase that can be reached, a shortest way to it from an opening act."""
    deciding = _deciding(procedure)
    found: dict[str, Way] = {}
    start = Rehearsal(procedure)
    queue: deque[tuple[Way, Rehearsal, datetime, Move]] = deque(
        ((), start, START, move) for act in procedure.opening_acts for move in _moves(procedure, act)
    )
    seen: set[object] = set()
    while queue:
        before, stood, at, move = queue.popleft()
        way, rehearsal = (*before, move), stood.branched()
        try:
            at = _taken(rehearsal, move, at)
        except ActRefused:
            continue
        case = rehearsal.case
        found.setdefault(case.phase, way)
        if len(found) == len(procedure.phases):
            break
        conditional = tuple((name, value) for name, value in sorted(case.facts.items()) if name in deciding)
        stand = (case.phase, conditional, frozenset(case.done) & _decisive_acts(procedure), _running(procedure, case))
        if stand in seen or len(way) >= LONGEST or rehearsal.at is None:
            continue
        seen.add(stand)
        for offer in open_acts(procedure, case, at=rehearsal.at):
            queue.extend((way, rehearsal, at, each) for each in _moves(procedure, offer.act))
        if case.wake_at:
            queue.append((way, rehearsal, at, Move(WAIT)))
    return found


def _taken(rehearsal: Rehearsal, move: Move, at: datetime) -> datetime:
    """Goes one step further; when that was. Raises ActRefused."""
    if move.act != WAIT:
        at += timedelta(hours=25)
        rehearsal.do(move.act, at=at, facts=move.answers(at))
        return at
    before = rehearsal.case.phase
    for _ in range(12):
        if rehearsal.case.wake_at is None or rehearsal.case.phase != before:
            break
        at = max(at, rehearsal.case.wake_at)
        rehearsal.wait(at)
    return at


def _moves(procedure: Procedure, act: Act) -> list[Move]:
    """The act once for each combination of answers that conditions of the procedure look at."""
    deciding = _deciding(procedure)
    choices: list[list[tuple[str, object]]] = []
    for field in procedure.fields_of(act):
        if field.name not in deciding:
            continue
        if field.kind is FieldKind.CHOICE:
            choices.append([(field.name, each.value) for each in field.open_choices])
        elif field.kind is FieldKind.YES_NO:
            choices.append([(field.name, False), (field.name, True)])
    if act.opens:
        if engine.FILED_LATE in deciding and procedure.intake.window:
            choices.append([(procedure.intake.window.from_fact, ago) for ago in (A_WEEK_AGO, LONG_AGO)])
        choices += [[(name, True), (name, False)] for name in engine.INTAKE_FACTS if name == MEANT and name in deciding]
    return [Move(act.name, tuple(facts)) for facts in list(product(*choices))[:12]]


def _deciding(procedure: Procedure) -> frozenset[str]:
    """Facts that decide what may be done."""
    return frozenset(condition.fact for act in procedure.acts for condition in act.when if condition.fact)


def _decisive_acts(procedure: Procedure) -> frozenset[str]:
    """Acts that others look at."""
    return frozenset(condition.done for act in procedure.acts for condition in act.when if condition.done)


def _running(procedure: Procedure, case: engine.Case) -> frozenset[tuple[str, str]]:
    """The clocks that decide whether an act comes too early or too late."""
    named = {name for act in procedure.acts for name in (act.within, act.after) if name}
    return frozenset((each.rule, each.status.value) for each in case.deadlines if each.rule in named)
