"""The reading log: who opened what of a dossier, and when (O21-27)."""

from __future__ import annotations

from datetime import datetime, timedelta

from complaints.models import Case, Membership, Reading

ONCE_IN = timedelta(minutes=10)  # reloading a page is one reading


def note_reading(case: Case, what: Reading.What, *, member: Membership, at: datetime) -> None:
    """Notes that a member opened something of the dossier, unless they opened the same kind a moment ago."""
    known = Reading.objects.filter(case=case, member=member, what=what, at__gt=at - ONCE_IN)
    if not known.exists():
        Reading.objects.create(case=case, member=member, what=what, at=at)
