"""The reading log: who opened what of a dossier, and when (O21-27)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.actions.notices import LOOKED, write_notice
from complaints.models import ApiKey, Case, Event, Membership, Notice, Reading
from complaints.queries.people import People
from procedures.catalogue import procedure_of

ONCE_IN = timedelta(minutes=10)  # reloading a page is one reading


def note_reading(case: Case, what: Reading.What, *, member: Membership, at: datetime) -> None:
    """Notes that a member opened something of the dossier, unless they opened the same kind a moment ago."""
    known = Reading.objects.filter(case=case, member=member, what=what, at__gt=at - ONCE_IN)
    if not known.exists():
        Reading.objects.create(case=case, member=member, what=what, at=at)


def note_export(
    cases: Iterable[Case],
    *,
    member: Membership,
    at: datetime,
    what: Reading.What = Reading.What.EXPORT,
    key: ApiKey | None = None,
) -> None:
    """Notes that a member took these cases out in one file, or another system with their key; each time again, because
    each is another copy."""
    rows = [Reading(case=case, member=member, what=what, at=at, key=key) for case in cases]
    Reading.objects.bulk_create(rows, batch_size=1000)


@transaction.atomic
def look_into(case: Case, reason: str, *, member: Membership, at: datetime) -> Reading:
    """Lets a member read a case in which they play no part, from the instant `at`, for the reason that they wrote.

    Whether they may is for `access.case_to_look_into`. Side effects, in order: the reading with its reason, an event
    that names the reading but not the reason, and a mail to whoever may publish the procedure; where nobody else does,
    to the administrators.
    """
    reading = Reading.objects.create(case=case, member=member, what=Reading.What.PAGE, at=at, reason=reason)
    actor = Actor(Event.By.STAFF, frozenset(), member)
    record_beside(case, LOOKED, actor=actor, at=at, facts={"reading": {"value": reading.pk}})
    procedure = procedure_of(case.version)
    people = People.on(case)
    publishing = people.holders(procedure.role(procedure.publisher))
    for found in (publishing, people.administrators(procedure).values()):
        told = [each for each in found if each.pk != member.pk]
        for each in told:
            write_notice(case, Notice.Kind.MESSAGE, at=at, member=each)
        if told:
            break
    return reading
