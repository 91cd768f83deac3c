"""What a procedure wants done every year: which of it is due for whom, and what was done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from complaints.models import DutyDone
from procedures.definition import Procedure, YearlyDuty
from procedures.models import ProcedureVersion

SHOWN_FROM = timedelta(days=60)  # so long before its last day a duty stands on the list


@dataclass(frozen=True, slots=True)
class Task:
    """A yearly duty that is still to be done; `year` is the one that it is about, `due_on` a local day after that."""

    duty: YearlyDuty
    year: int
    due_on: date

    def is_late(self, today: date) -> bool:
        return today > self.due_on


def tasks(procedure: Procedure, roles: Collection[str] | None, *, today: date) -> list[Task]:
    """What these roles (None: all) have to do by now or soon, the first to be due on top.

    A year counts from the one in which the first version came in force. No query when nothing can be due; else two.
    """
    found = [
        Task(duty, year, due_on(duty, year))
        for duty in procedure.duties
        for year in (today.year - 2, today.year - 1, today.year)
        if (roles is None or duty.by in roles) and due_on(duty, year) - SHOWN_FROM <= today
    ]
    if not found:
        return []
    since = _first_year(procedure)
    found = [each for each in found if each.year >= since]
    done = set(DutyDone.objects.values_list("duty", "year")) if found else set()
    return sorted(
        (each for each in found if (each.duty.name, each.year) not in done),
        key=lambda each: (each.due_on, each.duty.name),
    )


def due_on(duty: YearlyDuty, year: int) -> date:
    """The last local day of a duty that is about `year`: in the year after it."""
    return date(year + 1, duty.month, min(duty.day, 28) if duty.month == 2 else duty.day)


def _first_year(procedure: Procedure) -> int:
    if procedure.version == 1:
        return procedure.in_force_from.year
    first = ProcedureVersion.objects.filter(state=ProcedureVersion.State.PUBLISHED).order_by("number")
    return first.values_list("in_force_from", flat=True)[0].year
