"""A year of complaints, through the real actions, with names that must never reach a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from complaints.actions import note_sent, perform, tick_check
from complaints.models import Case, Membership
from complaints.queries.state import state_of
from procedures.definition import Procedure
from procedures.engine import waits_for
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, filed_case

NAMES = ("Jolanda Verweij", "Bram Oosterhuis", "Fatima Yildirim", "Kees-Jan van der Zwaluw")


def complained(organisation: Organisation, number: int, *, at: datetime, **given: str) -> Case:
    """A case of one of those people, about something that is said nowhere else."""
    name = NAMES[number % len(NAMES)]
    return filed_case(
        organisation,
        at=at,
        **{  # type: ignore[arg-type]  # answers, all of them
            "name": f"{name} {number}",
            "email": f"klager{number}@wilgenroos.example",
            "subject": f"Onderwerp PLANT{number}",
            "description": f"Beschrijving PLANT{number}",
            **given,
        },
    )


def day(month: int, on: int, year: int = 2026) -> datetime:
    return datetime(year, month, on, 9, 15, tzinfo=UTC)


def does(case: Case, act: str, people: Mapping[str, Membership], *, at: datetime, **given: object) -> None:
    """Somebody who may do an act does it, with everything that it asks and waits for."""
    with scope(case.organisation_id):
        case = Case.objects.select_related("version").get(pk=case.pk)
        procedure: Procedure = definition(case.organisation.slug)
        rule = procedure.act(act)
        actor = next(
            actor for role in rule.by if role in people and (actor := actor_of(people[role], case)).roles & set(rule.by)
        )
        for check in waits_for(procedure, state_of(case, procedure), rule):
            role = next(each for each in check.by if each in people)
            tick_check(case, check.name, actor=actor_of(people[role], case), at=at)
        answers = act_answers(procedure, case, act, people, at=at) | given
        answers = {name: answers[name] for name in answers if name in {each.name for each in rule.fields}}
        perform(case, act, answers=answers, actor=actor, at=at)


def decided(case: Case, people: Mapping[str, Membership], *, at: datetime, verdict: str = "upheld") -> None:
    """The board takes a complaint up and decides it, and the letter with the outcome leaves."""
    does(case, "accept", people, at=at - timedelta(hours=2), handler=str(people["directie"].pk))
    does(case, "decide", people, at=at, verdict=verdict, points=[])
    with scope(case.organisation_id):
        note_sent(Case.objects.get(pk=case.pk), "outcome", at=at, recorded_at=at)
