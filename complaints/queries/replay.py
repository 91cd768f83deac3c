"""A case as its history gives it: every event through the procedure again, from nothing."""

from __future__ import annotations

from django.db.models import Q

from complaints.models import BESIDE, IMPORTING, Case, Event
from complaints.queries.merging import MERGED, PARTED
from procedures import answers, engine
from procedures.catalogue import calendars_of, procedure_of, zone_of
from procedures.definition import Fact, Procedure

# What happens beside the procedure is passed by, but for these: they stop a case and let it go on, or take it over.
_STEPS = {MERGED: engine.STOP, PARTED: engine.RESUME, **dict.fromkeys(IMPORTING, engine.TAKE_OVER)}


def replayed(case: Case) -> engine.Case:
    """The engine's picture of the case after all its events, each with the calendar that was known when it was written
    down. Personal answers are not in the history, and nothing in a procedure depends on them."""
    procedure = procedure_of(case.version)
    calendar_of = calendars_of(procedure)
    state = engine.Case()
    for event in case.events.filter(~Q(occurrence__startswith=BESIDE) | Q(occurrence__in=_STEPS)).order_by("number"):
        state = engine.happen(
            procedure,
            state,
            _STEPS.get(event.occurrence, event.occurrence),
            at=event.at,
            facts=_facts(event, procedure),
            calendar=calendar_of(event.recorded_at),
        ).case
    return state


def _facts(event: Event, procedure: Procedure) -> dict[str, Fact]:
    zone = zone_of(procedure)
    fields = {field.name: field for field in procedure.every_field()}
    facts: dict[str, Fact] = {}
    for name, kept in event.facts.items():
        if "value" not in kept:
            continue
        field = fields.get(name)
        facts[name] = answers.restore(field, kept["value"], zone=zone) if field else kept["value"]
    return facts
