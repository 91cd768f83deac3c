"""One sweep: everything that is due by now, in each organisation that has work."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from complaints import counting, nudge, throttling
from complaints.actions import drafts
from complaints.actions.cases import expire_due
from complaints.actions.digests import send_digests
from complaints.actions.duties import write_reminders
from complaints.actions.measures import remind_owners
from complaints.actions.moments import is_on_hold, note_moment
from complaints.actions.notices import send_notices
from complaints.actions.posting import send_waiting
from complaints.actions.receiving import read_mail
from complaints.actions.requests import send_reminders
from complaints.actions.retaining import carry_out
from complaints.actions.watching import watch
from complaints.actions.webhooks import send_deliveries
from complaints.models import Moment
from complaints.queries.due import open_organisations, organisations_with_work
from complaints.retention import ledger
from procedures.scoping import scope

log = structlog.get_logger(__name__)

ROUNDS = 500  # a backlog larger than this is left to the next sweep, so that one organisation does not hold up the rest


def sweep(*, at: datetime) -> int:
    """Lets time pass in cases, sends letters and notices, and throws away what has expired, until nothing is due by
    `at`; then sends the daily mails, and erases what was approved and is due. How many rows that were.

    One organisation, or one kind of work, that fails does not keep the others waiting. Must be called outside a
    transaction. Nothing happens while work is on hold after a restore, or while erased cases are back with an old
    backup: they would be written to.
    """
    return sweep_by(lambda: at)


def sweep_by(clock: Callable[[], datetime], *, longest: float = math.inf) -> int:
    """The same by a clock that goes on; after `longest` seconds the rest is left to a sweep that it asks for."""
    total, started = 0, time.monotonic()
    if is_on_hold() or _is_restored():
        counting.count(counting.SWEEPS, "on_hold")
        return total
    for _ in range(ROUNDS):
        busy = organisations_with_work(clock())
        random.shuffle(busy)  # sweeps at the same time, and those that are cut short, begin with different ones
        before = total
        for organisation in busy:
            for work in _WORK:
                if time.monotonic() - started > longest:
                    nudge.workers()
                    note_moment(Moment.Name.SWEEP, at=clock())
                    counting.count(counting.SWEEPS, "cut_short")
                    return total
                total += _done(work, organisation, at=clock())
        if total == before:
            break
    # After the rounds, so that the mail tells what time has brought. Where the day is done, asking costs no query.
    daily = (send_digests, write_reminders, carry_out, watch)
    total += sum(_done(work, each, at=clock()) for each in open_organisations() for work in daily)
    note_moment(Moment.Name.SWEEP, at=clock())
    counting.count(counting.SWEEPS, "whole")
    return total


def _is_restored() -> bool:
    """Whether erased cases are back. A ledger that cannot be read keeps no letter waiting; erasing stops by itself."""
    try:
        is_behind = ledger.is_behind()
    except OSError as problem:
        log.error("ledger_not_read", problem=type(problem).__name__)
        return False
    if is_behind:
        log.error("erasures_not_applied", remedy="manage.py apply_erasures")
    return is_behind


def _let_time_pass(organisation: int, *, at: datetime) -> int:
    with scope(organisation):
        return expire_due(at=at)


def _forget_drafts(organisation: int, *, at: datetime) -> int:
    with scope(organisation):
        return drafts.forget_expired(at=at)


def _forget_tries(organisation: int, *, at: datetime) -> int:
    with scope(organisation):
        return throttling.forget_expired(at=at)


_WORK: tuple[Callable[..., int], ...] = (
    read_mail,
    _let_time_pass,
    send_reminders,
    remind_owners,
    send_waiting,
    send_notices,
    send_deliveries,
    _forget_drafts,
    _forget_tries,
)


def _done(work: Callable[..., int], organisation: int, *, at: datetime) -> int:
    try:
        return work(organisation, at=at)
    except Exception as problem:
        counting.count(counting.FAILURES, work.__name__)
        log.exception("sweep_failed", organisation=organisation, work=work.__name__, problem=type(problem).__name__)
        return 0
