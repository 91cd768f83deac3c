"""What is counted for monitoring, in files that all processes of a machine share (Prometheus).

Each process counts in files of its own, in one folder; who asks for the figures adds them up. A file is taken over by
the next process, so that counts go on and there are never more files than there were processes at once.
Labels hold the names of views, tasks and outcomes. Never what people typed, and no organisation.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import structlog
from django.conf import settings
from prometheus_client import Counter, Histogram, values

log = structlog.get_logger(__name__)

# Room for every series there is. Claimed beforehand: a file that grows on a full disk would kill the process.
_ROOM = 2 * 1024 * 1024
_KINDS = ("counter", "histogram")


class _Slot:
    """The number under which this process counts: the lowest that no living process holds."""

    process: ClassVar[int] = 0
    number: ClassVar[int] = 0
    handle: ClassVar[int] = -1
    is_broken: ClassVar[bool] = False
    turn: ClassVar[threading.Lock] = threading.Lock()  # so that two threads do not both begin


def folder() -> Path:
    return Path(settings.METRICS_FOLDER)


def _slot() -> int:
    if _Slot.process == os.getpid():
        return _Slot.number
    if _Slot.handle >= 0:
        os.close(_Slot.handle)  # a parent's, from before a fork: it keeps its own
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder())  # where prometheus_client looks
    folder().mkdir(parents=True, exist_ok=True)
    for number in itertools.count():
        handle = os.open(folder() / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        for kind in _KINDS:
            with (folder() / f"{kind}_{number}.db").open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, _ROOM)
        _Slot.process, _Slot.number, _Slot.handle = os.getpid(), number, handle
        break
    return _Slot.number


@cache
def _values() -> Any:
    return values.MultiProcessValue(_slot)  # type: ignore[no-untyped-call]


def _value(*args: Any, **kwargs: Any) -> Any:
    """Made when something is counted, so that a command that counts nothing takes no file."""
    with _Slot.turn:
        return _values()(*args, **kwargs)


values.ValueClass = _value  # before the first counter is made

_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
REQUESTS = Counter("gehoor_requests", "Requests that were answered", ["view", "status"], registry=None)
SECONDS = Histogram("gehoor_request_seconds", "How long an answer took", ["view"], buckets=_BUCKETS, registry=None)
LETTERS = Counter("gehoor_letters", "Letters that were tried", ["outcome"], registry=None)
SWEEPS = Counter("gehoor_sweeps", "Sweeps", ["outcome"], registry=None)
FAILURES = Counter("gehoor_sweep_failures", "Work in a sweep that broke", ["work"], registry=None)
TASKS = Counter("gehoor_tasks", "Tasks of the workers", ["task", "state"], registry=None)
NUDGES = Counter("gehoor_nudges_failed", "Wake-ups that no broker took", ["problem"], registry=None)
UPLOADS = Counter("gehoor_uploads_refused", "Files that the gate refused", ["why"], registry=None)
MAILS = Counter("gehoor_mails_in", "Mails that came in", ["outcome"], registry=None)
LIMITED = Counter("gehoor_limited", "Requests that were asked to wait", ["what"], registry=None)


def count(counter: Counter, *labels: object) -> None:
    """Adds one. What is counted goes on when counting does not: a full disk, a folder that is not ours."""
    if not _Slot.is_broken:
        try:
            counter.labels(*labels).inc()
        except OSError as problem:
            _give_up(problem)


def measure(histogram: Histogram, seconds: float, *labels: object) -> None:
    """Adds one that took so long."""
    if not _Slot.is_broken:
        try:
            histogram.labels(*labels).observe(seconds)
        except OSError as problem:
            _give_up(problem)


def _give_up(problem: OSError) -> None:
    _Slot.is_broken = True
    log.error("not_counted", problem=type(problem).__name__)
