"""G3: a day's backlog is gone within five minutes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from complaints import nudge
from complaints.models import Letter
from tests.drills.figures import Report
from tests.drills.outbox import Outbox
from tests.drills.stack import Stack

# What a hundred organisations that each hear of five complaints a day write in that day.
LETTERS, WORKERS = 1_000, 2


def drill(stack: Stack, size: float) -> Report:
    report = Report("G3 · A day's backlog is gone within five minutes")
    count = max(30, round(LETTERS * size))
    outbox = Outbox(at=datetime.now(UTC))
    report.say(f"{count} letters have been due for a day; {outbox.mix}")
    outbox.add([datetime.now(UTC) - timedelta(days=1)] * count)
    started = time.monotonic()
    for number in range(WORKERS):
        stack.worker(number)
    stack.beat()
    nudge.workers()
    nudge.workers()
    while outbox.waiting() and time.monotonic() - started < 1800:
        time.sleep(0.5)
    took = time.monotonic() - started
    letters = outbox.letters()
    report.told("letters", len(letters))
    report.told("of which with a PDF", sum(bool(letter.pdf) for letter in letters))
    report.exactly("letters not sent", sum(letter.state != Letter.State.SENT for letter in letters), 0)
    report.exactly("letters sent twice", len(stack.taken()) - len({each.message_id for each in stack.taken()}), 0)
    report.told("letters a second", len(letters) / took, unit="/s")
    report.at_most("gone after, the start of the workers included", took, 300, unit="s", hangs_on_machine=True)
    return report
