"""The room of whoever judges an appeal: sealing the dossier, letting people in and out, votes and the text of the
judgement.

What they think and write to each other is theirs: the history tells that somebody voted, with a salted hash, not what.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import translation

from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.beside import ENTERED, VOTED, record_beside
from complaints.actions.cases import held
from complaints.actions.notices import HINDERED, link_of, write_notice
from complaints.actions.recording import in_history
from complaints.letters.dossier import dossier
from complaints.models import (
    BESIDE,
    Assignment,
    Case,
    Document,
    Event,
    Membership,
    Notice,
    Opinion,
    Room,
    RoomDocument,
    RoomMember,
    RoomNote,
)
from complaints.queries import committees
from complaints.queries.merging import together
from procedures import engine
from procedures.catalogue import procedure_of
from procedures.definition import Procedure, Text

log = structlog.get_logger(__name__)

SEALED, INVITED = f"{BESIDE}dossier_sealed", f"{BESIDE}room_invited"
REPLACED, CLOSED, ADDED = f"{BESIDE}room_replaced", f"{BESIDE}room_closed", f"{BESIDE}room_document"

INVOLVED = Text(
    "Deze persoon had met de zaak te maken of werkt hier. Kies iemand die onafhankelijk is.",
    "This person had to do with the case or works here. Choose someone who is independent.",
)


class NotYours(Exception):
    """Somebody does not sit in the room, or not any more."""


class NotNow(Exception):
    """Why something cannot be done in the room now, in words for people: `text`."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.nl)
        self.text = text


def refuse_unready(case: Case, act: str, *, answers: Mapping[str, object], actor: Actor) -> None:
    """Refuses an act that puts somebody involved in the room, or that judges before those who judge together agree.

    Raises engine.ActRefused. A judgement that says something else than most of them voted is refused too.
    """
    procedure = procedure_of(case.version)
    field = committees.composing_field(procedure, act)
    if field is not None:
        chosen = answers.get(field.name) or ()
        keys = [chosen] if isinstance(chosen, (str, int)) else list(chosen)  # type: ignore[call-overload]
        members = Membership.objects.select_related("user").filter(pk__in=[int(str(key)) for key in keys])
        if any(committees.unfit(each, case, procedure) for each in members):
            raise engine.ActRefused(INVOLVED, code="independence", fields={field.name: INVOLVED})
    room = committees.room_of(case)
    judging = committees.judging_act(procedure, room.role) if room else None
    if room is None or judging is None or judging.name != act or room.role not in actor.roles or room.places < 2:
        return
    verdict = committees.verdict_of(judging)
    count = committees.count_of(room)
    if not count.is_open:
        raise engine.ActRefused(
            Text(
                "Nog niet iedereen heeft gestemd. Stem eerst in de kamer.",
                "Not everybody has voted yet. Vote in the room first.",
            ),
            code="votes",
        )
    if verdict and count.majority and answers.get(verdict.name, count.majority) != count.majority:
        wrong = Text("Dit is niet wat de meerderheid heeft gestemd.", "This is not what the majority voted.")
        raise engine.ActRefused(wrong, code="answers", fields={verdict.name: wrong})


def follow(event: Event, *, actor: Actor, at: datetime) -> None:
    """What comes of an act by which an appeal goes to who judges it: the room is made, and they are invited."""
    procedure = procedure_of(event.case.version)
    if committees.composing_field(procedure, event.occurrence):
        _make(event, procedure, actor=actor, at=at)


@transaction.atomic
def seal(case: Case, *, at: datetime) -> Room | None:
    """The room of the newest appeal in a case; made now where that was not done when the appeal went to them.

    None where no appeal is before anybody.
    """
    fresh = held(case)
    procedure = procedure_of(fresh.version)
    composed = committees.composed_in(fresh, procedure)
    if composed is None:
        return None
    return Room.objects.filter(event=composed).first() or _make(composed, procedure, actor=THE_CLOCK, at=at)


@transaction.atomic
def invite_again(place: RoomMember, *, actor: Actor, at: datetime) -> bool:
    """Mails a new link to somebody who has no password yet, and ends the one before; whether that was needed."""
    held(place.room.case)
    return _invite(place, actor=actor, at=at)


@transaction.atomic
def use_invitation(secret: str, password: str, *, at: datetime) -> RoomMember | None:
    """Uses an invitation up and gives its account this password; whose it was. None when it does not work (any more),
    or when that account has a password already."""
    place = _invited(secret, at=at, is_used=True)
    if place is None:
        return None
    user = place.membership.user
    user.set_password(password)
    user.save(update_fields=["password"])
    log.info("room_password_made", member=place.membership_id)
    return place


def invitation(secret: str, *, at: datetime) -> RoomMember | None:
    """Whose invitation this is, while it works. Changes nothing: mail scanners look too."""
    return _invited(secret, at=at, is_used=False)


@transaction.atomic
def enter(room: Room, *, member: Membership, actor: Actor, at: datetime) -> RoomMember:
    """Notes that somebody opened the room, the first time. Raises NotYours."""
    place = _place(room, member)
    if place.opened_at is None:
        place.opened_at = at
        place.save(update_fields=["opened_at"])
        facts = {"member": {"value": member.pk}, "room": {"value": room.pk}}
        record_beside(room.case, ENTERED, actor=actor, at=at, facts=facts)
    return place


@transaction.atomic
def appoint(room: Room, member: Membership, *, instead_of: RoomMember | None, actor: Actor, at: datetime) -> RoomMember:
    """Puts somebody in the room, in the place of another, who is out at once. Raises NotNow.

    Without `instead_of`, where a place is empty. Who takes over from the chair is the chair.
    """
    case = held(room.case)
    procedure = procedure_of(case.version)
    if room.role not in member.roles or not member.is_active or committees.unfit(member, case, procedure):
        raise NotNow(INVOLVED)
    if RoomMember.objects.filter(room=room, membership=member).exists():
        raise NotNow(Text("Deze persoon zit of zat al in deze kamer.", "This person is or was in this room already."))
    if instead_of is not None:
        _leave(instead_of, at=at)
    seated = RoomMember.objects.filter(room=room, left_at=None)
    if seated.count() >= room.places:
        raise NotNow(Text("Er is geen plaats vrij. Kies wie weggaat.", "No place is free. Choose who leaves."))
    Assignment.objects.get_or_create(case=case, membership=member, role=room.role)
    place = RoomMember.objects.create(
        room=room, membership=member, came_at=at, is_chair=not seated.filter(is_chair=True).exists()
    )
    facts = {
        "member": {"value": member.pk},
        "instead_of": {"value": instead_of.membership_id if instead_of else None},
    }
    record_beside(case, REPLACED, actor=actor, at=at, facts=facts)
    _invite(place, actor=actor, at=at)
    return place


@transaction.atomic
def hinder(room: Room, *, member: Membership, actor: Actor, at: datetime) -> None:
    """Somebody says that they cannot judge this case; they are out at once, and who asked them is told.

    Raises NotYours.
    """
    case = held(room.case)
    place = _place(room, member)
    place.is_hindered = True
    place.save(update_fields=["is_hindered"])
    _leave(place, at=at)
    record_beside(case, HINDERED, actor=actor, at=at, facts={"member": {"value": member.pk}})
    if room.event.member is not None:
        write_notice(case, Notice.Kind.MESSAGE, at=at, member=room.event.member)


@transaction.atomic
def write_room_note(room: Room, text: str, *, member: Membership, at: datetime) -> RoomNote:
    """Keeps a note that only those in the room read. It stands in no history. Raises NotYours."""
    _place(room, member)
    return RoomNote.objects.create(room=room, member=member, text=text, written_at=at)


@transaction.atomic
def give_opinion(
    room: Room, verdict: str, text: str, *, is_vote: bool, member: Membership, actor: Actor, at: datetime
) -> Opinion:
    """Keeps what somebody thinks; a vote counts, and can be changed until all see all. Raises NotYours, NotNow."""
    case = held(room.case)
    _place(room, member)
    opinion, _ = Opinion.objects.get_or_create(room=room, member=member)
    if committees.count_of(Room.objects.get(pk=room.pk)).is_open:
        raise NotNow(Text("De stemming is gesloten.", "The voting is closed."))
    opinion.verdict, opinion.text = verdict, text
    if is_vote:
        opinion.voted_at, opinion.salt = at, secrets.token_hex(16)
        said = in_history("opinion", (verdict, text), {"opinion": opinion.salt})
        facts = {"room": {"value": room.pk}, "opinion": said}
        record_beside(case, VOTED, actor=actor, at=at, facts=facts)
    opinion.save()
    return opinion


@transaction.atomic
def close_voting(room: Room, *, member: Membership, actor: Actor, at: datetime) -> None:
    """The chair ends the voting before everybody voted. Raises NotYours, NotNow."""
    case = held(room.case)
    if not _place(room, member).is_chair:
        raise NotYours
    fresh = Room.objects.select_for_update().get(pk=room.pk)
    count = committees.count_of(fresh)
    if count.is_open:
        raise NotNow(Text("De stemming is gesloten.", "The voting is closed."))
    if count.voted * 2 <= count.places:
        raise NotNow(Text("Nog niet de helft heeft gestemd.", "Not even half have voted."))
    fresh.closed_at = at
    fresh.save(update_fields=["closed_at"])
    record_beside(case, CLOSED, actor=actor, at=at, facts={"room": {"value": room.pk}})


@transaction.atomic
def write_judgement(room: Room, text: str, *, member: Membership) -> None:
    """Keeps the text of the judgement that those in the room write together. Raises NotYours."""
    held(room.case)
    _place(room, member)
    Room.objects.filter(pk=room.pk).update(text=text)


@transaction.atomic
def add_document(room: Room, document: Document, *, actor: Actor, at: datetime) -> bool:
    """Gives a document from after the sealing to those in the room; False when they have it already."""
    case = held(room.case)
    _row, is_new = RoomDocument.objects.get_or_create(
        room=room, document=document, defaults={"added_at": at, "added_by": actor.membership}
    )
    if is_new:
        facts = {"document": {"value": document.pk}, "sha256": {"value": document.sha256}}
        record_beside(case, ADDED, actor=actor, at=at, facts=facts)
    return is_new


def _make(event: Event, procedure: Procedure, *, actor: Actor, at: datetime) -> Room:
    """Makes the room: seals the dossier, seats who was chosen, the first as the chair, and invites them."""
    case = event.case
    field = committees.composing_field(procedure, event.occurrence)
    if field is None:
        raise ValueError("by this act no appeal goes to anybody")
    with translation.override("nl"):
        pdf, manifest = dossier(case, at=at, for_outside=True)
    room = Room(
        case=case,
        event=event,
        role=field.role,
        places=max(1, field.count),
        size=len(pdf),
        sha256=hashlib.sha256(pdf).hexdigest(),
        manifest=manifest,
        sealed_at=at,
    )
    room.file.save(f"{secrets.token_hex(16)}.pdf", ContentFile(pdf), save=False)
    room.save()
    told = {each["sha256"] for each in manifest["pieces"] if each["kind"] == "document"}
    RoomDocument.objects.bulk_create(
        RoomDocument(room=room, document=each, added_at=at)
        for each in Document.objects.filter(together(case), sha256__in=told)
    )
    facts = {"room": {"value": room.pk}, "sha256": {"value": room.sha256}}
    record_beside(case, SEALED, actor=actor, at=at, facts=facts)
    assigned = Assignment.objects.filter(case=case, role=field.role).order_by("pk")
    places = [
        RoomMember.objects.create(room=room, membership_id=each.membership_id, came_at=at, is_chair=number == 0)
        for number, each in enumerate(assigned)
    ]
    for place in places:
        _invite(place, actor=actor, at=at)
    return room


def _invite(place: RoomMember, *, actor: Actor, at: datetime) -> bool:
    """Mails the link by which somebody without a password gets in. Who has one signs in, as the letter says."""
    if place.membership.user.has_usable_password() or place.left_at:
        return False
    _end_links(place, at=at)
    write_notice(place.room.case, Notice.Kind.INVITE, at=at, member=place.membership)
    place.invited_at = at
    place.save(update_fields=["invited_at"])
    record_beside(place.room.case, INVITED, actor=actor, at=at, facts={"member": {"value": place.membership_id}})
    return True


def _invited(secret: str, *, at: datetime, is_used: bool) -> RoomMember | None:
    notice = link_of(secret, Notice.Kind.INVITE, at=at, is_used=is_used)
    if notice is None or notice.member is None or notice.member.user.has_usable_password():
        return None
    places = RoomMember.objects.select_related("membership__user", "room__case__version")
    place = places.filter(room__case=notice.case_id, membership=notice.member_id, left_at=None).last()
    if place is None or not is_at_work(place.room):
        return None
    return place


def is_at_work(room: Room) -> bool:
    """Whether the appeal of a room still waits for a judgement: then who sits there gets in."""
    procedure = procedure_of(room.case.version)
    return room.case.closed_at is None and room.case.phase in committees.judging_phases(procedure, [room.role])


def _end_links(place: RoomMember, *, at: datetime) -> None:
    links = Notice.objects.filter(
        case=place.room.case, kind=Notice.Kind.INVITE, member=place.membership, used_at=None, expires_at__gt=at
    )
    links.update(expires_at=at)


def _leave(place: RoomMember, *, at: datetime) -> None:
    """Takes somebody out of the room: they cannot open it any more, and what they voted does not count."""
    place.left_at = at
    place.save(update_fields=["left_at"])
    Assignment.objects.filter(case=place.room.case, membership=place.membership, role=place.room.role).delete()
    _end_links(place, at=at)


def _place(room: Room, member: Membership) -> RoomMember:
    place = RoomMember.objects.select_for_update().filter(room=room, membership=member, left_at=None).first()
    if place is None or not Assignment.objects.filter(case=room.case, membership=member, role=room.role).exists():
        raise NotYours
    return place
