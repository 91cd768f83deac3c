"""What happens in a case beside the procedure: messages, a new address, a copy of one's data. Phases and clocks stay.

It stands in the history like everything else, so that the history is whole; replaying the procedure passes it by.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from complaints.actions.actors import Actor
from complaints.actions.documents import keep_files
from complaints.actions.indexing import index_case
from complaints.actions.notices import write_notice
from complaints.actions.recording import in_history
from complaints.models import BESIDE, Answer, Case, Event, Message, Notice, Party

MESSAGE, CONTACT, OWN_DATA = f"{BESIDE}message", f"{BESIDE}contact", f"{BESIDE}own_data"
FETCHED = f"{BESIDE}fetched"
ENTERED, VOTED = f"{BESIDE}room_entered", f"{BESIDE}room_voted"
# The complainant took a copy along, or who judges an appeal looked or voted: nothing that another's form depends on.
QUIET = (OWN_DATA, FETCHED, ENTERED, VOTED)
CORRECTABLE = ("email", "phone", "address", "postcode", "town")  # not the name: that is who the case belongs to


@transaction.atomic
def send_message(
    case: Case,
    text: str,
    *,
    actor: Actor,
    at: datetime,
    files: Sequence[UploadedFile[bytes]] = (),
    revision: int | None = None,
) -> Message:
    """Writes a message from one side to the other, at the instant `at`. Raises uploads.UploadRefused.

    `revision` is the one that the form was made from: the same words sent twice from it, without files, are one
    message. Side effects, in order: event (with a salted hash of the text), message, documents, and a mail that says
    there is a message but not what it says: to the complainant, or to the handler where there is one (of the main
    case, where it was merged into one).
    """
    fresh = _locked(case)
    is_staff = actor.membership is not None
    by = Message.By.STAFF if is_staff else Message.By.COMPLAINANT
    if revision is not None and not files:
        known = fresh.messages.filter(by=by, member=actor.membership, text=text, event__number__gt=revision).first()
        if known:
            return known
    salt = secrets.token_hex(16)
    event = _record(
        fresh, MESSAGE, actor=actor, at=at, facts={"message": in_history("message", text, {"message": salt})}
    )
    message = Message.objects.create(
        case=event.case, event=event, by=by, member=actor.membership, text=text, salt=salt, sent_at=at
    )
    keep_files(event, {"message": files}, actor, at=at)
    if is_staff:
        write_notice(event.case, Notice.Kind.MESSAGE, at=at)
    elif handler := (event.case.merged_into or event.case).handler:
        write_notice(event.case, Notice.Kind.MESSAGE, at=at, member=handler)
    index_case(event.case)
    return message


def note_read(case: Case, *, by: str, at: datetime) -> None:
    """Notes that what the other side wrote was opened; `by` is who reads."""
    case.messages.exclude(by=by).filter(read_at=None).update(read_at=at)


@transaction.atomic
def correct_contact(case: Case, details: Mapping[str, str], *, actor: Actor, at: datetime) -> list[str]:
    """Changes how the complainant is reached from now on; which details differ. The history names them, no values.

    Letters that were written before keep the address that they were written to.
    """
    party = case.parties.select_for_update().get(kind=Party.Kind.COMPLAINANT)
    given = {name: details[name] for name in CORRECTABLE if name in details}
    changed = [name for name, value in given.items() if getattr(party, name) != value]
    if changed:
        for name in changed:
            setattr(party, name, given[name])
        if "email" in changed:
            party.email_failed_at = None
        party.save(update_fields=[*changed, "email_failed_at"])
        record_beside(case, CONTACT, actor=actor, at=at, facts={"changed": {"value": changed}})
        index_case(case)
    return changed


@transaction.atomic
def note_own_data(case: Case, form: str, *, actor: Actor, at: datetime) -> Event:
    """Notes that the complainant took a copy of their own data (KK-12), as "pdf" or "json"."""
    return record_beside(case, OWN_DATA, actor=actor, at=at, facts={"form": {"value": form}})


@transaction.atomic
def record_beside(case: Case, occurrence: str, *, actor: Actor, at: datetime, facts: Mapping[str, object]) -> Event:
    """Writes an event beside the procedure, at the instant `at`. `facts`: keys and hashes, no names, no texts."""
    return _record(_locked(case), occurrence, actor=actor, at=at, facts=facts)


def record_reason(
    case: Case, occurrence: str, reason: str, *, actor: Actor, at: datetime, facts: Mapping[str, object]
) -> Event:
    """Writes an event beside the procedure with a reason that somebody wrote: the event holds a salted hash of it, the
    words are kept as an answer by the name of the occurrence."""
    salt = secrets.token_hex(16)
    hashed = in_history("reason", reason, {"reason": salt})
    event = record_beside(case, occurrence, actor=actor, at=at, facts={**facts, "reason": hashed})
    Answer.objects.create(case=event.case, event=event, name=occurrence, value=reason, is_personal=True, salt=salt)
    return event


def _locked(case: Case) -> Case:
    locked = Case.objects.select_for_update(of=("self",))
    return locked.select_related("version", "handler__user", "merged_into__handler__user").get(pk=case.pk)


def _record(fresh: Case, occurrence: str, *, actor: Actor, at: datetime, facts: Mapping[str, object]) -> Event:
    fresh.revision += 1
    fresh.save(update_fields=["revision"])
    return Event.objects.create(
        case=fresh,
        number=fresh.revision,
        occurrence=occurrence,
        at=at,
        recorded_at=at,
        by=actor.by,
        member=actor.membership,
        roles=sorted(actor.roles),
        facts=dict(facts),
        decision={"phase": fresh.phase, **actor.in_history},
    )
