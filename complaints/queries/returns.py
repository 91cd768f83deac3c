"""Who complained again after their complaint had been dealt with: in which month that was, for each case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Min
from django.db.models.functions import Lower

from complaints.models import Answer, Party
from complaints.queries.figures import Asked
from procedures.catalogue import procedure_of, published_versions


def returns(emails: Collection[str] | None, *, zone: ZoneInfo) -> Mapping[int, date]:
    """By the key of the case: the first day of the local month in which the same person, by mail address, filed the
    first complaint after that case had been dealt with. Only of these addresses; None: of everybody.

    One query where nobody complained twice, else three; none of them reads what was erased.
    """
    people: dict[str, dict[int, tuple[datetime, datetime | None]]] = defaultdict(dict)
    rows = Party.objects.filter(kind=Party.Kind.COMPLAINANT, case__erased_at=None).exclude(email="").order_by()
    if emails is not None:
        rows = rows.annotate(plain=Lower("email")).filter(plain__in={each.lower() for each in emails})
    for email, key, received_at, closed_at in rows.values_list("email", "case", "case__received_at", "case__closed_at"):
        people[email.lower()][key] = (received_at, closed_at)
    several = [cases for cases in people.values() if len(cases) > 1]
    if not several:
        return {}
    decided = _decided_at({key for cases in several for key in cases})
    found: dict[int, date] = {}
    for cases in several:
        came = sorted(received_at for received_at, _closed in cases.values())
        for key, (_received, closed_at) in cases.items():
            handled_at = decided.get(key) or closed_at
            again = next((at for at in came if handled_at and at > handled_at), None)
            if again:
                found[key] = again.astimezone(zone).date().replace(day=1)
    return found


def _decided_at(cases: Collection[int]) -> Mapping[int, datetime]:
    """When the first verdict on each case was given."""
    asked = Asked.of(procedure_of(each) for each in reversed(published_versions()))
    given = Answer.objects.filter(name__in=list(asked.verdicts), case__in=cases)
    first = given.exclude(event__occurrence__in=list(asked.judging)).order_by().values("case").annotate(first=Min("pk"))
    return dict(Answer.objects.filter(pk__in=first.values("first")).values_list("case", "event__at"))
