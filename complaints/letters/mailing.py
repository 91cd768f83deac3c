"""A letter as an e-mail: the words as plain text, the letter itself as a PDF. Colleagues get the words alone."""

from __future__ import annotations

import hashlib
import uuid
from email.utils import formataddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.letters.writing import Written
from procedures.definition import Letter
from procedures.placeholders import placeholders_in

# What a mail's subject may hold: the rest may name a person, and a subject is read over shoulders and kept in logs.
IMPERSONAL = frozenset({"organisation", "reference", "today", "received_on", "deadline", "deadline_due", "due", "term"})


class SameEachTime(EmailMultiAlternatives):
    """A mail that has the same bytes each time it is sent, but for its date: what separates its parts is not random."""

    def message(self, *args: Any, **kwargs: Any) -> Any:
        made = super().message(*args, **kwargs)
        _separate(made, str(self.extra_headers.get("Message-ID")))
        return made


def new_message_id() -> str:
    """A Message-ID that belongs to one mail for good: it is kept with its row, and sent again with it."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2] or urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<{uuid.uuid4()}@{domain}>"


def message(
    *,
    written: Written,
    letter: Letter,
    reference: str,
    pdf: bytes | None,
    filename: str,
    sender_name: str,
    from_email: str,
    to_email: str,
    message_id: str,
    reply_to: str = "",
    bounces_to: str = "",
) -> EmailMultiAlternatives:
    """The mail, ready to be sent. Its subject holds no personal data; the letter itself does."""
    with translation.override(written.language):
        subject = _subject(written, letter, reference)
        notes = [_("Zet in elk bericht dit nummer: %(reference)s.") % {"reference": reference}]
        if pdf is not None:
            notes.insert(0, _("De brief zit als pdf bij deze e-mail."))
    mail = plain(
        subject=subject,
        body="\n".join([written.text, *notes, ""]),
        language=written.language,
        sender_name=sender_name,
        from_email=from_email,
        to_email=to_email,
        message_id=message_id,
        reply_to=reply_to,
        bounces_to=bounces_to,
    )
    if pdf is not None:
        mail.attach(filename, pdf, "application/pdf")
    return mail


def plain(
    *,
    subject: str,
    body: str,
    language: str,
    sender_name: str,
    from_email: str,
    to_email: str,
    message_id: str,
    reply_to: str = "",
    bounces_to: str = "",
) -> EmailMultiAlternatives:
    """A mail of words alone, marked as one that a machine sent, so that no machine answers it.

    `bounces_to` is the envelope's sender, to which mail servers answer; without it, that is who the mail is from.
    """
    shown_from = formataddr((_one_line(sender_name), from_email))
    return SameEachTime(
        subject=_one_line(subject),
        body=body,
        from_email=bounces_to or shown_from,
        to=[to_email],
        reply_to=[reply_to] if reply_to else None,
        headers={
            "From": shown_from,
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",  # Outlook knows no Auto-Submitted
            "Content-Language": language,
        },
    )


def _subject(written: Written, letter: Letter, reference: str) -> str:
    asked = placeholders_in(letter.subject.in_language(written.language))
    is_personal = any(each.kind not in IMPERSONAL for each in asked)
    subject = letter.title.in_language(written.language) if is_personal else written.subject
    return _one_line(subject if reference in subject else f"{subject} ({reference})")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _separate(part: Any, name: str) -> None:
    """Sets what separates the parts of a mail, not of a mail that is attached to it: that is a document."""
    if part.get_content_maintype() == "multipart":
        part.set_boundary(f"==={hashlib.sha256(name.encode()).hexdigest()[:40]}===")
        for number, each in enumerate(part.get_payload()):
            _separate(each, f"{name}:{number}")
