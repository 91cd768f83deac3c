"""Measures worklist, search, case page and register among 1,000 and among 1,000,000 cases, with row-level security and
without; in an organisation with 1,000 cases, and in one with 100,000."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Case, Membership
from config import embedded
from procedures.models import Organisation
from procedures.scoping import scope
from tests.bench import crowd
from tests.bench.organisations import established
from tests.complaints.factories import member
from tests.drills.figures import Report, percentile
from tests.drills.stack import Stack

SLUG, SEES_ALL = "klik-onderwijs", "csm"
SMALL, LARGE, ALL = 1_000, 100_000, 1_000_000
OPEN = 0.1  # of all cases
OTHERS = 200  # organisations
REQUESTS, ROUNDS = 7, 9  # of each page, in each round; short ones, so that both sides share what else the machine does
PAGES = ("worklist", "search", "case page", "register")

Times = dict[str, list[float]]


def bench(stack: Stack, size: float) -> Report:
    report = Report("Pages of the desk among very many cases")
    small, large = round(SMALL * min(1, max(0.1, size * 10))), max(100, round(LARGE * size))
    all_cases = max(2 * large, round(ALL * size))
    call_command("demo", SLUG, verbosity=0)
    organisation = Organisation.objects.get(slug=SLUG)
    still_open, closed = _few(organisation)
    report.say(f"{len(still_open)} open and {len(closed)} closed cases by the real actions, to be copied")
    _fill(stack, still_open, closed, small, [])
    crowd.settle(stack)
    with scope(organisation.pk):
        person = Membership.objects.select_related("user").filter(roles__contains=[SEES_ALL])[0]
    desk = _Desk(organisation, person)
    desk.round()
    queries = desk.queries()
    alone = _merged(desk.round() for _ in range(ROUNDS))
    report.say(f"with {small} cases in all: {_said(alone)}")

    homes = established(SLUG, max(3, round(OTHERS * min(1, size * 10))))
    big = homes.pop()
    _fill(stack, still_open, closed, large, [big])
    rest = all_cases - small - large
    _fill(stack, still_open[:1], closed[:1], rest, homes, is_lean=True)
    crowd.settle(stack)
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        total, taken = admin.execute(
            "SELECT count(*), pg_database_size(current_database()) FROM complaints_case"
        ).fetchone()
    report.say(f"{total} cases of {len(homes) + 2} organisations, {taken / 1e9:.1f} GB")
    largest = Organisation.objects.get(pk=big.organisation)
    big_desk = _Desk(largest, member(largest, "Anna de Vries", SEES_ALL))
    desk.round()
    guarded: Times = {page: [] for page in PAGES}
    unguarded: Times = {page: [] for page in PAGES}
    for _ in range(ROUNDS):
        _add(guarded, desk.round())
        with _without_security(stack):
            _add(unguarded, desk.round())
    report.say(f"the same organisation among all: {_said(guarded)}; without row-level security: {_said(unguarded)}")
    among_many = big_desk.round()
    report.say(f"the organisation with {large}: {_said(among_many)}")
    many_queries, big_queries = desk.queries(), big_desk.queries()
    for page in PAGES:
        first = percentile(alone[page], 0.95)
        report.told(f"{page}: 95 % within, {small:,} cases in all", first * 1000, unit="ms")
        report.told(f"{page}: the same among {total:,}", percentile(guarded[page], 0.95) * 1000, unit="ms")
        report.told(f"{page}: where {large:,} are its own", percentile(among_many[page], 0.95) * 1000, unit="ms")
    for page in PAGES:
        first = percentile(alone[page], 0.95)
        report.at_most(f"{page}: among all, times as long", percentile(guarded[page], 0.95) / first, 2)
        report.at_most(f"{page}: where very many are its own", percentile(among_many[page], 0.95) / first, 2)
        # By the median: what else a machine does moves the slowest tenth by more than is asked here.
        report.at_most(f"{page}: row-level security", median(guarded[page]) / median(unguarded[page]), 1.1)
    for page in PAGES:
        report.exactly(f"{page}: queries among all", many_queries[page], queries[page])
        report.exactly(f"{page}: queries where very many are its own", big_queries[page], queries[page])
    return report


def _few(organisation: Organisation) -> tuple[list[int], list[int]]:
    """Keys of the open and the closed cases, those with the fewest events first."""
    with scope(organisation.pk):
        rows = Case.objects.filter(merged_into=None).annotate(n=Count("events")).order_by("n", "pk")
        known = list(rows.values_list("pk", "closed_at"))
    open_ones = [key for key, closed_at in known if closed_at is None]
    return open_ones, [key for key, closed_at in known if closed_at]


def _fill(
    stack: Stack,
    still_open: list[int],
    closed: list[int],
    count: int,
    homes: list[crowd.Home],
    *,
    is_lean: bool = False,
) -> None:
    of_open = round(count * OPEN)
    for cases, wanted in ((still_open, of_open), (closed, count - of_open)):
        crowd.copy(stack, cases, max(1, wanted // len(cases)), homes=homes, is_lean=is_lean)


class _Desk:
    """Somebody at the desk who sees every case of their organisation, and the pages that they ask for."""

    def __init__(self, organisation: Organisation, person: Membership) -> None:
        self.organisation = organisation
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(person.user)
        self._dice = random.Random(5)
        with scope(organisation.pk), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT reference, {crowd.name_of('id')} FROM complaints_case WHERE reference LIKE 'X-%%' "
                "AND closed_at IS NULL "  # what a search shows lines of
                "ORDER BY md5(reference) LIMIT 500"
            )
            self._known: list[tuple[str, str]] = cursor.fetchall()

    def round(self) -> Times:
        """Seconds of each request, a round of requests for each page."""
        found: Times = {page: [] for page in PAGES}
        for _ in range(REQUESTS):
            for page in PAGES:
                address = self._address(page)
                began = time.perf_counter()
                self._get(address)
                found[page].append(time.perf_counter() - began)
        return found

    def queries(self) -> dict[str, int]:
        """How many queries each page takes at most: what is found decides whether there are rows to be filled."""
        found = dict.fromkeys(PAGES, 0)
        for page in [page for page in PAGES for _ in range(REQUESTS)]:
            address = self._address(page)
            self._get(address)
            with CaptureQueriesContext(connection) as captured:
                self._get(address)
            found[page] = max(found[page], len(captured))
        return found

    def _address(self, page: str) -> str:
        reference, name = self._dice.choice(self._known)
        if page == "worklist":
            return f"{reverse('desk:worklist')}?p={self._dice.randint(1, 2)}"
        if page == "search":
            return f"{reverse('desk:worklist')}?q={self._dice.choice((reference, name))}"
        if page == "register":
            return f"{reverse('desk:register')}?p={self._dice.randint(1, 10)}"
        return reverse("desk:case", args=[reference])

    def _get(self, address: str) -> Any:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answers {answer.status_code}")
        return answer


@contextmanager
def _without_security(stack: Stack) -> Iterator[None]:
    """As if PostgreSQL guarded no row: the application's own filters are all there is."""
    with embedded.admin_connection(stack.postgres.url(role="admin")) as admin:
        tables = [row[0] for row in admin.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()]
        for table in tables:
            admin.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        try:
            yield
        finally:
            for table in tables:
                admin.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')


def _said(times: Times) -> str:
    return ", ".join(f"{page} {median(seconds) * 1000:.0f} ms" for page, seconds in times.items())


def _merged(rounds: Iterator[Times]) -> Times:
    found: Times = {page: [] for page in PAGES}
    for each in rounds:
        _add(found, each)
    return found


def _add(found: Times, more: Times) -> None:
    for page, seconds in more.items():
        found[page] += seconds
