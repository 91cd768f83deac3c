"""What a mail server answers to a letter of ours: it stays sent, with the answer beside it, and goes another way."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from complaints import nudge
from complaints.actions.actors import THE_CLOCK
from complaints.actions.beside import record_beside
from complaints.inbox.reading import Report
from complaints.letters import invitation
from complaints.letters.mailing import new_message_id
from complaints.models import BESIDE, IncomingMail, Letter, Party
from complaints.queries.sides import OWN
from procedures.catalogue import procedure_of
from procedures.definition import Channel
from procedures.scoping import current

BOUNCED = f"{BESIDE}bounced"
ERROR = "bounced"  # how the problem of a letter begins that came back


@transaction.atomic
def note_bounce(letter: Letter, report: Report, *, mail: IncomingMail, at: datetime) -> None:
    """Notes at the instant `at` that a letter could not be delivered, or not yet.

    A letter that is only late is noted and no more. One that was given up goes on as another letter with the same
    words: by post, where the procedure sends it so and the address is known, else for a person to see. Where the server
    says that it is for good (5.x.x), later letters to that party go by post as well. Side effects, in order: the
    letter, its parties, the event, the other letter.
    """
    fresh = (
        Letter.objects.select_for_update(of=("self",))
        .select_related("case__version", "event", "party")
        .get(pk=letter.pk)
    )
    is_final = report.action == "failed"
    was_final = fresh.error == ERROR
    if was_final and not is_final:
        return
    fresh.bounced_at, fresh.bounce_status = at, report.status[:12]
    fresh.error = ERROR if is_final else fresh.error
    fresh.save(update_fields=["bounced_at", "bounce_status", "error"])
    if is_final and report.status.startswith("5"):
        _mark_party(fresh, at=at)
    facts = {
        "letter": {"value": fresh.pk},
        "mail": {"value": mail.pk},
        "status": {"value": report.status},
        "action": {"value": report.action},
    }
    record_beside(fresh.case, BOUNCED, actor=THE_CLOCK, at=at, facts=facts)
    if is_final and not was_final and fresh.state == Letter.State.SENT:
        _send_otherwise(fresh, report, at=at)


def _mark_party(letter: Letter, *, at: datetime) -> None:
    """Of the side that was written to, whoever has the address that failed."""
    if letter.party is None:
        return
    side = letter.case.parties.filter(email__iexact=letter.to_email)
    is_own = letter.party.kind in OWN
    side = side.filter(kind__in=OWN) if is_own else side.filter(pk=letter.party.pk)
    side.exclude(email="").update(email_failed_at=at)


def _send_otherwise(letter: Letter, report: Report, *, at: datetime) -> None:
    """The same words once more. No clock hangs on it: the first one has been sent."""
    channel = _by_post(letter) if report.status.startswith("5") else None
    again = Letter(
        case=letter.case,
        event=letter.event,
        key=f"{letter.key}:again{letter.pk}"[:160],
        name=letter.name,
        deadline=letter.deadline,
        recipient=letter.recipient,
        party=letter.party,
        member_id=letter.member_id,
        sender_id=letter.sender_id,
        to_name=letter.to_name,
        to_organisation=letter.to_organisation,
        to_address=letter.to_address,
        to_email=letter.to_email,
        language=letter.language,
        channel=(channel or Channel.EMAIL).value,
        state=Letter.State.WAITING if channel else Letter.State.FAILED,
        error="" if channel else f"{ERROR}_{report.status}".rstrip("_"),
        due_at=at,
        try_at=at if channel else None,
        message_id=new_message_id(),
        written_on=letter.written_on,
        subject=letter.subject,
        html=letter.html,
        text=letter.text,
        sha256=letter.sha256,
    )
    if letter.pdf:
        with letter.pdf.open("rb") as stored:
            again.pdf.save(f"{current()}/{uuid.uuid4()}.pdf", ContentFile(stored.read()), save=False)
    again.save()
    if channel:
        transaction.on_commit(nudge.workers)


def _by_post(letter: Letter) -> Channel | None:
    """The way on paper that the letter may take; None where there is none, or no address."""
    rule = invitation.rule_of(letter.name) or procedure_of(letter.case.version).letter(letter.name)
    may_be_posted = letter.party is not None and letter.party.kind in (*OWN, Party.Kind.RESPONDENT)
    if not letter.to_address or not may_be_posted:
        return None
    return next((each for each in rule.channels if each is not Channel.EMAIL), None)
