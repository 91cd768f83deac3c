"""Measures of a case: promised, changed, done or dropped, judged; and reminding whose they are.

They stand in the history beside the procedure. Its payloads hold keys, days, choices and hashes; what people wrote is
kept as an answer of its event, with the salt of its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from complaints.access import cases_for
from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.beside import record_beside, record_reason
from complaints.actions.cases import TooLate, held
from complaints.actions.indexing import index_case
from complaints.actions.notices import write_notice
from complaints.models import BESIDE, Case, Document, Event, Measure, Membership, Notice
from complaints.queries.measures import moment_of, next_reminder
from complaints.queries.people import People
from procedures.catalogue import calendar_of, procedure_of, version_at, zone_of
from procedures.scoping import scope

PROMISED, CHANGED = f"{BESIDE}measure_promised", f"{BESIDE}measure_changed"
DONE, DROPPED = f"{BESIDE}measure_done", f"{BESIDE}measure_dropped"
JUDGED, REMINDED = f"{BESIDE}measure_judged", f"{BESIDE}measure_reminded"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who will have done it by which local day, and whether it repairs or prevents. `owner` is how they are called;
    `member` the colleague whom that is."""

    kind: Measure.Kind
    due_on: date
    owner: str
    member: Membership | None = None


@transaction.atomic
def promise(case: Case, what: str, plan: Plan, *, actor: Actor, at: datetime, revision: int | None = None) -> Measure:
    """Promises a measure. Raises CaseMovedOn. Side effects, in order: event, measure, the words that find the case."""
    held(case, revision)
    facts = {"kind": {"value": plan.kind.value}, "due_on": {"value": plan.due_on.isoformat()}}
    event = record_reason(case, PROMISED, what, actor=actor, at=at, facts=facts)
    measure = Measure.objects.create(
        case=event.case,
        event=event,
        what=what,
        kind=plan.kind,
        owner=plan.owner,
        member=plan.member,
        due_on=plan.due_on,
        remind_at=_remind_at(event.case, plan.due_on, at=at),
    )
    index_case(event.case)
    return measure


@transaction.atomic
def change(
    measure: Measure, plan: Plan, reason: str, *, actor: Actor, at: datetime, revision: int | None = None
) -> None:
    """Puts an open measure in other hands or on another day, and says why. Raises CaseMovedOn, TooLate.

    Who has it is reminded before, on and after the new day.
    """
    fresh = _held(measure, revision)
    if not fresh.is_open:
        raise TooLate
    facts = {"before": fresh.due_on.isoformat(), "due_on": plan.due_on.isoformat(), "kind": plan.kind.value}
    _record(fresh, CHANGED, reason, actor=actor, at=at, **facts)
    fresh.kind, fresh.owner, fresh.member, fresh.due_on = plan.kind, plan.owner, plan.member, plan.due_on
    fresh.remind_at = _remind_at(fresh.case, plan.due_on, at=at)
    fresh.save(update_fields=["kind", "owner", "member", "due_on", "remind_at"])


@transaction.atomic
def finish(
    measure: Measure,
    evidence: str,
    *,
    kind: Measure.Kind,
    done_on: date,
    actor: Actor,
    at: datetime,
    document: Document | None = None,
    revision: int | None = None,
) -> None:
    """Says that an open measure was done on a local day, and what shows it: words and, where there is one, a document
    of the case. Nobody is reminded any more. Raises CaseMovedOn, TooLate."""
    fresh = _held(measure, revision)
    if not fresh.is_open:
        raise TooLate
    shown = document.pk if document else None
    _record(fresh, DONE, evidence, actor=actor, at=at, done_on=done_on.isoformat(), document=shown, kind=kind.value)
    fresh.kind, fresh.done_on, fresh.evidence, fresh.document = kind, done_on, evidence, document
    fresh.remind_at = None
    fresh.save(update_fields=["kind", "done_on", "evidence", "document", "remind_at"])


@transaction.atomic
def drop(measure: Measure, reason: str, *, actor: Actor, at: datetime, revision: int | None = None) -> None:
    """Says that an open measure need not be done any more, and why. Raises CaseMovedOn, TooLate."""
    fresh = _held(measure, revision)
    if not fresh.is_open:
        raise TooLate
    _record(fresh, DROPPED, reason, actor=actor, at=at)
    fresh.dropped_on, fresh.evidence, fresh.remind_at = _local(fresh.case, at), reason, None
    fresh.save(update_fields=["dropped_on", "evidence", "remind_at"])


@transaction.atomic
def judge(
    measure: Measure,
    effect: Measure.Effect,
    reason: str,
    *,
    repeats: int,
    actor: Actor,
    at: datetime,
    revision: int | None = None,
) -> None:
    """Says whether a measure that was done worked, and why. `repeats`: how many new complaints on the same subject who
    judges was shown. What was said before may be said otherwise later. Raises CaseMovedOn, TooLate."""
    fresh = _held(measure, revision)
    if fresh.done_on is None:
        raise TooLate
    _record(fresh, JUDGED, reason, actor=actor, at=at, effect=effect.value, repeats=repeats)
    fresh.effect, fresh.effect_reason, fresh.repeats, fresh.judged_on = effect, reason, repeats, _local(fresh.case, at)
    fresh.save(update_fields=["effect", "effect_reason", "repeats", "judged_on"])


def remind_owners(organisation: int, *, at: datetime, limit: int = 100) -> int:
    """Writes the reminders of one organisation that are due by `at`; how many measures were looked at."""
    with scope(organisation):
        due = Measure.objects.filter(remind_at__lte=at).order_by("remind_at", "pk").values_list("pk", flat=True)
        keys = list(due[:limit])
    for key in keys:
        with scope(organisation):
            _remind(Measure.objects.get(pk=key), at=at)
    return len(keys)


@transaction.atomic
def _remind(measure: Measure, *, at: datetime) -> None:
    """Reminds once of the moment that it is by now: a sweep that comes late skips those that are over."""
    fresh = _held(measure)
    if fresh.remind_at is None or fresh.remind_at > at:
        return  # another sweep did, or it was done meanwhile
    fresh.remind_at = _remind_at(fresh.case, fresh.due_on, at=at)
    fresh.save(update_fields=["remind_at"])
    moment = moment_of(fresh.due_on, _local(fresh.case, at))
    facts = {"measure": {"value": fresh.pk}, "moment": {"value": moment.value}}
    event = record_beside(fresh.case, REMINDED, actor=THE_CLOCK, at=at, facts=facts)
    for each in told_of(fresh, at=at):
        write_notice(event.case, Notice.Kind.MEASURE, at=at, member=each, measure=fresh)


def told_of(measure: Measure, *, at: datetime) -> Sequence[Membership]:
    """Who is reminded of a measure: the colleague whose it is, where they may know of its case; else who handles that,
    in the main case where it was merged; else whoever administers."""
    case = measure.case
    in_force = procedure_of(version_at(at))
    for each in (measure.member, case.handler, case.merged_into.handler if case.merged_into else None):
        if each is not None and each.is_active and cases_for(each, in_force, at=at).filter(pk=case.pk).exists():
            return [each]
    return list(People.on(case).administrators(in_force).values())


def _held(measure: Measure, revision: int | None = None) -> Measure:
    """The measure as it is now, with its case; both held, first the case. Raises CaseMovedOn."""
    held(measure.case, revision)
    rows = Measure.objects.select_for_update(of=("self",))
    return rows.select_related(
        "case__version", "case__handler__user", "case__merged_into__handler__user", "member__user"
    ).get(pk=measure.pk)


def _record(
    measure: Measure, occurrence: str, words: str, *, actor: Actor, at: datetime, **told: str | int | None
) -> Event:
    facts = {"measure": {"value": measure.pk}} | {name: {"value": value} for name, value in told.items()}
    event = record_reason(measure.case, occurrence, words, actor=actor, at=at, facts=facts)
    index_case(event.case)
    return event


def _remind_at(case: Case, due_on: date, *, at: datetime) -> datetime | None:
    procedure = procedure_of(case.version)
    return next_reminder(due_on, calendar_of(procedure, at=at), zone_of(procedure), after=at)


def _local(case: Case, at: datetime) -> date:
    return at.astimezone(zone_of(procedure_of(case.version))).date()
