"""Writes down that somebody complained again, on the case of the complaint before: for the figures, without a name."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.db.models import Q

from complaints.models import Case
from complaints.queries.returns import returns


def note_returns(emails: Collection[str] | None, *, zone: ZoneInfo) -> int:
    """Fills `Case.came_back_on` where these people (None: everybody) complained again; how many cases it changed.

    What stands there stays unless an earlier month is found: the later complaint may be erased by now.
    """
    changed = 0
    for key, month in returns(emails, zone=zone).items():
        later = Q(came_back_on=None) | Q(came_back_on__gt=month)
        changed += Case.objects.filter(later, pk=key).update(came_back_on=month)
    return changed
