"""Tells the workers that something is due. Only a wake-up: the next sweep finds the rows without it."""

from __future__ import annotations

import structlog
from celery import current_app

log = structlog.get_logger(__name__)


def workers() -> None:
    """Sends one message, without waiting for a broker that does not answer. A failure is logged and swallowed."""
    try:
        current_app.send_task("complaints.tasks.sweep", retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001  # whatever the broker does, the act was done
        log.warning("nudge_failed", problem=type(problem).__name__)
