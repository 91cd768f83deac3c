"""Measures letters a second: our sender against bare WeasyPrint, on the same pages; the drill of that name does it."""

from __future__ import annotations

from tests.drills.figures import Report
from tests.drills.sender_speed import drill
from tests.drills.stack import Stack


def bench(stack: Stack, size: float) -> Report:
    return drill(stack, size)
