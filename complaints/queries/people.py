"""Everybody on a case, read once: the colleagues, who was assigned what, and the parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from complaints.models import Assignment, Case, Membership, Party
from complaints.queries.merging import together
from procedures.definition import Procedure, Role


@dataclass(frozen=True, slots=True)
class People:
    """As they were when they were read; who changes who plays what, reads them again."""

    case: Case
    members: Sequence[Membership]
    assigned: frozenset[tuple[int, str]]  # the key of a member, and a role
    parties: Sequence[Party]
    about: frozenset[int]  # the keys of the members whom the case, or one that it was merged with, is about

    @classmethod
    def on(cls, case: Case) -> People:
        """Three queries, however many roles are asked for afterwards."""
        assigned = Assignment.objects.filter(case=case).values_list("membership_id", "role")
        parties = list(Party.objects.filter(together(case)).select_related("membership__user").order_by("pk"))
        respondents = (each.membership_id for each in parties if each.kind == Party.Kind.RESPONDENT)
        return cls(
            case,
            tuple(Membership.objects.select_related("user").order_by("pk")),
            frozenset(assigned),
            tuple(each for each in parties if each.case_id == case.pk),
            frozenset(each for each in respondents if each),
        )

    def of_kind(self, kind: str) -> list[Party]:
        """The parties of a kind, in the order in which they came."""
        return [each for each in self.parties if each.kind == kind]

    def holders(self, role: Role) -> list[Membership]:
        """The active members who play a role on the case, by name; of those whom it is about only who was assigned
        it."""
        return sorted(
            (each for each in self.members if self._plays(each, role)), key=lambda member: (member.name, member.pk)
        )

    def administrators(self, procedure: Procedure) -> dict[int, Membership]:
        """By their keys, those who administer: who is written to where nobody else can be."""
        return {each.pk: each for role in procedure.roles if role.is_administrator for each in self.holders(role)}

    def _plays(self, member: Membership, role: Role) -> bool:
        is_assigned = (member.pk, role.name) in self.assigned
        if not (member.is_active and member.user.is_active and role.name in member.roles):
            return False
        return is_assigned or not (role.per_case or member.pk in self.about)
