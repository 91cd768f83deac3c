"""What follows from an act: `decide` and `pass_time`, pure functions from a case and what happens to a Decision.

A `Case` here is what the engine needs to know of one: its phase, facts, clocks, ticks and past acts. Names of people
and free text never matter to it. A Decision holds the case as it is afterwards, and what changed on the way.

Everything that happens is an occurrence with a written name: an act ("decide"), a tick ("check:dossier_read"), a letter
that left ("sent:decision"), or a moment that came ("before:…", "passed:…"). `happen` works out what follows from one of
them, without asking whether it was allowed; replaying a case's events is `happen`, one after the other.
"""

from procedures.engine.asking import decide, foresee, offers, tick
from procedures.engine.happening import happen, pass_time
from procedures.engine.standing import checks_of, filed_late, is_asked, is_over, waits_for
from procedures.engine.values import (
    CHECK,
    CLOCKS,
    FILED_LATE,
    INDEPENDENCE_REASON,
    INTAKE_FACTS,
    PHASE,
    RECOUNT,
    RESUME,
    STOP,
    TAKE_OVER,
    UNTIL,
    ActRefused,
    Case,
    Deadline,
    Decision,
    LetterDue,
    Offer,
    Status,
)

__all__ = [
    "CHECK",
    "CLOCKS",
    "FILED_LATE",
    "INDEPENDENCE_REASON",
    "INTAKE_FACTS",
    "PHASE",
    "RECOUNT",
    "RESUME",
    "STOP",
    "TAKE_OVER",
    "UNTIL",
    "ActRefused",
    "Case",
    "Deadline",
    "Decision",
    "LetterDue",
    "Offer",
    "Status",
    "checks_of",
    "decide",
    "filed_late",
    "foresee",
    "happen",
    "is_asked",
    "is_over",
    "offers",
    "pass_time",
    "tick",
    "waits_for",
]
