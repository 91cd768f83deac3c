"""Taking in mail: the raw message is kept first, in a transaction of its own; what becomes of it is decided after that.

Nothing is dropped. What cannot be read, or breaks whoever reads it, lies in the list for a person; so does what is not
surely an answer of a party to a case. Nobody is answered by a machine, so there is no loop to break.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F

from complaints import counting, nudge, storage
from complaints.actions.actors import THE_CLOCK
from complaints.actions.bouncing import note_bounce
from complaints.actions.placing import add_to_case
from complaints.inbox.boxes import Box, box_of
from complaints.inbox.reading import Mail, read
from complaints.inbox.texts import clean
from complaints.models import IncomingMail
from complaints.queries.inbox import Tie, is_own, letter_of, notice_of, tie_of
from procedures.models import Organisation
from procedures.scoping import scope

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 3  # of reading one mail: after that a person has it
MOST_A_DAY = 20  # mails of one address that are put on cases without a person
A_DAY = timedelta(days=1)
STALE = timedelta(days=7)  # a mail server does not hold mail back for longer
_HEAD_END = re.compile(rb"\r?\n\r?\n")

Kind, State, Why = IncomingMail.Kind, IncomingMail.State, IncomingMail.Why


def keep_mail(
    organisation: int,
    raw: bytes,
    *,
    arrived_at: datetime | None,
    at: datetime,
    envelope_from: str | None = None,
    envelope_to: Sequence[str] = (),
    is_partial: bool = False,
) -> bool:
    """Keeps a raw mail of an organisation; False when it was there already. It is on disk when this returns.

    `arrived_at` is when it reached the organisation, now where that is not known; `is_partial` when only its headers
    came along. Must be called outside a transaction. Side effects: file, row, and the workers are nudged.
    """
    digest = hashlib.sha256(raw).hexdigest()
    with scope(organisation):
        if IncomingMail.objects.filter(sha256=digest).exists():
            counting.count(counting.MAILS, "twice")
            return False
    body = _HEAD_END.split(raw, maxsplit=1)[-1]
    mail = IncomingMail(
        size=len(raw),
        sha256=digest,
        body_sha256=hashlib.sha256(body).hexdigest(),
        envelope_from=clean(envelope_from, longest=320) if envelope_from is not None else None,
        envelope_to=[clean(each, longest=320) for each in envelope_to],
        arrived_at=min(arrived_at or at, at),
        kept_at=at,
        kind=Kind.TOO_LARGE if is_partial else Kind.LETTER,
        try_at=at,
    )
    mail.file.save(f"{organisation}/{uuid.uuid4()}.eml", ContentFile(raw), save=False)
    try:
        storage.make_durable(str(mail.file.name))  # who handed the mail over forgets it after this
        with scope(organisation):
            mail.save()
            transaction.on_commit(nudge.workers)
    except IntegrityError:  # somebody else was keeping the same one
        default_storage.delete(str(mail.file.name))
        counting.count(counting.MAILS, "twice")
        return False
    except BaseException:
        default_storage.delete(str(mail.file.name))
        raise
    counting.count(counting.MAILS, "kept")
    return True


def read_mail(organisation: int, *, at: datetime, limit: int = 20) -> int:
    """Reads the mail of one organisation that was kept by `at`, and puts it where it belongs; how many there were.

    Must be called outside a transaction. A try is counted before it begins, so that a mail that takes its reader down
    is given to a person after three.
    """
    with scope(organisation):
        due = list(
            IncomingMail.objects.select_for_update(skip_locked=True)
            .filter(state=State.NEW, try_at__lte=at)
            .order_by("try_at", "pk")
            .values_list("pk", "attempts")[:limit]
        )
        keys = [key for key, _ in due]
        IncomingMail.objects.filter(pk__in=keys).update(try_at=at + LEASE, attempts=F("attempts") + 1)
    for key, attempts in due:
        try:
            with scope(organisation):
                _read_one(organisation, key, at=at, is_readable=attempts < MAX_ATTEMPTS)
        except Exception as problem:  # noqa: BLE001  # the others go on; this one is tried again, or shown
            log.error("mail_not_read", mail=key, problem=type(problem).__name__, attempts=attempts + 1)
            if attempts + 1 >= MAX_ATTEMPTS:
                with scope(organisation):
                    _leave(IncomingMail.objects.get(pk=key), kind=Kind.UNREADABLE)
    return len(due)


def _read_one(organisation: int, key: int, *, at: datetime, is_readable: bool) -> None:
    row = IncomingMail.objects.select_for_update().filter(pk=key, state=State.NEW).first()
    if row is None:
        return
    if not is_readable:
        _leave(row, kind=Kind.UNREADABLE)
        return
    with row.file.open("rb") as stored:
        mail = read(stored.read())
    row.sender, row.sender_name = mail.sender, mail.sender_name
    row.subject, row.mail_id = mail.subject[:300], mail.message_id[:250]
    if row.envelope_from is not None and mail.handed_over_at and row.kept_at - STALE < mail.handed_over_at:
        row.arrived_at = min(mail.handed_over_at, row.kept_at)  # the mail server had it before we did
    row.save()
    box = box_of(Organisation.objects.get(pk=organisation).slug)
    _place(row, mail, box, at=at)


def _place(row: IncomingMail, mail: Mail, box: Box | None, *, at: datetime) -> None:
    recipients = [*row.envelope_to, *mail.recipients]
    if is_own(row.mail_id):
        _leave(row, kind=Kind.AUTOMATIC, state=State.ASIDE, why=Why.OWN)
        return
    if _is_double(row):
        _leave(row, state=State.ASIDE, why=Why.DOUBLE)
        return
    if mail.report is not None and _reported(row, mail, box, recipients, at=at):
        return
    tie = tie_of(box, mail, recipients)
    row.suggested = tie.case if tie else None
    if mail.is_automatic or row.envelope_from == "":
        is_answer = tie is not None and tie.party is not None
        _leave(
            row,
            kind=Kind.AUTOMATIC,
            state=State.ASIDE if is_answer else State.WAITING,
            why=Why.ANSWERED if is_answer else "",
        )
    elif row.kind == Kind.TOO_LARGE:
        _leave(row, kind=Kind.TOO_LARGE, why=_why(tie))
    elif tie is None or tie.party is None or not tie.is_proven:
        _leave(row, kind=Kind.LETTER if mail.is_whole else Kind.UNREADABLE, why=_why(tie))
    elif not mail.is_whole or _wrote_much(row, at=at):
        _leave(row, kind=Kind.LETTER if mail.is_whole else Kind.UNREADABLE, why=Why.MANY if mail.is_whole else "")
    else:
        row.try_at = None
        add_to_case(row, mail, tie.case, tie.party, actor=THE_CLOCK, at=at)


def _reported(row: IncomingMail, mail: Mail, box: Box | None, recipients: Sequence[str], *, at: datetime) -> bool:
    """Whether what a mail server reports was about a mail of ours, and has been noted."""
    report = mail.report
    if report is None:
        return False
    letter = letter_of(box, recipients, report.message_ids)
    notice = None if letter else notice_of(report.message_ids)
    if letter is None:
        row.suggested = notice.case if notice else None
        _leave(row, kind=Kind.BOUNCE, why=Why.NOTICE if notice else "")
        return True
    row.letter, row.suggested = letter, letter.case
    if report.action in ("failed", "delayed"):
        row.kind, row.state, row.case, row.try_at = Kind.BOUNCE, State.PLACED, letter.case, None
        row.save()
        note_bounce(letter, report, mail=row, at=at)
    elif report.action:
        _leave(row, kind=Kind.BOUNCE, state=State.ASIDE, why=Why.DELIVERED)
    else:
        _leave(row, kind=Kind.BOUNCE, why=Why.UNSURE)
    return True


def _leave(row: IncomingMail, *, kind: str = "", state: str = State.WAITING, why: str = "") -> None:
    """Leaves a mail for a person: in the list, or laid aside where a person can still find it."""
    row.kind, row.state, row.why, row.try_at = kind or row.kind, state, why, None
    row.save()


def _why(tie: Tie | None) -> str:
    if tie is None:
        return ""
    return Why.SUBJECT if tie.party is None else Why.SENDER if not tie.is_proven else ""


def _is_double(row: IncomingMail) -> bool:
    """Whether the same mail came another way before: to a second address, or by another server."""
    same = IncomingMail.objects.filter(
        mail_id=row.mail_id, body_sha256=row.body_sha256, sender=row.sender, pk__lt=row.pk
    )
    return bool(row.mail_id) and same.exclude(why=Why.DOUBLE).exists()


def _wrote_much(row: IncomingMail, *, at: datetime) -> bool:
    """Whether so much came from this address lately that a person should look first."""
    placed = IncomingMail.objects.filter(sender=row.sender, state=State.PLACED, kept_at__gt=at - A_DAY)
    return placed.exclude(pk=row.pk).count() >= MOST_A_DAY
