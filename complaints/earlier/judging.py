"""What becomes of each row of an earlier register: taken in, known already, too old to keep, or faulty and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from complaints.earlier.columns import (
    BETWEEN,
    CLOSED,
    DECIDED,
    LONGEST,
    MEASURES,
    NUMBER,
    PHASE,
    RECEIVED,
    SUBJECT,
    SUMMARY,
    Column,
    Kind,
    columns_of,
)
from complaints.earlier.reading import Row
from complaints.models import Case
from complaints.queries.register import DECIDE
from complaints.retention.terms import term_of
from procedures.answers import FALSE_WORDS, TRUE_WORDS
from procedures.catalogue import zone_of
from procedures.definition import VERDICTS, Fact, Procedure

FIRST_YEAR: Final = 1950
_MAIL: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_WORD: Final = re.compile(r"[^\W\d_]+")
_PHONE: Final = re.compile(r"(?<![\w-])(?:\+31|0031|0)(?:[\s().-]*\d){9}(?!\d)")
_DAYS: Final = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), (0, 1, 2)),
    (re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})"), (2, 1, 0)),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row, in which column, and what to do."""

    row: int
    column: str
    what: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A case that had ended. `received` and `later` are the answers known at its receipt and at its decision; `texts`
    what somebody wrote, by column. The moments are at noon: a register tells days."""

    row: int
    number: str
    received_at: datetime
    decided_at: datetime | None
    closed_at: datetime
    phase: str
    received: Mapping[str, Fact]
    later: Mapping[str, Fact]
    texts: Mapping[str, str]

    @property
    def key(self) -> str:
        return same(self.number)


@dataclass(frozen=True, slots=True)
class Trial:
    """What taking in a file would do. `known` and `due` are the rows that are passed by: they are here already, or the
    term for which they may be kept is over."""

    entries: Sequence[Entry]
    known: int
    due: int
    faults: Sequence[Fault]
    years: Collection[int] = field(default_factory=frozenset)  # of adopted reports that these cases belong to
    sha256: str = ""


class _Wrong(Exception):
    """What is wrong with a cell, in words."""


def same(number: str) -> str:
    """A number as it is compared: however it is spaced or capitalised."""
    return " ".join(number.casefold().split())


def judge(
    rows: Sequence[Row], procedure: Procedure, *, known: Collection[str], names: Collection[str], at: datetime
) -> Trial:
    """What the rows are, at the instant `at`. `known` are the numbers that are here already (as `same`), `names`
    those of colleagues in full."""
    judging = _Judging(procedure, frozenset(map(_said, names)), at)
    entries: list[Entry] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    passed_by = due = 0
    for row in rows:
        number = same(row.cells.get(NUMBER, ""))
        earlier = first.setdefault(number, row.number) if number else row.number
        if earlier != row.number:
            what = _("Dit nummer staat ook in rij %(row)d. Geef elke klacht een eigen nummer.") % {"row": earlier}
            faults.append(Fault(row.number, judging.titles[NUMBER], what))
        elif number and number in known:
            passed_by += 1
        elif judging.is_due(row):
            due += 1
        else:
            entry, wrong = judging.entry(row)
            faults += wrong
            entries += [entry] if entry else []
    return Trial(entries, passed_by, due, faults)


class _Judging:
    """Judges the rows of one file."""

    def __init__(self, procedure: Procedure, names: frozenset[str], at: datetime) -> None:
        self.procedure = procedure
        self.columns = columns_of(procedure)
        self.titles = {each.name: each.title for each in self.columns}
        self.verdicts = {
            each.name for each in procedure.every_field() if any(choice.means in VERDICTS for choice in each.choices)
        }
        self.by_decision = procedure.retention.start is not None and str(procedure.retention.start) == DECIDE
        self.names = {each for each in names if " " in each.strip()}
        self.at = at
        self.zone: ZoneInfo = zone_of(procedure)

    def is_due(self, row: Row) -> bool:
        """Whether the term of a case is over, as far as its days can be read."""
        try:
            closed_on, decided_on = _day(row.cells.get(CLOSED, "")), _day(row.cells.get(DECIDED, ""))
        except _Wrong:
            return False
        if closed_on is None or not self._is_past(closed_on):
            return False
        started = self._moment(decided_on) if decided_on and self.by_decision else None
        _since, _last, gone_from = term_of(Case(closed_at=self._moment(closed_on)), self.procedure, started)
        return gone_from <= self.at

    def entry(self, row: Row) -> tuple[Entry | None, list[Fault]]:
        """The case that a row tells of, or what is wrong with it."""
        wrong: dict[str, str] = {}
        facts: dict[str, Fact] = {}
        for column in self.columns:
            cell = row.cells.get(column.name, "")
            try:
                if column.kind is not Kind.DAY:
                    self._refuse_persons(cell)
                if cell:
                    facts[column.name] = _READERS[column.kind](column, cell)
                elif column.is_required:
                    raise _Wrong(_lacking(column))
            except _Wrong as problem:
                wrong[column.name] = str(problem)
        if not wrong:
            wrong = self._wrong_days(facts)
        if wrong:
            return None, [Fault(row.number, self.titles[name], what) for name, what in wrong.items()]
        decided = facts.get(DECIDED)
        return Entry(
            row=row.number,
            number=str(facts[NUMBER]),
            received_at=self._moment(facts[RECEIVED]),
            decided_at=self._moment(decided) if decided else None,
            closed_at=self._moment(facts[CLOSED]),
            phase=str(facts[PHASE]),
            received={each.name: facts[each.name] for each in self.columns if each.is_intake and each.name in facts},
            later={
                each.name: facts[each.name]
                for each in self.columns
                if each.is_asked and not each.is_intake and each.name in facts
            },
            texts={name: str(facts[name]) for name in (SUBJECT, SUMMARY, MEASURES) if name in facts},
        ), []

    def _wrong_days(self, facts: Mapping[str, Fact]) -> dict[str, str]:
        """What is wrong between the days."""
        received, decided, closed = facts[RECEIVED], facts.get(DECIDED), facts[CLOSED]
        if not isinstance(received, date) or not isinstance(closed, date):
            raise TypeError("days are read as days")
        for name, day in ((RECEIVED, received), (DECIDED, decided), (CLOSED, closed)):
            if isinstance(day, date) and not self._is_past(day):
                return {name: _("Deze dag is nog niet geweest. Kijk of het jaar klopt.")}
        if isinstance(decided, date) and decided < received:
            return {DECIDED: _("Het besluit is hier eerder dan de klacht. Kijk de dagen na.")}
        if closed < (decided if isinstance(decided, date) else received):
            return {CLOSED: _("De zaak is hier afgesloten voor de klacht of het besluit er was. Kijk de dagen na.")}
        if decided is None and any(name in facts for name in self.verdicts):
            return {DECIDED: _("Er is een oordeel. Vul in op welke dag u dat besloot, of haal het oordeel weg.")}
        return {}

    def _refuse_persons(self, cell: str) -> None:
        if _MAIL.search(cell):
            raise _Wrong(_("Hier staat een e-mailadres. Haal het weg: wij nemen geen gegevens van mensen over."))
        if _PHONE.search(cell):
            raise _Wrong(_("Hier staat een telefoonnummer. Haal het weg: wij nemen geen gegevens van mensen over."))
        said = _said(cell)
        if any(each in said for each in self.names):
            raise _Wrong(_("Hier staat de naam van een collega. Haal haar weg: wij nemen geen namen over."))

    def _is_past(self, day: date) -> bool:
        return day <= self.at.astimezone(self.zone).date()

    def _moment(self, day: Fact) -> datetime:
        """Noon of a local day; now, where that is still to come."""
        if not isinstance(day, date):
            raise TypeError("days are read as days")
        return min(datetime.combine(day, time(12), self.zone), self.at)


def _said(text: str) -> str:
    """The words of a text, so that names can be looked for in it whole."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _day(cell: str) -> date | None:
    if not cell:
        return None
    for form, (year, month, day) in _DAYS:
        found = form.fullmatch(cell)
        if found:
            parts = [int(each) for each in found.groups()]
            try:
                known = date(parts[year], parts[month], parts[day])
            except ValueError:
                break
            if known.year < FIRST_YEAR:
                break
            return known
    raise _Wrong(_("Dit is geen dag die wij kunnen lezen. Schrijf haar als 31-03-2025 of 2025-03-31."))


def _read_day(_column: Column, cell: str) -> Fact:
    return _day(cell) or ""


def _read_text(column: Column, cell: str) -> Fact:
    text = unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        raise _Wrong(_("Hier staan tekens in die niet te lezen zijn. Typ de tekst opnieuw."))
    if len(text) > LONGEST[column.name]:
        raise _Wrong(
            _("Deze tekst is te lang: hij mag %(most)d tekens hebben. Kort hem in.") % {"most": LONGEST[column.name]}
        )
    return " ".join(text.split()) if column.name in (NUMBER, SUBJECT) else text


def _read_choice(column: Column, cell: str) -> Fact:
    found = column.value_of(cell)
    if found is None:
        raise _Wrong(_unknown(column))
    return found


def _read_choices(column: Column, cell: str) -> Fact:
    return tuple(dict.fromkeys(str(_read_choice(column, each)) for each in cell.split(BETWEEN) if each.strip()))


def _read_yes_no(column: Column, cell: str) -> Fact:
    word = cell.casefold()
    if word not in TRUE_WORDS | FALSE_WORDS | {"j", "n", "y"}:
        raise _Wrong(_unknown(column))
    return word not in FALSE_WORDS | {"n"}


def _unknown(column: Column) -> str:
    offered = ", ".join(f"“{each}”" for each in column.titles)
    if column.kind is Kind.CHOICES:
        return _("Dit is geen van de keuzes. Kies uit %(offered)s, met een | ertussen.") % {"offered": offered}
    return _("Dit is geen van de keuzes. Kies uit %(offered)s.") % {"offered": offered}


def _lacking(column: Column) -> str:
    if column.name == CLOSED:
        return _(
            "Deze klacht is nog niet afgesloten. Voer een lopende klacht in bij Aannemen; de dag van ontvangst mag in "
            "het verleden liggen."
        )
    return _("Vul dit in.")


_READERS: Final[Mapping[Kind, Callable[[Column, str], Fact]]] = {
    Kind.TEXT: _read_text,
    Kind.DAY: _read_day,
    Kind.CHOICE: _read_choice,
    Kind.CHOICES: _read_choices,
    Kind.YES_NO: _read_yes_no,
}
