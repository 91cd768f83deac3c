"""Talks with the parties: inviting to one, moving it, calling it off, and keeping what was said.

They stand in the history beside the procedure. Its payloads hold keys and moments, no names and no texts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from complaints.actions.actors import Actor
from complaints.actions.beside import record_beside
from complaints.actions.cases import TooLate, held
from complaints.actions.correspondence import Addressee, addressee_of, post_beside
from complaints.actions.documents import Judged, keep_files
from complaints.actions.indexing import index_case
from complaints.letters.invitation import INVITATION, Occasion, Talk, write_invitation
from complaints.models import BESIDE, Case, Document, Hearing, HearingParty, Party
from complaints.queries import sides

INVITED, MOVED, CANCELLED = f"{BESIDE}invited", f"{BESIDE}hearing_moved", f"{BESIDE}hearing_cancelled"
REPORTED, STATED = f"{BESIDE}report", f"{BESIDE}statement"


@transaction.atomic
def invite(
    case: Case, talk: Talk, parties: Sequence[Party], *, actor: Actor, at: datetime, revision: int | None = None
) -> Hearing:
    """Invites parties to a talk, at the instant `at`. Raises CaseMovedOn.

    Side effects, in order: hearing, event, and a letter to each side that is invited.
    """
    held(case, revision)
    hearing = Hearing.objects.create(
        case=case,
        starts_at=talk.starts_at,
        minutes=talk.minutes,
        place=talk.place,
        note=talk.note,
        invited_by=actor.member,
        invited_at=at,
    )
    HearingParty.objects.bulk_create(HearingParty(hearing=hearing, party=each) for each in parties)
    _tell(hearing, INVITED, Occasion.INVITED, actor=actor, at=at)
    return hearing


@transaction.atomic
def move(hearing: Hearing, talk: Talk, *, actor: Actor, at: datetime, revision: int | None = None) -> None:
    """Moves a talk to another moment or place, and tells everyone invited. Raises CaseMovedOn, TooLate."""
    held(hearing.case, revision)
    fresh = _open_hearing(hearing)
    fresh.starts_at, fresh.minutes, fresh.place, fresh.note = talk.starts_at, talk.minutes, talk.place, talk.note
    fresh.sequence += 1
    fresh.save(update_fields=["starts_at", "minutes", "place", "note", "sequence"])
    _tell(fresh, MOVED, Occasion.MOVED, actor=actor, at=at)


@transaction.atomic
def cancel(hearing: Hearing, *, actor: Actor, at: datetime) -> None:
    """Calls a talk off, and tells everyone invited. Raises TooLate."""
    held(hearing.case)
    fresh = _open_hearing(hearing)
    fresh.cancelled_at = at
    fresh.sequence += 1
    fresh.save(update_fields=["cancelled_at", "sequence"])
    _tell(fresh, CANCELLED, Occasion.CANCELLED, actor=actor, at=at)


@transaction.atomic
def keep_report(
    hearing: Hearing, file: UploadedFile[bytes], *, actor: Actor, at: datetime, revision: int | None = None
) -> Document:
    """Keeps what was said at a talk; an earlier report stays in the dossier. Raises CaseMovedOn, UploadRefused."""
    held(hearing.case, revision)
    event = record_beside(hearing.case, REPORTED, actor=actor, at=at, facts={"hearing": {"value": hearing.pk}})
    (document,) = keep_files(event, {sides.REPORT: [file]}, actor, at=at)
    Hearing.objects.filter(pk=hearing.pk).update(report=document)
    index_case(event.case)
    return document


@transaction.atomic
def keep_statement(
    party: Party, file: UploadedFile[bytes], *, actor: Actor, at: datetime, revision: int | None = None
) -> Document:
    """Keeps what a party stated; to them it is known. Raises CaseMovedOn, UploadRefused."""
    held(party.case, revision)
    event = record_beside(party.case, STATED, actor=actor, at=at, facts={"party": {"value": party.pk}})
    (document,) = keep_files(event, {f"{sides.STATEMENT}:{sides.side_of(party).pk}": [file]}, actor, at=at)
    index_case(event.case)
    return document


def typed(name: str, text: str) -> UploadedFile[bytes]:
    """What somebody typed, as a file for the dossier. There is nothing in it to judge."""
    content = text.encode()
    return Judged(io.BytesIO(content), f"{name}.txt", "text/plain", len(content))


def _open_hearing(hearing: Hearing) -> Hearing:
    fresh = Hearing.objects.select_related("case").get(pk=hearing.pk)
    if fresh.cancelled_at:
        raise TooLate
    return fresh


def _tell(hearing: Hearing, occurrence: str, occasion: Occasion, *, actor: Actor, at: datetime) -> None:
    """Writes the event, and a letter to each side that is invited: one to the complainant and who speaks for them."""
    facts = {
        "hearing": {"value": hearing.pk},
        "sequence": {"value": hearing.sequence},
        "starts_at": {"value": hearing.starts_at.isoformat()},
        "minutes": {"value": hearing.minutes},
        "cancelled": {"value": hearing.cancelled_at is not None},
    }
    event = record_beside(hearing.case, occurrence, actor=actor, at=at, facts=facts)
    case = event.case
    talk = Talk(starts_at=hearing.starts_at, minutes=hearing.minutes, place=hearing.place, note=hearing.note)
    invited = [each.party for each in hearing.invitations.select_related("party__case").order_by("party_id")]
    own = [each for each in invited if each.kind in sides.OWN]
    told: dict[str, Addressee] = {}
    for party in invited:
        addressee = addressee_of(party, case)
        told.setdefault(addressee.key, addressee)
    for addressee in told.values():
        is_own = addressee.recipient.kind == Party.Kind.COMPLAINANT
        speaks = is_own and any(each.kind == Party.Kind.REPRESENTATIVE for each in case.parties.all())
        written = write_invitation(
            talk,
            occasion,
            to=addressee.recipient,
            sender=sides.sender_of(case, hearing.invited_by),
            reference=case.reference,
            guests=", ".join(each.name for each in own) if speaks else "",
            are_both_invited=bool(own) and len(own) < len(invited),
        )
        post_beside(event, addressee, INVITATION, written, hearing.invited_by)
