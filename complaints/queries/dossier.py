"""What a letter or a page may say of a case: its occasion, with the names of everyone in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from complaints.letters.writing import Occasion
from complaints.models import Assignment, Case, Membership, Party
from complaints.queries.merging import together
from procedures import engine
from procedures.calendars import Calendar
from procedures.definition import Fact, Procedure, Role


def occasion_of(
    case: Case,
    procedure: Procedure,
    calendar: Calendar,
    *,
    at: datetime,
    state: engine.Case,
    before: engine.Case | None = None,
    facts: Mapping[str, Fact] | None = None,
    sender: Membership | None = None,
    sender_role: Role | None = None,
    deadline: str = "",
) -> Occasion:
    """The occasion on which something is written at the instant `at`. Three queries: parties, handler, members."""
    complainant = case.parties.filter(kind=Party.Kind.COMPLAINANT).first()
    members = {str(member.pk): member.name for member in Membership.objects.select_related("user")}
    role = _handler_role(procedure)
    return Occasion(
        procedure=procedure,
        calendar=calendar,
        reference=case.reference,
        received_at=case.received_at,
        at=at,
        case=state,
        before=before or state,
        facts=facts if facts is not None else state.facts,
        complainant=complainant.name if complainant else "",
        handler=_handler_name(case, procedure, members),
        handler_title=role.title.in_language(case.language) if role else "",
        sender=sender.name if sender else "",
        sender_title=sender_role.title.in_language(case.language) if sender_role else "",
        members=members,
        deadline=deadline,
        portal_url=f"{settings.SITE_URL}/{procedure.organisation}/volgen/",
        case_url=f"{settings.SITE_URL}/beheer/zaken/{case.reference}/",
    )


def holders(case: Case, role: Role) -> list[Membership]:
    """The active members who play a role on this case, by name; of those whom it is about only who was assigned it."""
    members = Membership.objects.select_related("user").filter(
        is_active=True, user__is_active=True, roles__contains=[role.name]
    )
    assigned = Assignment.objects.filter(case=case, role=role.name).values("membership_id")
    if role.per_case:
        members = members.filter(pk__in=assigned)
    about = Party.objects.filter(together(case), kind=Party.Kind.RESPONDENT, membership__isnull=False).values(
        "membership_id"
    )
    return sorted(members.exclude(Q(pk__in=about) & ~Q(pk__in=assigned)).order_by("pk"), key=lambda member: member.name)


def _handler_role(procedure: Procedure) -> Role | None:
    return next((role for role in procedure.roles if role.is_handler), None)


def _handler_name(case: Case, procedure: Procedure, members: Mapping[str, str]) -> str:
    if case.handler_id:
        return members.get(str(case.handler_id), "")
    role = _handler_role(procedure)
    found = holders(case, role) if role and not role.per_case else []
    return found[0].name if found else ""
