"""Measures processes: how long the web server takes until its first answer, and the memory of each worker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from statistics import median

import psutil

from tests.bench import visitors
from tests.bench.servers import bare, make_bare, ours
from tests.complaints.factories import SLUGS, published
from tests.drills.figures import Report
from tests.drills.stack import Program, Stack, free_port

PAGES = 400
MB = 1_000_000


def bench(stack: Stack, size: float) -> Report:
    report = Report("Memory of each worker, and cold start")
    rounds = max(1, round(5 * size))
    for slug in SLUGS:
        published(slug)
    report.say(f"{rounds} starts of gunicorn with two workers, ours and a bare Django; then {PAGES} pages")
    make_bare(stack)
    ours_took, bare_took = [], []
    fresh = bare_memory = 0.0
    for _ in range(rounds):
        with _started(lambda: bare(stack, free_port())) as (program, took):
            bare_took.append(took)
            bare_memory = _of_each(program)
        with _started(lambda: ours(stack)) as (program, took):
            ours_took.append(took)
            fresh = _of_each(program)
    with _started(lambda: ours(stack)) as (program, _):
        asked = [visitors.get(f"/{slug}/{page}") for slug in SLUGS for page in ("", "indienen/", "privacy/")]
        count = max(2 * len(asked), round(PAGES * size))
        answers = visitors.send(stack.web_port, [asked[each % len(asked)] for each in range(count)])
        warm = _of_each(program)
    report.exactly("pages that were not shown", count - answers.statuses[200], 0)
    report.told("first answer after the start", median(ours_took), unit="s")
    report.told("the same of a bare Django", median(bare_took), unit="s")
    report.told("ours, of the bare one's time", median(ours_took) / median(bare_took))
    report.told("a web worker's own memory, after its start", fresh, unit="MB")
    report.told("a web worker's own memory, after the pages", warm, unit="MB")
    report.told("the same of a bare Django, after its start", bare_memory, unit="MB")
    worker = stack.worker(1)
    stack.start("ready", "-m", "celery", "-q", "-A", "config", "inspect", "ping", "--timeout", "30").wait()
    until = time.monotonic() + 30
    while not worker.children() and time.monotonic() < until:
        time.sleep(0.2)
    report.told("a Celery worker with one sender, both processes, after its start", _of_all(worker), unit="MB")
    return report


@contextlib.contextmanager
def _started(serve: Callable[[], Program]) -> Iterator[tuple[Program, float]]:
    """A web server, and how many seconds it took until it answered."""
    began = time.perf_counter()
    program = serve()
    try:
        yield program, time.perf_counter() - began
    finally:
        program.kill()


def _of_each(program: Program) -> float:
    """What each of its workers keeps for itself, the mean, in MB; what they share with others is not counted."""
    found = []
    for child in program.children():
        with contextlib.suppress(psutil.Error):
            found.append(psutil.Process(child).memory_full_info().uss)
    return sum(found) / len(found) / MB if found else 0.0


def _of_all(program: Program) -> float:
    """What it and all that it started take together, in MB; what they share is counted once."""
    keys = [program.process.pid, *program.children()]
    return sum(float(psutil.Process(key).memory_full_info().pss) for key in keys) / MB
