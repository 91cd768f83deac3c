"""What a drill measured: figures with their goals, as a table for people and as JSON, and the machine it was on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """`at_most` or `at_least` is the goal; with neither it is told for what it is. A goal that `hangs_on_machine` is a
    goal all the same: it is judged, and the machine is named with it.
    """

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    hangs_on_machine: bool = False

    @property
    def holds(self) -> bool:
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def goal(self) -> str:
        if self.at_most is not None and self.at_most == self.at_least:
            return f"{self.at_most:g}"
        told = (("≤", self.at_most), ("≥", self.at_least))
        return " ".join(f"{sign} {limit:g}" for sign, limit in told if limit is not None)


@dataclass(slots=True)
class Report:
    """All that one drill measured, and in words what it did."""

    promise: str
    did: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    load: list[float] = field(default_factory=lambda: [round(each, 1) for each in os.getloadavg()])

    def say(self, sentence: str) -> None:
        self.did.append(sentence)
        print(f"{time.monotonic() - self.started:6.1f} s  {sentence}", flush=True)

    def exactly(self, name: str, value: float, goal: float) -> None:
        self.figures.append(Figure(name, value, at_most=goal, at_least=goal))

    def at_most(self, name: str, value: float, goal: float, *, unit: str = "", hangs_on_machine: bool = False) -> None:
        self.figures.append(Figure(name, value, at_most=goal, unit=unit, hangs_on_machine=hangs_on_machine))

    def at_least(self, name: str, value: float, goal: float, *, unit: str = "", hangs_on_machine: bool = False) -> None:
        self.figures.append(Figure(name, value, at_least=goal, unit=unit, hangs_on_machine=hangs_on_machine))

    def told(self, name: str, value: float, *, unit: str = "") -> None:
        self.figures.append(Figure(name, value, unit=unit))

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)

    def table(self, *, missed: str = "BROKEN") -> str:
        width = max(len(figure.name) for figure in self.figures)
        rows = [
            f"  {figure.name:{width}}  {figure.value:>10,.5g} {figure.unit:8} {figure.goal:>10}  "
            + ("" if not figure.goal else "holds" if figure.holds else missed)
            + (" (on this machine)" if figure.hangs_on_machine else "")
            for figure in self.figures
        ]
        return "\n".join(["", self.promise, *rows, f"  on {machine()}; load before and after: {self._loads()}", ""])

    def as_json(self) -> dict[str, object]:
        return {
            "promise": self.promise,
            "holds": self.holds,
            "did": self.did,
            "machine": machine(),
            "load": self._loads(),
            "seconds": round(time.monotonic() - self.started, 1),
            "figures": [
                {"name": each.name, "value": each.value, "unit": each.unit, "goal": each.goal, "holds": each.holds}
                for each in self.figures
            ],
        }

    def _loads(self) -> str:
        now = [round(each, 1) for each in os.getloadavg()]
        return f"{self.load[0]} → {now[0]} (five minutes: {self.load[1]} → {now[1]})"


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of all values do not exceed; 0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1)]
