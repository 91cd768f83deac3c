"""Tells the workers that something is due. Only a wake-up: the next sweep finds the rows without it."""

from __future__ import annotations

import time
from typing import ClassVar

import structlog
from celery import current_app

log = structlog.get_logger(__name__)


SLOW = 0.5  # seconds: a broker that is gone refuses at once, one that took so long is there and answers nobody
PAUSE = 10.0  # seconds in which this process does not wait for such a broker again


class _Silence:
    until: ClassVar[float] = 0.0


def workers() -> None:
    """Sends one message, without waiting for a broker that does not answer. A failure is logged and swallowed."""
    started = time.monotonic()
    if started < _Silence.until:
        return
    try:
        current_app.send_task("complaints.tasks.sweep", retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001  # whatever the broker does, the act was done
        log.warning("nudge_failed", problem=type(problem).__name__)
        if time.monotonic() - started > SLOW:
            _Silence.until = time.monotonic() + PAUSE
