"""Who read a dossier, on its page."""

from __future__ import annotations

from dataclasses import dataclass

from complaints.desk.standing import Standing
from complaints.models import Reading

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ReadingLog:
    """The newest readings; `is_cut` when there are older ones than are shown."""

    rows: list[Reading]
    is_cut: bool


def reading_log(here: Standing) -> ReadingLog | None:
    """For colleagues only: who plays no part in the house has no business with who reads there. One query."""
    if not here.is_colleague:
        return None
    rows = list(here.case.readings.select_related("member__user")[: SHOWN + 1])
    return ReadingLog(rows[:SHOWN], is_cut=len(rows) > SHOWN)
