"""What a letter is written from, and what it becomes: to whom, on which occasion, in which words. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from procedures import engine
from procedures.calendars import Calendar
from procedures.definition import Fact, Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a letter goes to. `kind` is complainant, respondent, handler, a role's name, or appeal:NAME."""

    kind: str
    name: str
    organisation: str = ""
    address: tuple[str, ...] = ()  # the lines below the name
    email: str = ""
    language: str = "nl"

    @property
    def is_inside(self) -> bool:
        """Whether they play a role at the desk, so that the letter may point there."""
        return not (self.kind in ("complainant", "respondent") or self.kind.startswith("appeal:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Everything that a letter may speak of. Moments are aware instants; `at` is when it is written."""

    procedure: Procedure
    calendar: Calendar
    reference: str
    received_at: datetime
    at: datetime
    case: engine.Case
    before: engine.Case
    facts: Mapping[str, Fact]
    complainant: str = ""
    handler: str = ""
    handler_title: str = ""
    sender: str = ""
    sender_title: str = ""
    members: Mapping[str, str] = field(default_factory=dict)  # key of a member → name
    deadline: str = ""  # the rule that a reminder or an escalation is about
    portal_url: str = ""
    case_url: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.procedure.zone)

    @property
    def today(self) -> date:
        return self.at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Written:
    """A letter's words: `html` is safe and stands between salutation and closing, `text` is the whole as plain text.

    `depends_on_sending`: a date in it counts from the day on which it leaves.
    """

    subject: str
    html: str
    text: str
    language: str
    depends_on_sending: bool
