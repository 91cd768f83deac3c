"""Telling other systems what happens: one row for each address, in the transaction of what it tells of."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints import nudge
from complaints.models import Delivery, Event, Webhook


def announce(event: Event, *, at: datetime) -> None:
    """Writes what is to be told of an event. One query where nobody is told.

    Must be called in the event's transaction. Side effect: the workers are nudged when that commits.
    """
    rows = [
        Delivery(webhook=each, event=event, case_id=event.case_id, try_at=at)
        for each in Webhook.objects.filter(ended_at=None)
    ]
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(nudge.workers)
