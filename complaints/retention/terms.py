"""Until which day a case is kept, by its own version of the procedure; and what keeps it longer.

A case is kept through its last local day and goes from the first instant of the next one. Cases that were merged into
another are kept as long as that one, and go with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from complaints.models import (
    IMPORTED_DECISION,
    BatchedLetter,
    Case,
    Deadline,
    Event,
    IncomingMail,
    Measure,
    RetentionHold,
)
from complaints.queries import measures
from complaints.queries.register import DECIDE
from procedures import deadlines, wording
from procedures.calendars import Calendar
from procedures.catalogue import procedure_of, zone_of
from procedures.definition import Procedure, Roll

COMING: Final = timedelta(days=92)  # how far ahead the desk shows what becomes due
LISTED_AHEAD: Final = timedelta(days=31)  # how far ahead a list may be made, so that what is on it goes on its own day


@dataclass(frozen=True, slots=True)
class Kept:
    """A closed case with those that were merged into it. `since` is the local day that its term counts from, `last_on`
    the last one on which it is kept, `gone_from` the instant from which it may go.

    `held_by`: what keeps it longer, in words; `hold` where a person does.
    """

    case: Case
    joined: tuple[Case, ...]
    procedure: Procedure
    since: date
    last_on: date
    gone_from: datetime
    held_by: tuple[str, ...] = ()
    hold: RetentionHold | None = None

    def may_go(self, *, at: datetime) -> bool:
        return not self.held_by and self.gone_from <= at


def kept(cases: QuerySet[Case], *, at: datetime) -> list[Kept]:
    """Those of the cases that are closed, not erased and in no other case, what goes first in front. Nine queries,
    one more where a term counts from an occurrence."""
    closed = cases.filter(closed_at__isnull=False, merged_into=None, erased_at=None)
    mains = list(closed.prefetch_related("version").order_by("pk"))
    joined = defaultdict(list)
    for each in Case.objects.filter(merged_into__in=closed.order_by(), erased_at=None).order_by("pk"):
        joined[each.merged_into_id].append(each)
    procedures = {each.pk: procedure_of(each.version) for each in mains}
    started = _started(procedures)
    reasons, holds = _reasons(at=at)
    found = []
    for case in mains:
        dossier = (case, *joined[case.pk])
        why = tuple(reason for each in dossier for reason in reasons[each.pk])
        hold = next((holds[each.pk] for each in dossier if each.pk in holds), None)
        since, last_on, gone_from = term_of(case, procedures[case.pk], started.get(case.pk))
        found.append(Kept(case, dossier[1:], procedures[case.pk], since, last_on, gone_from, why, hold))
    return sorted(found, key=lambda each: (each.last_on, each.case.pk))


def term_of(case: Case, procedure: Procedure, started: datetime | None) -> tuple[date, date, datetime]:
    """The local day that the term of a closed case counts from, the last local day on which it is kept, and the instant
    from which it may go. `started`: the last time that what the procedure counts from occurred, if it did (KK-12).

    However early that was, a case is kept on the day that it is closed. Terms are in days of the calendar, so closing
    days and holidays move nothing.
    """
    if case.closed_at is None:
        raise ValueError("an open case has no end yet")
    zone = zone_of(procedure)
    closed_on = case.closed_at.astimezone(zone).date()
    since = started.astimezone(zone).date() if started else closed_on
    calendar = Calendar.for_policy(procedure.calendar)
    due = deadlines.compute(since, procedure.retention.term, calendar=calendar, zone=zone, roll=Roll.NONE).due
    last_on = max(due, closed_on)
    return since, last_on, deadlines.overdue_at(deadlines.Due(last_on, last_on), zone)


def is_due(found: Iterable[Kept], *, at: datetime) -> list[Kept]:
    """Those whose term is over and that nothing keeps."""
    return [each for each in found if each.may_go(at=at)]


def _started(procedures: dict[int, Procedure]) -> dict[int, datetime]:
    """When what its term counts from last occurred in a case, for those that do not count from being closed."""
    starts = {key: str(each.retention.start) for key, each in procedures.items() if each.retention.start}
    if not starts:
        return {}
    # What was decided before the case was taken over from an earlier register counts as the decision.
    same = {IMPORTED_DECISION: DECIDE}
    rows = Event.objects.filter(case__in=list(starts), occurrence__in={*starts.values(), *same}).order_by()
    last = rows.values_list("case_id", "occurrence").annotate(Max("at"))
    return {key: at for key, occurrence, at in last if same.get(occurrence, occurrence) == starts[key]}


def _reasons(*, at: datetime) -> tuple[dict[int, list[str]], dict[int, RetentionHold]]:
    """What keeps each case longer, in words, and the holds that people put on them. Five queries."""
    found: dict[int, list[str]] = defaultdict(list)
    holds = {each.case_id: each for each in RetentionHold.objects.select_related("member__user").filter(lifted_at=None)}
    for each in holds.values():
        found[each.case_id].append(_("Vastgehouden: %(reason)s") % {"reason": each.reason})
    running = Deadline.objects.filter(status=Deadline.Status.OPEN, overdue_at__gt=at, case__closed_at__isnull=False)
    for key in running.order_by().values_list("case_id", flat=True).distinct():
        found[key].append(_("Er loopt nog een termijn, bijvoorbeeld voor bezwaar of beroep."))
    for key, due_on in open_measures().order_by().values_list("case_id").annotate(Max("due_on")):
        found[key].append(_("Er staat nog een maatregel open, beloofd voor %(day)s.") % {"day": wording.day(due_on)})
    printed = BatchedLetter.objects.filter(fate=BatchedLetter.Fate.WAITING, batch__ended_at=None)
    for key in printed.order_by().values_list("letter__case_id", flat=True).distinct():
        found[key].append(_("Een brief ligt gedrukt in een stapel die nog niet is gepost."))
    waiting = IncomingMail.objects.filter(state__in=(IncomingMail.State.NEW, IncomingMail.State.WAITING))
    tied = waiting.filter(Q(suggested__isnull=False) | Q(case__isnull=False) | Q(letter__isnull=False))
    for keys in tied.order_by().values_list("suggested_id", "case_id", "letter__case_id"):
        for key in {*keys} - {None}:
            found[key].append(_("Een e-mail die hierbij kan horen, wacht nog op iemand."))
    return found, holds


def open_measures() -> QuerySet[Measure]:
    """The measures that were neither done nor dropped: however late, their case is kept."""
    return Measure.objects.filter(measures.OPEN)
