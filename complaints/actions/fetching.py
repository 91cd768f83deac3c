"""Fetching the mail of every organisation that has a mailbox elsewhere."""

from __future__ import annotations

from datetime import datetime

import structlog

from complaints.actions.moments import note_moment
from complaints.actions.receiving import keep_mail
from complaints.inbox.boxes import Box, boxes
from complaints.inbox.fetching import Fetched, fetch
from complaints.models import Moment
from procedures.models import Organisation

log = structlog.get_logger(__name__)


def fetch_mail(*, at: datetime) -> int:
    """Fetches what is new in each mailbox of the settings, and keeps it as of the instant `at`; how many mails.

    A mailbox that does not answer does not keep the others waiting. Must be called outside a transaction.
    """
    total = sum(_fetched(box, at=at) for box in boxes() if box.imap)
    note_moment(Moment.Name.MAIL, at=at)
    return total


def _fetched(box: Box, *, at: datetime) -> int:
    organisation = Organisation.objects.filter(slug=box.slug, is_open=True).first()
    if organisation is None or box.imap is None:
        return 0

    def keep(mail: Fetched) -> None:
        keep_mail(organisation.pk, mail.raw, arrived_at=mail.arrived_at, at=at, is_partial=mail.is_partial)

    try:
        return fetch(box.imap, keep)
    except Exception as problem:  # noqa: BLE001  # what a server answers finds every error; the next look is in a minute
        log.warning("mailbox_not_fetched", organisation=box.slug, problem=type(problem).__name__)
    return 0
