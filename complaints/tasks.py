"""What Celery runs: thin tasks that ask the tables what is due by now, organisation by organisation."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from complaints.actions.fetching import fetch_mail as fetch_once
from complaints.actions.sweeping import sweep as sweep_once


@shared_task
def sweep() -> int:
    """Works off everything that is due by now; how many cases and letters that were."""
    return sweep_once(at=timezone.now())


@shared_task
def fetch_mail() -> int:
    """Fetches what is new in the mailboxes of the settings; how many mails that were."""
    return fetch_once(at=timezone.now())
