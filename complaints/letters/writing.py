"""Fills a letter of the procedure with what is known of a case: to HTML for the page, to plain text for the mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from complaints.markup import Voice, render, text_of
from procedures import deadlines as counting
from procedures import engine, wording
from procedures.calendars import Calendar
from procedures.definition import (
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
)
from procedures.placeholders import (
    Placeholder,
    parse,
    parse_line,
)

UNKNOWN = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a letter goes to. `kind` is complainant, respondent, handler, a role's name, or appeal:NAME."""

    kind: str
    name: str
    organisation: str = ""
    address: tuple[str, ...] = ()  # the lines below the name
    email: str = ""
    language: str = "nl"


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


def write(letter: Letter, *, to: Recipient, occasion: Occasion) -> Written:
    """The letter in the recipient's language."""
    language = "en" if to.language.startswith("en") and letter.body.en else "nl"
    with translation.override(language):
        return _Writer(letter, to, occasion, language).write()


def salutation(to: Recipient) -> str:
    """In the active language: by name, and for a colleague without one by what they are."""
    return _("Beste %(name)s,") % {"name": to.name} if to.name else _("Beste collega,")


class _Writer:
    def __init__(self, letter: Letter, to: Recipient, occasion: Occasion, language: str) -> None:
        self.letter = letter
        self.to = to
        self.occasion = occasion
        self.procedure = occasion.procedure
        self.language = language
        self.depends_on_sending = False
        self.for_staff = not (to.kind in ("complainant", "respondent") or to.kind.startswith("appeal:"))

    def write(self) -> Written:
        voice = Voice(self._said, self._block)
        html, body = render(parse(self.letter.body.in_language(self.language)), voice)
        text = [salutation(self.to), body]
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
                return " ".join(self._fact(placeholder.name).split()) or UNKNOWN
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
        extended = [part for each in self.occasion.case.deadlines for part in each.extensions]
        last = max(extended, key=lambda part: part.at, default=None)
        return wording.end(last.raw_due_before, zone=self.occasion.zone) if last else UNKNOWN

    def _due(self, rule_name: str) -> str:
        rule = self.procedure.deadline(rule_name)
        due = self._end_of(rule)
        if due is None:
            return _("%(term)s daarna") % {"term": wording.term(rule.term)}
        return wording.end(due, zone=self.occasion.zone)

    def _end_of(self, rule: DeadlineRule) -> date | datetime | None:
        """The end of the rule's clock; as if the letter left now where its leaving starts the clock."""
        starts_now = Occurrence(OccurrenceKind.SENT, self.letter.name) in rule.starts and not rule.from_fact
        running = self.occasion.case.deadline(rule.name)
        if starts_now and not (running and running.status is engine.Status.OPEN):
            self.depends_on_sending = True
            return counting.compute(
                self.occasion.at,
                rule.term,
                calendar=self.occasion.calendar,
                zone=self.occasion.zone,
                roll=rule.roll,
            ).due
        return running.due.due if running else None

    # ------------------------------------------------------------------------------------------ answers

    def _field(self, name: str) -> list[Field]:
        return [each for each in self.procedure.every_field() if each.name == name]

    def _fact(self, name: str) -> str:
        """The answer in words, with its own line ends; empty when it was not given."""
        value = self.occasion.facts.get(name)
        fields = self._field(name)
        if value is None or value == "" or not fields:
            return ""
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
        rows = [self._row(self.procedure.deadline(name)) for name in self.letter.deadlines]
        html = render_to_string("letters/_terms.html", {"rows": rows})
        text = "\n".join(
            f"- {row.by} {row.when}: {row.what}" + (f" ({row.count.rstrip('.')})" if row.count else "") for row in rows
        )
        return html, text

    def _row(self, rule: DeadlineRule) -> DateRow:
        said = rule.title if self.for_staff or not rule.public else rule.public
        what = said.in_language(self.language)
        due = self._end_of(rule)
        if due is None:
            return DateRow(by=_("daarna"), when=wording.term(rule.term), what=what)
        if rule.owed_by is OwedBy.COMPLAINANT:
            by = _("tot en met")
        elif rule.kind is DeadlineKind.TARGET:
            by = _("ons doel")
        else:
            by = _("uiterlijk")
        return DateRow(by=by, when=wording.end(due, zone=self.occasion.zone), what=what, count=self._count(rule))

    def _count(self, rule: DeadlineRule) -> str:
        if not rule.term.amount:
            return ""
        running = self.occasion.case.deadline(rule.name)
        if running and running.extensions:
            return _("Dit is de nieuwe datum.")
        if running is None:
            start: date | datetime = self.occasion.today
        else:
            start = running.start
        day = start.astimezone(self.occasion.zone).date() if isinstance(start, datetime) else start
        words = {"term": wording.term(rule.term), "day": wording.day(day, year=False)}
        if rule.term.is_working:
            return _("%(term)s na %(day)s. Weekenden en feestdagen tellen niet mee.") % words
        return _("%(term)s na %(day)s.") % words

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
        text = "\n".join([str(line) for line in [_capital(str(context["title"])), *lines, *reach] if line])
        if context["how"]:
            text = f"{context['how']}\n\n{text}"
        return render_to_string("letters/_appeal.html", context), text


def _with_breaks(text: str) -> SafeString:
    return mark_safe("<br>".join(str(escape(line)) for line in text.split("\n")))  # noqa: S308  # each line was escaped


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
