"""Measures a sweep in which 100 deadlines are due among 10,000 to 1,000,000 open ones of 200 organisations."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median

from complaints.actions.cases import expire_due
from complaints.models import Case, Deadline
from complaints.queries.due import organisations_with_work
from config import embedded
from procedures.scoping import scope
from tests.bench import crowd
from tests.bench.organisations import established
from tests.complaints.factories import filed_case, published, staffed
from tests.drills.figures import Report
from tests.drills.stack import Stack

SLUG = "klassepro"
SIZES = (10_000, 100_000, 1_000_000)  # open deadlines
ORGANISATIONS, DUE, ROUNDS = 200, 100, 4


def bench(stack: Stack, size: float) -> Report:
    report = Report("A sweep with 100 deadlines due")
    homes = established(SLUG, max(10, round(ORGANISATIONS * min(1, size * 10))))
    report.say(f"{len(homes)} organisations")
    at = datetime.now(UTC)
    original = published(SLUG)
    staffed(original)
    case = filed_case(original, at=at, recorded_at=at)
    first = case.wake_at or at  # when the first of its deadlines makes something happen
    with scope(original.pk):
        clocks = Deadline.objects.filter(case=case, status=Deadline.Status.OPEN).count()
        # Nothing is due in what is only there to be many.
        Case.objects.filter(pk=case.pk).update(wake_at=at + timedelta(days=400))
    took: list[float] = []
    asked: list[float] = []
    there = due = 0
    for wanted in (max(500, round(each * size)) for each in SIZES):
        there += crowd.copy(stack, [case.pk], wanted // clocks - there, homes=homes, is_lean=True)
        crowd.settle(stack)
        seconds, asking, done = [], [], []
        for turn in range(ROUNDS):
            moment = first + timedelta(seconds=1 + len(took) * ROUNDS + turn)
            _make_due(stack, case.pk, homes, moment)
            began = time.perf_counter()
            busy = organisations_with_work(moment)
            asking.append(time.perf_counter() - began)
            count = 0
            for organisation in busy:
                with scope(organisation):
                    count += expire_due(at=moment)
            seconds.append(time.perf_counter() - began)
            done.append(count)
        due += sum(each != DUE for each in done)
        # The first round reads the procedures.
        took.append(median(seconds[1:]))
        asked.append(median(asking[1:]))
        report.say(f"{there * clocks} open deadlines in {there} cases: {took[-1]:.2f} s")
    report.exactly("sweeps that let other than 100 cases pass", due, 0)
    for number, wanted in enumerate(SIZES):
        report.told(f"100 due among {wanted * size:,.0f}", took[number] * 1000, unit="ms")
        report.told(f"  of which asking where, among {wanted * size:,.0f}", asked[number] * 1000, unit="ms")
    report.at_most("the most, of the time among the fewest", took[2] / took[0], 1.5)
    report.told("the same of asking where alone", asked[2] / asked[0])
    return report


def _make_due(stack: Stack, case: int, homes: list[crowd.Home], moment: datetime) -> None:
    """A hundred cases, spread over the organisations, with a deadline that is due at this moment; and none that an
    earlier round left."""
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        admin.execute("UPDATE complaints_case SET wake_at = NULL WHERE wake_at < %s", [moment + timedelta(days=60)])
    crowd.copy(stack, [case], DUE, homes=homes, columns={"wake_at": f"'{moment}'::timestamptz"})
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        admin.execute("UPDATE complaints_letter SET try_at = NULL WHERE try_at IS NOT NULL")
