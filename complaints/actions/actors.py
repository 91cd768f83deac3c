"""Who acts: the complainant, someone of the organisation in certain roles, or the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from complaints.models import Assignment, Case, Event, Membership, Party
from complaints.queries.deputies import passed_on
from complaints.queries.merging import together
from procedures.catalogue import zone_of
from procedures.definition import COMPLAINANT, SYSTEM, Procedure


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor with the roles that they play on this case."""

    by: Event.By
    roles: frozenset[str]
    membership: Membership | None = None
    deputy_of: int | None = None  # the key of the member in whose place they play some of these roles

    @property
    def member(self) -> Membership:
        """The member who acts, for what only staff do. Raises ValueError for anybody else."""
        if self.membership is None:
            raise ValueError("only staff do this")
        return self.membership

    @property
    def in_history(self) -> dict[str, int]:
        """What an event tells of the actor beside who it was: in whose place."""
        return {"deputy_of": self.deputy_of} if self.deputy_of else {}


THE_COMPLAINANT = Actor(Event.By.COMPLAINANT, frozenset({COMPLAINANT}))
THE_CLOCK = Actor(Event.By.SYSTEM, frozenset({SYSTEM}))


def staff(
    membership: Membership, procedure: Procedure, case: Case | None = None, *, at: datetime | None = None
) -> Actor:
    """A member with the roles that they play: those per case only where they are assigned.

    On a case that is about them they play none (KO-09), but those that they were assigned in spite of it, where the
    procedure allows that with a written reason (KP-05, KC-08). With the instant `at`, they also play what is passed on
    to them by whoever they stand in for then; never on a case that is about them. Who is assigned on a case is so on
    those that were merged into it.
    """
    if not membership.is_active:
        return Actor(Event.By.STAFF, frozenset(), membership)
    known = {role.name: role for role in procedure.roles}
    held = {name for name in membership.roles if name in known}
    if case is None:
        return Actor(Event.By.STAFF, frozenset(name for name in held if not known[name].per_case), membership)
    mine = Q(membership=membership)
    if at is not None:
        today = at.astimezone(zone_of(procedure)).date()
        mine |= Q(pk__in=passed_on(membership, procedure, on=today).values("pk"))
    rows = list(
        Assignment.objects.filter(mine, case__in=(case.pk, case.merged_into_id))
        .order_by("pk")
        .values_list("membership_id", "role", "membership__roles")
    )
    assigned = {role for key, role, _ in rows if key == membership.pk}
    is_respondent = Party.objects.filter(together(case), kind=Party.Kind.RESPONDENT, membership=membership).exists()
    roles = {name for name in held if name in assigned or not (known[name].per_case or is_respondent)}
    if is_respondent:
        return Actor(Event.By.STAFF, frozenset(roles), membership)
    instead = {role: key for key, role, theirs in rows if key != membership.pk and role in theirs and role not in roles}
    return Actor(Event.By.STAFF, frozenset(roles | set(instead)), membership, next(iter(instead.values()), None))
