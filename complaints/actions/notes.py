"""Notes that colleagues write for each other, and cases that they put beside each other."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.models import BESIDE, Case, CaseLink, Membership, Note

LINK, UNLINK = f"{BESIDE}link", f"{BESIDE}unlink"


class NotLinked(Exception):
    """These two cases were not put beside each other: they are one and the same, or already are."""


def write_note(case: Case, text: str, *, member: Membership, at: datetime) -> Note:
    """Keeps a note at the instant `at`. It stands in no history and no register: it is nobody's answer to anything."""
    return Note.objects.create(case=case, member=member, text=text, written_at=at)


@transaction.atomic
def link_cases(case: Case, other: Case, kind: str, *, actor: Actor, at: datetime) -> CaseLink:
    """Puts two cases beside each other, and says so in the history of both. Raises NotLinked.

    The younger one is what repeats, hangs together with or is the same as the older one.
    """
    if case.pk == other.pk or actor.membership is None:
        raise NotLinked
    older, younger = sorted((case, other), key=lambda each: (each.received_at, each.pk))
    link, is_new = CaseLink.objects.get_or_create(
        case=younger, other=older, defaults={"kind": kind, "member": actor.membership, "linked_at": at}
    )
    if not is_new:
        raise NotLinked
    for one, another in ((younger, older), (older, younger)):
        record_beside(one, LINK, actor=actor, at=at, facts={"case": {"value": another.pk}, "kind": {"value": kind}})
    return link


@transaction.atomic
def unlink_cases(link: CaseLink, *, actor: Actor, at: datetime) -> None:
    """Takes a link away again, and says so in the history of both."""
    for one, another in ((link.case, link.other), (link.other, link.case)):
        record_beside(one, UNLINK, actor=actor, at=at, facts={"case": {"value": another.pk}})
    link.delete()
