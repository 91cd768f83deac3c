"""What a procedure is: frozen values that a TOML document is loaded into and the engine interprets.

Nothing here knows an organisation, a complaint or a clock. Names (`name`) are identifiers of the document;
texts (`Text`) are what people read, in Dutch first and English second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Protocol, TypeVar

COMPLAINANT = "complainant"  # whoever filed, and their representative
HANDLER = "handler"  # whichever role handles, where a letter names a role
SYSTEM = "system"  # the clock: acts that happen because a moment came
BUILT_IN_ROLES = frozenset({COMPLAINANT, SYSTEM})

# Intake fields with these names describe a person; the application keeps them with the party, not in the case's facts.
PARTY_FIELDS = ("name", "organisation", "email", "phone", "address", "postcode", "town")


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the languages of the people who read it; `nl` is always there."""

    nl: str
    en: str = ""

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") and self.en else self.nl

    def __str__(self) -> str:
        return self.nl

    def __bool__(self) -> bool:
        return bool(self.nl)


EMPTY = Text("")


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    WORKING_DAYS = "working days"
    WORKING_WEEKS = "working weeks"


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time as a procedure writes it: "20 working days", "48 hours", "1 month"."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Term:
        """Raises ValueError when `text` is not a whole number followed by a unit (singular or plural)."""
        match = re.fullmatch(r"(\d{1,4}) ([a-z ]+?)s?", text.strip())
        if match:
            for unit in Unit:
                if unit.value == match[2] + "s":
                    return cls(int(match[1]), unit)
        raise ValueError(f'"{text}" is not a term; write a number and {", ".join(Unit)}')

    @property
    def is_working(self) -> bool:
        return self.unit in (Unit.WORKING_DAYS, Unit.WORKING_WEEKS)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value[:-1] if self.amount == 1 else self.unit.value}"


class LiberationDay(StrEnum):
    NEVER = "never"
    LUSTRUM = "lustrum"  # a day off in years that end in 0 or 5
    EVERY_YEAR = "every_year"


@dataclass(frozen=True, slots=True)
class CalendarPolicy:
    """Which days are no working days: a country's holidays, with the choices that the law leaves open."""

    country: str = "NL"
    subdivision: str = ""
    good_friday: bool = False
    liberation_day: LiberationDay = LiberationDay.LUSTRUM
    decree_days: bool = False


class Roll(StrEnum):
    """What happens when the last day is no working day."""

    NONE = "none"
    FORWARD = "forward"
    STATUTORY = "statutory"  # Algemene termijnenwet


class OccurrenceKind(StrEnum):
    ACT = "act"
    SENT = "sent"
    PASSED = "passed"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happens in a case and that clocks, letters and automatic acts can hang on.

    Written "decide" (an act is done), "sent:decision" (a letter has left), "passed:decision" (a deadline is over and
    was not met), "before:decision:3 working days" (that long before a deadline's last day, at 08:00 local time).
    """

    kind: OccurrenceKind
    name: str
    ahead: Term | None = None

    @classmethod
    def parse(cls, text: str) -> Occurrence:
        """Raises ValueError with what is wrong."""
        head, _, rest = text.partition(":")
        if not rest:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", head):
                raise ValueError(f'"{text}" is not an act, "sent:LETTER", "passed:DEADLINE" or "before:DEADLINE:TERM"')
            return cls(OccurrenceKind.ACT, head)
        if head == OccurrenceKind.BEFORE:
            name, _, term = rest.partition(":")
            return cls(OccurrenceKind.BEFORE, name, Term.parse(term))
        if head in (OccurrenceKind.SENT, OccurrenceKind.PASSED):
            return cls(OccurrenceKind(head), rest)
        raise ValueError(f'"{text}" is not an act, "sent:LETTER", "passed:DEADLINE" or "before:DEADLINE:TERM"')

    def __str__(self) -> str:
        if self.kind is OccurrenceKind.ACT:
            return self.name
        return f"{self.kind.value}:{self.name}" + (f":{self.ahead}" if self.ahead else "")


@dataclass(frozen=True, slots=True)
class Measure:
    """An improvement action: what, by whom, and the local date it was promised for."""

    what: str
    owner: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a complaint: what it says, what was found, and the verdict on it (one of the field's choices)."""

    what: str
    finding: str
    verdict: str


# What the answer to a field is, once parsed. A datetime is aware; MEMBER answers are the member's key as text.
Fact = str | int | bool | date | datetime | tuple[str, ...] | tuple[Measure, ...] | tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when the named fact is one of `values`, or when the named act has been done. `negated` turns it round."""

    fact: str = ""
    values: tuple[str | bool | int, ...] = ()
    done: str = ""
    negated: bool = False

    def holds(self, facts: Mapping[str, Fact], done: frozenset[str]) -> bool:
        if self.done:
            return (self.done in done) is not self.negated
        value = facts.get(self.fact)
        if isinstance(value, tuple):
            return any(v in self.values for v in value) is not self.negated
        return (value in self.values) is not self.negated


class FieldKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"  # a date with a time, in the organisation's zone
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"  # more than one may be chosen
    MEMBER = "member"  # one of the organisation's people who holds `role`
    MEMBERS = "members"  # `count` of them
    PERSON = "person"  # the name of someone the complaint is about; becomes a respondent
    DOCUMENT = "document"
    DOCUMENTS = "documents"
    MEASURES = "measures"  # improvement actions, each with an owner and a promised date
    POINTS = "points"  # points of the complaint, each with what was found and a verdict of `choices`


class Meaning(StrEnum):
    """What a choice comes down to, in every procedure: how a verdict counts, whether a complaint is a repeat, whether
    the client stayed."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    NO_FINDING = "no_finding"
    REPEAT = "repeat"  # the same was complained about before
    NO_REPEAT = "no_repeat"
    CLIENT_KEPT = "client_kept"  # after the complaint; for the yearly report
    CLIENT_LOST = "client_lost"


VERDICTS = frozenset({Meaning.UPHELD, Meaning.PARTLY_UPHELD, Meaning.NOT_UPHELD, Meaning.NO_FINDING})
REPEATS = frozenset({Meaning.REPEAT, Meaning.NO_REPEAT})
EFFECTS = frozenset({Meaning.CLIENT_KEPT, Meaning.CLIENT_LOST})


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. With a `referral` it is no answer but a way out: who chooses it is told that, and nothing is kept.
    `means` tells what it comes down to, where something hangs on that besides the document's own conditions.
    `told` is how a letter says it to the complainant."""

    value: str
    title: Text
    referral: Text = EMPTY
    means: Meaning | None = None
    told: Text = EMPTY


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `purpose` says why it is asked; `personal` answers are erased with the person."""

    name: str
    title: Text
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    personal: bool = False
    purpose: Text = EMPTY
    help: Text = EMPTY
    example: Text = EMPTY
    choices: tuple[Choice, ...] = ()
    role: str = ""  # for MEMBER and MEMBERS
    count: int = 0  # for MEMBERS: exactly so many
    when: tuple[Condition, ...] = ()  # asked only then
    rules: tuple[str, ...] = ()

    @property
    def open_choices(self) -> tuple[Choice, ...]:
        """The choices that are answers."""
        return tuple(each for each in self.choices if not each.referral)

    def meaning_of(self, value: object) -> Meaning | None:
        return next((each.means for each in self.choices if each.value == value), None)

    def choice_title(self, value: object) -> Text:
        return next((c.title for c in self.choices if c.value == value), Text(str(value)))


@dataclass(frozen=True, slots=True)
class Role:
    """A part that people play. `per_case`: only whoever is assigned on the case plays it there."""

    name: str
    title: Text
    per_case: bool = False
    is_handler: bool = False  # the one who is shown as "who handles it"
    is_administrator: bool = False  # manages people and settings
    is_outside: bool = False  # appeal bodies and third parties: no colleague of the desk
    only_own: bool = False  # sees only the cases they are assigned to or took in; so do per_case and outside roles
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    title: Text
    track: str
    public: Text  # where the case stands, in plain words for the complainant
    is_end: bool = False  # the case is closed; every running clock stops
    outcome: str = ""  # for an end phase, as the register and the report name it: settled, decided, withdrawn …


class Independence(StrEnum):
    HARD = "hard"  # refused
    SOFT = "soft"  # allowed with a written reason, in the fact `independence_reason`


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a role may do in certain phases. An act that `opens` starts a case; `on` makes it automatic."""

    name: str
    title: Text
    by: tuple[str, ...]
    phases: tuple[str, ...] = ()  # empty for acts that open; ("*",) is every phase that is not an end
    to: str = ""  # the phase it leads to; empty: stays
    opens: bool = False
    on: tuple[Occurrence, ...] = ()
    fields: tuple[Field, ...] = ()
    when: tuple[Condition, ...] = ()
    within: str = ""  # only while this deadline is running
    after: str = ""  # only once this deadline is over
    needs: tuple[str, ...] = ()  # checks that must be ticked first
    independence: Independence | None = None  # the member chosen is no respondent of the case
    extends: str = ""
    once: bool = False
    hint: Text = EMPTY  # what the actor should know
    receipt: Text = EMPTY  # what the complainant is told when they did it
    rules: tuple[str, ...] = ()

    @property
    def is_automatic(self) -> bool:
        return bool(self.on)


@dataclass(frozen=True, slots=True)
class Check:
    """One point of a checklist. `before` names the acts that wait for it."""

    name: str
    title: Text
    by: tuple[str, ...]
    phases: tuple[str, ...]
    before: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    where_applicable: bool = False  # may be answered "does not apply", with a reason
    rules: tuple[str, ...] = ()


class DeadlineKind(StrEnum):
    LIMIT = "limit"  # passing it is a breach
    TARGET = "target"  # passing it is a signal


class OwedBy(StrEnum):
    ORGANISATION = "organisation"
    COMPLAINANT = "complainant"


@dataclass(frozen=True, slots=True)
class Extension:
    """How a deadline may be moved: by the acts whose `extends` names it.

    `by` is the fixed amount; without it the new last day is chosen by the actor, in the fact `until`.
    `at_most` bounds the new last day, counted from the day the clock started (`start`) or the old end (`end`) or the
    day of the act (`act`). Counted from the unrolled end, then rolled.
    """

    times: int = 0  # 0: as often as needed
    by: Term | None = None
    at_most: Term | None = None
    at_most_from: str = "end"
    may_be_late: Term | None = None  # the act may still be done this long after the old end


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    name: str
    title: Text
    kind: DeadlineKind
    owed_by: OwedBy
    term: Term
    starts: tuple[Occurrence, ...]
    met_by: tuple[Occurrence, ...]
    dropped_by: tuple[Occurrence, ...] = ()
    paused_by: tuple[Occurrence, ...] = ()
    resumed_by: tuple[Occurrence, ...] = ()
    from_fact: str = ""  # counts from the day in this fact instead of the day of the occurrence
    when: tuple[Condition, ...] = ()
    roll: Roll = Roll.NONE
    extension: Extension | None = None
    public: Text = EMPTY  # what happens by then, said to the complainant; empty: not shown to them
    rules: tuple[str, ...] = ()


class Channel(StrEnum):
    EMAIL = "email"
    POST = "post"
    SEALED = "sealed"  # post or in-house mail in a closed envelope, marked personal and confidential


class Release(StrEnum):
    AT_ONCE = "at_once"
    AFTER_LOOK = "after_look"  # waits until a person has seen it


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: when it is written, to whom, how it goes, what it says and what it must hold.

    `to` holds roles, "complainant", "respondent", "handler" or "appeal:NAME". Channels are tried in order: the first
    that the recipient can be reached by. `body` is written in the small mark-up of definitions/README.md.
    """

    name: str
    title: Text
    on: tuple[Occurrence, ...]
    to: tuple[str, ...]
    subject: Text
    body: Text
    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.POST)
    release: Release = Release.AT_ONCE
    release_by: str = ""  # the role that looks, for AFTER_LOOK
    second_reader: tuple[str, ...] = ()  # roles: waits until one of them, who wrote none of it, has released it
    editable: bool = False  # its words may be changed while it waits
    else_send: tuple[Occurrence, ...] = ()  # leaves by itself then, when nobody has released it
    signed_by: str = ""
    deadlines: tuple[str, ...] = ()  # rows of the table of dates, for the placeholder {terms}
    must_hold: tuple[str, ...] = ()  # placeholders (without braces) and Dutch words that may not be edited away
    when: tuple[Condition, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person before it leaves."""
        return self.release is Release.AFTER_LOOK or bool(self.second_reader)

    @property
    def looked_at_by(self) -> tuple[str, ...]:
        """The roles (or "handler") that may let it go, where it is held."""
        return self.second_reader or ((self.release_by,) if self.release_by else ())


class AppealKind(StrEnum):
    COMMITTEE = "committee"  # composed for the case, `members` assessors
    PERSON = "person"  # a named independent third party
    EXTERNAL = "external"  # another organisation, under its own regulation


@dataclass(frozen=True, slots=True)
class AppealBody:
    name: str
    title: Text
    kind: AppealKind
    binding: bool
    members: int = 0
    person: str = ""
    capacity: Text = EMPTY
    address: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    website: str = ""
    how: Text = EMPTY  # how to turn to it, for the complainant
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingChannel:
    name: str  # web, email, letter, phone, conversation, evaluation, aftercare …
    title: Text
    text: Text = EMPTY
    address: tuple[str, ...] = ()
    email: str = ""
    is_public: bool = True  # told to complainants; others are for the desk only
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What has to be filed elsewhere, and where."""

    name: str
    title: Text
    referral: Text
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingWindow:
    """How long after the event one may file. Too late is explained and put to a person, never silently refused."""

    from_fact: str
    term: Term
    late: Text
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confidentiality:
    """A choice the complainant has about who learns of the complaint, and its price."""

    name: str
    title: Text
    consequence: Text
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """The form. Answers to `fields` become facts of the case; `act` is what filing through the web form does."""

    act: str
    fields: tuple[Field, ...]
    channels: tuple[FilingChannel, ...]
    exclusions: tuple[Exclusion, ...] = ()
    window: FilingWindow | None = None
    confidentiality: tuple[Confidentiality, ...] = ()
    may_be_represented: bool = True


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a file is kept, counted from the day the case closed or from the last time `start` occurred."""

    term: Term
    start: Occurrence | None = None
    is_own_choice: bool = False  # the source names no term
    text: Text = EMPTY
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class YearlyDuty:
    name: str
    title: Text
    by: str
    month: int
    day: int
    text: Text = EMPTY
    sends_to: str = ""  # the role that gets the adopted report with it
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure the report judges: the share of cases that kept a deadline, or a yearly number under a limit."""

    name: str
    title: Text
    deadline: str = ""
    fewer_than: int = 0
    outcome: str = ""
    track: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    contents: tuple[str, ...] = ()
    nature: tuple[str, ...] = ()  # the questions of the form whose choices say what a complaint is about
    indicators: tuple[Indicator, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the public page, in its order."""

    name: str
    heading: Text
    text: Text
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step in the picture of the procedure; its term comes from the deadline it names."""

    title: Text
    text: Text
    deadline: str = ""


@dataclass(frozen=True, slots=True)
class PublicPage:
    headline: Text
    lead: Text
    sections: tuple[Section, ...] = ()
    steps: tuple[Step, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Where the source is silent or can be read in two ways: the question, the reading chosen, and why."""

    about: str
    question: str
    chosen: str
    why: str


@dataclass(frozen=True, slots=True)
class Contact:
    address: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    website: str = ""
    attention: Text = EMPTY


@dataclass(frozen=True, slots=True)
class Theme:
    """Five colours and a mark; see the contrast rules of the house style."""

    accent: str = "#0b5d66"
    accent_strong: str = "#073f46"
    accent_tint: str = "#e4efee"
    accent_line: str = "#a3c8c7"
    on_accent: str = "#ffffff"
    mark: str = ""  # an SVG path drawing, 36 × 36, in the current colour


@dataclass(frozen=True)
class Procedure:
    """A whole complaints procedure of one organisation, in one version."""

    organisation: str  # slug, as in the address
    name: str
    prefix: str  # of references: KO-2026-0042
    version: int
    in_force_from: date
    publisher: str  # the role that may publish
    zone: str
    calendar: CalendarPolicy
    contact: Contact
    theme: Theme
    roles: tuple[Role, ...]
    tracks: tuple[Track, ...]
    phases: tuple[Phase, ...]
    acts: tuple[Act, ...]
    checks: tuple[Check, ...]
    deadlines: tuple[DeadlineRule, ...]
    letters: tuple[Letter, ...]
    intake: Intake
    appeals: tuple[AppealBody, ...]
    retention: Retention
    duties: tuple[YearlyDuty, ...]
    report: Report
    register: tuple[str, ...]
    public: PublicPage
    open_points: tuple[OpenPoint, ...]
    languages: tuple[str, ...] = ("nl",)  # that every text is written in
    rules: tuple[str, ...] = ()  # rules that the document as a whole carries out

    def role(self, name: str) -> Role:
        return _named(self.roles, name)

    def track(self, name: str) -> Track:
        return _named(self.tracks, name)

    def phase(self, name: str) -> Phase:
        return _named(self.phases, name)

    def act(self, name: str) -> Act:
        return _named(self.acts, name)

    def check(self, name: str) -> Check:
        return _named(self.checks, name)

    def deadline(self, name: str) -> DeadlineRule:
        return _named(self.deadlines, name)

    def letter(self, name: str) -> Letter:
        return _named(self.letters, name)

    def appeal(self, name: str) -> AppealBody:
        return _named(self.appeals, name)

    @cached_property
    def reminders(self) -> Mapping[str, tuple[Occurrence, ...]]:
        """For each deadline, the occurrences before its end that an act or a letter (written, or let go) awaits."""
        found: dict[str, tuple[Occurrence, ...]] = {}
        awaited = [each.on + each.else_send for each in self.letters] + [each.on for each in self.acts]
        for each in chain.from_iterable(awaited):
            if each.kind is OccurrenceKind.BEFORE and each not in found.get(each.name, ()):
                found[each.name] = (*found.get(each.name, ()), each)
        return found

    def roles_called(self, names: Iterable[str]) -> frozenset[str]:
        """The roles among these names of a document; "handler" is whichever role handles."""
        wanted = frozenset(names)
        return frozenset(
            role.name for role in self.roles if role.name in wanted or (role.is_handler and HANDLER in wanted)
        )

    @property
    def opening_acts(self) -> tuple[Act, ...]:
        return tuple(act for act in self.acts if act.opens)

    def fields_of(self, act: Act) -> tuple[Field, ...]:
        """What an act asks: its own fields, after the intake's when it opens a case."""
        return (self.intake.fields + act.fields) if act.opens else act.fields

    def every_field(self) -> Iterator[Field]:
        yield from self.intake.fields
        for act in self.acts:
            yield from act.fields


class _Part(Protocol):
    @property
    def name(self) -> str: ...


_P = TypeVar("_P", bound=_Part)


def _named(parts: tuple[_P, ...], name: str) -> _P:
    """The part called `name`; KeyError when the document has none."""
    for part in parts:
        if part.name == name:
            return part
    raise KeyError(f'the procedure has no "{name}" here')
