"""Who stands in for whom on a local day, and what that gives in a case.

A deputy gets the per-case roles of who is away, in their cases, and nothing else: a general role is the organisation's
to give, and a role from outside is nobody's to pass on. On a case about the deputy it gives nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import Q, QuerySet

from complaints.models import Assignment, Case, Membership, Party, Substitution
from complaints.queries.merging import together
from procedures.definition import Procedure, Role


def sees_all(role: Role) -> bool:
    """Whether who has this role may know of every case that is not about them."""
    return not (role.per_case or role.is_outside or role.only_own)


def is_passed_on(role: Role) -> bool:
    """Whether a deputy plays this role where who is away would."""
    return role.per_case and not role.is_outside


def in_force(on: date) -> QuerySet[Substitution]:
    """The substitutions that hold on a local day, between people who both still work here."""
    return Substitution.objects.filter(
        ended_at=None, first_on__lte=on, last_on__gte=on, member__is_active=True, deputy__is_active=True
    )


def stood_in_for(deputy: Membership, *, on: date) -> list[int]:
    """The keys of the members for whom somebody stands in on a local day. One query."""
    return list(in_force(on).filter(deputy=deputy).values_list("member_id", flat=True))


def passed_on(deputy: Membership, procedure: Procedure, *, on: date) -> QuerySet[Assignment]:
    """What somebody plays as a deputy on a local day, in whatever case. To be asked within another query."""
    return Assignment.objects.filter(
        membership__in=in_force(on).filter(deputy=deputy).values("member_id"),
        role__in=[role.name for role in procedure.roles if is_passed_on(role)],
    )


def deputies(
    case: Case, procedure: Procedure, members: Sequence[Membership], *, on: date
) -> dict[int, Membership | None]:
    """For each of the members who is away on a local day: who stands in for them in this case.

    None where that person may not know of the case. One query when nobody is away, two more for each who is.
    """
    away = in_force(on).filter(member__in=members).select_related("deputy__user")
    return {
        each.member_id: each.deputy if _may_know(case, procedure, each.deputy, each.member_id) else None
        for each in away
    }


def who_is_there(case: Case, procedure: Procedure, member: Membership, *, on: date) -> Membership:
    """Who is written to about a case on a local day: the member, or their deputy while they are away."""
    return deputies(case, procedure, [member], on=on).get(member.pk) or member


def _may_know(case: Case, procedure: Procedure, deputy: Membership, member: int) -> bool:
    playing = set(
        Assignment.objects.filter(Q(membership=deputy) | Q(membership=member), case=case)
        .exclude(role=Assignment.TAKEN_IN)
        .values_list("membership_id", "role")
    )
    if any(key == deputy.pk for key, _ in playing):
        return True  # also when it is about them: the procedure had them assigned, with a written reason
    if Party.objects.filter(together(case), kind=Party.Kind.RESPONDENT, membership=deputy).exists():
        return False
    return any(
        (sees_all(role) and role.name in deputy.roles) or (is_passed_on(role) and (member, role.name) in playing)
        for role in procedure.roles
    )
