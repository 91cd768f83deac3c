"""Where work is due."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from procedures.models import Organisation


def now() -> datetime:
    """The moment by the database's clock: one for all schedulers, however wrong the clocks of their machines are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def organisations_with_work(at: datetime) -> list[int]:
    """The keys of the organisations in which a case wakes or a letter leaves by the instant `at`.

    Asked of the database function that sees nothing else of other organisations' rows. Costs what is due, not what is
    stored: both indexes hold only rows that wait for something.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisations_with_work(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def open_organisations() -> list[int]:
    """The keys of the organisations that have a procedure, for what is due by the hour of the day. One short query."""
    return list(Organisation.objects.filter(is_open=True).order_by("pk").values_list("pk", flat=True))
