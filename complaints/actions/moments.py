"""When work was last looked for; and holding all of it after a backup was restored, until a person lets it go on."""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Greatest

from complaints.models import Moment


def note_moment(name: Moment.Name, *, at: datetime) -> None:
    """Notes that something happened at `at`; an earlier moment than the one that is known changes nothing."""
    changed = Moment.objects.filter(name=name).update(at=Greatest("at", at))
    if not changed:
        Moment.objects.bulk_create([Moment(name=name, at=at)], ignore_conflicts=True)


def hold_work(*, at: datetime) -> None:
    """From now on no sweep sends, erases or lets time pass, in any process."""
    Moment.objects.bulk_create([Moment(name=Moment.Name.HOLD, at=at)], ignore_conflicts=True)


def resume_work() -> bool:
    """Lets the sweeps go on; whether they were on hold."""
    return bool(Moment.objects.filter(name=Moment.Name.HOLD).delete()[0])


def is_on_hold() -> bool:
    return Moment.objects.filter(name=Moment.Name.HOLD).exists()
