"""The deadlines of a case as the desk shows them, each with its chip and how it was counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from complaints.desk.chips import Chip, chip
from complaints.desk.standing import Standing
from complaints.models import Event
from complaints.queries.committees import carries_out
from complaints.said import spoken
from procedures import engine, wording
from procedures.deadlines import overdue_at
from procedures.definition import DeadlineKind, DeadlineRule, OwedBy, Procedure


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    due: date | datetime
    note: str
    chip: Chip
    counting: Sequence[str]
    is_waiting: bool  # somebody still has to do something for it
    overdue_at: datetime


def deadline_rows(standing: Standing, events: Sequence[Event]) -> list[Row]:
    """Those that still wait first, the first to end on top; then those that are over, the newest first."""
    starts = _starts(events)
    rows = [_row(standing, clock, starts.get(clock.key, [])) for clock in standing.state.deadlines]
    waiting = sorted((row for row in rows if row.is_waiting), key=lambda row: row.overdue_at)
    past = sorted((row for row in rows if not row.is_waiting), key=lambda row: row.overdue_at, reverse=True)
    return [*waiting, *past]


def _row(standing: Standing, clock: engine.Deadline, occurrences: list[str]) -> Row:
    rule = standing.procedure.deadline(clock.rule)
    calendar, zone = standing.calendar, standing.zone
    return Row(
        title=rule.title.in_language(spoken()),
        due=clock.due.due,
        note=_note(rule, standing.procedure),
        chip=chip(clock, rule, at=standing.now, calendar=calendar, zone=zone),
        counting=wording.counting(
            clock,
            rule,
            procedure=standing.procedure,
            calendar=calendar,
            because=next((each for each in occurrences if each in {str(start) for start in rule.starts}), ""),
        ),
        is_waiting=_is_waiting(clock, rule)
        and not (standing.state.is_stopped or standing.procedure.phase(standing.state.phase).is_end),
        overdue_at=overdue_at(clock.due, zone),
    )


def _is_waiting(clock: engine.Deadline, rule: DeadlineRule) -> bool:
    if clock.status is engine.Status.OPEN:
        return True
    return (
        clock.status is engine.Status.MISSED
        and clock.met_at is None
        and rule.owed_by is OwedBy.ORGANISATION
        and rule.kind is DeadlineKind.LIMIT
    )


def _note(rule: DeadlineRule, procedure: Procedure) -> str:
    notes = []
    if rule.kind is DeadlineKind.TARGET:
        notes.append(_("streefdatum"))
    if rule.owed_by is OwedBy.COMPLAINANT:
        notes.append(_("van de indiener"))
    if carries_out(procedure, rule):
        notes.append(_("bindend"))
    return ", ".join(notes)


def _starts(events: Sequence[Event]) -> dict[tuple[str, int], list[str]]:
    """For each clock, what happened when it first appears in the history."""
    found: dict[tuple[str, int], list[str]] = {}
    for event in events:
        for each in event.decision.get("deadlines", []):
            found.setdefault((each["rule"], each["number"]), [event.occurrence, *event.decision.get("acts", [])])
    return found
