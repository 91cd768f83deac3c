"""Fills a letter of the procedure with what is known of a case: to HTML for the page, to plain text for the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from complaints.markup import Voice, render, text_of
from procedures import deadlines as counting
from procedures import engine, wording
from procedures.calendars import Calendar
from procedures.deadlines import Skipped
from procedures.definition import (
    COMPLAINANT,
    AppealBody,
    DeadlineKind,
    DeadlineRule,
    Fact,
    Field,
    FieldKind,
    Letter,
    Measure,
    Occurrence,
    OccurrenceKind,
    OwedBy,
    Procedure,
    Unit,
)
from procedures.placeholders import (
    Placeholder,
    parse,
    parse_line,
)

UNKNOWN = "–"
_SATURDAY = 5
# A "word" of thousands of characters would keep the layout busy for minutes; it may break here, in print alone.
_ENDLESS = re.compile(r"\S{70}(?=\S)")
_MAY_BREAK = "\u200b"  # zero width space
_TITLES = (  # as people write them before their name, and as they are said within a sentence
    (re.compile(r"^(mevrouw|mevr\.?|mw\.?) (?=\S)", re.IGNORECASE), "mevrouw "),
    (re.compile(r"^(meneer|de heer|dhr\.?) (?=\S)", re.IGNORECASE), "meneer "),
)


class Incomplete(ValueError):
    """The letter must hold answers that were not given, so it may not leave. `facts` are their names."""

    def __init__(self, letter: str, facts: tuple[str, ...]) -> None:
        super().__init__(f"the letter {letter} lacks {', '.join(facts)}")
        self.facts = facts


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


@dataclass(frozen=True, slots=True)
class DateRow:
    """A row of the table of dates: "uiterlijk", "vrijdag 18 december 2026", what happens, how it was counted."""

    by: str
    when: str
    what: str
    count: str = ""
    time: str = ""  # "om 8.30 uur", for terms in hours


def write(letter: Letter, *, to: Recipient, occasion: Occasion) -> Written:
    """The letter in the recipient's language."""
    language = "en" if to.language.startswith("en") and letter.body.en else "nl"
    with translation.override(language):
        return _Writer(letter, to, occasion, language).write()


def salutation(to: Recipient) -> str:
    """In the active language: by name; a colleague without one as such, and anybody else with a plain greeting."""
    is_a_body = to.kind.startswith("appeal:") and not to.organisation  # its name is a title: "de commissie"
    name = " ".join(to.name.split())
    if not name or is_a_body:
        return _("Beste collega,") if to.is_inside else _("Goedendag,")
    if (get_language() or "nl").startswith("nl"):
        for written, said in _TITLES:
            name = written.sub(said, name)
    return _("Beste %(name)s,") % {"name": name}


def missing(letter: Letter, occasion: Occasion) -> tuple[str, ...]:
    """The answers that the letter must hold and that were not given. No measures is an answer too."""
    kinds = {each.name: each.kind for each in occasion.procedure.every_field()}
    wanted = [each.removeprefix("fact.") for each in letter.must_hold if each.startswith("fact.")]
    return tuple(
        name
        for name in wanted
        if kinds.get(name) is not FieldKind.MEASURES and occasion.facts.get(name) in (None, "", ())
    )


class _Writer:
    def __init__(self, letter: Letter, to: Recipient, occasion: Occasion, language: str) -> None:
        self.letter = letter
        self.to = to
        self.occasion = occasion
        self.procedure = occasion.procedure
        self.language = language
        self.depends_on_sending = False

    def write(self) -> Written:
        voice = Voice(self._said, self._block)
        html, body = render(parse(self.letter.body.in_language(self.language)), voice)
        text = [salutation(self.to), body.replace(_MAY_BREAK, "")]
        if self.to.is_inside and self.occasion.case_url:
            text.append(f"{_('U vindt de zaak hier:')} {self.occasion.case_url}")
        text.append(_("Met vriendelijke groet,"))
        text.append(
            "\n".join(line for line in (self.occasion.sender, self.occasion.sender_title, self.procedure.name) if line)
        )
        subject = " ".join(text_of(parse_line(self.letter.subject.in_language(self.language)), voice).split())
        return Written(
            subject=subject,
            html=html,
            text="\n\n".join(part for part in text if part) + "\n",
            language=self.language,
            depends_on_sending=self.depends_on_sending,
        )

    # ------------------------------------------------------------------------------------------ within a sentence

    def _said(self, placeholder: Placeholder) -> str:
        occasion = self.occasion
        match placeholder.kind:
            case "organisation":
                return self.procedure.name
            case "reference":
                return occasion.reference
            case "today":
                return wording.day(occasion.today)
            case "received_on":
                return wording.day(occasion.received_at.astimezone(occasion.zone).date())
            case "complainant":
                return occasion.complainant or UNKNOWN
            case "handler":
                return occasion.handler or self._handler_title()
            case "handler_title":
                return self._handler_title()
            case "sender":
                return occasion.sender or self.procedure.name
            case "retention":
                return wording.term(self.procedure.retention.term)
            case "previous_due":
                return self._previous_due()
            case "deadline":
                return self.procedure.deadline(occasion.deadline).title.in_language(self.language)
            case "deadline_due":
                return self._due(occasion.deadline)
            case "due":
                return self._due(placeholder.name)
            case "term":
                return wording.term(self.procedure.deadline(placeholder.name).term)
            case "fact":
                return _within_a_sentence(self._fact(placeholder.name)) or UNKNOWN
            case "check":
                return self._check(placeholder.name)
            case _:  # a block within a sentence: the loader refuses that
                raise ValueError(f"{placeholder} stands alone")

    def _handler_title(self) -> str:
        if self.occasion.handler_title:
            return self.occasion.handler_title
        return next(
            (role.title.in_language(self.language) for role in self.procedure.roles if role.is_handler), UNKNOWN
        )

    def _check(self, name: str) -> str:
        reason = self.occasion.case.checks.get(name)
        if reason is None:
            return _("nog niet gedaan")
        return reason or _("gedaan")

    def _previous_due(self) -> str:
        for old in self.occasion.before.deadlines:
            new = next((each for each in self.occasion.case.deadlines if each.key == old.key), old)
            if new.due.due != old.due.due:
                return wording.end(old.due.due, zone=self.occasion.zone)
        moved = [each for each in self.occasion.case.deadlines if each.extensions]
        last = max(moved, key=lambda each: each.extensions[-1].at, default=None)
        return wording.end(self._before_extension(last), zone=self.occasion.zone) if last else UNKNOWN

    def _before_extension(self, clock: engine.Deadline) -> date | datetime:
        """Where the clock ended before it was moved last."""
        rule = self.procedure.deadline(clock.rule)
        return counting.recompute(
            clock.start,
            rule.term,
            [part for part in clock.history if part is not clock.extensions[-1]],
            calendar=self.occasion.calendar,
            zone=self.occasion.zone,
            roll=rule.roll,
        ).due

    def _due(self, rule_name: str) -> str:
        rule = self.procedure.deadline(rule_name)
        clock = self._clock(rule)
        if clock is None:
            return _("%(term)s daarna") % {"term": wording.term(rule.term)}
        return wording.end(clock.due.due, zone=self.occasion.zone)

    def _clock(self, rule: DeadlineRule) -> engine.Deadline | None:
        """The rule's clock, as if the letter left now where its leaving starts it; None when it does not run yet."""
        running = self.occasion.case.deadline(rule.name)
        if (running and running.status is engine.Status.OPEN) or not self._starts_by_leaving(rule):
            return running
        done = frozenset(self.occasion.case.done)
        if not all(condition.holds(self.occasion.case.facts, done) for condition in rule.when):
            return running
        self.depends_on_sending = True
        at, calendar = self.occasion.at, self.occasion.calendar
        due = counting.compute(at, rule.term, calendar=calendar, zone=self.occasion.zone, roll=rule.roll)
        return engine.Deadline(rule=rule.name, number=0, starts_at=at, start=at, due=due)

    def _starts_by_leaving(self, rule: DeadlineRule) -> bool:
        return Occurrence(OccurrenceKind.SENT, self.letter.name) in rule.starts and not rule.from_fact

    # ------------------------------------------------------------------------------------------ answers

    def _field(self, name: str) -> list[Field]:
        return [each for each in self.procedure.every_field() if each.name == name]

    def _fact(self, name: str) -> str:
        """The answer in words, with its own line ends; empty when it was not given."""
        value = self.occasion.facts.get(name)
        fields = self._field(name)
        if value is None or value == "" or not fields:
            return ""
        return _ENDLESS.sub(rf"\g<0>{_MAY_BREAK}", self._in_words(value, fields))

    def _in_words(self, value: Fact, fields: list[Field]) -> str:
        kind = fields[0].kind
        if isinstance(value, bool):
            return _("ja") if value else _("nee")
        if isinstance(value, datetime):
            return wording.moment(value, zone=self.occasion.zone)
        if isinstance(value, date):
            return wording.day(value)
        if kind is FieldKind.MEMBER:
            return self.occasion.members.get(str(value), str(value))
        if isinstance(value, tuple):
            return wording.joined([self._one(fields, each) for each in value])
        return self._one(fields, value)

    def _one(self, fields: list[Field], value: object) -> str:
        if isinstance(value, Measure):
            return _("%(what)s (%(owner)s, uiterlijk %(day)s)") % {
                "what": value.what,
                "owner": value.owner,
                "day": wording.day(value.due_on),
            }
        if fields[0].kind is FieldKind.MEMBERS:
            return self.occasion.members.get(str(value), str(value))
        for each in fields:
            for choice in each.choices:
                if choice.value == value:
                    return choice.title.in_language(self.language)
        return str(value)

    # ------------------------------------------------------------------------------------------ paragraphs of their own

    def _block(self, placeholder: Placeholder) -> tuple[str, str]:
        match placeholder.kind:
            case "terms":
                return self._terms()
            case "portal":
                return self._portal()
            case "appeal":
                return self._appeal(self.procedure.appeal(placeholder.name))
            case _:
                return self._fact_block(placeholder.name)

    def _fact_block(self, name: str) -> tuple[str, str]:
        value = self.occasion.facts.get(name)
        fields = self._field(name)
        if fields and fields[0].kind is FieldKind.MEASURES:
            return self._measures(value)
        text = self._fact(name)
        if not text:
            nothing = _("Er is niets ingevuld.")
            return format_html("<p>{}</p>", nothing), nothing
        paragraphs = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
        html = format_html_join("\n", "<p>{}</p>", ((_with_breaks(part),) for part in paragraphs))
        return html, "\n\n".join(paragraphs)

    def _measures(self, value: Fact | None) -> tuple[str, str]:
        measures = [each for each in value if isinstance(each, Measure)] if isinstance(value, tuple) else []
        if not measures:
            nothing = _("Er zijn geen maatregelen nodig.")
            return format_html("<p>{}</p>", nothing), nothing
        rows = [(each.what, each.owner, wording.day(each.due_on)) for each in measures]
        html = render_to_string("letters/_measures.html", {"measures": rows})
        return html, "\n".join(f"- {what} ({owner}, {when})" for what, owner, when in rows)

    def _terms(self) -> tuple[str, str]:
        rules = [self.procedure.deadline(name) for name in self.letter.deadlines]
        rows = [row for rule in rules for row in self._rows(rule)]
        if not rows:
            return "", ""
        html = render_to_string("letters/_terms.html", {"rows": rows})
        text = "\n".join(
            f"- {' '.join(part for part in (row.by, row.when, row.time) if part)}: {row.what}"
            + (f" ({row.count.rstrip('.')})" if row.count else "")
            for row in rows
        )
        return html, text

    def _rows(self, rule: DeadlineRule) -> Iterator[DateRow]:
        """The rule's row; none for what has been done already, or what this letter starts only in other cases."""
        said = rule.public if self.to.kind == COMPLAINANT and rule.public else rule.title
        what = said.in_language(self.language)
        clock = self._clock(rule)
        if clock is None:
            if not self._starts_by_leaving(rule):
                by, when = pgettext("letter", "daarna"), wording.term(rule.term)
                yield DateRow(by=by, when=when, what=what, count=self._where_it_will_stand(rule))
        elif clock.status not in (engine.Status.MET, engine.Status.DROPPED):
            if rule.owed_by is OwedBy.COMPLAINANT:
                by = pgettext("letter", "tot en met")
            elif rule.kind is DeadlineKind.TARGET:
                by = pgettext("letter", "ons doel")
            else:
                by = pgettext("letter", "uiterlijk")
            end, zone = clock.due.due, self.occasion.zone
            yield DateRow(
                by=by,
                when=wording.day(self._day(end)),
                what=what,
                count=" ".join(self._counted(clock, rule)),
                time=_("om %(clock)s") % {"clock": wording.clock(end, zone=zone)} if isinstance(end, datetime) else "",
            )

    def _where_it_will_stand(self, rule: DeadlineRule) -> str:
        if self.to.is_inside:
            return ""
        for start in rule.starts:
            if start.kind is OccurrenceKind.SENT:
                later = self.procedure.letter(start.name)
                if COMPLAINANT in later.to and rule.name in later.deadlines:
                    return _("De datum staat in de brief “%(title)s”.") % {
                        "title": later.title.in_language(self.language)
                    }
        return _("De datum krijgt u later van ons.")

    def _counted(self, clock: engine.Deadline, rule: DeadlineRule) -> Iterator[str]:
        """How the date was counted: from when, which days did not count, what moved it."""
        if clock.is_paused:
            yield _("De klok staat nu stil. De datum schuift op.")
        elif clock.extensions:
            yield _("Dit is de nieuwe datum.")
        elif rule.term.amount:
            yield _("%(term)s na %(day)s.") % {"term": wording.term(rule.term), "day": self._start_of(clock, rule)}
            last = self._day(clock.due.raw)
            if names := self._names([each for each in clock.due.skipped if each.on < last]):
                words = {"days": _capital(wording.joined(names))}
                yield ngettext("%(days)s telt niet mee.", "%(days)s tellen niet mee.", len(names)) % words
            if clock.history:
                yield _("De klok stond een tijd stil. Daarom is het later.")
            if clock.due.rolled:
                yield self._rolled(clock, last)

    def _rolled(self, clock: engine.Deadline, last: date) -> str:
        words = {"day": _capital(wording.day(last, year=False))}
        for each in clock.due.skipped:
            if each.on == last and last.weekday() < _SATURDAY:
                return _("%(day)s is %(name)s. Daarom is het later.") % {**words, "name": self._name(each)}
            if each.on == last:
                return _("%(day)s is geen werkdag. Daarom is het later.") % words
        return _("In de tijd horen minstens twee werkdagen te zitten. Daarom is het later.")

    def _start_of(self, clock: engine.Deadline, rule: DeadlineRule) -> str:
        """ "20 november": the weekday would be too much beside the end, and the year where that has the same."""
        day = self._day(clock.start)
        year = day.year != self._day(clock.due.due).year
        said = f"{day.day} {wording.month(day)}" + (f" {day.year}" if year else "")
        if rule.term.unit is Unit.HOURS and isinstance(clock.start, datetime):
            return _("%(day)s om %(clock)s") % {
                "day": said,
                "clock": wording.clock(clock.start, zone=self.occasion.zone),
            }
        return said

    def _names(self, skipped: list[Skipped]) -> list[str]:
        """ "zaterdag", "zondag", "Eerste Kerstdag": each name once, the weekend first, the others as they come."""
        weekend = {each.on.weekday(): each for each in skipped if each.on.weekday() >= _SATURDAY}
        others = [each for each in skipped if each.on.weekday() < _SATURDAY]
        return list(dict.fromkeys(self._name(each) for each in (*(weekend[day] for day in sorted(weekend)), *others)))

    def _name(self, skipped: Skipped) -> str:
        """As it was when it was counted; holidays also in English."""
        calendar = self.occasion.calendar
        if self.language == "nl" or calendar.is_working(skipped.on):
            return skipped.name
        return calendar.name_of(skipped.on, self.language)

    def _day(self, moment: date | datetime) -> date:
        return moment.astimezone(self.occasion.zone).date() if isinstance(moment, datetime) else moment

    def _portal(self) -> tuple[str, str]:
        context = {
            "url": self.occasion.portal_url,
            "email": self.procedure.contact.email,
            "phone": self.procedure.contact.phone,
        }
        html = render_to_string("letters/_portal.html", context)
        return html, " ".join(render_to_string("letters/_portal.txt", context).split())

    def _appeal(self, body: AppealBody) -> tuple[str, str]:
        context = {
            "title": body.title.in_language(self.language),
            "person": body.person,
            "capacity": body.capacity.in_language(self.language),
            "address": body.address,
            "phone": body.phone,
            "email": body.email,
            "website": body.website,
            "how": body.how.in_language(self.language),
        }
        lines = [body.person, context["capacity"], *body.address]
        reach = [each for each in (body.phone, body.email, body.website) if each]
        title = _capital(str(context["title"]))
        html = render_to_string("letters/_appeal.html", context | {"has_address": any((*lines, *reach))})
        if not any((*lines, *reach)):
            return html, f"{title}. {context['how']}".strip()
        text = "\n".join([str(line) for line in [title, *lines, *reach] if line])
        return html, f"{context['how']}\n\n{text}" if context["how"] else text


def _within_a_sentence(text: str) -> str:
    """On one line, and without the full stop that the sentence brings itself."""
    return " ".join(text.split()).removesuffix(".")


def _with_breaks(text: str) -> SafeString:
    return mark_safe("<br>".join(str(escape(line)) for line in text.split("\n")))  # noqa: S308  # each line was escaped


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
