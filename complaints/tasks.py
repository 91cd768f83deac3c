"""What Celery runs: thin tasks that ask the tables what is due by now, organisation by organisation."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task
from celery.signals import task_postrun

from complaints import counting
from complaints.actions.fetching import fetch_mail as fetch_once
from complaints.actions.sweeping import sweep_by
from complaints.queries.due import now

# Seconds: with one more organisation and one slow mail at its end it stays within the time limit of a task. A sweep
# that is cut off there would have sent a mail that it could not mark as sent.
LONGEST = 60


@task_postrun.connect
def count_task(sender: Task[Any, Any], state: str | None = None, **_: object) -> None:
    """Counts what a worker did, in the process that did it."""
    counting.count(counting.TASKS, sender.name, state or "UNKNOWN")


@shared_task
def sweep() -> int:
    """Works off everything that is due by now; how many cases and letters that were."""
    return sweep_by(now, longest=LONGEST)


@shared_task
def fetch_mail() -> int:
    """Fetches what is new in the mailboxes of the settings; how many mails that were."""
    return fetch_once(at=now())
