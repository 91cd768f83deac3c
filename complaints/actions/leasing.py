"""What letters and notices have in common on their way out: a row is claimed by a lease with a token, and tried again.

A sender that dies leaves a lease behind; when that is over, another one goes on. The token says whose a row is by then.
"""

from __future__ import annotations

import smtplib
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Model, Q, QuerySet

from procedures.scoping import scope

LEASE = timedelta(minutes=5)  # longer than rendering and sending one mail takes at worst
PATIENCE = 15  # seconds that one moment serves to claim by; a lease of an older moment would be over too soon
MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=30)  # doubled with each attempt: eight of them take about an hour

_M = TypeVar("_M", bound=Model)


def work_off(
    organisation: int,
    waiting: Callable[[], QuerySet[_M]],
    send: Callable[[int, uuid.UUID], None],
    *,
    at: datetime,
    limit: int,
) -> int:
    """Claims and sends the waiting rows of one organisation that are due by `at`; how many were tried.

    One by one: a sender that dies holds up one mail until its lease is over, not a whole batch. And not for longer than
    a while, so that `at` is still about now for the last of them.
    """
    started, done = time.monotonic(), 0
    while done < limit and time.monotonic() - started < PATIENCE:
        with scope(organisation):
            claimed = claim(waiting(), at=at, limit=1)
        if not claimed:
            break
        for key, token in claimed:
            send(key, token)
        done += len(claimed)
    return done


def claim(rows: QuerySet[_M], *, at: datetime, limit: int) -> list[tuple[int, uuid.UUID]]:
    """Takes those of the rows that are due, and those whose sender let its lease run out: key and token of each."""
    due = (
        rows.select_for_update(skip_locked=True)
        .filter(try_at__lte=at)
        .filter(Q(lease_until=None) | Q(lease_until__lte=at))
        .order_by("try_at", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    claimed = [(key, uuid.uuid4()) for key in due]
    for key, token in claimed:
        # try_at is put at the end of the lease, so that the sweep does not come back for it before.
        rows.filter(pk=key).update(lease_until=at + LEASE, try_at=at + LEASE, token=token, attempts=F("attempts") + 1)
    return claimed


def next_try(attempts: int, *, at: datetime) -> datetime:
    """When a mail that was tried so many times, just now in vain, is tried again."""
    delay: timedelta = FIRST_RETRY * 2 ** (attempts - 1)
    return at + delay


def judged(problem: Exception) -> tuple[str, bool]:
    """What went wrong in a word without personal data, and whether it is of no use to try again."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in problem.recipients.values()), 0)
    elif isinstance(problem, smtplib.SMTPDataError):
        code = problem.smtp_code
    elif isinstance(problem, smtplib.SMTPResponseException):
        # It refuses us, not this mail: a person can mend that for all of them.
        return f"{type(problem).__name__}_{problem.smtp_code}", False
    else:
        return type(problem).__name__, False
    return f"smtp_{code}", 500 <= code < 600
