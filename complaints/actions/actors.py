"""Who acts: the complainant, someone of the organisation in certain roles, or the clock."""

from __future__ import annotations

from dataclasses import dataclass

from complaints.models import Assignment, Case, Event, Membership, Party
from procedures.definition import COMPLAINANT, SYSTEM, Procedure


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor with the roles that they play on this case."""

    by: Event.By
    roles: frozenset[str]
    membership: Membership | None = None


THE_COMPLAINANT = Actor(Event.By.COMPLAINANT, frozenset({COMPLAINANT}))
THE_CLOCK = Actor(Event.By.SYSTEM, frozenset({SYSTEM}))


def staff(membership: Membership, procedure: Procedure, case: Case | None = None) -> Actor:
    """A member with the roles that they play: those per case only where they are assigned.

    On a case that is about them they play none (KO-09), but those that they were assigned in spite of it, where the
    procedure allows that with a written reason (KP-05, KC-08).
    """
    if not membership.is_active:
        return Actor(Event.By.STAFF, frozenset(), membership)
    known = {role.name: role for role in procedure.roles}
    held = {name for name in membership.roles if name in known}
    if case is None:
        return Actor(Event.By.STAFF, frozenset(name for name in held if not known[name].per_case), membership)
    assigned = set(Assignment.objects.filter(case=case, membership=membership).values_list("role", flat=True))
    is_respondent = case.parties.filter(kind=Party.Kind.RESPONDENT, membership=membership).exists()
    roles = {name for name in held if name in assigned or not (known[name].per_case or is_respondent)}
    return Actor(Event.By.STAFF, frozenset(roles), membership)
