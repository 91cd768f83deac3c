"""Deadlines by themselves: their terms, and that somebody is told when they pass."""

from __future__ import annotations

from collections.abc import Iterator

from procedures.definition import (
    COMPLAINANT,
    DeadlineKind,
    DeadlineRule,
    Field,
    FieldKind,
    Letter,
    Occurrence,
    OccurrenceKind,
    OwedBy,
    Roll,
    Term,
    Unit,
)
from procedures.soundness.findings import Finding, Path
from procedures.soundness.index import Index
from procedures.soundness.names import APPEAL, RESPONDENT

# Terms that can be compared: family and size within it.
_SIZES = {
    Unit.HOURS: ("calendar", 1),
    Unit.DAYS: ("calendar", 24),
    Unit.WEEKS: ("calendar", 7 * 24),
    Unit.MONTHS: ("months", 1),
    Unit.YEARS: ("months", 12),
    Unit.WORKING_DAYS: ("working", 1),
    Unit.WORKING_WEEKS: ("working", 5),
}
_FROM = ("start", "end", "act")


def findings(index: Index) -> Iterator[Finding]:
    """What is wrong with deadlines."""
    for at, rule in enumerate(index.procedure.deadlines):
        path: Path = ("deadlines", at)
        yield from _count(index, rule, path)
        yield from _occurrences(index, rule, path)
        yield from _extension(index, rule, path)
    yield from _reminders(index)
    for at, letter in enumerate(index.procedure.letters):
        yield from _held(index, letter, ("letters", at))


def _count(index: Index, rule: DeadlineRule, path: Path) -> Iterator[Finding]:
    if rule.term.unit is Unit.HOURS and rule.roll is not Roll.NONE:
        yield Finding((*path, "roll"), "take this away: hours end at an instant, which does not roll.")
    if rule.term.amount == 0 and not rule.from_fact:
        yield Finding((*path, "term"), 'write at least 1, or add "from_fact": 0 counts only from a day in a fact.')
    if rule.from_fact:
        if {asked.field.kind for asked in index.fields[rule.from_fact]} - {FieldKind.DATE, FieldKind.MOMENT}:
            yield Finding(
                (*path, "from_fact"), 'choose a fact of kind "date" or "moment": there must be a day to count from.'
            )
        else:
            yield from _starting_day(index, rule, path)


def _starting_day(index: Index, rule: DeadlineRule, path: Path) -> Iterator[Finding]:
    """An act that starts the clock and asks the day must insist on it: without a day there is no clock."""
    for number, start in enumerate(rule.starts):
        if start.kind is OccurrenceKind.ACT:
            asked: list[Field] = [
                f for f in index.procedure.fields_of(index.acts[start.name]) if f.name == rule.from_fact
            ]
            if asked and not asked[0].required:
                message = f'make "{rule.from_fact}" required in "{start.name}": without it this clock does not start.'
                yield Finding((*path, "starts", number), message)


def _occurrences(index: Index, rule: DeadlineRule, path: Path) -> Iterator[Finding]:
    if not rule.starts:
        yield Finding((*path, "starts"), "say what starts the clock.")
    if not rule.met_by and not _something_hangs_on(index, rule):
        yield Finding(
            (*path, "met_by"), "say what meets the deadline: only a waiting time that an act hangs on has nothing."
        )
    if rule.paused_by and not rule.resumed_by:
        yield Finding((*path, "resumed_by"), "add this key: say what makes the clock run on.")
    if rule.resumed_by and not rule.paused_by:
        yield Finding((*path, "paused_by"), "add this key, or take resumed_by away: nothing pauses the clock.")
    if rule.owed_by is OwedBy.ORGANISATION:
        yield from _told(index, rule, path)


def _told(index: Index, rule: DeadlineRule, path: Path) -> Iterator[Finding]:
    """Whoever has to see to it hears in time that a limit comes to its end, and that a deadline was not kept."""
    if rule.kind is DeadlineKind.LIMIT and not _is_told(index, rule, OccurrenceKind.BEFORE):
        message = f'add a letter with on = ["before:{rule.name}:1 working day"] to someone of the organisation: '
        yield Finding(path, message + "else nobody is reminded.")
    if not _is_told(index, rule, OccurrenceKind.PASSED):
        message = f'add a letter with on = ["passed:{rule.name}"] to someone of the organisation: else nobody is told.'
        yield Finding(path, message)


def _something_hangs_on(index: Index, rule: DeadlineRule) -> bool:
    return any(_is_passed(on, rule) for act in index.procedure.acts for on in act.on)


def _is_told(index: Index, rule: DeadlineRule, kind: OccurrenceKind) -> bool:
    return any(
        any(on.kind is kind and on.name == rule.name for on in letter.on)
        and any(to not in (COMPLAINANT, RESPONDENT) and not to.startswith(APPEAL) for to in letter.to)
        for letter in index.procedure.letters
    )


def _is_passed(on: Occurrence, rule: DeadlineRule) -> bool:
    return on.kind is OccurrenceKind.PASSED and on.name == rule.name


def _extension(index: Index, rule: DeadlineRule, path: Path) -> Iterator[Finding]:
    extension = rule.extension
    if extension is None:
        return
    if extension.times < 0:
        yield Finding((*path, "extension", "times"), "write how often, or take it away for as often as needed.")
    if extension.at_most_from not in _FROM:
        message = f'write "start", "end" or "act" instead of "{extension.at_most_from}".'
        yield Finding((*path, "extension", "at_most_from"), message)
    if not any(act.extends == rule.name for act in index.procedure.acts):
        yield Finding((*path, "extension"), f'add an act with extends = "{rule.name}", or take this away.')


def _reminders(index: Index) -> Iterator[Finding]:
    """A reminder that comes before the clock has started never comes."""
    for at, letter in enumerate(index.procedure.letters):
        for key in ("on", "else_send"):
            for number, on in enumerate(getattr(letter, key)):
                yield from _reminder(index, on, ("letters", at, key, number))
    for at, act in enumerate(index.procedure.acts):
        for number, on in enumerate(act.on):
            yield from _reminder(index, on, ("acts", at, "on", number))


def _reminder(index: Index, on: Occurrence, path: Path) -> Iterator[Finding]:
    if on.kind is OccurrenceKind.BEFORE and on.ahead is not None:
        rule = index.deadlines[on.name]
        if not rule.from_fact and _is_as_long(on.ahead, rule.term):
            yield Finding(path, f'write less than {rule.term}: "{rule.name}" has not started so long before its end.')


def _held(index: Index, letter: Letter, path: Path) -> Iterator[Finding]:
    """A letter that waits for a person leaves by itself only when time brings it; a term that hangs on it is minded."""
    for number, on in enumerate(letter.else_send):
        if on.kind not in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED):
            yield Finding((*path, "else_send", number), 'write "before:DEADLINE:TERM" or "passed:DEADLINE" here.')
    if not letter.looked_at_by:
        return
    sent = Occurrence(OccurrenceKind.SENT, letter.name)
    for rule in index.procedure.deadlines:
        if sent in rule.met_by and rule.owed_by is OwedBy.ORGANISATION and not _is_minded(index, letter, rule):
            roles = ", ".join(f'"{role}"' for role in letter.looked_at_by)
            message = (
                f'add a letter with on = ["before:{rule.name}:TERM"] to {roles}, or add else_send: '
                f'"{rule.name}" waits for their look.'
            )
            yield Finding(path, message)


def _is_minded(index: Index, letter: Letter, rule: DeadlineRule) -> bool:
    """Whether a reminder of the deadline goes to who must look at the letter, or the letter leaves by itself before."""
    looking = index.procedure.roles_called(letter.looked_at_by)
    return any(_is_before(on, rule) for on in letter.else_send) or any(
        any(_is_before(on, rule) for on in each.on) and index.procedure.roles_called(each.to) & looking
        for each in index.procedure.letters
    )


def _is_before(on: Occurrence, rule: DeadlineRule) -> bool:
    return on.kind is OccurrenceKind.BEFORE and on.name == rule.name


def _is_as_long(ahead: Term, term: Term) -> bool:
    """Whether `ahead` is certainly no shorter than `term`; False where that depends on the calendar."""
    (one, size), (other, whole) = _SIZES[ahead.unit], _SIZES[term.unit]
    return one == other and ahead.amount * size >= term.amount * whole
