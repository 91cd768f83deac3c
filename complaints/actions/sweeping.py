"""One sweep: everything that is due by now, in each organisation that has work."""

from __future__ import annotations

from datetime import datetime

import structlog

from complaints.actions.cases import expire_due
from complaints.actions.posting import send_waiting
from complaints.queries.due import organisations_with_work
from procedures.scoping import scope

log = structlog.get_logger(__name__)

ROUNDS = 500  # a backlog larger than this is left to the next sweep, so that one organisation does not hold up the rest


def sweep(*, at: datetime) -> int:
    """Lets time pass in cases and sends letters, until nothing is due by `at`; how many cases and letters that were.

    One organisation that fails does not keep the others waiting. Must be called outside a transaction.
    """
    total = 0
    for _ in range(ROUNDS):
        done = sum(_organisation(organisation, at=at) for organisation in organisations_with_work(at))
        if not done:
            break
        total += done
    return total


def _organisation(organisation: int, *, at: datetime) -> int:
    try:
        with scope(organisation):
            woken = expire_due(at=at)
        return woken + send_waiting(organisation, at=at)
    except Exception as problem:
        log.exception("sweep_failed", organisation=organisation, problem=type(problem).__name__)
        return 0
