"""Tells the workers that something is due. Only a wake-up: the next sweep finds the rows without it."""

from __future__ import annotations

import time
from typing import ClassVar

import structlog
from celery import current_app

from complaints import counting

log = structlog.get_logger(__name__)

PAUSE = 10.0  # seconds in which this process does not wait again for a broker that is there and answers nobody


class _Silence:
    until: ClassVar[float] = 0.0


def workers() -> None:
    """Sends one message, without waiting for a broker that does not answer. A failure is logged and swallowed."""
    if time.monotonic() < _Silence.until:
        return
    try:
        current_app.send_task("complaints.tasks.sweep", retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001  # whatever the broker does, the act was done
        counting.count(counting.NUDGES, type(problem).__name__)
        log.warning("nudge_failed", problem=type(problem).__name__)
        if _is_silence(problem):
            _Silence.until = time.monotonic() + PAUSE


def _is_silence(problem: BaseException | None) -> bool:
    """Whether it was waited for in vain; a broker that is gone refuses at once, and is asked again the next time."""
    if problem is None:
        return False
    from redis.exceptions import TimeoutError as RedisTimeoutError  # loading it takes as long as Django itself

    return isinstance(problem, (TimeoutError, RedisTimeoutError)) or _is_silence(problem.__cause__)
