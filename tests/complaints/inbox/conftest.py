"""What tests of mail that comes in start from: an organisation whose mail comes in, and mails as they come."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_django import Settings

from complaints.actions.receiving import keep_mail, read_mail
from complaints.models import IncomingMail, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import published, staffed

SLUG = "klik-onderwijs"
ADDRESS = "klachten@klik.example"
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


@pytest.fixture
def box(settings: Settings, media_folder: Path) -> str:
    """The organisation's mail comes in at this address."""
    settings.MAILBOXES = {SLUG: {"address": ADDRESS}}
    return ADDRESS


@pytest.fixture
def organisation(db: None, box: str) -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


def written(
    text: str = "De les begon te laat.",
    *,
    sender: str = "Jolanda Verweij <j.verweij@wilgenroos.example>",
    to: str = ADDRESS,
    subject: str = "Een klacht",
    message_id: str = "<een@wilgenroos.example>",
    **headers: str,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, subject, message_id
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def taken(
    organisation: Organisation, mail: EmailMessage | bytes, *, to: str = ADDRESS, sender: str | None = "x@y.example"
) -> IncomingMail:
    """The mail as it lies after it was kept and read."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    keep_mail(organisation.pk, raw, arrived_at=None, at=NOW, envelope_from=sender, envelope_to=[to])
    while read_mail(organisation.pk, at=NOW):
        pass
    with scope(organisation.pk):
        return IncomingMail.objects.select_related("case", "suggested", "message", "letter").latest("pk")
