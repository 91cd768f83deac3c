"""Who judges an appeal, by the procedure's own words: the roles from outside that play a part in a case, the act by
which the appeal goes to them, the act by which they judge, and what of a judgement binds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from complaints.models import Assignment, Case, Event, Membership, Opinion, Party, Room
from complaints.queries.merging import together
from procedures.definition import Act, AppealKind, DeadlineRule, Field, FieldKind, Procedure


def outside_roles(procedure: Procedure) -> frozenset[str]:
    """The roles from outside that are played in single cases: those who judge an appeal."""
    return frozenset(role.name for role in procedure.roles if role.is_outside and role.per_case)


def is_from_outside(roles: Collection[str], procedure: Procedure) -> bool:
    """Whether somebody with these roles is nobody's colleague here: they have roles, and each is an outside one."""
    held = [role for role in procedure.roles if role.name in roles]
    return bool(held) and all(role.is_outside for role in held)


def judging_phases(procedure: Procedure, roles: Collection[str]) -> frozenset[str]:
    """The phases in which the procedure has something to do for these roles. Before and after, a case is closed to
    them."""
    return frozenset(phase for act in procedure.acts if set(act.by) & set(roles) for phase in act.phases)


def judging_act(procedure: Procedure, role: str) -> Act | None:
    """The act by which a role judges: it moves the case on, and asks for a choice and for the reasons."""
    return next(
        (each for each in procedure.acts if role in each.by and each.to and verdict_of(each) and reasons_of(each)), None
    )


def composing_field(procedure: Procedure, act: str) -> Field | None:
    """The field by which an act says who judges; None for an act that does not."""
    outside = outside_roles(procedure)
    for each in procedure.acts:
        if each.name == act:
            chosen = (FieldKind.MEMBER, FieldKind.MEMBERS)
            return next((field for field in each.fields if field.kind in chosen and field.role in outside), None)
    return None


def verdict_of(act: Act) -> Field | None:
    return next((each for each in act.fields if each.kind is FieldKind.CHOICE and each.required), None)


def reasons_of(act: Act) -> Field | None:
    return next((each for each in act.fields if each.kind is FieldKind.LONG_TEXT and each.required), None)


def is_binding(procedure: Procedure) -> bool:
    """Whether the organisation has to do what who judges an appeal here says."""
    return any(each.binding for each in procedure.appeals if each.kind is not AppealKind.EXTERNAL)


def carries_out(procedure: Procedure, rule: DeadlineRule) -> bool:
    """Whether a deadline is the one within which a binding judgement has to be carried out."""
    acts = {act.name for role in outside_roles(procedure) if (act := judging_act(procedure, role))}
    return is_binding(procedure) and bool(acts & {str(each) for each in rule.starts})


def room_of(case: Case) -> Room | None:
    """The room of the newest appeal in a case."""
    return Room.objects.filter(case=case).order_by("-pk").first()


def composed_in(case: Case, procedure: Procedure) -> Event | None:
    """The newest event by which an appeal went to who judges it; None before."""
    acts = [each.name for each in procedure.acts if composing_field(procedure, each.name)]
    return Event.objects.filter(case=case, occurrence__in=acts).order_by("-number").first()


def involved(case: Case, procedure: Procedure) -> set[int]:
    """The keys of the members who had anything to do with a case: whom it is about, who complained, who handles or
    handled it, who played any part in it or did anything there, except judging an appeal."""
    outside = outside_roles(procedure)
    parties = Party.objects.filter(together(case), membership__isnull=False).values_list("membership_id", flat=True)
    played = Assignment.objects.filter(case=case).exclude(role__in=outside).values_list("membership_id", flat=True)
    did = Event.objects.filter(case=case, member__isnull=False)
    for role in outside:
        did = did.exclude(roles__contains=[role])
    found = {int(str(key)) for key in (*parties, *played, *did.values_list("member_id", flat=True))}
    return found | ({case.handler_id} if case.handler_id else set())


def unfit(member: Membership, case: Case, procedure: Procedure) -> bool:
    """Whether somebody cannot judge an appeal in a case: they had to do with it, or they are a colleague here."""
    return not is_from_outside(member.roles, procedure) or member.pk in involved(case, procedure)


def playing(case: Case, role: str) -> Q:
    """The members who may be in the room of a case now. To be asked of Membership."""
    return Q(pk__in=Assignment.objects.filter(case=case, role=role).values("membership_id"), is_active=True)


@dataclass(frozen=True, slots=True)
class Count:
    """How the votes stand, as far as it may be seen."""

    voted: int
    places: int
    is_open: bool  # everybody voted, or the chair closed the voting: now all may see
    majority: str  # the verdict of more than half of all places; "" where there is none
    by_verdict: dict[str, int]


def count_of(room: Room) -> Count:
    """How the votes of those who sit in the room stand. One query."""
    seated = room.members.filter(left_at=None).values("membership_id")
    votes = Counter(
        Opinion.objects.filter(room=room, voted_at__isnull=False, member__in=seated)
        .order_by("pk")
        .values_list("verdict", flat=True)
    )
    voted = votes.total()
    is_open = room.closed_at is not None or voted >= room.places
    most = next((verdict for verdict, number in votes.items() if number * 2 > room.places), "")
    return Count(voted, room.places, is_open, most if is_open else "", dict(votes) if is_open else {})
