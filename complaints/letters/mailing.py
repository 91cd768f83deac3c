"""A letter as an e-mail: the words as plain text, the letter itself as a PDF."""

from __future__ import annotations

from email.utils import formataddr

from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.letters.writing import Written
from procedures.definition import Letter
from procedures.placeholders import placeholders_in

# What a mail's subject may hold: the rest may name a person, and a subject is read over shoulders and kept in logs.
IMPERSONAL = frozenset({"organisation", "reference", "today", "received_on", "deadline", "deadline_due", "due", "term"})


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
) -> EmailMultiAlternatives:
    """The mail, ready to be sent. Its subject holds no personal data; the letter itself does."""
    with translation.override(written.language):
        subject = _subject(written, letter, reference)
        notes = [_("Zet in elk bericht dit nummer: %(reference)s.") % {"reference": reference}]
        if pdf is not None:
            notes.insert(0, _("De brief zit als pdf bij deze e-mail."))
    mail = EmailMultiAlternatives(
        subject=subject,
        body="\n".join([written.text, *notes, ""]),
        from_email=formataddr((_one_line(sender_name), from_email)),
        to=[to_email],
        reply_to=[reply_to] if reply_to else None,
        headers={
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",  # Outlook knows no Auto-Submitted
            "Content-Language": written.language,
        },
    )
    if pdf is not None:
        mail.attach(filename, pdf, "application/pdf")
    return mail


def _subject(written: Written, letter: Letter, reference: str) -> str:
    asked = placeholders_in(letter.subject.in_language(written.language))
    is_personal = any(each.kind not in IMPERSONAL for each in asked)
    subject = letter.title.in_language(written.language) if is_personal else written.subject
    return _one_line(subject if reference in subject else f"{subject} ({reference})")


def _one_line(text: str) -> str:
    return " ".join(text.split())
