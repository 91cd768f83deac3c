"""Asking and doing: what follows from an act when it is allowed, and which acts there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from procedures.calendars import Calendar
from procedures.definition import (
    Procedure,
    Text,
)
from procedures.engine.happening import happen
from procedures.engine.refusing import (
    answers_of,
    answers_so_far,
    known_act,
    refuse_conditions,
    refuse_conflict,
    refuse_extension,
    refuse_no_more_time,
    refuse_place,
    refuse_role,
    wrong_role,
)
from procedures.engine.standing import holds, stands_in
from procedures.engine.values import (
    CHECK,
    ActRefused,
    Case,
    Decision,
    Offer,
)


def decide(
    procedure: Procedure,
    case: Case,
    act: str,
    *,
    at: datetime,
    by: Collection[str],
    facts: Mapping[str, object] | None = None,
    calendar: Calendar,
    respondents: Collection[str] = (),
) -> Decision:
    """What follows when someone who plays the roles `by` does `act` at the instant `at`, with these answers.

    Raises ActRefused when the procedure does not allow it. `respondents` are the people complained about, as member
    keys or names. Moments that came before `at` must have been dealt with first (`pass_time`).
    """
    definition = known_act(procedure, act)
    refuse_place(procedure, case, definition, at)
    refuse_role(definition, by)
    refuse_conditions(procedure, case, definition)
    answers = answers_of(procedure, case, definition, facts or {})
    refuse_conflict(definition, answers, respondents)
    refuse_extension(procedure, case, definition, answers, at=at, calendar=calendar)
    return happen(procedure, case, act, at=at, facts=answers, calendar=calendar)


def foresee(
    procedure: Procedure,
    case: Case,
    act: str,
    *,
    at: datetime,
    facts: Mapping[str, object],
    calendar: Calendar,
) -> Decision:
    """What would follow from an act with the answers so far; those that are missing or wrong are open, also where the
    same was answered before.

    To look ahead with, not to record: nothing is refused but an act that there is not.
    """
    definition = known_act(procedure, act)
    answers, wrong = answers_so_far(procedure, case, definition, facts)
    case = replace(case, facts={name: fact for name, fact in case.facts.items() if name not in wrong})
    try:
        refuse_extension(procedure, case, definition, answers, at=at, calendar=calendar)
    except ActRefused as refusal:
        answers = {name: fact for name, fact in answers.items() if name not in refusal.fields}
    return happen(procedure, case, act, at=at, facts=answers, calendar=calendar)


def tick(
    procedure: Procedure,
    case: Case,
    check: str,
    *,
    at: datetime,
    by: Collection[str],
    calendar: Calendar,
    not_applicable: str = "",
) -> Decision:
    """What follows when a point of the checklist is ticked; `not_applicable` says why it need not be done."""
    try:
        definition = procedure.check(check)
    except KeyError:
        raise ActRefused(Text("Dit punt staat niet op de lijst.", "There is no such check."), code="unknown") from None
    if not stands_in(procedure, case, definition.phases) or not holds(case, definition):
        raise ActRefused(
            Text("Dit punt hoort niet bij deze fase.", "This check does not belong to this phase."), code="phase"
        )
    if not set(definition.by) & set(by):
        raise wrong_role()
    if check in case.checks:
        raise ActRefused(Text("Dit punt is al afgevinkt.", "This check is already ticked."), code="done")
    if not_applicable and not definition.where_applicable:
        raise ActRefused(
            Text("Dit punt moet altijd gedaan worden.", "This check always has to be done."), code="not_applicable"
        )
    return happen(procedure, case, CHECK + check, at=at, facts={"not_applicable": not_applicable}, calendar=calendar)


def offers(procedure: Procedure, case: Case, *, at: datetime, by: Collection[str]) -> tuple[Offer, ...]:
    """The acts by people that belong to the case's phase, in the document's order, each with whether it may be done."""
    found = []
    for act in procedure.acts:
        if (
            act.is_automatic
            or act.opens is bool(case.phase)
            or not (act.opens or stands_in(procedure, case, act.phases))
        ):
            continue
        try:
            refuse_place(procedure, case, act, at)
            refuse_role(act, by)
            refuse_conditions(procedure, case, act)
            refuse_no_more_time(procedure, case, act)
        except ActRefused as refusal:
            found.append(Offer(act, refusal))
        else:
            found.append(Offer(act))
    return tuple(found)
