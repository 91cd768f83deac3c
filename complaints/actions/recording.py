"""Writes down what the engine decided: the event, its answers, the clocks, the letters and the case's own columns.

Everything here happens in the transaction of the act. The one thing that reaches beyond it is the nudge to the
workers, which goes out when the transaction is committed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from complaints import nudge
from complaints.actions.actors import Actor
from complaints.actions.announcing import announce
from complaints.actions.correspondence import stop_overtaken, write_letters
from complaints.models import Answer, Assignment, Case, Deadline, Event, Letter, Measure, Membership, Party
from complaints.queries.handlers import names_handler
from complaints.queries.measures import next_reminder
from complaints.queries.state import columns_of
from procedures import answers, engine
from procedures.calendars import Calendar
from procedures.deadlines import overdue_at
from procedures.definition import PARTY_FIELDS, DeadlineKind, Fact, Field, FieldKind, OwedBy, Procedure
from procedures.definition import Measure as PromisedMeasure

SUBJECT_FIELD = "subject"
# The kinds of answers that hold words or names of somebody's own, and what is typed beside the fields.
TYPED = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.LONG_TEXT,
        FieldKind.EMAIL,
        FieldKind.PHONE,
        FieldKind.PERSON,
        FieldKind.DOCUMENT,
        FieldKind.DOCUMENTS,
        FieldKind.MEASURES,
        FieldKind.POINTS,
    }
)
TYPED_BESIDE = frozenset({"not_applicable", engine.INDEPENDENCE_REASON})
MERGED_OUTCOME = "merged"  # of a case that is handled together with another


@dataclass(frozen=True, slots=True)
class Recorder:
    """What is the same for everything that is written down in one go."""

    case: Case
    procedure: Procedure
    calendar: Calendar
    recorded_at: datetime

    def record(self, decision: engine.Decision, actor: Actor, *, also: Mapping[str, object] | None = None) -> Event:
        """Side effects, in order: event, answers (with parties, assignments and measures), clocks, case, letters, and
        what other systems are told.

        `also` is what the event tells beside the answers, as the history keeps it.
        """
        case = self.case
        given = {
            name: fact for name, fact in decision.case.facts.items() if decision.before.facts.get(name) != fact
        } | dict(decision.facts)
        fields = {field.name: field for field in self.procedure.every_field()}
        salts = {name: secrets.token_hex(16) for name in given if is_personal_answer(name, fields)}
        case.revision += 1
        leaving = self._leaving_by_themselves(decision.occurrences)
        event = Event.objects.create(
            case=case,
            number=case.revision,
            occurrence=decision.occurrence,
            at=decision.at,
            recorded_at=self.recorded_at,
            by=actor.by,
            member=actor.membership,
            roles=sorted(actor.roles),
            facts={name: in_history(name, fact, salts) for name, fact in given.items()} | dict(also or {}),
            decision=summary(decision) | ({"unlooked": sorted(leaving.values())} if leaving else {}) | actor.in_history,
        )
        if leaving:
            Letter.objects.filter(pk__in=leaving).update(
                state=Letter.State.WAITING, try_at=self.recorded_at, returned_at=None
            )
            transaction.on_commit(nudge.workers)
        self._keep_answers(event, given, fields, salts)
        self._keep_clocks(decision)
        self._keep_case(decision, given)
        stop_overtaken(event, decision, at=self.recorded_at)
        if write_letters(event, decision, actor, self.procedure, self.calendar, at=self.recorded_at):
            transaction.on_commit(nudge.workers)
        announce(event, at=self.recorded_at)
        return event

    def _leaving_by_themselves(self, occurrences: Collection[str]) -> dict[int, str]:
        """The held letters that leave on these occurrences because nobody has let them go: key and name of each."""
        names = [
            rule.name for rule in self.procedure.letters if any(str(each) in occurrences for each in rule.else_send)
        ]
        if not names:
            return {}
        held = Letter.objects.filter(case=self.case, state=Letter.State.HELD, name__in=names)
        return dict(held.values_list("pk", "name"))

    def _keep_answers(
        self, event: Event, given: Mapping[str, Fact], fields: Mapping[str, Field], salts: Mapping[str, str]
    ) -> None:
        rows = []
        for name, fact in given.items():
            field = fields.get(name)
            if name in PARTY_FIELDS or name == "not_applicable":
                continue
            rows.append(
                Answer(
                    case=self.case,
                    event=event,
                    name=name,
                    value=answers.as_json(fact),
                    is_personal=name in salts,
                    salt=salts.get(name, ""),
                )
            )
            if field is None:
                continue
            if field.kind in (FieldKind.MEMBER, FieldKind.MEMBERS):
                self._assign(field, (fact,) if isinstance(fact, str) else fact)
            elif field.kind is FieldKind.PERSON and isinstance(fact, str):
                self._add_respondent(fact)
            elif field.kind is FieldKind.MEASURES and isinstance(fact, tuple):
                Measure.objects.bulk_create(
                    self._measure(event, each) for each in fact if isinstance(each, PromisedMeasure)
                )
        Answer.objects.bulk_create(rows)

    def _measure(self, event: Event, promised: PromisedMeasure) -> Measure:
        """A measure of the colleague whose full name was written; of nobody in particular when that is none of them."""
        zone = ZoneInfo(self.procedure.zone)
        return Measure(
            case=self.case,
            event=event,
            what=promised.what,
            owner=promised.owner,
            member=member_called(promised.owner),
            due_on=promised.due_on,
            remind_at=next_reminder(promised.due_on, self.calendar, zone, after=self.recorded_at),
        )

    def _assign(self, field: Field, members: object) -> None:
        """The members chosen play the field's role from now on, and nobody else does."""
        if not isinstance(members, tuple):
            return
        chosen = [int(str(key)) for key in members]
        Assignment.objects.filter(case=self.case, role=field.role).delete()
        Assignment.objects.bulk_create(Assignment(case=self.case, membership_id=key, role=field.role) for key in chosen)
        if names_handler(self.procedure, field):
            self.case.handler_id = chosen[0] if chosen else None

    def _add_respondent(self, name: str) -> None:
        """Someone complained about; a colleague of that name is kept away from the case from now on."""
        if not Party.objects.filter(case=self.case, kind=Party.Kind.RESPONDENT, name=name).exists():
            member = member_called(name)
            Party.objects.create(case=self.case, kind=Party.Kind.RESPONDENT, name=name, membership=member)
            Assignment.objects.filter(case=self.case, membership=member).delete()

    def _keep_clocks(self, decision: engine.Decision) -> None:
        """At most two queries, and one for each clock that was there before: the case is held, nobody else adds one."""
        if not decision.changed:
            return
        before = self.case.deadlines.values_list("rule", "number", "pk") if decision.before.deadlines else ()
        known = {(rule, number): key for rule, number, key in before}
        new = []
        for clock in decision.changed:
            columns = columns_of(clock, self.procedure)
            if clock.key in known:
                Deadline.objects.filter(pk=known[clock.key]).update(**columns)
            else:
                new.append(Deadline(case=self.case, **columns))
        Deadline.objects.bulk_create(new)

    def _keep_case(self, decision: engine.Decision, given: Mapping[str, Fact]) -> None:
        case, now = self.case, decision.case
        phase = self.procedure.phase(now.phase)
        case.phase, case.track = phase.name, phase.track
        case.outcome = MERGED_OUTCOME if now.is_stopped else phase.outcome
        case.closed_at = (case.closed_at or decision.at) if phase.is_end or now.is_stopped else None
        case.done, case.checks = list(now.done), dict(now.checks)
        case.wake_at = now.wake_at
        case.next_due_at = next_due_at(self.procedure, now)
        if isinstance(given.get(SUBJECT_FIELD), str):
            case.subject = str(given[SUBJECT_FIELD])[:200]
        case.save()


def next_due_at(procedure: Procedure, case: engine.Case) -> datetime | None:
    """When the first thing that somebody still has to do is, or was, too late. Limits missed and still owed count."""
    zone = ZoneInfo(procedure.zone)
    if procedure.phase(case.phase).is_end or case.is_stopped:
        return None
    waiting = [
        overdue_at(clock.due, zone)
        for clock in case.deadlines
        if clock.status is engine.Status.OPEN
        or (
            clock.status is engine.Status.MISSED
            and clock.met_at is None
            and procedure.deadline(clock.rule).owed_by is OwedBy.ORGANISATION
            and procedure.deadline(clock.rule).kind is DeadlineKind.LIMIT
        )
    ]
    return min(waiting, default=None)


def member_called(name: str) -> Membership | None:
    """The member with exactly this full name, however it is spaced or capitalised; None when none or more than one."""
    wanted = " ".join(name.casefold().split())
    found = [
        member
        for member in Membership.objects.select_related("user")
        if " ".join(member.name.casefold().split()) == wanted
    ]
    return found[0] if len(found) == 1 else None


def is_personal_answer(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether the answer may say something about a person: whatever somebody typed may."""
    field = fields.get(name)
    if name in PARTY_FIELDS or name in TYPED_BESIDE:
        return True
    if field is None:
        return False
    return field.personal or field.kind in TYPED


def in_history(name: str, fact: Fact, salts: Mapping[str, str]) -> object:
    """The answer as the event keeps it: as it is, or a salted hash where it may say something about a person."""
    value = answers.as_json(fact)
    if name not in salts:
        return {"value": value}
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return {"hmac": hmac.new(salts[name].encode(), text.encode(), hashlib.sha256).hexdigest()}


def summary(decision: engine.Decision) -> dict[str, object]:
    return {
        "phase": decision.case.phase,
        "acts": list(decision.acts),
        "deadlines": [
            {"rule": clock.rule, "number": clock.number, "due": clock.due.due.isoformat(), "status": clock.status.value}
            for clock in decision.changed
        ],
        "letters": [each.letter for each in decision.letters],
        "checks_opened": list(decision.checks_opened),
    }
