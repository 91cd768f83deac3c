"""G4: three beats and three sweepers, with clocks ten minutes off both ways, send nothing twice and nothing early."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from complaints.models import Event, Letter
from procedures.scoping import scope
from tests.drills.figures import Report
from tests.drills.outbox import Outbox
from tests.drills.stack import Stack

LETTERS = 600
SHIFTS = (-600, 0, 600)
SLOWEST = 8  # letters whose mail server takes 20 s to answer: long enough for another sender to come by


def drill(stack: Stack, size: float) -> Report:
    report = Report("G4 · Extra schedulers with wrong clocks do no harm")
    count = max(30, round(LETTERS * size))
    outbox = Outbox(at=datetime.now(UTC))
    start = datetime.now(UTC)
    lasts = max(40.0, count / 10)
    kinds = ["slow"] * max(2, round(SLOWEST * size))
    outbox.add([start] * (count // 2), kinds=kinds)
    outbox.add(start + timedelta(seconds=lasts * number / (count // 2)) for number in range(count // 2))
    not_yet = outbox.add([start + timedelta(minutes=9)] * (count // 4))
    report.say(
        f"{count} letters, half due at once and half one after the other in {lasts:.0f} s, and {len(not_yet)} that are "
        f"due in nine minutes; {len(kinds)} of the mails are answered after 20 s"
    )
    clock = _shifted_clock(stack.folder)
    for number, shift in enumerate(SHIFTS):
        wrong = {"LD_PRELOAD": str(clock), "CLOCK_SHIFT": str(shift)} if shift else {}
        stack.beat(number, **wrong)
        stack.sweeper(number, every=2, **wrong)
    worker = stack.start(
        "worker",
        *("-m", "celery", "-q", "-A", "config", "worker", "--loglevel", "WARNING", "--concurrency", "2"),
        LD_PRELOAD=str(clock),
        CLOCK_SHIFT="-600",
    )
    report.say(
        "three beats and three sweepers run, one of each ten minutes slow and one ten minutes fast; the worker is slow"
    )
    until = time.monotonic() + lasts + 200
    while outbox.waiting() > len(not_yet) and time.monotonic() < until:
        time.sleep(1)
    worker.kill()
    time.sleep(5)
    letters = {letter.message_id: letter for letter in outbox.letters()}
    taken = stack.taken()
    times = Counter(each.message_id for each in taken)
    early = sum(each.at < letters[each.message_id].due_at.timestamp() for each in taken)
    report.told("letters that are due", len(letters) - len(not_yet))
    report.exactly(
        "letters sent", sum(each.state == Letter.State.SENT for each in letters.values()), len(letters) - len(not_yet)
    )
    report.exactly("letters sent twice", sum(each > 1 for each in times.values()), 0)
    report.exactly("letters sent early", early, 0)
    report.exactly("things that happened in the future", _in_future(outbox), 0)
    return report


def _in_future(outbox: Outbox) -> int:
    now, count = datetime.now(UTC), 0
    for organisation in outbox.organisations:
        with scope(organisation.pk):
            count += Event.objects.filter(recorded_at__gt=now).count()
            count += Letter.objects.filter(sent_at__gt=now).count()
    return count


def _shifted_clock(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("This drill gives processes a wrong clock, and needs a C compiler (cc) for that.")
    built = folder / "shifted_clock.so"
    source = Path(__file__).with_name("shifted_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"], check=True)
    return built
