"""G2 and G3: every due letter goes out, once, in time, whatever is killed meanwhile."""

from __future__ import annotations

import math
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from complaints import nudge
from complaints.models import Letter
from tests.drills.figures import Report, percentile
from tests.drills.outbox import Outbox, shuffled_kinds
from tests.drills.stack import Stack, Taken, blows

LETTERS, KILLS, WORKERS = 10_000, 60, 2
RATE = float(os.environ.get("DRILL_RATE") or 8)  # letters a second that become due
# What of 10,000 addresses misbehaves: see sink.py. A server that hangs keeps a sender for half a minute.
KINDS = {"slow": 8, "later": 100, "never": 6, "refused": 40, "cut": 40, "hang": 8}
UNANSWERED = ("cut", "hang")
TASKS = ("never", "refused")  # these must become a task for a person
PATIENCE = 900  # seconds after the last letter became due


@dataclass(slots=True)
class Fate:
    """What happened to the senders."""

    wanted: int  # kills
    kills: int = 0
    off_from: float = math.inf  # when the broker went, in seconds since 1970, and when it came back
    off_to: float = math.inf

    def was_off(self, moment: float) -> bool:
        return self.off_from <= moment <= self.off_to


def drill(stack: Stack, size: float) -> Report:
    report = Report("G2, G3 · Every due letter goes out, once, and in time")
    count, kills = max(60, round(LETTERS * size)), blows(KILLS, size, least=4)
    outbox = Outbox(at=datetime.now(UTC))
    report.say(f"{len(outbox.organisations)} organisations with cases opened by the real action; {outbox.mix}")
    lasts = count / RATE
    trouble = _Trouble(stack, report, kills, lasts)
    kinds = shuffled_kinds({kind: max(1, round(each * size)) for kind, each in KINDS.items()}, of=count)
    report.say(f"{count} letters become due in {lasts:.0f} s, copied from those in bulk, each with its nudge")
    thread = threading.Thread(target=trouble.make, daemon=True)
    thread.start()
    _feed(outbox, kinds, trouble)
    thread.join()
    report.say(f"{trouble.fate.kills} senders were killed; waiting for the rest: {outbox.waiting()} letters")
    until = time.monotonic() + PATIENCE
    while outbox.waiting() and time.monotonic() < until:
        # Eight tries take an hour; for those that are put off for ever the drill has not so long.
        outbox.shorten_waits(at=datetime.now(UTC), kinds=("never",))
        time.sleep(1)
    judge(report, outbox.letters(), stack.taken(), trouble.fate)
    return report


def judge(report: Report, letters: Sequence[Letter], taken: Sequence[Taken], fate: Fate) -> None:
    """What must hold of the letters, and of what the mail server took."""
    by_id: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        by_id[each.message_id].append(each)
    known = {letter.message_id for letter in letters}
    must_fail = {letter.message_id for letter in letters if _kind(letter) in TASKS}
    sent = {letter.message_id for letter in letters if letter.state == Letter.State.SENT}
    failed = {letter.message_id: letter.error for letter in letters if letter.state == Letter.State.FAILED}
    left = [letter for letter in letters if letter.state not in (Letter.State.SENT, Letter.State.FAILED)]
    report.told("letters", len(letters))
    report.told("of which with a PDF", sum(bool(letter.pdf) for letter in letters))
    report.at_least("senders killed", fate.kills, fate.wanted)
    report.exactly("letters that neither left nor became a task", len(left), 0)
    report.exactly("letters marked sent that the mail server never took", len(sent - by_id.keys()), 0)
    report.exactly("letters that became a task and should not", len(failed.keys() - must_fail), 0)
    report.exactly("letters that should be a task and are not", len(must_fail - failed.keys()), 0)
    report.exactly(
        "tasks without the right reason",
        sum(not error.startswith(("smtp_451", "smtp_550")) for error in failed.values()),
        0,
    )
    report.exactly("mails under an unknown Message-ID", len(by_id.keys() - known), 0)
    report.exactly(
        "letters with other bytes the second time", sum(len({e.sha256 for e in each}) > 1 for each in by_id.values()), 0
    )
    report.told("transmissions", len(taken))
    report.told(
        "of which taken without an answer (cut or hung after DATA)",
        sum(each.answered in UNANSWERED for each in taken),
    )
    answered = Counter(each.message_id for each in taken if each.answered not in UNANSWERED)
    report.at_most(
        "transmissions beyond one for each letter, those apart", answered.total() - len(answered), fate.kills
    )
    late: dict[bool, list[float]] = {True: [], False: []}
    all_late: list[float] = []
    leased = 0
    for letter in letters:
        if letter.message_id not in by_id or ":drill-" not in letter.key:
            continue
        due = letter.due_at.timestamp()
        lateness = by_id[letter.message_id][0].at - due
        all_late.append(lateness)
        if _kind(letter) == "fine":
            leased += letter.attempts > 1
            late[fate.was_off(due)].append(lateness)
    report.at_most(
        "99 % left within, of those due with a broker",
        percentile(late[False], 0.99),
        60,
        unit="s",
        hangs_on_machine=True,
    )
    report.at_most(
        "99 % left within, of those due without one", percentile(late[True], 0.99), 120, unit="s", hangs_on_machine=True
    )
    report.told("letters that waited for the lease of a killed sender", leased)
    report.told("half left within", percentile(late[False], 0.5), unit="s")
    report.told("the last one after", max(all_late, default=0), unit="s")
    report.at_least("the first one after (0 early)", min(all_late, default=0), 0, unit="s")


def _feed(outbox: Outbox, kinds: list[str], trouble: _Trouble) -> None:
    """Letters become due one after the other, as acts are done; each tick tells the workers, as an act does."""
    started, done = time.monotonic(), 0
    while done < len(kinds):
        trouble.elapsed = time.monotonic() - started
        wanted = min(len(kinds), math.ceil(trouble.elapsed * RATE))
        if wanted > done:
            now = datetime.now(UTC)
            outbox.add([now] * (wanted - done), kinds=kinds[done:wanted])
            done = wanted
            threading.Thread(target=nudge.workers, daemon=True).start()
        time.sleep(0.5)
    trouble.elapsed = math.inf


class _Trouble:
    """Kills senders all the way, and the beat; empties the broker twice and takes it away for a while."""

    def __init__(self, stack: Stack, report: Report, kills: int, lasts: float) -> None:
        self.stack, self.report, self.lasts = stack, report, lasts
        self.fate = Fate(wanted=kills)
        self.elapsed = 0.0
        self._dice = random.Random(3)
        self.workers = [stack.worker(number) for number in range(WORKERS)]
        self.beat = stack.beat()
        self.sweeper = stack.sweeper()

    def make(self) -> None:
        moments = [(share, self._kill) for share in self._spread(self.fate.wanted)]
        moments += [
            (0.25, self._flush),
            (0.7, self._flush),
            (0.2, self._kill_beat),
            (0.5, self._kill_beat),
            (0.85, self._kill_beat),
        ]
        moments += [(0.4, self._broker_off), (0.4 + min(0.15, 100 / self.lasts), self._broker_on)]
        for share, act in sorted(moments, key=lambda each: each[0]):
            while self.elapsed < share * self.lasts:
                time.sleep(0.1)
            act()

    def _spread(self, count: int) -> list[float]:
        return [0.05 + 0.85 * (number + self._dice.random()) / count for number in range(count)]

    def _kill(self) -> None:
        """A worker with all it has, only the process in it that sends, or now and then the sweeper."""
        self.fate.kills += 1
        if self.fate.kills % 10 == 0:
            self.sweeper.restart()
            return
        worker = self.workers[self.fate.kills % WORKERS]
        children = worker.children()
        if self.fate.kills % 2 and children:
            for child in children:
                os.kill(child, signal.SIGKILL)
        else:
            worker.restart()

    def _kill_beat(self) -> None:
        self.beat.restart()

    def _flush(self) -> None:
        with self.stack.broker() as broker:
            broker.flushall()
        self.report.say("the broker was emptied")

    def _broker_off(self) -> None:
        self.fate.off_from = time.time()
        self.stack.valkey.stop()
        self.report.say("the broker is gone")

    def _broker_on(self) -> None:
        self.stack.valkey.start()
        self.fate.off_to = time.time()
        self.report.say(f"the broker is back after {self.fate.off_to - self.fate.off_from:.0f} s")


def _kind(letter: Letter) -> str:
    return letter.to_email.partition("-")[0] if ":drill-" in letter.key else "fine"
