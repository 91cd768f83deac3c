"""Mails about an account, which belongs to no organisation: a link for a new password, and what changed in how somebody
signs in.

They leave beside the outbox, in a thread of their own: an answer never waits for the mail server, so the time that it
takes tells nothing, and what was changed stays changed when the mail cannot leave.
"""

from __future__ import annotations

import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from complaints.models import User
from procedures import wording

log = structlog.get_logger(__name__)

LANGUAGE = "nl"  # of mails to staff


def tell_changed(user: User, what: str, *, at: datetime, lines: tuple[str, ...] = ()) -> None:
    """Tells somebody by mail what changed in how they sign in, once that is committed; the subject does not tell."""
    with translation.override(LANGUAGE):
        subject = render_to_string("desk/mail/account_changed_subject.txt").strip()
        body = render_to_string(
            "desk/mail/account_changed.txt",
            {
                "person": user,
                "what": what,
                "lines": lines,
                "moment": wording.moment(at, zone=ZoneInfo(settings.TIME_ZONE)),
                "url": settings.SITE_URL + reverse("account_reset_password"),
            },
        )
    transaction.on_commit(lambda: post(user, subject, body))


def post(user: User, subject: str, body: str) -> None:
    """Sends a mail to somebody's own address, beside the answer."""
    message = EmailMessage(subject, body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [user.email])
    threading.Thread(target=_send, args=(message,)).start()


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as problem:  # smtplib's own errors are OSErrors too
        log.error("account_mail_failed", problem=type(problem).__name__)
