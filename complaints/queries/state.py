"""The engine's picture of a case, from its rows; and the rows of a deadline, from the engine's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from complaints import models
from procedures import answers, deadlines, engine
from procedures.definition import Fact, Procedure, Term


def state_of(case: models.Case, procedure: Procedure) -> engine.Case:
    """What the engine needs to know of the case. Two queries: answers and deadlines."""
    return engine.Case(
        phase=case.phase,
        opened_at=case.received_at,
        facts=facts_of(case, procedure),
        deadlines=tuple(deadline_of(row, ZoneInfo(procedure.zone)) for row in case.deadlines.all()),
        checks=dict(case.checks),
        done=tuple(case.done),
        is_stopped=case.merged_into_id is not None or case.imported_at is not None,
        is_taken_over=case.imported_at is not None,
    )


def facts_of(case: models.Case, procedure: Procedure) -> dict[str, Fact]:
    """The newest answer to each field, personal ones too. Reasons that stand beside the procedure are none."""
    zone = ZoneInfo(procedure.zone)
    fields = {field.name: field for field in procedure.every_field()}
    facts: dict[str, Fact] = {}
    for row in case.answers.all():
        if row.name.startswith(models.BESIDE):
            continue
        field = fields.get(row.name)
        facts[row.name] = answers.restore(field, row.value, zone=zone) if field else row.value
    return facts


def deadline_of(row: models.Deadline, zone: ZoneInfo) -> engine.Deadline:
    return engine.Deadline(
        rule=row.rule,
        number=row.number,
        starts_at=row.starts_at,
        start=row.start_on or row.starts_at,
        due=deadlines.Due(
            raw=row.raw_due_on or _local(row.raw_due_at, zone),
            due=row.due_on or _local(row.due_at, zone),
            skipped=tuple(deadlines.Skipped(date.fromisoformat(each["on"]), each["name"]) for each in row.skipped),
            rolled=row.rolled,
        ),
        status=engine.Status(row.status),
        met_at=row.met_at,
        history=tuple(_part(each) for each in row.history),
        reminded=tuple(row.reminded),
        wake_at=row.wake_at,
    )


def columns_of(deadline: engine.Deadline, procedure: Procedure) -> dict[str, Any]:
    """The values of a deadline's row, all but its case."""
    rule = procedure.deadline(deadline.rule)
    zone = ZoneInfo(procedure.zone)
    due, raw = deadline.due.due, deadline.due.raw
    return {
        "rule": deadline.rule,
        "number": deadline.number,
        "kind": rule.kind.value,
        "owed_by": rule.owed_by.value,
        "starts_at": deadline.starts_at,
        "start_on": None if isinstance(deadline.start, datetime) else deadline.start,
        "raw_due_on": None if isinstance(raw, datetime) else raw,
        "raw_due_at": raw if isinstance(raw, datetime) else None,
        "due_on": None if isinstance(due, datetime) else due,
        "due_at": due if isinstance(due, datetime) else None,
        "overdue_at": deadlines.overdue_at(deadline.due, zone),
        "skipped": [{"on": each.on.isoformat(), "name": each.name} for each in deadline.due.skipped],
        "rolled": deadline.due.rolled,
        "history": [_part_as_json(part) for part in deadline.history],
        "reminded": list(deadline.reminded),
        "status": deadline.status.value,
        "met_at": deadline.met_at,
        "wake_at": deadline.wake_at,
    }


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime:
    if moment is None:
        raise ValueError("a deadline has a last day or an instant")
    return moment.astimezone(zone)


def _part_as_json(part: deadlines.Extended | deadlines.Pause) -> dict[str, Any]:
    if isinstance(part, deadlines.Pause):
        return {"pause": part.start.isoformat(), "end": part.end.isoformat() if part.end else None}
    return {
        "extended": part.at.isoformat(),
        "before": part.raw_due_before.isoformat(),
        "until": part.raw_due.isoformat(),
        "reason": part.reason,
        "in_time": part.in_time,
        "by": str(part.by) if part.by else None,
    }


def _part(stored: dict[str, Any]) -> deadlines.Extended | deadlines.Pause:
    if "pause" in stored:
        end = stored["end"]
        return deadlines.Pause(datetime.fromisoformat(stored["pause"]), datetime.fromisoformat(end) if end else None)
    return deadlines.Extended(
        at=datetime.fromisoformat(stored["extended"]),
        raw_due_before=_end(stored["before"]),
        raw_due=_end(stored["until"]),
        reason=stored["reason"],
        in_time=stored["in_time"],
        by=Term.parse(stored["by"]) if stored["by"] else None,
    )


def _end(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
