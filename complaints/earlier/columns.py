"""Which columns a file with an earlier register has: a few of our own, and the choices of the organisation's procedure.

Headings are data and no text of a page, so they are Dutch in every language; a procedure's own may be in English too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from complaints.queries.figures import Asked
from procedures.definition import Field, FieldKind, Procedure, Text

NUMBER, RECEIVED, CHANNEL, PHASE = "number", "received_on", "channel", "phase"
DECIDED, CLOSED = "decided_on", "closed_on"
SUBJECT, SUMMARY, MEASURES = "subject", "summary", "measures"
LONGEST: Final = {NUMBER: 60, SUBJECT: 200, SUMMARY: 4000, MEASURES: 4000}  # characters
BETWEEN: Final = "|"  # more than one choice in a cell
YES, NO = "ja", "nee"

_CLOSED: Final = (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO)


class Kind(StrEnum):
    TEXT = "text"
    DAY = "day"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by the name that the procedure or this file gives it. `offered` are the choices, as value and title.

    `is_intake`: asked when a complaint comes in; other choices of a procedure belong to its decision.
    """

    name: str
    title: str
    kind: Kind = Kind.TEXT
    is_required: bool = False
    is_intake: bool = False
    is_asked: bool = False  # a question of the procedure, whose answer is a fact of the case
    offered: tuple[tuple[str, Text], ...] = ()
    also: tuple[str, ...] = ()  # other headings that it goes by

    @property
    def headings(self) -> frozenset[str]:
        return frozenset(plain(each) for each in (self.title, self.name, *self.also) if each)

    @property
    def titles(self) -> list[str]:
        """What may stand in a cell of it."""
        return [YES, NO] if self.kind is Kind.YES_NO else [title.nl for _value, title in self.offered]

    def value_of(self, cell: str) -> str | None:
        """The choice that a cell names, by its title in either language or its name; None when there is none."""
        wanted = plain(cell)
        names = ((value, (title.nl, title.in_language("en"), value)) for value, title in self.offered)
        return next((value for value, said in names if wanted in {plain(each) for each in said}), None)


def columns_of(procedure: Procedure) -> tuple[Column, ...]:
    """The columns of a file for this procedure, in their order."""
    ends = tuple((each.name, each.title) for each in procedure.phases if each.is_end)
    channels = tuple((each.name, each.title) for each in procedure.intake.channels)
    asked = list(_asked(procedure))
    return (
        Column(NUMBER, "Oud nummer", is_required=True, also=("nummer", "zaaknummer", "klachtnummer")),
        Column(RECEIVED, "Ontvangen op", Kind.DAY, is_required=True, also=("ontvangen", "datum ontvangst")),
        Column(CHANNEL, "Hoe ingediend", Kind.CHOICE, is_intake=True, offered=channels, also=("kanaal",)),
        *(each for each in asked if each.is_intake),
        Column(SUBJECT, "Onderwerp"),
        Column(SUMMARY, "Samenvatting"),
        *(each for each in asked if not each.is_intake),
        Column(DECIDED, "Besluit op", Kind.DAY, also=("datum besluit",)),
        Column(PHASE, "Afloop", Kind.CHOICE, is_required=True, offered=ends),
        Column(CLOSED, "Afgesloten op", Kind.DAY, is_required=True, also=("afgesloten", "datum afgesloten")),
        Column(MEASURES, "Wat wij deden", also=("maatregelen", "maatregel")),
    )


def example(procedure: Procedure, *, today: date) -> tuple[list[str], list[list[str | date]]]:
    """The headings, and two rows of made-up complaints that this procedure could have had."""
    columns = columns_of(procedure)
    return [each.title for each in columns], [[_made_up(each, at, today) for each in columns] for at in (0, 1)]


def plain(text: str) -> str:
    """A text without what people write differently: capitals, accents, spaces and signs."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if each.isalnum())


def _asked(procedure: Procedure) -> Iterator[Column]:
    """The closed questions that the register shows or the yearly report counts; of an appeal none."""
    asked = Asked.of([procedure])
    counted = {*procedure.register, *procedure.report.nature, *asked.verdicts, *asked.repeats, *asked.effects}
    intake = {each.name for each in procedure.intake.fields}
    found: dict[str, list[Field]] = {}
    for each in procedure.every_field():
        if each.kind in _CLOSED and not each.personal and each.name in counted - asked.judgements:
            found.setdefault(each.name, []).append(each)
    titles = [fields[0].title.nl for fields in found.values()]
    for name, fields in found.items():
        first = fields[0]
        is_alone = titles.count(first.title.nl) == 1
        is_the_verdict = list(asked.verdicts) == [name]
        offered = {choice.value: choice.title for field in reversed(fields) for choice in field.open_choices}
        yield Column(
            name,
            first.title.nl if is_alone else f"{first.title.nl} ({name})",
            Kind(first.kind.value),
            is_intake=name in intake,
            is_asked=True,
            offered=tuple(offered.items()),
            also=(*((first.title.in_language("en"),) if is_alone else ()), *(("oordeel",) if is_the_verdict else ())),
        )


def _made_up(column: Column, at: int, today: date) -> str | date:
    days = {RECEIVED: 160, DECIDED: 135, CLOSED: 130}
    if column.name in days:
        return today - timedelta(days=days[column.name] - 40 * at)
    if column.name == NUMBER:
        return f"{today.year - 1}-{17 + at:03}"
    texts: dict[str, Sequence[str]] = {
        SUBJECT: ("Wachttijd", "Rekening"),
        SUMMARY: ("Kreeg na drie weken nog geen antwoord.", "De rekening klopte niet."),
        MEASURES: ("Wij antwoorden nu binnen een week.", ""),
    }
    if column.name in texts:
        return texts[column.name][at]
    choices = column.titles
    return choices[at % len(choices)] if choices else ""
