"""How the parts hang together: what can happen at all, and that no case gets stuck."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from procedures.definition import COMPLAINANT, Act, DeadlineRule, Letter, Occurrence, OccurrenceKind
from procedures.placeholders import placeholders_in
from procedures.soundness.findings import Finding, Path
from procedures.soundness.index import EVERY_PHASE, Index


@dataclass(slots=True)
class _Possible:
    """What can happen in some case."""

    phases: set[str]
    acts: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)
    deadlines: set[str] = field(default_factory=set)

    def has(self, occurrence: Occurrence) -> bool:
        return occurrence.name in (
            self.acts
            if occurrence.kind is OccurrenceKind.ACT
            else self.letters
            if occurrence.kind is OccurrenceKind.SENT
            else self.deadlines
        )

    @property
    def size(self) -> int:
        return len(self.phases) + len(self.acts) + len(self.letters) + len(self.deadlines)


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong with the whole. Of a chain of causes only the first is reported."""
    found = list(_never(index)) or list(_unreachable(index)) or list(_stuck(index))
    if found:
        yield from found
        return
    ways = _Ways(index)
    yield from _clocks(index, ways)
    yield from _acts(index, ways)
    yield from _checks(index, ways)
    yield from _dates(index, ways)


# ------------------------------------------------------------------------------------------------ what can happen


def _possible(index: Index, phases: Iterable[str]) -> _Possible:
    """Everything that can happen when cases can come to these phases, and where they get from there."""
    possible = _Possible(set(phases))
    size = -1
    while possible.size != size:
        size = possible.size
        for act in index.procedure.acts:
            if _can_be_done(index, act, possible):
                possible.acts.add(act.name)
                if act.to:
                    possible.phases.add(act.to)
        possible.letters |= {each.name for each in index.procedure.letters if any(map(possible.has, each.on))}
        possible.deadlines |= {each.name for each in index.procedure.deadlines if any(map(possible.has, each.starts))}
    return possible


def _can_be_done(index: Index, act: Act, possible: _Possible) -> bool:
    return (
        (act.opens or bool(index.phases_of(act) & possible.phases))
        and (not act.on or any(map(possible.has, act.on)))
        and all(name in possible.deadlines for name in (act.within, act.after, act.extends) if name)
        and all(each.negated or not each.done or each.done in possible.acts for each in act.when)
    )


def _never(index: Index) -> Iterator[Finding]:
    """What cannot happen even if cases came to every phase: things that wait for each other, or for nothing."""
    procedure = index.procedure
    possible = _possible(index, index.phases)
    for at, act in enumerate(procedure.acts):
        if act.name not in possible.acts:
            yield Finding(("acts", at), "change what this waits for: it can never happen.")
    for at, rule in enumerate(procedure.deadlines):
        if rule.name not in possible.deadlines:
            yield Finding(("deadlines", at, "starts"), "name something that can happen: this clock never starts.")
    for at, letter in enumerate(procedure.letters):
        if letter.name not in possible.letters:
            yield Finding(("letters", at, "on"), "name something that can happen: this letter is never written.")


def _unreachable(index: Index) -> Iterator[Finding]:
    """Phases that no case comes to: first those where the cause lies, the others only where there is no first."""
    possible = _possible(index, ())
    causes: list[Finding] = []
    consequences: list[Finding] = []
    for at, phase in enumerate(index.procedure.phases):
        if phase.name in possible.phases:
            continue
        ways_in = [act for act in index.procedure.acts if act.to == phase.name]
        waiting = [act for act in ways_in if index.phases_of(act) & possible.phases]
        if waiting:
            message = f'change what "{waiting[0].name}" waits for: as it is, no case ever comes to this phase.'
        else:
            message = (
                f'add an act with to = "{phase.name}" in a phase that cases come to: no case ever comes to this one.'
            )
        (causes if waiting or not ways_in else consequences).append(Finding(("phases", at), message))
    yield from causes or consequences


# ------------------------------------------------------------------------------------------------ ways on


def _stuck(index: Index) -> Iterator[Finding]:
    """Phases that a case may never leave.

    Acts of the complainant alone and acts of every phase ("*", such as withdrawing) are no way on: a complaint whose
    complainant stays silent must not be forgotten.
    """
    ways: dict[str, set[str]] = {phase.name: set() for phase in index.procedure.phases}
    for act in index.procedure.acts:
        if act.to and not act.opens and set(act.by) != {COMPLAINANT}:
            for name in set(act.phases) - {EVERY_PHASE, act.to}:
                ways[name].add(act.to)
    ends = {phase.name for phase in index.procedure.phases if phase.is_end}
    dead = {name for name in ways if name not in ends and not ways[name]}
    circles: list[set[str]] = []
    for at, phase in enumerate(index.procedure.phases):
        onward = _closure({phase.name}, ways)
        if phase.name in dead:
            message = (
                f'add an act with in = ["{phase.name}"] and a "to", by the organisation or the clock: '
                "a case would stay here for ever."
            )
            yield Finding(("phases", at), message)
        elif (
            not onward & (ends | dead) and onward not in circles and all(_closure({n}, ways) == onward for n in onward)
        ):
            circles.append(onward)
            names = ", ".join(each.name for each in index.procedure.phases if each.name in onward)
            message = (
                f"add an act that leads to an end, by the organisation or the clock: cases would go round ({names})."
            )
            yield Finding(("phases", at), message)


def _closure(start: Iterable[str], ways: dict[str, set[str]]) -> set[str]:
    """These phases and all that can be reached from them."""
    found, ahead = set(start), list(start)
    while ahead:
        for name in ways[ahead.pop()] - found:
            found.add(name)
            ahead.append(name)
    return found


class _Ways:
    """In which phases a case can be when something happens, and afterwards."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.ways: dict[str, set[str]] = {phase.name: set() for phase in index.procedure.phases}
        for act in index.procedure.acts:
            for name in index.phases_of(act):
                self.ways[name].add(act.to or name)

    def onward(self, phases: Iterable[str]) -> set[str]:
        return _closure(phases, self.ways)

    def at(self, occurrence: Occurrence) -> set[str]:
        """The phases in which it can happen."""
        if occurrence.kind is OccurrenceKind.ACT:
            return set(self.index.phases_of(self.index.acts[occurrence.name]))
        return self.onward(self.after(occurrence))

    def after(self, occurrence: Occurrence, seen: frozenset[Occurrence] = frozenset()) -> set[str]:
        """The phases in which a case can be just after it."""
        if occurrence in seen:
            return set()
        if occurrence.kind is OccurrenceKind.ACT:
            act = self.index.acts[occurrence.name]
            return {act.to} if act.to else set(self.index.phases_of(act))
        causes: Letter | DeadlineRule
        if occurrence.kind is OccurrenceKind.SENT:
            causes = self.index.letters[occurrence.name]
            before = causes.on
        else:
            causes = self.index.deadlines[occurrence.name]
            before = causes.starts
        return self.onward({name for each in before for name in self.after(each, seen | {occurrence})})

    def running(self, deadline: str) -> set[str]:
        """The phases in which a case can be while the clock runs or when it is over."""
        starts = self.index.deadlines[deadline].starts
        return self.onward({name for start in starts for name in self.after(start)})


def _clocks(index: Index, ways: _Ways) -> Iterator[Finding]:
    ends = {phase.name for phase in index.procedure.phases if phase.is_end}
    for at, rule in enumerate(index.procedure.deadlines):
        for number, start in enumerate(rule.starts):
            after = ways.after(start)
            if after <= ends:
                message = f'name something else: the case is closed after "{start}", and no clock starts any more.'
                yield Finding(("deadlines", at, "starts", number), message)
            elif rule.met_by and not any(ways.at(met) & ways.onward(after) for met in rule.met_by):
                message = f'name something that can still happen once "{start}" has started the clock.'
                yield Finding(("deadlines", at, "met_by"), message)


def _acts(index: Index, ways: _Ways) -> Iterator[Finding]:
    """Acts in phases where what they hang on is not there."""
    for at, act in enumerate(index.procedure.acts):
        phases = index.phases_of(act)
        for number, on in enumerate(act.on):
            if not phases & ways.after(on):
                message = f'change "in": a case is never in one of these phases when "{on}" happens.'
                yield Finding(("acts", at, "on", number), message)
        for key, deadline in (("within", act.within), ("after", act.after), ("extends", act.extends)):
            if deadline and not phases & ways.running(deadline):
                message = f'change "in": the clock of "{deadline}" has not started yet in any of these phases.'
                yield Finding(("acts", at, key), message)


def _checks(index: Index, ways: _Ways) -> Iterator[Finding]:
    for at, check in enumerate(index.procedure.checks):
        waiting = {*check.before, *(act.name for act in index.procedure.acts if check.name in act.needs)}
        onward = ways.onward(index.phases_of(check))
        for name in sorted(waiting):
            if not index.phases_of(index.acts[name]) & onward:
                path: Path = ("checks", at, "phases")
                yield Finding(
                    path, f'name a phase that comes before "{name}" or is the same: here it is ticked too late.'
                )


def _dates(index: Index, ways: _Ways) -> Iterator[Finding]:
    """Dates in letters that are written before the clock has started: a letter does not know when it will be sent."""
    for at, letter in enumerate(index.procedure.letters):
        itself = Occurrence(OccurrenceKind.SENT, letter.name)
        texts = (letter.subject.nl, letter.subject.en, letter.body.nl, letter.body.en)
        dated = {each for text in texts for each in placeholders_in(text) if each.kind == "due"}
        for placeholder in sorted(dated, key=str):
            starts = [start for start in index.deadlines[placeholder.name].starts if start != itself]
            known = ways.onward({name for start in starts for name in ways.after(start)})
            if not all(ways.after(on) & known for on in letter.on):
                message = f"write {{term.{placeholder.name}}} instead of {placeholder}: that date is not known yet."
                yield Finding(("letters", at, "body"), message, near=str(placeholder))
