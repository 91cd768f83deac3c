"""The letters of a story as they are really written: each on the occasion that the engine brings about."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from complaints.letters.writing import Occasion, Recipient
from procedures.calendars import Calendar
from procedures.definition import Letter, Procedure
from procedures.engine import ActRefused, Decision
from procedures.simulation import Rehearsal
from tests.complaints.letters.sample import RECIPIENT
from tests.procedures.stories import Story, StoryStep


class Told(NamedTuple):
    letter: Letter
    to: Recipient
    occasion: Occasion


def told(story: Story) -> Iterator[Told]:
    """Each letter to each kind of recipient that the story brings about, in order."""
    rehearsal = Rehearsal(story.procedure, facts=story.facts, closed=story.closed, respondents=story.respondents)
    for step in story.steps:
        with contextlib.suppress(ActRefused):
            _carry_out(rehearsal, step)
    for past in rehearsal.steps:
        for due in past.decision.letters:
            letter = story.procedure.letter(due.letter)
            here = occasion_of(story.procedure, past.calendar, past.decision, letter=letter, deadline=due.deadline)
            for kind in due.to:
                yield Told(letter, recipient(story.procedure, kind), here)


def recipient(procedure: Procedure, kind: str) -> Recipient:
    """Somebody of this kind, as the application would address them."""
    if kind == "complainant":
        return RECIPIENT
    if kind.startswith("appeal:"):
        body = procedure.appeal(kind.removeprefix("appeal:"))
        return Recipient(
            kind=kind,
            name=body.person or body.title.nl,
            organisation=body.title.nl if body.person else "",
            address=body.address,
            email=body.email,
        )
    return replace(RECIPIENT, kind=kind, name="Sanne Postma", organisation="", address=())


def _carry_out(rehearsal: Rehearsal, step: StoryStep) -> None:
    rehearsal.wait(step.when)
    by = (step.by,) if step.by else ()
    if step.send:
        rehearsal.send(step.send, at=step.when)
    elif step.check:
        rehearsal.tick(step.check, at=step.when, by=by, not_applicable=step.not_applicable)
    elif step.act:
        rehearsal.do(step.act, at=step.when, by=by, facts=step.facts, tick=step.tick, hold=step.held)


def occasion_of(
    procedure: Procedure, calendar: Calendar, decision: Decision, *, letter: Letter, deadline: str = ""
) -> Occasion:
    """The occasion of a letter that follows from a decision."""
    handling = next((role for role in procedure.roles if role.is_handler), None)
    signing = next((role for role in procedure.roles if role.name == letter.signed_by), None)
    if letter.signed_by == "handler":
        signing = handling
    opened_at = decision.case.opened_at
    assert opened_at
    return Occasion(
        procedure=procedure,
        calendar=calendar,
        reference=f"{procedure.prefix}-2026-0042",
        received_at=opened_at,
        at=decision.at,
        case=decision.case,
        before=decision.before,
        facts=decision.case.facts,
        complainant="J. Verweij",
        handler="Farida el Amrani",
        handler_title=handling.title.nl if handling else "",
        sender="Nadia Brouwer" if letter.signed_by else "",
        sender_title=signing.title.nl if signing else "",
        members={f"{role.name} {number}": f"Lid {number}" for role in procedure.roles for number in range(1, 9)},
        deadline=deadline,
        portal_url=f"https://klachten.example/{procedure.organisation}/volgen/",
        case_url=f"https://klachten.example/beheer/zaken/{procedure.prefix}-2026-0042/",
    )
