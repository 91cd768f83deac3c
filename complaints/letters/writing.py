"""Fills a letter of the procedure with what is known of a case: to HTML for the page, to plain text for the mail."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from complaints.letters.dates import UNKNOWN, Dates, capital
from complaints.letters.occasion import Occasion, Recipient, Written
from complaints.markup import Voice, render, text_of
from complaints.said import spoken
from procedures import wording
from procedures.definition import COMPLAINANT, AppealBody, Fact, Field, FieldKind, Letter, Measure, Point
from procedures.placeholders import Placeholder, parse, parse_line

__all__ = ["Incomplete", "Occasion", "Recipient", "Written", "missing", "said", "salutation", "write"]

# A "word" of thousands of characters would keep the layout busy for minutes; it may break here, in print alone.
_ENDLESS = re.compile(r"\S{70}(?=\S)")
_MAY_BREAK = "\u200b"  # zero width space
_TITLED = (  # titles as people write them before their name, and as they are said in a salutation
    (re.compile(r"^(?:mevrouw|mevr\.?|mw\.?|ms\.?|mrs\.?) (?=\S)", re.IGNORECASE), "mevrouw", "Ms"),
    (re.compile(r"^(?:meneer|de heer|dhr\.?) (?=\S)", re.IGNORECASE), "meneer", "Mr"),
)
_INITIALS = re.compile(r"^(?:(?:[A-Z]|IJ|Ch|Chr|Ph|Th)\.\s?)+(?=\S)")


class Incomplete(ValueError):
    """The letter lacks what it must hold, so it may not leave. `lacking` are entries of its `must_hold`."""

    def __init__(self, letter: str, lacking: tuple[str, ...]) -> None:
        super().__init__(f"the letter {letter} lacks {', '.join(lacking)}")
        self.lacking = lacking


def write(letter: Letter, *, to: Recipient, occasion: Occasion) -> Written:
    """The letter in the recipient's language."""
    language = "en" if to.language.startswith("en") and letter.body.en else "nl"
    with translation.override(language):
        return _Writer(letter, to, occasion, language).write()


def said(letter: Letter, placeholder: Placeholder, *, to: Recipient, occasion: Occasion) -> str:
    """What a placeholder of the letter stands for, as plain text in the recipient's language."""
    language = "en" if to.language.startswith("en") and letter.body.en else "nl"
    with translation.override(language):
        return _Writer(letter, to, occasion, language).said(placeholder).replace(_MAY_BREAK, "")


def salutation(to: Recipient) -> str:
    """In the active language: by name, after a title without initials; a colleague without a name as such, and anybody
    else with a plain greeting."""
    is_a_body = to.kind.startswith("appeal:") and not to.organisation  # its name is a title: "de commissie"
    name = " ".join(to.name.split())
    if not name or is_a_body:
        return _("Beste collega,") if to.is_inside else _("Goedendag,")
    for written, dutch, english in _TITLED:
        rest = written.sub("", name)
        if rest != name:
            rest = _INITIALS.sub("", rest)
            if not rest.split()[0].endswith("."):  # "mevrouw Van der Berg", but "mevrouw dr. Van der Berg"
                rest = capital(rest)
            name = f"{dutch if spoken().startswith('nl') else english} {rest}"
            break
    return _("Beste %(name)s,") % {"name": name}


def missing(letter: Letter, occasion: Occasion) -> tuple[str, ...]:
    """What the letter must hold and what was not answered: "fact.reasons". No measures is an answer too."""
    kinds = {each.name: each.kind for each in occasion.procedure.every_field()}
    wanted = [each.removeprefix("fact.") for each in letter.must_hold if each.startswith("fact.")]
    return tuple(
        f"fact.{name}"
        for name in wanted
        if kinds.get(name) not in (FieldKind.MEASURES, FieldKind.POINTS) and occasion.facts.get(name) in (None, "", ())
    )


class _Writer:
    def __init__(self, letter: Letter, to: Recipient, occasion: Occasion, language: str) -> None:
        self.letter = letter
        self.to = to
        self.occasion = occasion
        self.procedure = occasion.procedure
        self.language = language
        self.dates = Dates(letter, to, occasion, language)

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
        subject = text_of(parse_line(self.letter.subject.in_language(self.language)), voice).replace(_MAY_BREAK, "")
        return Written(
            subject=" ".join(subject.split()),
            html=html,
            text="\n\n".join(part for part in text if part) + "\n",
            language=self.language,
            depends_on_sending=self.dates.depends_on_sending,
        )

    def said(self, placeholder: Placeholder) -> str:
        return self._block(placeholder)[1] if placeholder.may_stand_alone else self._said(placeholder)

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
                return self.dates.previous()
            case "deadline":
                return self.procedure.deadline(occasion.deadline).title.in_language(self.language)
            case "deadline_due":
                return self.dates.end(occasion.deadline)
            case "due":
                return self.dates.end(placeholder.name)
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
        if isinstance(value, Point):
            return f"{value.what}: {self._one(fields, value.verdict)}"
        if fields[0].kind is FieldKind.MEMBERS:
            return self.occasion.members.get(str(value), str(value))
        for each in fields:
            for choice in each.choices:
                if choice.value == value:
                    is_told = choice.told and self.to.kind == COMPLAINANT
                    return (choice.told if is_told else choice.title).in_language(self.language)
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
        if fields and fields[0].kind is FieldKind.POINTS:
            return self._points(value, fields)
        text = self._fact(name)
        if not text:
            nothing = _("Er is niets ingevuld.")
            return format_html("<p>{}</p>", nothing), nothing
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", "\n".join(text.splitlines())) if part.strip()]
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

    def _points(self, value: Fact | None, fields: list[Field]) -> tuple[str, str]:
        """Each point with its finding and verdict; nothing where the complaint has but one, judged as a whole."""
        points = [each for each in value if isinstance(each, Point)] if isinstance(value, tuple) else []
        rows = [(each.what, each.finding, self._one(fields, each.verdict)) for each in points]
        html = render_to_string("letters/_points.html", {"points": rows}) if rows else ""
        return html, "\n".join(f"- {what}: {verdict}. {finding}" for what, finding, verdict in rows)

    def _terms(self) -> tuple[str, str]:
        rows = self.dates.rows()
        if not rows:
            return "", ""
        html = render_to_string("letters/_terms.html", {"rows": rows})
        text = "\n".join(
            f"- {' '.join(part for part in (row.by, row.when, row.time) if part)}: {row.what}"
            + (f" ({row.count.rstrip('.')})" if row.count else "")
            for row in rows
        )
        return html, text

    def _portal(self) -> tuple[str, str]:
        context = {
            "url": self.occasion.portal_url,
            "email": self.procedure.contact.email,
            "phone": self.procedure.contact.phone,
        }
        html = render_to_string("letters/_portal.html", context)
        return html, unescape(" ".join(render_to_string("letters/_portal.txt", context).split()))

    def _appeal(self, body: AppealBody) -> tuple[str, str]:
        context = {
            "title": body.title.in_language(self.language),
            "person": capital(body.person),
            "capacity": body.capacity.in_language(self.language),
            "address": body.address,
            "phone": body.phone,
            "email": body.email,
            "website": body.website,
            "how": body.how.in_language(self.language),
        }
        lines = [context["person"], context["capacity"], *body.address]
        ways = ((_("Telefoon:"), body.phone), (_("E-mail:"), body.email), (_("Website:"), body.website))
        reach = [f"{named} {each}" for named, each in ways if each]
        title = capital(str(context["title"]))
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
