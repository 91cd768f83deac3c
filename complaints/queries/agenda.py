"""What a member has to do by when: the open deadlines of the cases that they handle, or that their role owes; and as a
deputy those of who is away.

Every function is given the cases that the reader may know of (`access.cases_for`) and never widens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from complaints.models import Assignment, Case, Deadline, Membership
from complaints.queries.deputies import passed_on
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import (
    BUILT_IN_ROLES,
    DeadlineKind,
    DeadlineRule,
    Occurrence,
    OccurrenceKind,
    OwedBy,
    Procedure,
    Text,
)
from procedures.models import ProcedureVersion


@dataclass(frozen=True, slots=True)
class Owed:
    """A deadline that somebody still has to do something for. Nothing in it names a person or a subject."""

    reference: str
    rule: str
    number: int
    title: Text
    due: date | datetime  # a local day, or an instant in the organisation's zone
    overdue_at: datetime
    kind: DeadlineKind
    owed_by: OwedBy
    starts_at: datetime
    changes: int  # how often it was extended or paused


def owed(cases: QuerySet[Case], member: Membership, procedure: Procedure, *, at: datetime) -> list[Owed]:
    """The open deadlines that are this member's at the instant `at`, the first to end on top. Two queries.

    A limit that the organisation missed stays as long as it is owed. In a case that the member handles, or in which
    they stand in for somebody, every deadline is theirs, in others those that their roles can meet. `procedure` is the
    one in force.
    """
    running = cases.filter(closed_at=None).order_by()
    versions = {
        version.pk: procedure_of(version)
        for version in ProcedureVersion.objects.filter(pk__in=running.values("version_id"))
    }
    assigned = Assignment.objects.filter(membership=member).exclude(role=Assignment.TAKEN_IN)
    instead = passed_on(member, procedure, on=at.astimezone(zone_of(procedure)).date())
    mine = Q(case__handler=member) | Q(case__in=assigned.values("case_id")) | Q(case__in=instead.values("case_id"))
    for key, version in versions.items():
        rules = _rules_of(version, set(member.roles))
        if rules:
            mine |= Q(case__version_id=key, rule__in=rules)
    still_owed = Q(
        status=Deadline.Status.MISSED, met_at=None, owed_by=OwedBy.ORGANISATION.value, kind=DeadlineKind.LIMIT.value
    )
    rows = (
        Deadline.objects.filter(Q(status=Deadline.Status.OPEN) | still_owed, case__in=running)
        .filter(mine)
        .select_related("case")
        .order_by("overdue_at", "pk")
    )
    return [_owed(row, versions[row.case.version_id]) for row in rows]


def _owed(row: Deadline, procedure: Procedure) -> Owed:
    rule = procedure.deadline(row.rule)
    due: date | datetime | None = row.due_on or row.due_at
    if isinstance(due, datetime):
        due = due.astimezone(zone_of(procedure))
    assert due is not None, "the database keeps one of the two"  # noqa: S101
    return Owed(
        reference=row.case.reference,
        rule=row.rule,
        number=row.number,
        title=rule.title,
        due=due,
        overdue_at=row.overdue_at,
        kind=rule.kind,
        owed_by=rule.owed_by,
        starts_at=row.starts_at,
        changes=len(row.history),
    )


def _rules_of(procedure: Procedure, roles: set[str]) -> list[str]:
    """The deadlines that these roles owe wherever they arise; those per case owe only where they are assigned."""
    general = {role.name for role in procedure.roles if not role.per_case} & roles
    return [
        rule.name
        for rule in procedure.deadlines
        if rule.owed_by is OwedBy.ORGANISATION and general & _owing(procedure, rule)
    ]


def _owing(procedure: Procedure, rule: DeadlineRule) -> set[str]:
    """The roles that can meet a deadline: by an act, or by the letter that an act brings forth or that they let go."""
    found: set[str] = set()
    for each in rule.met_by:
        found |= _by(procedure, each)
        if each.kind is OccurrenceKind.SENT:
            letter = procedure.letter(each.name)
            found.add(letter.release_by)
            for occasion in letter.on:
                found |= _by(procedure, occasion)
    return found - BUILT_IN_ROLES - {""}


def _by(procedure: Procedure, occurrence: Occurrence) -> set[str]:
    return set(procedure.act(occurrence.name).by) if occurrence.kind is OccurrenceKind.ACT else set()
