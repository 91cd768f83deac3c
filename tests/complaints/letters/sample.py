"""A sample occasion for every letter of every procedure: the case is walked to where the letter is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from complaints.letters.writing import Occasion, Recipient
from procedures import answers
from procedures.calendars import Calendar
from procedures.definition import Fact, Letter, Measure, OccurrenceKind, Procedure
from procedures.engine import Case, happen

AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
RECIPIENT = Recipient(
    kind="complainant",
    name="Mevrouw J. Verweij",
    organisation="Basisschool De Wilgenroos",
    address=("Kerkstraat 1", "1234 AB Voorbeeldstad"),
    email="j.verweij@wilgenroos.example",
)


def facts_of(procedure: Procedure) -> dict[str, Fact]:
    """A sample answer to everything that the procedure asks."""
    facts: dict[str, Fact] = {}
    for field in procedure.every_field():
        facts[field.name] = answers.sample(field, at=AT, later=(AT + timedelta(days=40)).date())
    return facts | {
        name: (Measure("Wij plannen een nieuwe training, zonder kosten.", "Nadia Brouwer", AT.date()),)
        for name, value in facts.items()
        if isinstance(value, tuple) and value and isinstance(value[0], Measure)
    }


def occasion(procedure: Procedure, letter: Letter, facts: dict[str, Fact] | None = None, at: datetime = AT) -> Occasion:
    """An occasion on which every clock of the procedure runs but those that this letter starts by leaving."""
    facts = facts_of(procedure) if facts is None else facts
    calendar = Calendar.for_policy(procedure.calendar)
    case = Case()
    opened = happen(procedure, case, procedure.intake.act, at=at, facts=facts, calendar=calendar).case
    case = opened
    for rule in procedure.deadlines:
        if case.deadline(rule.name) is None and str(rule.starts[0]) != f"sent:{letter.name}":
            started = happen(procedure, case, str(rule.starts[0]), at=at, facts=facts, calendar=calendar).case
            found = started.deadline(rule.name)
            if found:
                case = Case(case.phase, case.opened_at, case.facts, (*case.deadlines, found), case.checks, case.done)
    about = next((each.name for each in letter.on if each.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED)), "")
    return Occasion(
        procedure=procedure,
        calendar=calendar,
        reference=f"{procedure.prefix}-2026-0042",
        received_at=at,
        at=at,
        case=case,
        before=opened,
        facts=facts,
        complainant="Jolanda Verweij",
        handler="Farida el Amrani",
        sender="Nadia Brouwer" if letter.signed_by else "",
        sender_title=procedure.role(letter.signed_by).title.nl if letter.signed_by else "",
        members={"handler 1": "Farida el Amrani"},
        deadline=about,
        portal_url="https://klachten.example/organisatie/volgen/",
        case_url="https://klachten.example/beheer/zaken/X/",
    )
