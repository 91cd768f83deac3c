"""G17: a broker that is there and answers nobody keeps no complaint out."""

from __future__ import annotations

import time

from complaints.models import Case
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, publish_all, staffed
from tests.drills.figures import Report, percentile
from tests.drills.filing import Filing, send_all
from tests.drills.stack import Stack, frozen

FILINGS, VISITORS = 1_000, 2


def drill(stack: Stack, size: float) -> Report:
    report = Report("G17 · Intake needs no broker")
    count = max(20, round(FILINGS * size))
    organisations = publish_all()
    for organisation in organisations.values():
        staffed(organisation)
    stack.web()
    site = f"http://127.0.0.1:{stack.web_port}"
    send_all(site, [Filing(slug) for slug in SLUGS], visitors=2, until=time.monotonic() + 60)  # who comes first waits
    beside = [Filing(SLUGS[number % len(SLUGS)]) for number in range(max(10, count // 5))]
    send_all(site, beside, visitors=VISITORS, until=time.monotonic() + 600)
    report.say(f"gunicorn serves {len(SLUGS)} organisations; the broker is stopped in its tracks (SIGSTOP)")
    filings = [Filing(SLUGS[number % len(SLUGS)]) for number in range(count)]
    with frozen(stack.valkey.pid):
        send_all(site, filings, visitors=VISITORS, until=time.monotonic() + 1800)
    report.say(f"{count} complaints were filed over HTTP by {VISITORS} browsers at once, with a form and nonce each")
    kept: dict[str | None, str] = {}
    for organisation in organisations.values():
        with scope(organisation.pk):
            kept |= dict(Case.objects.values_list("nonce", "reference"))
    seconds = [each for filing in filings for each in filing.seconds]
    report.exactly("accepted", sum(bool(filing.shown) for filing in filings), count)
    report.exactly("accepted and not kept", sum(kept.get(each.nonce) not in each.shown for each in filings), 0)
    report.exactly("answers without a reference", sum(filing.refused for filing in filings), 0)
    before = [each for filing in beside for each in filing.seconds]
    report.told("half answered within, with a broker that runs", percentile(before, 0.5), unit="s")
    report.told("99 % answered within, with a broker that runs", percentile(before, 0.99), unit="s")
    report.told("half answered within", percentile(seconds, 0.5), unit="s")
    report.at_most("99 % answered within", percentile(seconds, 0.99), 2, unit="s", hangs_on_machine=True)
    report.told("the slowest answer", max(seconds, default=0), unit="s")
    return report
