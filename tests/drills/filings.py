"""G1: a reference that was shown is kept, whatever is killed while complaints are filed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter

from django.db import connections

from complaints.models import Case
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, publish_all, staffed
from tests.drills.figures import Report, percentile
from tests.drills.filing import Filing, send_all
from tests.drills.stack import Program, Stack, blows

FILINGS, WEB_KILLS, DATABASE_STOPS, VISITORS = 10_000, 50, 20, 4


def drill(stack: Stack, size: float) -> Report:
    report = Report("G1 · A reference that was shown is kept")
    count, kills = max(40, round(FILINGS * size)), blows(WEB_KILLS, size, least=3)
    stops = blows(DATABASE_STOPS, size, least=2)
    organisations = publish_all()
    for organisation in organisations.values():
        staffed(organisation)
    site = f"http://127.0.0.1:{stack.web_port}"
    filings = [Filing(SLUGS[number % len(SLUGS)]) for number in range(count)]
    trouble = _Trouble(stack, stack.web(), filings, kills, stops)
    report.say(f"{count} complaints are filed over HTTP; gunicorn is killed {kills} times and PostgreSQL {stops} times")
    thread = threading.Thread(target=trouble.make, daemon=True)
    thread.start()
    send_all(site, filings, visitors=VISITORS, until=time.monotonic() + 3600)
    trouble.is_over = True
    thread.join()
    first = [list(filing.shown) for filing in filings]
    sent = sum(len(filing.seconds) for filing in filings)
    report.say(f"all were answered, after {sent} answers; each is sent once more, with the nonce of its form")
    send_all(site, filings, visitors=VISITORS, until=time.monotonic() + 3600)
    connections.close_all()  # ours were cut too
    kept: dict[str | None, list[str]] = {}
    for organisation in organisations.values():
        with scope(organisation.pk):
            for nonce, reference in Case.objects.values_list("nonce", "reference"):
                kept.setdefault(nonce, []).append(reference)
    references = Counter(reference for each in kept.values() for reference in each)
    report.at_least("web server killed", trouble.web_kills, kills)
    report.at_least("PostgreSQL stopped hard (SIGQUIT, immediate)", trouble.stops, stops)
    report.exactly("complaints that got a reference", sum(map(bool, first)), count)
    report.exactly("references shown and lost", sum(not set(e.shown) <= set(kept.get(e.nonce, [])) for e in filings), 0)
    report.exactly("replays that showed another reference", sum(len(set(e.shown)) > 1 for e in filings), 0)
    report.exactly("replays without an answer", sum(len(e.shown) < 2 for e in filings), 0)
    report.exactly("complaints kept twice", sum(len(each) > 1 for each in kept.values()), 0)
    report.exactly("references given twice", sum(each > 1 for each in references.values()), 0)
    report.exactly("cases that nobody filed", len(kept.keys() - {each.nonce for each in filings}), 0)
    report.told("99 % answered within", percentile([s for each in filings for s in each.seconds], 0.99), unit="s")
    return report


class _Trouble:
    """Kills the web server and stops PostgreSQL, spread over the filings."""

    def __init__(self, stack: Stack, web: Program, filings: list[Filing], kills: int, stops: int) -> None:
        self.stack, self.web, self.filings = stack, web, filings
        self.web_kills = self.stops = 0
        self.is_over = False
        self._wanted = sorted(
            [(number / kills, "web") for number in range(kills)]
            + [((number + 0.5) / stops, "") for number in range(stops)]
        )

    def make(self) -> None:
        for share, what in self._wanted:
            while not self.is_over and sum(bool(each.shown) for each in self.filings) < share * len(self.filings) * 0.9:
                time.sleep(0.05)
            if what:
                self.web.restart()
                self.web_kills += 1
            else:
                os.kill(self.stack.postgres.pid, signal.SIGQUIT)  # immediate: no checkpoint, no farewell
                self.stack.postgres.stop()
                self.stack.postgres.start()
                self.stops += 1
