"""Measures the figures of a yearly report over 100,000 cases against one grouped COUNT over the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractYear

from complaints.models import Answer, Case, Deadline, Event
from complaints.reports.figures import figures, last_day
from procedures.catalogue import procedure_of, version_in_force
from procedures.models import Organisation
from procedures.scoping import scope
from tests.bench import crowd
from tests.drills.figures import Report
from tests.drills.stack import Stack

SLUG = "klik-onderwijs"
CASES, ROUNDS = 100_000, 7


def bench(stack: Stack, size: float) -> Report:
    report = Report("The yearly report")
    call_command("demo", SLUG, verbosity=0)
    organisation = Organisation.objects.get(slug=SLUG)
    with scope(organisation.pk):
        known = list(Case.objects.filter(merged_into=None).values_list("pk", flat=True))
        closed = list(Case.objects.filter(merged_into=None, closed_at__isnull=False).values_list("pk", flat=True))
    wanted = max(1_000, round(CASES * size))
    crowd.copy(stack, known, wanted // 10 // len(known))
    crowd.copy(stack, closed, (wanted - wanted // 10) // len(closed))
    crowd.settle(stack)
    today = datetime.now(UTC).date()
    with scope(organisation.pk):
        procedure = procedure_of(version_in_force(today))
        year = today.year if last_day(today.year, today=today) else today.year - 1
        until = last_day(year, today=today) or date(year, 12, 31)
        there = {model: model.objects.count() for model in (Case, Answer, Deadline, Event)}
        report.say(", ".join(f"{number:,} {model._meta.verbose_name_plural}" for model, number in there.items()))
        ours, groups, cases = [], [], []
        for _ in range(ROUNDS):
            ours.append(_seconds(lambda: figures(procedure, year, until=until)))
            groups.append(_seconds(lambda: [list(rows()) for rows in _ROWS]))
            cases.append(_seconds(lambda: list(_ROWS[0]())))
    report.told("the figures of the report", median(ours) * 1000, unit="ms")
    report.told("one grouped COUNT of each of the same rows", median(groups) * 1000, unit="ms")
    report.told("one grouped COUNT of the cases alone", median(cases) * 1000, unit="ms")
    report.at_most("the report, times a grouped COUNT over the same rows", median(ours) / median(groups), 5)
    report.told("the report, times a grouped COUNT over the cases alone", median(ours) / median(cases))
    return report


def _grouped(rows: QuerySet[Any], moment: str, *by: str) -> QuerySet[Any]:
    found: QuerySet[Any] = (
        rows.order_by().annotate(year=ExtractYear(moment)).values("year", *by).annotate(n=Count("pk"))
    )
    return found


# What the report is counted from: cases, what was answered, the clocks, and what happened.
_ROWS: tuple[Callable[[], QuerySet[Any]], ...] = (
    lambda: _grouped(Case.objects.all(), "received_at", "channel", "track"),
    lambda: _grouped(Answer.objects.all(), "event__at", "name"),
    lambda: _grouped(Deadline.objects.all(), "starts_at", "rule", "status"),
    lambda: _grouped(Event.objects.all(), "at", "occurrence"),
)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
