"""A case as its history gives it: every event through the procedure again, from nothing."""

from __future__ import annotations

from complaints.models import BESIDE, Case, Event
from procedures import answers, engine
from procedures.catalogue import calendar_of, procedure_of, zone_of
from procedures.definition import Fact, Procedure


def replayed(case: Case) -> engine.Case:
    """The engine's picture of the case after all its events, each with the calendar that was known when it was written
    down. Personal answers are not in the history, and nothing in a procedure depends on them."""
    procedure = procedure_of(case.version)
    state = engine.Case()
    for event in case.events.exclude(occurrence__startswith=BESIDE).order_by("number"):
        state = engine.happen(
            procedure,
            state,
            event.occurrence,
            at=event.at,
            facts=_facts(event, procedure),
            calendar=calendar_of(procedure, at=event.recorded_at),
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
