"""Hearing both sides: inviting to a talk, keeping what was said, asking for something, and putting documents to people.

Everything stands in the history beside the procedure. Its payloads hold keys, days and hashes; a reason that somebody
writes is kept as an answer of its event, with the salt of its hash.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from complaints import nudge
from complaints.actions.actors import THE_CLOCK, Actor
from complaints.actions.beside import record_beside
from complaints.actions.cases import CaseMovedOn, Files, perform
from complaints.actions.correspondence import Addressee, addressee_of
from complaints.actions.documents import Judged, keep_files
from complaints.actions.recording import in_history
from complaints.letters.invitation import INVITATION, REQUEST, Occasion, Talk, write_invitation, write_request
from complaints.letters.mailing import new_message_id
from complaints.letters.occasion import Written
from complaints.models import (
    BESIDE,
    Answer,
    Case,
    Disclosure,
    Document,
    Event,
    Hearing,
    HearingParty,
    Letter,
    Membership,
    Party,
    Request,
)
from complaints.queries import sides
from procedures.catalogue import calendar_of, procedure_of, zone_of
from procedures.definition import Channel
from procedures.scoping import scope

INVITED, MOVED, CANCELLED = f"{BESIDE}invited", f"{BESIDE}hearing_moved", f"{BESIDE}hearing_cancelled"
REPORTED, STATED = f"{BESIDE}report", f"{BESIDE}statement"
ASKED, REMINDED, MET = f"{BESIDE}request", f"{BESIDE}reminder", f"{BESIDE}request_met"
PUT, WITHHELD, LET_GO, WITHDRAWN = (
    f"{BESIDE}put",
    sides.WITHHELD_BECAUSE,
    sides.LET_GO_BECAUSE,
    sides.WITHDRAWN_BECAUSE,
)
REMIND_AHEAD = 2  # working days before the last one
REMIND_FROM = time(8)  # local: nobody is reminded at midnight


class TooLate(Exception):
    """This was done or undone before: the talk is off, the request is met, the document was put to them."""


# ---------------------------------------------------------------------------------------------------------------- talks


@transaction.atomic
def invite(
    case: Case, talk: Talk, parties: Sequence[Party], *, actor: Actor, at: datetime, revision: int | None = None
) -> Hearing:
    """Invites parties to a talk, at the instant `at`. Raises CaseMovedOn.

    Side effects, in order: hearing, event, and a letter to each side that is invited.
    """
    _unmoved(case, revision)
    hearing = Hearing.objects.create(
        case=case,
        starts_at=talk.starts_at,
        minutes=talk.minutes,
        place=talk.place,
        note=talk.note,
        invited_by=_member(actor),
        invited_at=at,
    )
    HearingParty.objects.bulk_create(HearingParty(hearing=hearing, party=each) for each in parties)
    _tell(hearing, INVITED, Occasion.INVITED, actor=actor, at=at)
    return hearing


@transaction.atomic
def move(hearing: Hearing, talk: Talk, *, actor: Actor, at: datetime, revision: int | None = None) -> None:
    """Moves a talk to another moment or place, and tells everyone invited. Raises CaseMovedOn, TooLate."""
    _unmoved(hearing.case, revision)
    fresh = _open_hearing(hearing)
    fresh.starts_at, fresh.minutes, fresh.place, fresh.note = talk.starts_at, talk.minutes, talk.place, talk.note
    fresh.sequence += 1
    fresh.save(update_fields=["starts_at", "minutes", "place", "note", "sequence"])
    _tell(fresh, MOVED, Occasion.MOVED, actor=actor, at=at)


@transaction.atomic
def cancel(hearing: Hearing, *, actor: Actor, at: datetime) -> None:
    """Calls a talk off, and tells everyone invited. Raises TooLate."""
    _unmoved(hearing.case, None)
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
    _unmoved(hearing.case, revision)
    event = record_beside(hearing.case, REPORTED, actor=actor, at=at, facts={"hearing": {"value": hearing.pk}})
    (document,) = keep_files(event, {sides.REPORT: [file]}, actor, at=at)
    Hearing.objects.filter(pk=hearing.pk).update(report=document)
    return document


@transaction.atomic
def keep_statement(
    party: Party, file: UploadedFile[bytes], *, actor: Actor, at: datetime, revision: int | None = None
) -> Document:
    """Keeps what a party stated; to them it is known. Raises CaseMovedOn, UploadRefused."""
    _unmoved(party.case, revision)
    event = record_beside(party.case, STATED, actor=actor, at=at, facts={"party": {"value": party.pk}})
    (document,) = keep_files(event, {f"{sides.STATEMENT}:{sides.side_of(party).pk}": [file]}, actor, at=at)
    return document


def typed(name: str, text: str) -> UploadedFile[bytes]:
    """What somebody typed, as a file for the dossier. There is nothing in it to judge."""
    content = text.encode()
    return Judged(io.BytesIO(content), f"{name}.txt", "text/plain", len(content))


# ------------------------------------------------------------------------------------------------------------- requests


@transaction.atomic
def ask(party: Party, what: str, *, due_on: date, actor: Actor, at: datetime, revision: int | None = None) -> Request:
    """Asks a party for something, by the local day `due_on` at the latest. Raises CaseMovedOn.

    The complainant is reminded two working days before, where a mail can reach them and that day is still to come.
    """
    case = party.case
    _unmoved(case, revision)
    request = Request.objects.create(
        case=case,
        party=party,
        what=what,
        due_on=due_on,
        asked_by=_member(actor),
        asked_at=at,
        remind_at=_remind_at(party, due_on, at=at),
    )
    facts = {"request": {"value": request.pk}, "due_on": {"value": due_on.isoformat()}}
    event = record_beside(case, ASKED, actor=actor, at=at, facts=facts)
    _write_request(request, event, Occasion.ASKED)
    return request


@transaction.atomic
def meet_request(request: Request, *, actor: Actor, at: datetime) -> None:
    """Says that what was asked has come. Raises TooLate."""
    _unmoved(request.case, None)
    fresh = _open_request(request)
    fresh.met_at, fresh.remind_at = at, None
    fresh.save(update_fields=["met_at", "remind_at"])
    record_beside(request.case, MET, actor=actor, at=at, facts={"request": {"value": request.pk}})


@transaction.atomic
def withdraw_request(request: Request, reason: str, *, actor: Actor, at: datetime) -> None:
    """Says that it need not come any more, and why. Raises TooLate."""
    _unmoved(request.case, None)
    fresh = _open_request(request)
    fresh.withdrawn_at, fresh.remind_at = at, None
    fresh.save(update_fields=["withdrawn_at", "remind_at"])
    _record_reason(request.case, WITHDRAWN, reason, actor=actor, at=at, facts={"request": {"value": request.pk}})


def send_reminders(organisation: int, *, at: datetime, limit: int = 100) -> int:
    """Writes the reminders of one organisation that are due by `at`; how many there were."""
    with scope(organisation):
        return remind_due(at=at, limit=limit)


@transaction.atomic
def remind_due(*, at: datetime, limit: int = 100) -> int:
    """Writes the reminders that are due by `at` in the organisation in scope; how many there were.

    Requests that somebody else holds are left to the next sweep.
    """
    due = Request.objects.select_for_update(skip_locked=True, of=("self",)).filter(remind_at__lte=at)
    requests = list(due.select_related("party", "case").order_by("remind_at", "pk")[:limit])
    for request in requests:
        request.reminded_at, request.remind_at = at, None
        request.save(update_fields=["reminded_at", "remind_at"])
        facts = {"request": {"value": request.pk}}
        event = record_beside(request.case, REMINDED, actor=THE_CLOCK, at=at, facts=facts)
        _write_request(request, event, Occasion.REMINDED)
    return len(requests)


# ------------------------------------------------------------------------------------------------------------ documents


@transaction.atomic
def put_to(
    document: Document,
    party: Party,
    *,
    on: date,
    actor: Actor,
    at: datetime,
    copy: UploadedFile[bytes] | None = None,
) -> Disclosure:
    """Says that a document was put to a party on the local day `on`; `copy` is what they got when parts were taken out.

    Raises TooLate when it was put to them before, UploadRefused.
    """
    case = document.case
    _unmoved(case, None)
    zone = zone_of(procedure_of(case.version))
    given = _open_disclosure(document, party, actor)
    facts = _keys(document, party) | {"on": {"value": on.isoformat()}, "is_copy": {"value": copy is not None}}
    event = record_beside(case, PUT, actor=actor, at=at, facts=facts)
    if copy is not None:
        (given.copy,) = keep_files(event, {sides.COPY: [copy]}, actor, at=at)
    given.withheld = ""
    given.at = at if on == at.astimezone(zone).date() else datetime.combine(on, time(12), zone)
    given.save()
    return given


@transaction.atomic
def withhold(document: Document, party: Party, reason: str, *, actor: Actor, at: datetime) -> Disclosure:
    """Writes down why a document is not put to a party. Raises TooLate when it was put to them."""
    _unmoved(document.case, None)
    given = _open_disclosure(document, party, actor)
    given.withheld, given.at = reason, at
    given.save()
    _record_reason(document.case, WITHHELD, reason, actor=actor, at=at, facts=_keys(document, party))
    return given


@transaction.atomic
def perform_unheard(
    case: Case,
    act: str,
    reason: str,
    *,
    answers: Mapping[str, object],
    actor: Actor,
    at: datetime,
    revision: int,
    files: Files | None = None,
) -> Event:
    """Does an act that decides, though documents were not put to somebody; `reason` says why that can be.

    The reason stands in the history, and with each of those documents. Raises what `cases.perform` raises.
    """
    fresh = _unmoved(case, revision)
    procedure = procedure_of(fresh.version)
    missing = sides.unheard(sides.matrix(fresh, procedure))
    keys = [[document.pk, party.pk] for document, party in missing]
    event = _record_reason(
        fresh, LET_GO, reason, actor=actor, at=at, facts={"act": {"value": act}, "missing": {"value": keys}}
    )
    Disclosure.objects.bulk_create(
        Disclosure(document=document, party=party, withheld=reason, member=_member(actor), at=at)
        for document, party in missing
    )
    return perform(case, act, answers=answers, actor=actor, at=at, revision=event.number, files=files)


# ---------------------------------------------------------------------------------------------------------------- parts


def _unmoved(case: Case, revision: int | None) -> Case:
    """The case, held until the transaction ends. Raises CaseMovedOn when it is not as the form was made from."""
    fresh = Case.objects.select_for_update(of=("self",)).select_related("version").get(pk=case.pk)
    if revision is not None and fresh.revision != revision:
        raise CaseMovedOn
    return fresh


def _member(actor: Actor) -> Membership:
    if actor.membership is None:
        raise ValueError("only staff hear both sides")
    return actor.membership


def _open_hearing(hearing: Hearing) -> Hearing:
    fresh = Hearing.objects.select_related("case").get(pk=hearing.pk)
    if fresh.cancelled_at:
        raise TooLate
    return fresh


def _open_request(request: Request) -> Request:
    fresh = Request.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if fresh.met_at or fresh.withdrawn_at:
        raise TooLate
    return fresh


def _open_disclosure(document: Document, party: Party, actor: Actor) -> Disclosure:
    known = Disclosure.objects.filter(document=document, party=party).first()
    if known is None:
        return Disclosure(document=document, party=party, member=_member(actor))
    if not known.withheld:
        raise TooLate
    known.member = _member(actor)
    return known


def _keys(document: Document, party: Party) -> dict[str, object]:
    return {"document": {"value": document.pk}, "party": {"value": party.pk}}


def _record_reason(
    case: Case, occurrence: str, reason: str, *, actor: Actor, at: datetime, facts: Mapping[str, object]
) -> Event:
    salt = secrets.token_hex(16)
    hashed = in_history("reason", reason, {"reason": salt})
    event = record_beside(case, occurrence, actor=actor, at=at, facts={**facts, "reason": hashed})
    Answer.objects.create(case=event.case, event=event, name=occurrence, value=reason, is_personal=True, salt=salt)
    return event


def _remind_at(party: Party, due_on: date, *, at: datetime) -> datetime | None:
    if party.kind == Party.Kind.RESPONDENT or not addressee_of(party, party.case).recipient.email:
        return None
    procedure = procedure_of(party.case.version)
    day = calendar_of(procedure, at=at).working_days_before(due_on, REMIND_AHEAD)
    remind_at = datetime.combine(day, REMIND_FROM, zone_of(procedure))
    return remind_at if remind_at > at else None


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
        _post(event, addressee, INVITATION, written, hearing.invited_by)


def _write_request(request: Request, event: Event, occasion: Occasion) -> None:
    addressee = addressee_of(request.party, event.case)
    written = write_request(
        request.what,
        request.due_on,
        occasion,
        to=addressee.recipient,
        sender=sides.sender_of(event.case, request.asked_by),
        reference=event.case.reference,
    )
    _post(event, addressee, REQUEST, written, request.asked_by)


def _post(event: Event, addressee: Addressee, name: str, written: Written, sender: Membership) -> None:
    """Puts a letter in the outbox: by mail, or on paper for who has no address for that."""
    to = addressee.recipient
    Letter.objects.create(
        case=event.case,
        event=event,
        key=f"{event.case_id}:{event.number}:{name}:{addressee.key}",
        name=name,
        recipient=to.kind,
        party=addressee.party,
        sender=sender,
        to_name=to.name,
        to_organisation=to.organisation,
        to_address=list(to.address),
        to_email=to.email,
        language=to.language,
        channel=(Channel.EMAIL if to.email else Channel.POST).value,
        due_at=event.at,
        try_at=event.at,
        message_id=new_message_id(),
        written_on=event.at.astimezone(_zone(event.case)).date(),
        subject=written.subject,
        html=written.html,
        text=written.text,
    )
    transaction.on_commit(nudge.workers)


def _zone(case: Case) -> ZoneInfo:
    return zone_of(procedure_of(case.version))
