"""How long something takes: the best of several rounds, because what else a machine does only makes it slower."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def best(work: Callable[[], object], *, rounds: int = 5, at_least: float = 0.05) -> float:
    """Seconds for one call, in the best of `rounds`. Each round calls until `at_least` seconds have passed."""
    times, fastest = 1, float("inf")
    gc.collect()
    gc.disable()
    try:
        while True:
            started = time.perf_counter()
            for _ in range(times):
                work()
            took = time.perf_counter() - started
            if took < at_least:
                times = max(times * 2, round(times * at_least / max(took, 1e-9)))
                continue
            fastest = min(fastest, took / times)
            rounds -= 1
            if rounds <= 0:
                return fastest
    finally:
        gc.enable()
