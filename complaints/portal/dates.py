"""The dates of a case as the complainant's page shows them: what still comes, what went, what an act waits for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from complaints.said import spoken
from procedures import engine, wording
from procedures.calendars import Calendar
from procedures.catalogue import zone_of
from procedures.definition import Act, DeadlineKind, OwedBy, Procedure


@dataclass(frozen=True, slots=True)
class PastStep:
    """A term that is over, with how it ended and how its day was counted."""

    what: str
    due: date | datetime
    ended: str
    counting: Sequence[str]
    is_owed: bool  # it is over, we owed it, and we still do


@dataclass(frozen=True, slots=True)
class NotNow:
    """An act that cannot be done now, with why."""

    act: Act
    reason: str


def past_steps(procedure: Procedure, case: engine.Case, calendar: Calendar, *, at: datetime) -> list[PastStep]:
    """The terms that a complainant was told of and that run no more, in the order in which they were to end."""
    zone, language = zone_of(procedure), spoken()
    is_over = case.is_stopped or procedure.phase(case.phase).is_end
    found = []
    for clock in case.deadlines:
        rule = procedure.deadline(clock.rule)
        if clock.status is engine.Status.OPEN or not rule.public:
            continue
        is_missed = clock.status is engine.Status.MISSED and clock.met_at is None
        ended = wording.left(clock, at=at, calendar=calendar, zone=zone, kind=rule.kind).text
        if is_missed and rule.owed_by is OwedBy.COMPLAINANT:
            ended = _("voorbij")  # they need not have used it: nobody is late
        is_owed = is_missed and rule.owed_by is OwedBy.ORGANISATION and rule.kind is DeadlineKind.LIMIT and not is_over
        sentences = wording.counting(clock, rule, procedure=procedure, calendar=calendar, public=True)
        what = rule.public if is_owed else rule.title
        found.append(PastStep(what.in_language(language), clock.due.due, ended, sentences, is_owed))
    return sorted(
        found, key=lambda step: step.due.astimezone(zone).date() if isinstance(step.due, datetime) else step.due
    )


def not_now(procedure: Procedure, case: engine.Case, offers: Iterable[engine.Offer]) -> list[NotNow]:
    """The acts among these that a window keeps shut, with the reason in plain words.

    One for latecomers is left out while everybody may still do it in time.
    """
    offers = list(offers)
    in_time = {each.act.within for each in offers if each.refusal is None}
    found = []
    for each in offers:
        if each.refusal is None or each.refusal.code not in ("late", "early"):
            continue
        if each.act.after and each.act.after in in_time:
            continue
        found.append(NotNow(each.act, reason_of(procedure, case, each.act, each.refusal)))
    return found


def reason_of(procedure: Procedure, case: engine.Case, act: Act, refusal: engine.ActRefused) -> str:
    """Why an act cannot be done now, said to the complainant."""
    if refusal.code == "phase":
        return _("Uw klacht is intussen verder gegaan. Daarom kan dit niet meer.")
    end = last_day(procedure, case, act)
    if refusal.code == "late" and end:
        return _("Dit kon tot en met %(end)s.") % {"end": end}
    if refusal.code == "early" and end:
        return _("Dit kan pas na %(end)s.") % {"end": end}
    return refusal.reason.in_language(spoken())


def last_day(procedure: Procedure, case: engine.Case, act: Act) -> str:
    """The end of the window in which, or after which, an act may be done; empty when there is none."""
    clock = case.deadline(act.within or act.after) if act.within or act.after else None
    return wording.end(clock.due.due, zone=zone_of(procedure)) if clock else ""


def left_of(procedure: Procedure, case: engine.Case, rule: str, calendar: Calendar, *, at: datetime) -> str:
    """What is left of a term that runs: "nog 3 werkdagen"."""
    clock = case.deadline(rule)
    if clock is None:
        return ""
    kind = procedure.deadline(rule).kind
    return wording.left(clock, at=at, calendar=calendar, zone=zone_of(procedure), kind=kind).text
