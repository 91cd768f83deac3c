"""Names: well formed, given once, and known wherever they are used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass

from procedures.definition import (
    COMPLAINANT,
    HANDLER,
    PARTY_FIELDS,
    SYSTEM,
    Condition,
    FieldKind,
    Occurrence,
    OccurrenceKind,
)
from procedures.soundness.findings import Finding, Path, unknown
from procedures.soundness.index import EVERY_PHASE, Index

RESPONDENT = "respondent"
APPEAL = "appeal:"
# What the register can show of any case; every fact can be a column too.
REGISTER_COLUMNS = frozenset(
    {
        *PARTY_FIELDS,
        "reference",
        "received_on",
        "track",
        "channel",
        "confidentiality",
        "handler",
        "handler_title",
        "respondents",
        "phase",
        "outcome",
        "decided_on",
        "closed_on",
        "measures",
        "letters",
    }
)
# What the yearly report can tell.
REPORT_CONTENTS = frozenset(
    {
        "number",
        "nature",
        "channel",
        "track",
        "admissibility",
        "verdicts",
        "throughput",
        "terms",
        "measures",
        "effectiveness",
        "repeats",
        "bottlenecks",
        "appeals",
        "years",
    }
)

# Answers that can be counted without reading them.
_COUNTED = frozenset({FieldKind.CHOICE, FieldKind.YES_NO})

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong with names."""
    procedure = index.procedure
    yield from _form(procedure, ())
    yield from _everywhere(index, procedure, ())
    yield from _persons(index)
    yield from _phases(index)
    yield from _others(index)


def _form(value: object, path: Path) -> Iterator[Finding]:
    """Names are small letters, and no list has the same twice."""
    if isinstance(value, tuple):
        seen: set[str] = set()
        for number, part in enumerate(value):
            name = getattr(part, "name", None) if is_dataclass(part) and not isinstance(part, Occurrence) else None
            if isinstance(name, str):
                if not _NAME.fullmatch(name):
                    yield Finding(
                        (*path, number, "name"), f'write "{name}" in small letters, digits and _, a letter first.'
                    )
                elif name in seen:
                    yield Finding((*path, number, "name"), f'give this one another name: "{name}" is taken above.')
                seen.add(name)
            yield from _form(part, (*path, number))
    elif is_dataclass(value) and not isinstance(value, (Condition, Occurrence, type)):
        for field in fields(value):
            yield from _form(getattr(value, field.name), (*path, field.name))


def _everywhere(index: Index, value: object, path: Path) -> Iterator[Finding]:
    """Conditions and occurrences, wherever they stand."""
    if isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from _everywhere(index, part, (*path, number))
    elif isinstance(value, Condition):
        yield from _condition(index, value, path)
    elif isinstance(value, Occurrence):
        yield from _occurrence(index, value, path)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _everywhere(index, getattr(value, field.name), (*path, field.name))


def _occurrence(index: Index, occurrence: Occurrence, path: Path) -> Iterator[Finding]:
    match occurrence.kind:
        case OccurrenceKind.ACT:
            yield from _known("act", occurrence.name, index.acts, path)
        case OccurrenceKind.SENT:
            yield from _known("letter", occurrence.name, index.letters, path)
        case OccurrenceKind.PASSED | OccurrenceKind.BEFORE:
            yield from _known("deadline", occurrence.name, index.deadlines, path)


def _condition(index: Index, condition: Condition, path: Path) -> Iterator[Finding]:
    if condition.done:
        yield from _known("act", condition.done, index.acts, path)
        return
    if condition.fact not in index.condition_facts:
        if condition.fact in PARTY_FIELDS:
            message = f'ask something else here: "{condition.fact}" is kept with the person and is no fact of the case.'
            yield Finding(path, message)
        else:
            yield Finding(path, unknown("fact", condition.fact, index.condition_facts))
        return
    possible = _possible_values(index, condition.fact)
    for value in condition.values:
        if possible is not None and not any(value == one and type(value) is type(one) for one in possible):
            shown = ", ".join(sorted(str(one).lower() if isinstance(one, bool) else f'"{one}"' for one in possible))
            written = str(value).lower() if isinstance(value, bool) else f'"{value}"'
            message = f'{written} is no answer to "{condition.fact}"; use one of: {shown}.'
            yield Finding(path, message)


def _possible_values(index: Index, fact: str) -> frozenset[str | bool] | None:
    """The answers that a fact can have; None when anything goes."""
    if fact not in index.fields:
        return frozenset(index.derived[fact])
    kinds = {asked.field.kind for asked in index.fields[fact]}
    if kinds <= {FieldKind.CHOICE, FieldKind.CHOICES}:
        return frozenset(choice.value for asked in index.fields[fact] for choice in asked.field.choices)
    if kinds == {FieldKind.YES_NO}:
        return frozenset({True, False})
    return None


def _persons(index: Index) -> Iterator[Finding]:
    """Roles, wherever they are named."""
    procedure = index.procedure
    roles, actors = index.roles, {*index.roles, COMPLAINANT, SYSTEM}
    yield from _known("role", procedure.publisher, roles, ("publisher",))
    for at, act in enumerate(procedure.acts):
        yield from _all_known("role", act.by, actors, ("acts", at, "by"))
    for at, check in enumerate(procedure.checks):
        yield from _all_known("role", check.by, roles, ("checks", at, "by"))
    for at, duty in enumerate(procedure.duties):
        yield from _known("role", duty.by, roles, ("duties", at, "by"))
        if duty.sends_to:
            yield from _known("role", duty.sends_to, roles, ("duties", at, "sends_to"))
    for asked in index.asked:
        if asked.field.role:
            yield from _known("role", asked.field.role, roles, (*asked.path, "role"))
    for at, letter in enumerate(procedure.letters):
        for key, role in (("signed_by", letter.signed_by), ("release_by", letter.release_by)):
            if role:
                yield from _known("role", role, {*roles, HANDLER}, ("letters", at, key))
        yield from _all_known("role", letter.second_reader, {*roles, HANDLER}, ("letters", at, "second_reader"))
        for number, recipient in enumerate(letter.to):
            path = ("letters", at, "to", number)
            if recipient.startswith(APPEAL):
                yield from _known("appeal", recipient.removeprefix(APPEAL), index.appeals, path)
            else:
                yield from _known("recipient", recipient, {*roles, COMPLAINANT, RESPONDENT, HANDLER}, path)


def _phases(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    for at, act in enumerate(procedure.acts):
        yield from _all_known("phase", act.phases, {*index.phases, EVERY_PHASE}, ("acts", at, "phases"))
        if act.to:
            yield from _known("phase", act.to, index.phases, ("acts", at, "to"))
    for at, check in enumerate(procedure.checks):
        yield from _all_known("phase", check.phases, {*index.phases, EVERY_PHASE}, ("checks", at, "phases"))
    for at, phase in enumerate(procedure.phases):
        yield from _known("track", phase.track, index.tracks, ("phases", at, "track"))


def _others(index: Index) -> Iterator[Finding]:
    procedure = index.procedure
    deadlines = index.deadlines
    for at, act in enumerate(procedure.acts):
        for key, name in (("within", act.within), ("after", act.after), ("extends", act.extends)):
            if name:
                yield from _known("deadline", name, deadlines, ("acts", at, key))
        yield from _all_known("check", act.needs, index.checks, ("acts", at, "needs"))
    for at, check in enumerate(procedure.checks):
        yield from _all_known("act", check.before, index.acts, ("checks", at, "before"))
    for at, rule in enumerate(procedure.deadlines):
        if rule.from_fact:
            yield from _known("fact", rule.from_fact, index.fields, ("deadlines", at, "from_fact"))
    for at, letter in enumerate(procedure.letters):
        yield from _all_known("deadline", letter.deadlines, deadlines, ("letters", at, "deadlines"))
    for at, indicator in enumerate(procedure.report.indicators):
        path: Path = ("report", "indicators", at)
        if indicator.deadline:
            yield from _known("deadline", indicator.deadline, deadlines, (*path, "deadline"))
        if indicator.track:
            yield from _known("track", indicator.track, index.tracks, (*path, "track"))
        if indicator.outcome:
            outcomes = {phase.outcome for phase in procedure.phases if phase.outcome}
            yield from _known("outcome", indicator.outcome, outcomes, (*path, "outcome"))
    for at, step in enumerate(procedure.public.steps):
        if step.deadline:
            yield from _known("deadline", step.deadline, deadlines, ("public", "steps", at, "deadline"))
    yield from _known("act", procedure.intake.act, index.acts, ("intake", "act"))
    if window := procedure.intake.window:
        asked = {field.name for field in procedure.intake.fields}
        yield from _known("field of the intake", window.from_fact, asked, ("intake", "window", "from_fact"))
    yield from _all_known("part of the report", procedure.report.contents, REPORT_CONTENTS, ("report", "contents"))
    counted = {each.name for each in procedure.intake.fields if not each.personal and each.kind in _COUNTED}
    yield from _all_known("choice of the intake", procedure.report.nature, counted, ("report", "nature"))
    columns = REGISTER_COLUMNS | frozenset(index.fields)
    yield from _all_known("column", procedure.register, columns, ("register",))


def _known(what: str, name: str, known: Iterable[str], path: Path) -> Iterator[Finding]:
    names = set(known)
    if name not in names:
        yield Finding(path, unknown(what, name, names))


def _all_known(what: str, given: Sequence[str], known: Iterable[str], path: Path) -> Iterator[Finding]:
    names = set(known)
    for number, name in enumerate(given):
        yield from _known(what, name, names, (*path, number))
