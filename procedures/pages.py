"""A procedure as a page that people read, in Dutch: as plain text and as HTML.

The page is a list of blocks first; the two renderings cannot differ in what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from textwrap import fill, indent

from procedures import wording
from procedures.definition import (
    COMPLAINANT,
    SYSTEM,
    Act,
    AppealBody,
    AppealKind,
    Check,
    Condition,
    DeadlineRule,
    Extension,
    Field,
    FieldKind,
    Independence,
    Letter,
    LiberationDay,
    Occurrence,
    Phase,
    Procedure,
    Release,
    Roll,
    Text,
    YearlyDuty,
)

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list; each item is a line, with details below it."""

    items: tuple[tuple[str, tuple[str, ...]], ...]


Block = Heading | Paragraph | Items


def blocks(procedure: Procedure) -> tuple[Block, ...]:
    """The page of a procedure."""
    with wording.speaking("nl"):
        return tuple(_Page(procedure).blocks())


def as_text(page: Sequence[Block]) -> str:
    lines: list[str] = []
    for block in page:
        match block:
            case Heading(text, 1):
                lines += [text, "=" * len(text), ""]
            case Heading(text, 2):
                lines += ["", text, "-" * len(text), ""]
            case Heading(text):
                lines += [text, ""]
            case Paragraph(text):
                lines += [fill(text, _WIDTH), ""]
            case Items(items):
                for item, details in items:
                    lines.append(fill(item, _WIDTH, initial_indent="- ", subsequent_indent="  "))
                    lines += [indent(fill(detail, _WIDTH - 4), "    ") for detail in details]
                lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_html(page: Sequence[Block], *, title: str) -> str:
    """A whole document. No style and no script: it may be put anywhere."""
    lines = [
        "<!doctype html>",
        '<html lang="nl">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        "</head>",
        "<body>",
        "<main>",
    ]
    for block in page:
        match block:
            case Heading(text, level):
                lines.append(f"<h{level}>{escape(text)}</h{level}>")
            case Paragraph(text):
                lines.append(f"<p>{escape(text)}</p>")
            case Items(items):
                lines.append("<ul>")
                for item, details in items:
                    more = "".join(f"<br>{escape(detail)}" for detail in details)
                    lines.append(f"<li>{escape(item)}{more}</li>")
                lines.append("</ul>")
    return "\n".join([*lines, "</main>", "</body>", "</html>", ""])


_KINDS = {
    FieldKind.TEXT: "een regel tekst",
    FieldKind.LONG_TEXT: "tekst",
    FieldKind.EMAIL: "e-mailadres",
    FieldKind.PHONE: "telefoonnummer",
    FieldKind.NUMBER: "getal",
    FieldKind.DATE: "datum",
    FieldKind.MOMENT: "datum en tijd",
    FieldKind.YES_NO: "ja of nee",
    FieldKind.CHOICE: "keuze",
    FieldKind.CHOICES: "een of meer keuzes",
    FieldKind.MEMBER: "iemand van de organisatie",
    FieldKind.MEMBERS: "mensen",
    FieldKind.PERSON: "naam van een persoon",
    FieldKind.DOCUMENT: "bestand",
    FieldKind.DOCUMENTS: "bestanden",
    FieldKind.POINTS: "punten van de klacht, elk met een bevinding en een oordeel",
    FieldKind.MEASURES: "maatregelen, elk met een naam en een datum",
}


class _Page:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.fields = {field.name: field for field in procedure.every_field()}

    def blocks(self) -> Iterator[Block]:
        yield from self._top()
        yield from self._who()
        yield from self._intake()
        yield from self._phases()
        yield from self._checks()
        yield from self._deadlines()
        yield from self._letters()
        yield from self._appeals()
        yield from self._afterwards()
        yield from self._open_points()

    def _top(self) -> Iterator[Block]:
        p = self.procedure
        yield Heading(f"Klachtenprocedure van {p.name}", 1)
        yield Paragraph(
            f"Versie {p.version}, geldt vanaf {wording.day(p.in_force_from)}. "
            f"Alleen de rol “{self._role(p.publisher)}” mag een nieuwe versie publiceren." + _rules(p.rules)
        )
        if p.public.lead:
            yield Paragraph(str(p.public.lead))
        contact = [", ".join(filter(None, [str(p.contact.attention), *p.contact.address]))]
        contact += [p.contact.email, p.contact.phone, p.contact.website]
        if any(contact):
            yield Paragraph("Contact: " + "; ".join(filter(None, contact)) + ".")
        yield Paragraph(self._calendar())

    def _calendar(self) -> str:
        policy = self.procedure.calendar
        if policy.country != "NL":
            where = policy.country + (f" ({policy.subdivision})" if policy.subdivision else "")
            return (
                f"Werkdagen zijn maandag tot en met vrijdag, zonder de feestdagen van {where} en eigen sluitingsdagen."
            )
        liberation = {
            LiberationDay.NEVER: "Bevrijdingsdag telt als werkdag",
            LiberationDay.LUSTRUM: "Bevrijdingsdag telt alleen in lustrumjaren (2030, 2035 …) niet als werkdag",
            LiberationDay.EVERY_YEAR: "Bevrijdingsdag telt niet als werkdag",
        }[policy.liberation_day]
        return (
            "Werkdagen zijn maandag tot en met vrijdag, zonder feestdagen en eigen sluitingsdagen. "
            f"Goede Vrijdag telt {'niet ' if policy.good_friday else ''}als werkdag. {liberation}."
            + (" Brugdagen bij koninklijk besluit tellen niet als werkdag." if policy.decree_days else "")
        )

    def _who(self) -> Iterator[Block]:
        yield Heading("Wie doet wat")
        items = []
        for role in self.procedure.roles:
            said = [
                "wordt per zaak aangewezen" if role.per_case else "",
                "behandelt de zaak" if role.is_handler else "",
                "beheert mensen en instellingen" if role.is_administrator else "",
                "hoort niet bij de organisatie" if role.is_outside else "",
            ]
            does = [f"“{act.title}”" for act in self.procedure.acts if role.name in act.by]
            details = (f"Mag: {wording.joined(does)}.",) if does else ()
            items.append((_line(str(role.title), said) + _rules(role.rules), details))
        mine = [f"“{act.title}”" for act in self.procedure.acts if COMPLAINANT in act.by]
        items.append(("de indiener", (f"Mag: {wording.joined(mine)}.",) if mine else ()))
        yield Items(tuple(items))

    def _intake(self) -> Iterator[Block]:
        intake = self.procedure.intake
        yield Heading("Een klacht indienen")
        yield Heading("Hoe het kan", 3)
        yield Items(
            tuple(
                (
                    _line(str(channel.title), ["" if channel.is_public else "alleen voor de organisatie"])
                    + _rules(channel.rules),
                    _details(str(channel.text), channel.email, ", ".join(channel.address)),
                )
                for channel in intake.channels
            )
        )
        if not intake.may_be_represented:
            yield Paragraph("Iemand anders kan niet namens de indiener een klacht indienen.")
        if intake.window:
            yield Paragraph(
                f"Indienen kan tot {wording.term(intake.window.term)} na de dag bij "
                f"“{self._field(intake.window.from_fact)}”. {intake.window.late}" + _rules(intake.window.rules)
            )
        if intake.exclusions:
            yield Heading("Wat hier niet onder valt", 3)
            yield Items(tuple((f"{e.title}{_rules(e.rules)}", _details(str(e.referral))) for e in intake.exclusions))
        if intake.confidentiality:
            yield Heading("Wie erover hoort: keuze van de indiener", 3)
            yield Items(
                tuple((f"{c.title}{_rules(c.rules)}", _details(str(c.consequence))) for c in intake.confidentiality)
            )
        yield Heading("Wat wij vragen", 3)
        yield self._asked(intake.fields)

    def _asked(self, fields: Sequence[Field]) -> Items:
        return Items(
            tuple(
                (
                    _line(
                        str(field.title),
                        [
                            _KINDS[field.kind]
                            + (f": {wording.joined([str(c.title) for c in field.choices])}" if field.choices else "")
                            + (f" (“{self._role(field.role)}”)" if field.role else "")
                            + (f", precies {field.count}" if field.count else ""),
                            "" if field.required else "mag leeg blijven",
                            "persoonlijk" if field.personal else "",
                            self._when(field.when),
                        ],
                    )
                    + _rules(field.rules),
                    _details(str(field.purpose)),
                )
                for field in fields
            )
        )

    def _phases(self) -> Iterator[Block]:
        yield Heading("De fasen, en wat daarin kan")
        opening = self.procedure.opening_acts
        yield Heading("Beginnen", 3)
        yield Items(tuple(self._act(act) for act in opening))
        for track in self.procedure.tracks:
            phases = [phase for phase in self.procedure.phases if phase.track == track.name]
            if phases:
                yield Heading(f"Spoor: {track.title}", 3)
                yield Items(tuple(line for phase in phases for line in self._phase(phase)))
        everywhere = [act for act in self.procedure.acts if "*" in act.phases]
        if everywhere:
            yield Heading("In elke fase, tot de zaak gesloten is", 3)
            yield Items(tuple(self._act(act) for act in everywhere))

    def _phase(self, phase: Phase) -> Iterator[tuple[str, tuple[str, ...]]]:
        acts = [act for act in self.procedure.acts if phase.name in act.phases]
        details = [f"Voor de indiener: {phase.public}"]
        for act in acts:
            line, more = self._act(act)
            details.append(f"· {line}")
            details += more
        yield _line(f"Fase “{phase.title}”", ["hier is de zaak gesloten" if phase.is_end else ""]), tuple(details)

    def _act(self, act: Act) -> tuple[str, tuple[str, ...]]:
        who = [self._role(role) for role in act.by if role != SYSTEM]
        asked = [f"“{field.title}”" for field in act.fields]
        first = [f"“{c.title}”" for c in self.procedure.checks if act.name in c.before or c.name in act.needs]
        to = f" Daarna: fase “{self.procedure.phase(act.to).title}”." if act.to else ""
        line = f"{act.title} ({wording.joined(who) if who else 'gaat vanzelf'}).{to}{_rules(act.rules)}"
        details = [
            f"Gebeurt vanzelf: {self._occurrences(act.on)}." if act.on else "",
            f"Alleen {self._when(act.when)}." if act.when else "",
            f"Alleen zolang de termijn “{self._deadline(act.within)}” loopt." if act.within else "",
            f"Alleen als de termijn “{self._deadline(act.after)}” voorbij is." if act.after else "",
            f"Eerst afvinken: {wording.joined(first)}." if first else "",
            f"Verlengt de termijn “{self._deadline(act.extends)}”." if act.extends else "",
            "Kan één keer." if act.once else "",
            {
                Independence.HARD: "De gekozen persoon mag niet iemand zijn over wie de klacht gaat.",
                Independence.SOFT: "Kiest iemand een persoon over wie de klacht gaat, dan moet daar een reden bij.",
            }[act.independence]
            if act.independence
            else "",
            f"Vraagt: {wording.joined(asked)}." if asked else "",
            str(act.hint),
        ]
        return line, tuple(filter(None, details))

    def _checks(self) -> Iterator[Block]:
        if not self.procedure.checks:
            return
        yield Heading("Lijst van stappen om af te vinken")
        yield Items(tuple((self._check(check), ()) for check in self.procedure.checks))

    def _check(self, check: Check) -> str:
        before = [f"“{self.procedure.act(name).title}”" for name in check.before]
        return _line(
            str(check.title),
            [
                wording.joined([self._role(role) for role in check.by]),
                f"vóór {wording.joined(before)}" if before else "",
                "waar van toepassing" if check.where_applicable else "",
                self._when(check.when),
            ],
        ) + _rules(check.rules)

    def _deadlines(self) -> Iterator[Block]:
        yield Heading("Termijnen")
        yield Items(tuple((self._term(rule), self._clock(rule)) for rule in self.procedure.deadlines))

    def _term(self, rule: DeadlineRule) -> str:
        length = wording.term(rule.term)
        if rule.from_fact:
            length = f"de dag bij “{self._field(rule.from_fact)}”" + (f" en {length}" if rule.term.amount else "")
        return _line(
            f"{rule.title}: {length}", [wording.kind(rule.kind), f"voor {wording.owed_by(rule.owed_by)}"]
        ) + _rules(rule.rules)

    def _clock(self, rule: DeadlineRule) -> tuple[str, ...]:
        rolls = {
            Roll.NONE: "",
            Roll.FORWARD: "Is de laatste dag geen werkdag? Dan wordt het de eerste werkdag daarna.",
            Roll.STATUTORY: "Is de laatste dag geen werkdag? Dan geldt de Algemene termijnenwet.",
        }
        return _details(
            f"Begint: {self._occurrences(rule.starts)}." if rule.starts else "",
            f"Alleen {self._when(rule.when)}." if rule.when else "",
            f"Gehaald als: {self._occurrences(rule.met_by)}." if rule.met_by else "",
            f"Vervalt als: {self._occurrences(rule.dropped_by)}." if rule.dropped_by else "",
            f"Staat stil vanaf: {self._occurrences(rule.paused_by)}." if rule.paused_by else "",
            f"Loopt weer vanaf: {self._occurrences(rule.resumed_by)}." if rule.resumed_by else "",
            rolls[rule.roll],
            _extension(rule.extension) if rule.extension else "",
            f"Voor de indiener: {rule.public}" if rule.public else "",
        )

    def _letters(self) -> Iterator[Block]:
        yield Heading("Brieven")
        yield Items(
            tuple((f"{letter.title}{_rules(letter.rules)}", self._letter(letter)) for letter in self.procedure.letters)
        )

    def _letter(self, letter: Letter) -> tuple[str, ...]:
        ways = [wording.channel(way) for way in letter.channels]
        look = ""
        if letter.release is Release.AFTER_LOOK:
            who = f"de rol “{self._role(letter.release_by)}”" if letter.release_by else "iemand"
            look = f"Gaat pas weg als {who} ernaar heeft gekeken."
        if letter.second_reader:
            readers = _or([f"“{self._role(each)}”" for each in letter.second_reader])
            look = f"Gaat pas weg als een ander, met de rol {readers}, ernaar heeft gekeken."
        if letter.editable:
            look += " De tekst mag tot dan worden veranderd."
        if letter.else_send:
            look += f" Heeft niemand gekeken, dan gaat hij vanzelf weg: {self._occurrences(letter.else_send)}."
        holds = [wording.joined(list(letter.must_hold))] if letter.must_hold else []
        return _details(
            f"Wanneer: {self._occurrences(letter.on)}.",
            f"Alleen {self._when(letter.when)}." if letter.when else "",
            f"Aan: {wording.joined([self._recipient(to) for to in letter.to])}.",
            f"Hoe: {', anders '.join(ways)}." + (f" {look}" if look else ""),
            f"Namens: {self._role(letter.signed_by)}." if letter.signed_by else "",
            f"Moet erin staan: {holds[0]}." if holds else "",
        )

    def _recipient(self, to: str) -> str:
        if to == "respondent":
            return "degene over wie de klacht gaat"
        if to.startswith("appeal:"):
            return str(self.procedure.appeal(to.removeprefix("appeal:")).title)
        return self._role(to)

    def _appeals(self) -> Iterator[Block]:
        if not self.procedure.appeals:
            return
        yield Heading("Niet eens met de uitkomst")
        yield Items(tuple((f"{body.title}{_rules(body.rules)}", _appeal(body)) for body in self.procedure.appeals))

    def _afterwards(self) -> Iterator[Block]:
        p = self.procedure
        yield Heading("Bewaren en verantwoorden")
        since = (
            f"na: {wording.occurrence(p.retention.start, procedure=p)}"
            if p.retention.start
            else "na het sluiten van de zaak"
        )
        yield Paragraph(
            f"Een dossier wordt {wording.term(p.retention.term)} bewaard, {since}."
            + (" De bron noemt geen termijn; deze is zelf gekozen." if p.retention.is_own_choice else "")
            + _rules(p.retention.rules)
        )
        items = [(self._duty(duty), _details(str(duty.text))) for duty in p.duties]
        items += [(f"Wordt gemeten: {each.title}{_rules(each.rules)}", ()) for each in p.report.indicators]
        if items:
            yield Items(tuple(items))

    def _duty(self, duty: YearlyDuty) -> str:
        by = f"{duty.day} {wording.month(date(2000, duty.month, 1))}"
        return f"{duty.title}: elk jaar uiterlijk {by} ({self._role(duty.by)}){_rules(duty.rules)}"

    def _open_points(self) -> Iterator[Block]:
        points = self.procedure.open_points
        yield Heading("Open punten voor de organisatie")
        if not points:
            yield Paragraph("Er zijn geen open punten.")
            return
        yield Paragraph("Hier zwijgt de bron, of kan zij op twee manieren worden gelezen. Zo is gekozen, en daarom.")
        yield Items(
            tuple(
                (f"{point.question} ({point.about})", (f"Gekozen: {point.chosen}", f"Waarom: {point.why}"))
                for point in points
            )
        )

    def _role(self, name: str) -> str:
        if name == COMPLAINANT:
            return "de indiener"
        if name == "handler" and all(role.name != name for role in self.procedure.roles):
            return "de behandelaar"
        return next((str(role.title) for role in self.procedure.roles if role.name == name), name)

    def _field(self, name: str) -> str:
        return str(self.fields[name].title) if name in self.fields else name

    def _deadline(self, name: str) -> str:
        return str(self.procedure.deadline(name).title)

    def _occurrences(self, several: Sequence[Occurrence]) -> str:
        return _or([wording.occurrence(each, procedure=self.procedure) for each in several])

    def _when(self, conditions: Sequence[Condition]) -> str:
        return wording.joined([self._condition(each) for each in conditions])

    def _condition(self, condition: Condition) -> str:
        no = "niet " if condition.negated else ""
        if condition.done:
            return f"als “{self.procedure.act(condition.done).title}” {no}is gedaan"
        field = self.fields.get(condition.fact)
        values = [
            {"True": "ja", "False": "nee"}.get(str(value))
            or str(field.choice_title(value) if field else Text(str(value)))
            for value in condition.values
        ]
        return f"als “{self._field(condition.fact)}” {no}is: {_or(values)}"


def _appeal(body: AppealBody) -> tuple[str, ...]:
    what = {
        AppealKind.COMMITTEE: f"een commissie van {body.members} voor deze zaak",
        AppealKind.PERSON: "een onafhankelijke persoon",
        AppealKind.EXTERNAL: "een andere organisatie, met een eigen regeling",
    }[body.kind]
    return _details(
        f"Dit is {what}. Het oordeel is {'' if body.binding else 'niet '}bindend.",
        ", ".join(filter(None, [body.person, str(body.capacity), *body.address])),
        "; ".join(filter(None, [body.phone, body.email, body.website])),
        str(body.how),
    )


def _extension(extension: Extension) -> str:
    since = {"start": "vanaf het begin", "end": "vanaf het oude einde", "act": "vanaf de dag van het verlengen"}
    return (
        "Mag worden verlengd"
        + (f", hoogstens {extension.times} keer" if extension.times else ", zo vaak als nodig")
        + (f", met {wording.term(extension.by)}" if extension.by else ", tot een gekozen dag")
        + (
            f", tot uiterlijk {wording.term(extension.at_most)} {since[extension.at_most_from]}"
            if extension.at_most
            else ""
        )
        + (
            f"; het mag nog tot {wording.term(extension.may_be_late)} na het oude einde"
            if extension.may_be_late
            else ""
        )
        + "."
    )


def _or(parts: Sequence[str]) -> str:
    return " of ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _line(text: str, more: Sequence[str]) -> str:
    said = [each for each in more if each]
    return f"{text} ({'; '.join(said)})" if said else text


def _details(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _rules(rules: Sequence[str]) -> str:
    return f" [{', '.join(rules)}]" if rules else ""
