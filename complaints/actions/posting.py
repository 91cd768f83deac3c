"""Sends what waits in the outbox: claim, render once, send, mark. A letter that cannot go becomes a task for a person.

Each step is a short transaction of its own; rendering and the mail server stand between them. A sender that dies leaves
a lease behind, and when that is over another one goes on: with the same bytes and the same Message-ID. That is why a
mail can in rare cases leave twice, and why none is lost (RFC 1047).
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, datetime, time
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from complaints import counting
from complaints.actions.actors import Actor
from complaints.actions.cases import note_sent
from complaints.actions.composing import as_kept, compose, rule_of
from complaints.actions.correspondence import recipient_of
from complaints.actions.leasing import MAX_ATTEMPTS, judged, next_try, work_off
from complaints.inbox.addresses import bounce_address, reply_address
from complaints.inbox.boxes import Box, box_of
from complaints.letters import invitation, mailing
from complaints.letters.writing import Incomplete
from complaints.models import Letter
from complaints.queries.sides import enclosures_of, entry_of, sender_of
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Channel
from procedures.scoping import current, scope

log = structlog.get_logger(__name__)

INCOMPLETE = "incomplete"


class NotReleased(Exception):
    """The letter is not in a state in which this can be done with it."""


def send_waiting(organisation: int, *, at: datetime, limit: int = 20) -> int:
    """Sends the letters of one organisation that are due by `at`; how many were tried.

    Must be called outside a transaction: what is sent cannot be rolled back.
    """
    mail = get_connection()  # opened and closed for each mail
    return work_off(
        organisation,
        lambda: Letter.objects.filter(state=Letter.State.WAITING),
        lambda key, token: _send_one(organisation, key, token, at=at, mail=mail),
        at=at,
        limit=limit,
    )


def retry_letter(letter: Letter, *, at: datetime, email: str = "") -> None:
    """Tries a failed letter again, to another address when one is given; on paper when `email` is "-"."""
    changes: dict[str, object] = {"state": Letter.State.WAITING, "try_at": at, "attempts": 0, "error": ""}
    if email == "-":
        changes["channel"] = Channel.POST.value
    elif email:
        changes["to_email"] = email
    if not Letter.objects.filter(pk=letter.pk, state=Letter.State.FAILED).update(**changes):
        raise NotReleased


@transaction.atomic
def confirm_posted(letter: Letter, *, on: date, actor: Actor, at: datetime) -> None:
    """A person says that a letter on paper was posted, or handed over, on the local day `on`: the day terms count from.

    Raises NotReleased when it is not waiting to be posted.
    """
    zone = zone_of(procedure_of(letter.case.version))
    noon = datetime.combine(on, time(12), zone)
    posted_at = at if on == at.astimezone(zone).date() else noon
    if not Letter.objects.filter(pk=letter.pk, state=Letter.State.TO_POST).update(
        state=Letter.State.SENT, sent_at=posted_at
    ):
        raise NotReleased
    if _counts(letter):
        note_sent(letter.case, letter.name, at=posted_at, recorded_at=at, actor=actor)


def _send_one(organisation: int, key: int, token: uuid.UUID, *, at: datetime, mail: BaseEmailBackend) -> None:
    try:
        with scope(organisation):
            # Locked while it is frozen: of two senders, should this one have slept through its lease, one stores bytes.
            ours = Letter.objects.select_for_update(of=("self",), no_key=True).select_related("case__version")
            letter = ours.filter(pk=key, token=token, state=Letter.State.WAITING).first()
            if letter is None:
                return  # somebody else has it
            pdf = _frozen(letter, at=at)
            is_mail = letter.channel == Channel.EMAIL.value
            message = _message(letter, pdf) if is_mail else None
        if message is not None:
            mail.send_messages([message])
    except Incomplete as problem:  # waiting does not mend it: a person has to
        error = f"{INCOMPLETE}:{','.join(problem.lacking)}"
        _give_up_or_retry(organisation, key, token, error, at=at, is_final=True)
    except Exception as problem:  # noqa: BLE001  # whatever went wrong, this letter is tried again and the others go on
        error, is_final = judged(problem)
        _give_up_or_retry(organisation, key, token, error, at=at, is_final=is_final)
    else:
        try:
            _mark(organisation, key, token, at=at, is_mail=is_mail)
        except Exception as problem:  # it has left: sending it again would not mend this
            log.exception("letter_not_recorded", letter=key, problem=type(problem).__name__)
            _give_up_or_retry(organisation, key, token, "not_recorded", at=at, is_final=True)


def _mark(organisation: int, key: int, token: uuid.UUID, *, at: datetime, is_mail: bool) -> None:
    with scope(organisation):
        state = Letter.State.SENT if is_mail else Letter.State.TO_POST
        ours = Letter.objects.filter(pk=key, token=token, state=Letter.State.WAITING).update(
            state=state, sent_at=at if is_mail else None, try_at=None, lease_until=None, token=None, error=""
        )
        if ours:
            counting.count(counting.LETTERS, state.value)
        if ours and is_mail:
            letter = Letter.objects.select_related("case__version").get(pk=key)
            if _counts(letter):
                note_sent(letter.case, letter.name, at=at, recorded_at=at)


def _give_up_or_retry(
    organisation: int, key: int, token: uuid.UUID, error: str, *, at: datetime, is_final: bool
) -> None:
    with scope(organisation):
        letter = Letter.objects.filter(pk=key, token=token, state=Letter.State.WAITING).first()
        if letter is None:
            return  # somebody else has it
        letter.error = error[:200]
        letter.lease_until = letter.token = None
        if is_final or letter.attempts >= MAX_ATTEMPTS:
            letter.state, letter.try_at = Letter.State.FAILED, None
        else:
            letter.try_at = next_try(letter.attempts, at=at)
        letter.save()
        counting.count(counting.LETTERS, "failed" if letter.state == Letter.State.FAILED else "tried_again")
        log.warning("letter_not_sent", letter=key, error=error, attempts=letter.attempts, state=letter.state)


def _counts(letter: Letter) -> bool:
    """Whether its leaving is the occurrence that clocks hang on: the letter to the first recipient that it names."""
    if invitation.rule_of(letter.name):
        return False
    rule = procedure_of(letter.case.version).letter(letter.name)
    first = rule.to[0]
    if letter.recipient != first and any(
        other.recipient == first for other in Letter.objects.filter(event=letter.event_id, name=letter.name)
    ):
        return False
    earlier = Letter.objects.filter(
        event=letter.event_id, name=letter.name, recipient=letter.recipient, state=Letter.State.SENT
    )
    return not earlier.exclude(pk=letter.pk).exists()


def _frozen(letter: Letter, *, at: datetime) -> bytes | None:
    """What leaves: made and stored the first time, the same ever after. The PDF's bytes, or None for a mail to a
    colleague: that is its text alone, of which the hash is kept instead. Raises Incomplete."""
    if letter.pdf:
        with letter.pdf.open("rb") as stored:
            content: bytes = stored.read()
            return content
    composed = compose(letter, at=at)
    if letter.sha256 and not composed.has_pdf:
        return None
    composed.require_complete()
    written = composed.written
    letter.subject, letter.html, letter.text = written.subject[:200], written.html, written.text
    letter.written_on = composed.written_on
    pdf = composed.pdf() if composed.has_pdf else None
    letter.sha256 = hashlib.sha256(letter.text.encode() if pdf is None else pdf).hexdigest()
    if pdf is not None:
        letter.pdf.save(f"{current()}/{uuid.uuid4()}.pdf", ContentFile(pdf), save=False)
    letter.save(update_fields=["subject", "html", "text", "written_on", "sha256", "pdf"])
    return pdf


def _message(letter: Letter, pdf: bytes | None) -> EmailMultiAlternatives:
    procedure = procedure_of(letter.case.version)
    from_email = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    box = box_of(procedure.organisation)
    message = mailing.message(
        written=as_kept(letter),
        letter=rule_of(letter, procedure),
        reference=letter.case.reference,
        pdf=pdf,
        filename=f"{letter.case.reference}-{letter.name}.pdf",
        sender_name=procedure.name,
        from_email=from_email,
        reply_to=_answered_at(letter, box) or procedure.contact.email,
        to_email=letter.to_email,
        message_id=letter.message_id,
        bounces_to=bounce_address(box, organisation=current(), letter=letter.pk) if box else "",
    )
    if letter.name == invitation.INVITATION and letter.sender:
        entry, sender = entry_of(letter), sender_of(letter.case, letter.sender)
        to = recipient_of(letter)
        invitation.attach(message, invitation.calendar_of(entry, to=to, sender=sender, from_email=from_email), entry)
    for document in enclosures_of([letter]).values():
        with document.file.open("rb") as stored:
            message.attach(document.title, stored.read(), document.content_type)
    return message


def _answered_at(letter: Letter, box: Box | None) -> str:
    """The address that leads an answer of this party back to the case, where mail comes in here."""
    if box is None or letter.party_id is None:
        return ""
    case = letter.case
    return reply_address(box, organisation=current(), case=case.pk, reference=case.reference, party=letter.party_id)
