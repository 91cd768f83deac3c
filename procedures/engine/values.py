"""What the engine speaks of: a case, its clocks, a decision, a refusal. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from procedures.deadlines import Due, Extended, Pause
from procedures.definition import (
    Act,
    Fact,
    Text,
)

CHECK = "check:"  # how the ticking of a check is written
RECOUNT = "recount"  # open deadlines counted anew with another calendar
# A case is handled together with another from now on, and takes no step of its own; or it goes on by itself again.
STOP, RESUME = "stop", "resume"
# A case that was over before it came here, from an earlier register: it takes no step here. The facts come with it.
TAKE_OVER = "take_over"
PHASE = "phase"  # what TAKE_OVER is told: the end that it reached
CLOCKS = "clocks"  # what RESUME is told: the clocks that run again, as `Deadline.name`
FILED_LATE = "filed_late"  # derived at opening, where the procedure has a filing window
# Facts that any opening may state besides its fields.
INTAKE_FACTS = frozenset({"channel", "confidentiality", "represented", "meant_as_complaint"})
INDEPENDENCE_REASON = "independence_reason"
UNTIL = "until"


class ActRefused(Exception):
    """The procedure does not allow this now. `reason` says why, and `fields` what is wrong with each answer."""

    def __init__(self, reason: Text, *, code: str, fields: Mapping[str, Text] | None = None) -> None:
        super().__init__(reason.nl + "".join(f" {name}: {text.nl}" for name, text in (fields or {}).items()))
        self.reason = reason
        self.code = code
        self.fields = dict(fields or {})


class Status(StrEnum):
    OPEN = "open"
    MET = "met"
    MISSED = "missed"  # over, and not met in time; `met_at` tells when it was met after all
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock of a case: when it started, what it counts to, and everything that moved it."""

    rule: str
    number: int  # the how-manieth time this rule's clock started, from 1
    starts_at: datetime
    start: date | datetime  # what is counted from: a day from a fact, or `starts_at`
    due: Due
    status: Status = Status.OPEN
    met_at: datetime | None = None
    history: tuple[Extended | Pause, ...] = ()
    reminded: tuple[str, ...] = ()
    wake_at: datetime | None = None  # the next instant at which time alone makes something happen

    @property
    def key(self) -> tuple[str, int]:
        return self.rule, self.number

    @property
    def name(self) -> str:
        """Which clock of the case it is, in one word."""
        return f"{self.rule}#{self.number}"

    @property
    def is_paused(self) -> bool:
        return any(isinstance(part, Pause) and part.end is None for part in self.history)

    @property
    def extensions(self) -> tuple[Extended, ...]:
        return tuple(part for part in self.history if isinstance(part, Extended))


@dataclass(frozen=True, slots=True)
class Case:
    phase: str = ""  # empty until something opens it
    opened_at: datetime | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)  # name → "" when done, else why it does not apply
    done: tuple[str, ...] = ()  # every act, in order
    is_stopped: bool = False  # it takes no step of its own: it is handled together with another case, or was taken over
    is_taken_over: bool = False  # from an earlier register, in which it had ended

    def deadline(self, rule: str) -> Deadline | None:
        """The latest clock of this rule."""
        return next((each for each in reversed(self.deadlines) if each.rule == rule), None)

    @property
    def wake_at(self) -> datetime | None:
        return min((each.wake_at for each in self.deadlines if each.wake_at), default=None)


@dataclass(frozen=True, slots=True)
class LetterDue:
    """A letter to be written: to these recipients, because of this occurrence, about this deadline (if it is)."""

    letter: str
    to: tuple[str, ...]
    because: str
    deadline: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one occurrence. `acts` are those that came with it: the act itself, then automatic ones."""

    occurrence: str
    at: datetime
    facts: Mapping[str, Fact]
    before: Case
    case: Case
    acts: tuple[str, ...]
    letters: tuple[LetterDue, ...]
    checks_opened: tuple[str, ...] = ()

    @property
    def occurrences(self) -> frozenset[str]:
        """The occurrence, and the moments before an end that fell together with it."""
        given = {each.key: each.reminded for each in self.before.deadlines}
        fresh = (moment for each in self.changed for moment in each.reminded if moment not in given.get(each.key, ()))
        return frozenset({self.occurrence, *fresh})

    @property
    def changed(self) -> tuple[Deadline, ...]:
        """Deadlines that started or changed."""
        old = {each.key: each for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if old.get(each.key) != each)

    @property
    def started(self) -> tuple[Deadline, ...]:
        old = {each.key for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.key not in old)

    def turned(self, status: Status) -> tuple[Deadline, ...]:
        """Deadlines that have this status now and had another before."""
        old = {each.key: each.status for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.status is status and old.get(each.key) != status)

    @property
    def moved(self) -> tuple[Deadline, ...]:
        old = {each.key: each.due for each in self.before.deadlines}
        return tuple(each for each in self.case.deadlines if each.key in old and old[each.key].due != each.due.due)


@dataclass(frozen=True, slots=True)
class Offer:
    """An act in the present phase; `refusal` says why it cannot be done now, None when it can."""

    act: Act
    refusal: ActRefused | None = None
