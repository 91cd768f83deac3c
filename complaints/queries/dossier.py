"""What a letter or a page may say of a case: its occasion, with the names of everyone in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from complaints.letters.writing import Occasion
from complaints.models import Case, Membership, Party
from complaints.queries.people import People
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
    people: People | None = None,
) -> Occasion:
    """The occasion on which something is written at the instant `at`. No query where the `people` were read before."""
    people = people or People.on(case)
    complainant = next(iter(people.of_kind(Party.Kind.COMPLAINANT)), None)
    members = {str(member.pk): member.name for member in people.members}
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
        handler=_handler_name(procedure, people, members),
        handler_title=role.title.in_language(case.language) if role else "",
        sender=sender.name if sender else "",
        sender_title=sender_role.title.in_language(case.language) if sender_role else "",
        members=members,
        deadline=deadline,
        portal_url=f"{settings.SITE_URL}/{procedure.organisation}/volgen/",
        case_url=f"{settings.SITE_URL}/beheer/zaken/{case.reference}/",
    )


def _handler_role(procedure: Procedure) -> Role | None:
    return next((role for role in procedure.roles if role.is_handler), None)


def _handler_name(procedure: Procedure, people: People, members: Mapping[str, str]) -> str:
    if people.case.handler_id:
        return members.get(str(people.case.handler_id), "")
    role = _handler_role(procedure)
    found = people.holders(role) if role and not role.per_case else []
    return found[0].name if found else ""
