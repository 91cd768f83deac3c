"""Measures the engine: how many decisions it takes in a second, at filing, later, and when time passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from procedures import engine
from procedures.calendars import Calendar
from procedures.definition import Procedure
from procedures.loading import load
from procedures.simulation import Rehearsal, open_acts
from tests.bench.clock import best
from tests.drills.figures import Report
from tests.procedures.stories import DEFINITIONS

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def bench(size: float) -> Report:
    report = Report("Decisions of the engine")
    rounds = max(2, round(7 * size))
    procedures = [load(path.read_text(encoding="utf-8")) for path in sorted(DEFINITIONS.glob("*.toml"))]
    report.say(f"each of the {len(procedures)} procedures: filing, the first act after it, and a year that passes")
    filing = later = passing = 0.0
    for procedure in procedures:
        filed, after, year = _seconds(procedure, rounds)
        report.told(f"{procedure.organisation}: filing", 1 / filed, unit="/s")
        filing, later, passing = filing + filed, later + after, passing + year
    count = len(procedures)
    report.told("filing, all procedures", count / filing, unit="/s")
    report.told("the first act after it", count / later, unit="/s")
    report.told("letting a year pass in a case that nobody touches", count / passing, unit="/s")
    return report


def _seconds(procedure: Procedure, rounds: int) -> tuple[float, float, float]:
    """Of one decision: the opening act, the first act that may be done after it, and a year that passes."""
    calendar = Calendar.for_policy(procedure.calendar)
    rehearsal = Rehearsal(procedure)
    opening = procedure.act(procedure.intake.act)
    facts = rehearsal.answers(opening, at=AT.astimezone(rehearsal.zone))
    new = engine.Case()

    def file() -> engine.Decision:
        return engine.decide(procedure, new, opening.name, at=AT, by=opening.by, facts=facts, calendar=calendar)

    case = file().case
    at = AT + timedelta(hours=1)
    offer = next(each for each in open_acts(procedure, case, at=at) if not each.waits_for)
    rehearsal.case = case
    answers = rehearsal.answers(offer.act, at=at.astimezone(rehearsal.zone))

    def act() -> engine.Decision:
        return engine.decide(procedure, case, offer.act.name, at=at, by=offer.by, facts=answers, calendar=calendar)

    def year() -> object:
        return engine.pass_time(procedure, case, at=AT + timedelta(days=365), calendar=calendar)

    return best(file, rounds=rounds), best(act, rounds=rounds), best(year, rounds=rounds)
