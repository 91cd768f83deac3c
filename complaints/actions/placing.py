"""What becomes of a mail: an answer on its case, a new complaint, or laid aside with a reason."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.actions.actors import THE_COMPLAINANT, Actor
from complaints.actions.beside import record_beside, send_message
from complaints.actions.cases import Opened
from complaints.actions.documents import Judged, keep_files
from complaints.actions.indexing import index_case
from complaints.actions.notices import MAILED, write_notice
from complaints.forms import LONGEST
from complaints.inbox.reading import Attachment, Mail
from complaints.inbox.texts import without_quote
from complaints.models import (
    BESIDE,
    Case,
    Document,
    Event,
    IncomingMail,
    MailDealing,
    Membership,
    Message,
    Notice,
    Party,
)
from complaints.queries import sides
from complaints.queries.people import People
from complaints.uploads import MAX_FILES, UploadRefused, clean_name, content_type_of
from procedures.catalogue import procedure_of

MAIL = f"{BESIDE}mail"  # a mail was put with the case
DOCUMENT = "mail"  # what a document is, in its column `field`
State = IncomingMail.State


class DealtWith(Exception):
    """Somebody else has decided meanwhile what becomes of this mail."""


@transaction.atomic
def add_to_case(row: IncomingMail, mail: Mail, case: Case, party: Party | None, *, actor: Actor, at: datetime) -> None:
    """Puts a mail with a case at the instant `at`: as what this party wrote, or as a document where it is nobody's.

    What a complainant or their representative writes becomes a message, as on their own page. What a respondent writes
    becomes a document of theirs, which the complainant does not see. Raises DealtWith.

    Side effects, in order: message or documents, with a notice to who handles the case; the event that names the mail;
    the mail's row, with the attachments that were not let in.
    """
    locked = _open(row)
    files, refused = _judged(mail.attachments)
    is_complainants = party is not None and party.kind in sides.OWN
    if is_complainants:
        message = send_message(case, _words(mail), actor=THE_COMPLAINANT, at=at, files=files)
        Message.objects.filter(pk=message.pk).update(sent_at=locked.arrived_at)
        locked.message = message
    facts = {"mail": {"value": locked.pk}, "sha256": {"value": locked.sha256}, "party": {"value": party and party.pk}}
    is_theirs = party is not None and not is_complainants
    event = record_beside(case, MAILED if is_theirs else MAIL, actor=actor, at=at, facts=facts)
    if not is_complainants:
        with override("nl"):
            written = _typed(_("E-mail %(subject)s") % {"subject": mail.subject}, _letter(locked, mail))
        field = f"{sides.STATEMENT}:{party.pk}" if party else DOCUMENT
        by = Document.By.RESPONDENT if party else Document.By.STAFF
        keep_files(event, {field: [written, *files[: MAX_FILES - 1]]}, actor, at=at, by=by)
        if is_theirs:
            _tell(case, at=at)
        index_case(case)
    _placed(locked, case, refused)


@transaction.atomic
def take_as_complaint(
    row: IncomingMail, mail: Mail, open_it: Callable[[], Opened], *, member: Membership, at: datetime
) -> Opened:
    """Opens a case by `open_it`, and puts the mail with it. Raises DealtWith, and whatever opening raises.

    Side effects, in order: the case, the event that names the mail with its attachments, the mail's row, who did it.
    """
    known = IncomingMail.objects.select_for_update().get(pk=row.pk)
    opened = open_it()
    if opened.is_replay and known.case_id == opened.case.pk:
        return opened
    locked = _open(row)
    files, refused = _judged(mail.attachments)
    facts = {"mail": {"value": locked.pk}, "sha256": {"value": locked.sha256}, "party": {"value": None}}
    actor = Actor(Event.By.STAFF, frozenset(), member)
    event = record_beside(opened.case, MAIL, actor=actor, at=at, facts=facts)
    keep_files(event, {"files": files}, actor, at=at, by=Document.By.COMPLAINANT)
    index_case(opened.case)
    _placed(locked, opened.case, refused)
    _deal(locked, MailDealing.What.TAKEN, member=member, at=at)
    return opened


@transaction.atomic
def put_with_case(
    row: IncomingMail,
    mail: Mail,
    case: Case,
    party: Party | None,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """A member puts a mail with a case that they may know of. Raises DealtWith."""
    add_to_case(row, mail, case, party, actor=actor, at=at)
    if actor.membership:
        _deal(row, MailDealing.What.PUT, member=actor.membership, at=at)


@transaction.atomic
def lay_aside(row: IncomingMail, reason: str, *, member: Membership, at: datetime) -> None:
    """A member decides that a mail needs nothing, for the reason that they wrote. Raises DealtWith."""
    locked = _open(row)
    locked.state, locked.why = State.ASIDE, ""
    locked.save(update_fields=["state", "why"])
    _deal(locked, MailDealing.What.ASIDE, member=member, at=at, reason=reason)


@transaction.atomic
def take_back(row: IncomingMail, *, member: Membership, at: datetime) -> None:
    """Puts a mail that was laid aside back in the list. Raises DealtWith."""
    if not IncomingMail.objects.filter(pk=row.pk, state=State.ASIDE).update(state=State.WAITING):
        raise DealtWith
    _deal(row, MailDealing.What.BACK, member=member, at=at)


def note_opened(row: IncomingMail, what: MailDealing.What, *, member: Membership, at: datetime) -> None:
    """Notes that a member read a mail, or looked at a file in it."""
    _deal(row, what, member=member, at=at)


def judged(attachment: Attachment) -> tuple[UploadedFile[bytes], str]:
    """An attachment that was let in, and the content type that it really has. Raises UploadRefused."""
    file = SimpleUploadedFile(clean_name(attachment.name), attachment.content)
    return file, content_type_of(file)


def _open(row: IncomingMail) -> IncomingMail:
    """The mail, locked, while nobody has decided yet. Raises DealtWith."""
    locked = IncomingMail.objects.select_for_update().get(pk=row.pk)
    if locked.state not in (State.NEW, State.WAITING):
        raise DealtWith
    return locked


def _placed(locked: IncomingMail, case: Case, refused: Sequence[dict[str, str]]) -> None:
    locked.case, locked.state, locked.why, locked.try_at = case, State.PLACED, "", None
    locked.refused = list(refused)
    locked.save()


def _deal(row: IncomingMail, what: MailDealing.What, *, member: Membership, at: datetime, reason: str = "") -> None:
    MailDealing.objects.create(mail=row, member=member, what=what, reason=reason, at=at)


def _judged(attachments: Sequence[Attachment]) -> tuple[list[UploadedFile[bytes]], list[dict[str, str]]]:
    """The attachments that are let in, and of the others what was said: those stay in the mail as it came."""
    files: list[UploadedFile[bytes]] = []
    refused = []
    with override("nl"):
        for each in attachments:
            try:
                if len(files) == MAX_FILES - 1:
                    raise UploadRefused(_("Er zaten te veel bestanden bij deze e-mail."))
                file, content_type = judged(each)
            except UploadRefused as said:
                refused.append({"name": clean_name(each.name), "why": str(said)})
            else:
                files.append(Judged(file.file, file.name, content_type, file.size))
    return files, refused


def _words(mail: Mail) -> str:
    text = without_quote(mail.text)
    with override("nl"):
        if len(text) > LONGEST:
            return text[: LONGEST - 200] + "\n\n" + _("Deze e-mail is langer. De hele tekst staat in de e-mail zelf.")
        return text or _("In deze e-mail staat geen tekst.")


def _letter(row: IncomingMail, mail: Mail) -> str:
    """The mail as a page of text for the dossier."""
    return "\n".join(
        [
            _("Van: %(who)s") % {"who": f"{row.sender_name} <{row.sender}>".strip()},
            _("Onderwerp: %(subject)s") % {"subject": mail.subject},
            "",
            mail.text,
            "",
        ]
    )


def _typed(name: str, text: str) -> UploadedFile[bytes]:
    content = text.encode()
    return Judged(io.BytesIO(content), f"{clean_name(name)[:100]}.txt", "text/plain", len(content))


def _tell(case: Case, *, at: datetime) -> None:
    """Mails who handles the case, else its administrators, that something came from somebody whom it is about."""
    procedure = procedure_of(case.version)
    handler = (case.merged_into or case).handler
    for member in [handler] if handler else People.on(case).administrators(procedure).values():
        write_notice(case, Notice.Kind.MESSAGE, at=at, member=member)
