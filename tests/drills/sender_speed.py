"""How much of the time that the sender takes for a letter is rendering: the rest is what our way of sending costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from complaints.actions import send_waiting
from complaints.letters import printing
from complaints.models import Letter
from procedures.scoping import scope
from tests.complaints.factories import filed_case, published, staffed
from tests.drills.figures import Report
from tests.drills.stack import Stack

SLUG = "klimkoord"  # a complaint there brings a letter with a PDF at once
LETTERS, ROUNDS = 120, 6


def drill(stack: Stack, size: float) -> Report:
    report = Report("G3 · What sending costs beside rendering")
    organisation = published(SLUG)
    staffed(organisation)
    count = max(12, round(LETTERS * size))
    at = datetime.now(UTC)
    for number in range(count):
        filed_case(organisation, at=at, email=f"klant.{number}@wilgenroos.example")
    with scope(organisation.pk):
        Letter.objects.exclude(recipient="complainant").update(try_at=at + timedelta(days=1))
    pages: list[str] = []
    rendering: list[float] = []
    render = printing.pdf

    def noting(page: str) -> bytes:
        pages.append(page)
        started = time.perf_counter()
        made = render(page)
        rendering.append(time.perf_counter() - started)
        return made

    printing.pdf = noting  # only to know how long it took, and to have the very pages that are rendered bare afterwards
    render(_warm(organisation.pk, at, pages))
    sending = bare = sending_cpu = bare_cpu = 0.0
    sent = 1
    report.say(f"{count} letters in {ROUNDS} rounds: each sent by the sender, then the same pages rendered bare")
    while True:
        before = len(pages)
        started, cpu = time.perf_counter(), time.process_time()
        done = send_waiting(organisation.pk, at=datetime.now(UTC), limit=max(2, count // ROUNDS))
        sending, sending_cpu = sending + time.perf_counter() - started, sending_cpu + time.process_time() - cpu
        if not done:
            break
        sent += done
        started, cpu = time.perf_counter(), time.process_time()
        for page in pages[before:]:
            render(page)
        bare, bare_cpu = bare + time.perf_counter() - started, bare_cpu + time.process_time() - cpu
    report.exactly("letters that the mail server took", len(stack.taken()), sent)
    report.told("sender, letters a second", len(pages) / sending, unit="/s")
    report.told("bare WeasyPrint, letters a second", len(pages) / bare, unit="/s")
    # Of the same calls, because a machine that does other work gives no two calls the same time.
    report.at_least("rendering, of the sender's time", sum(rendering[1:]) / sending, 0.9, hangs_on_machine=True)
    report.told("the sender's speed, of bare rendering apart", bare / sending)
    report.told("the same in time of this process' CPU", bare_cpu / sending_cpu)
    return report


def _warm(organisation: int, at: datetime, pages: list[str]) -> str:
    """Sends the first letter, so that fonts, styles and templates are read; its page."""
    send_waiting(organisation, at=at, limit=1)
    return pages.pop()
