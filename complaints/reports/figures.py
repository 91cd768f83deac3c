"""The figures of a report as they may be seen: tables in which what could point at a person is already hidden.

This is all that a report keeps: once adopted it is frozen as JSON, and the same figures come out of that, whatever has
become of the cases. The columns of earlier years come from their own adopted reports and from nowhere else, so that two
reports never show one number in two ways: who has both would see the difference, and that may be one case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Self

from complaints.models import Measure
from complaints.queries import figures as query
from complaints.reports.suppression import FEWEST, Hidden, Shown, alone, breakdown, parts
from procedures.catalogue import procedure_of, published_versions, zone_of
from procedures.definition import EMPTY, FieldKind, Procedure, Text

EARLIER: Final = 4  # years beside the report's own
KEPT, MISSED = "met", "missed"
NO, YES = "no", "yes"
KINDS: Final = tuple(Measure.Kind.values)
JUDGED: Final = tuple(Measure.Effect.values)
QUARTERS: Final = ("1", "2", "3", "4")
_OUTCOMES: Final = ("upheld", "partly_upheld", "not_upheld", "no_finding", "settled", "withdrawn")
_TURNED_AWAY: Final = ("inadmissible", "referred")

Cell = Shown | None  # None: nothing is known of that year


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `title` is the procedure's own, empty where `name` is one that the application has words for."""

    name: str
    cells: tuple[Cell, ...]
    title: Text = EMPTY


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by years. With a total the rows are its parts; without one each row is a number of its own."""

    name: str
    rows: tuple[Row, ...]
    total: tuple[Cell, ...] = ()
    title: Text = EMPTY

    def row(self, name: str) -> Row | None:
        return next((each for each in self.rows if each.name == name), None)

    @property
    def known(self) -> tuple[int, ...]:
        """The columns in which anything is told; the last one always."""
        last = len(self.rows[0].cells) - 1 if self.rows else 0
        return tuple(at for at in range(last + 1) if at == last or any(row.cells[at] is not None for row in self.rows))

    def is_closed(self, at: int) -> bool:
        """Whether nothing of this year's breakdown is shown."""
        return any(each.cells[at] is Hidden.CLOSED for each in self.rows)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a report of `year` shows, counted through the local day `until`; `years` are the columns, the last its own.

    `contents` are the parts that the procedure names, `met` says of each indicator that is a limit whether it was kept.
    """

    year: int
    until: date
    years: tuple[int, ...]
    contents: tuple[str, ...]
    tables: tuple[Table, ...]
    met: Mapping[str, bool]

    @property
    def is_whole_year(self) -> bool:
        return self.until == date(self.year, 12, 31)

    def table(self, name: str) -> Table | None:
        return next((each for each in self.tables if each.name == name), None)

    def named(self, start: str) -> list[Table]:
        """The tables whose name begins like this, such as `term:`."""
        return [each for each in self.tables if each.name.startswith(start)]

    def as_json(self) -> dict[str, Any]:
        return {
            "year": self.year,
            "until": self.until.isoformat(),
            "years": list(self.years),
            "contents": list(self.contents),
            "met": dict(self.met),
            "tables": [
                {
                    "name": table.name,
                    "title": _written(table.title),
                    "total": list(table.total),
                    "rows": [
                        {"name": row.name, "title": _written(row.title), "cells": list(row.cells)} for row in table.rows
                    ],
                }
                for table in self.tables
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            year=kept["year"],
            until=date.fromisoformat(kept["until"]),
            years=tuple(kept["years"]),
            contents=tuple(kept["contents"]),
            met=kept["met"],
            tables=tuple(
                Table(
                    table["name"],
                    tuple(Row(row["name"], _cells(row["cells"]), Text(**row["title"])) for row in table["rows"]),
                    _cells(table["total"]),
                    Text(**table["title"]),
                )
                for table in kept["tables"]
            ),
        )


def last_day(year: int, *, today: date) -> date | None:
    """Through which local day a report of `year` counts, seen from `today`; None when there is nothing to count yet.

    A year that is not over counts through its last whole month: otherwise who looks every day sees each case come, and
    knows which one it is.
    """
    if year < today.year:
        return date(year, 12, 31)
    through = today.replace(day=1) - timedelta(days=1)
    return through if year == today.year and through.year == year else None


def figures(
    procedure: Procedure, year: int, *, until: date, adopted: Mapping[int, Mapping[str, Any]] | None = None
) -> Figures:
    """The figures of `year` for the organisation in scope, by what its procedure in force names.

    `adopted` holds the frozen figures of years before, as JSON by year.
    """
    zone = zone_of(procedure)
    versions = [procedure_of(each) for each in reversed(published_versions())]
    asked = query.Asked.of([*versions, procedure])
    end = datetime.combine(until + timedelta(days=1), datetime.min.time(), zone)
    counts = query.count(asked, zone=zone, until=end)
    return shown(procedure, year, counts, asked=asked, versions=versions, until=until, adopted=adopted or {})


def shown(
    procedure: Procedure,
    year: int,
    counts: query.Counts,
    *,
    asked: query.Asked,
    versions: Sequence[Procedure] = (),
    until: date,
    adopted: Mapping[int, Mapping[str, Any]],
) -> Figures:
    """What may be seen of these counts. `versions` are those that cases may follow, the newest last. Pure."""
    first = max(year - EARLIER, min(counts.first_year or year, *(adopted or {year: {}})))
    earlier = tuple(range(first, year)) if "years" in procedure.report.contents else ()
    maker = _Maker(procedure, [procedure, *reversed(versions)], asked, counts, year)
    own = tuple(maker.tables())
    met = maker.met({each.name: each for each in own})
    then = {each: Figures.from_json(adopted[each]) for each in earlier if each in adopted}
    tables = (_numbers(counts, year, earlier, then), *(_with_earlier(each, earlier, then) for each in own))
    return Figures(year, until, (*earlier, year), procedure.report.contents, tables, met)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the tables of the report's own year, each with one column."""

    procedure: Procedure
    versions: Sequence[Procedure]  # the newest first: the first that knows a name gives its title
    asked: query.Asked
    counts: query.Counts
    year: int

    def tables(self) -> list[Table]:
        """In the order in which a report tells them."""
        contents, counts = set(self.procedure.report.contents), self.counts
        found = []
        if "number" in contents:
            found.append(self._parts("quarters", QUARTERS, counts.quarters, counts.received))
        if "nature" in contents:
            found += [self._nature(name) for name in self.asked.nature]
        if "channel" in contents:
            found.append(self._titled("channels", "channel", counts.channels))
        if "track" in contents:
            found.append(self._titled("tracks", "track", counts.tracks))
        if contents & {"verdicts", "admissibility"}:
            found.append(self._outcomes())
        if "throughput" in contents:
            found.append(self._parts("spans", [name for name, _days in query.SPANS], counts.spans, counts.handled))
            found += self._indicators()
        if "terms" in contents:
            found += self._terms()
            found.append(self._extended())
        if "appeals" in contents and self.asked.appealing:
            found += [self._single("appeals", counts.appeals), self._judgements()]
        if "measures" in contents:
            found.append(self._parts("measures", KINDS, counts.measures))
            found.append(self._single("carried_out", counts.carried_out))
            found.append(self._parts("judged", JUDGED, counts.judged))
        if "effectiveness" in contents:
            found += self._effects()
        if "repeats" in contents and self.asked.repeats:
            found.append(self._yes_no("repeats", counts.repeated, counts.received))
        return found

    def met(self, tables: Mapping[str, Table]) -> dict[str, bool]:
        """Whether the year stayed under the limits that the procedure names.

        Where the number itself is hidden it is told only when it says nothing more: a limit of 5 or more above a number
        of 1 to 4. And where the limit is none at all, because the procedure asks whether there was one.
        """
        found = {}
        for each in self.procedure.report.indicators:
            if not each.fewer_than:
                continue
            number, cell = self.counts.received[self.year], None
            is_told = True
            for table, row, counter in (
                ("tracks", each.track, self.counts.tracks),
                ("outcomes", each.outcome, self.counts.outcomes),
            ):
                if row:
                    number, line = counter[self.year, row], tables[table].row(row) if table in tables else None
                    cell = line.cells[-1] if line else None
                    is_told = isinstance(cell, int) or (cell is Hidden.FEW and each.fewer_than >= FEWEST)
            if is_told or each.fewer_than == 1:
                found[each.name] = number < each.fewer_than
        return found

    def _parts(
        self,
        name: str,
        rows: Sequence[str],
        numbers: Counter[query.Key],
        total: Counter[int] | None = None,
        *,
        title_of: Callable[[str], Text] = lambda _name: EMPTY,
        title: Text = EMPTY,
    ) -> Table:
        """A breakdown, of a total that is always shown, or else of one that may be hidden itself."""
        more = sorted({each for (year, each), number in numbers.items() if year == self.year and number} - set(rows))
        names = [*rows, *more]
        plain = [numbers[self.year, each] for each in names]
        if total is None:
            whole, cells = breakdown(plain)
        else:
            whole, cells = total[self.year], parts(plain)
        if Hidden.CLOSED in cells:  # that a line is there at all would tell that something was counted in it
            names, cells = list(rows), cells[: len(rows)]
        lines = tuple(Row(each, (cell,), title_of(each)) for each, cell in zip(names, cells, strict=True))
        return Table(name, lines, (whole,), title)

    def _single(self, name: str, numbers: Counter[int]) -> Table:
        return Table(name, (Row(name, (alone(numbers[self.year]),)),))

    def _yes_no(self, name: str, numbers: Counter[int], total: Counter[int]) -> Table:
        number = numbers[self.year]
        both = Counter({(self.year, YES): number, (self.year, NO): total[self.year] - number})
        return self._parts(name, (YES, NO), both, total)

    def _titled(self, name: str, what: str, numbers: Counter[query.Key]) -> Table:
        """Channels or tracks, by the titles that the document gives them."""
        known = {
            each.name: each.title
            for version in reversed(self.versions)
            for each in (version.intake.channels if what == "channel" else version.tracks)
        }
        own = self.procedure.intake.channels if what == "channel" else self.procedure.tracks
        rows = [each.name for each in own]
        return self._parts(name, rows, numbers, self.counts.received, title_of=lambda each: known.get(each, EMPTY))

    def _nature(self, name: str) -> Table:
        fields = [each for version in self.versions for each in version.intake.fields if each.name == name]
        known = {choice.value: choice.title for field in reversed(fields) for choice in field.choices}
        rows = [YES, NO] if fields[0].kind is FieldKind.YES_NO else [each.value for each in fields[0].open_choices]
        return self._parts(
            f"nature:{name}",
            rows,
            self.counts.nature[name],
            self.counts.received,
            title_of=lambda each: known.get(each, EMPTY),
            title=fields[0].title,
        )

    def _outcomes(self) -> Table:
        """Verdicts, and how the others ended; the procedure's own words for what the application knows none for."""
        rows = (*_OUTCOMES, *_TURNED_AWAY) if "admissibility" in self.procedure.report.contents else _OUTCOMES
        titles: dict[str, Text] = {}
        offered: set[str] = set()
        for version in self.versions:
            for field in version.every_field():
                if field.name in self.asked.verdicts:
                    offered |= set(self.asked.verdicts[field.name].values())
                    for choice in field.choices:
                        if choice.means is None:
                            titles.setdefault(choice.value, choice.title)
        ends = {each.outcome for each in self.procedure.phases if each.is_end}
        known = [each for each in rows if each in offered | ends]
        counts = self.counts
        return self._parts(
            "outcomes", known, counts.outcomes, counts.handled, title_of=lambda each: titles.get(each, EMPTY)
        )

    def _indicators(self) -> list[Table]:
        found = []
        for each in self.procedure.report.indicators:
            if each.deadline:
                numbers = self.counts.terms.get((each.deadline, each.track, each.outcome), Counter())
                found.append(self._parts(f"indicator:{each.name}", (KEPT, MISSED), numbers, title=each.title))
        return found

    def _terms(self) -> list[Table]:
        """The other terms. Those that an indicator counts stand there alone: counted twice, of all cases and of some,
        one number could be subtracted from the other."""
        shown = {each.deadline for each in self.procedure.report.indicators} if self._shows_indicators else set()
        titles = {rule.name: rule.title for version in reversed(self.versions) for rule in version.deadlines}
        rules = [name for name, track, outcome in sorted(self.counts.terms) if not (track or outcome or name in shown)]
        order = [rule.name for rule in self.procedure.deadlines]
        rules.sort(key=lambda each: order.index(each) if each in order else len(order))
        return [
            self._parts(f"term:{each}", (KEPT, MISSED), self.counts.terms[each, "", ""], title=titles.get(each, EMPTY))
            for each in rules
        ]

    @property
    def _shows_indicators(self) -> bool:
        return "throughput" in self.procedure.report.contents

    def _extended(self) -> Table:
        titles = {rule.name: rule.title for version in reversed(self.versions) for rule in version.deadlines}
        rules = list(dict.fromkeys(self.asked.extending.values()))
        numbers = self.counts.extended
        return Table(
            "extended",
            tuple(Row(each, (alone(numbers[self.year, each]),), titles.get(each, EMPTY)) for each in rules),
        )

    def _judgements(self) -> Table:
        titles: dict[str, Text] = {}
        for version in self.versions:
            for act in version.acts:
                for field in act.fields if act.name in self.asked.judging else ():
                    if field.name in self.asked.judgements and field.kind is FieldKind.CHOICE:
                        for choice in field.choices:
                            titles.setdefault(choice.value, choice.title)
        return self._parts(
            "judgements", list(titles), self.counts.judgements, title_of=lambda each: titles.get(each, EMPTY)
        )

    def _effects(self) -> list[Table]:
        found = []
        if self.asked.effects:
            titles = {
                choice.value: choice.title
                for version in reversed(self.versions)
                for field in version.every_field()
                if field.name in self.asked.effects
                for choice in field.choices
                if choice.means is None
            }
            rows = ("client_kept", "client_lost", *titles)
            found.append(
                self._parts("effects", rows, self.counts.effects, title_of=lambda each: titles.get(each, EMPTY))
            )
        return [*found, self._yes_no("returned", self.counts.returned, self.counts.handled)]


def _numbers(counts: query.Counts, year: int, earlier: Sequence[int], then: Mapping[int, Figures]) -> Table:
    """What every procedure wants told, whatever it comes to: so these are never hidden, of no year."""
    now = {
        "received": lambda each: counts.received[each],
        "handled": lambda each: counts.handled[each],
        "open": counts.open_at_end,
    }
    rows = []
    for name, count in now.items():
        cells = [_cell(then[each].table("numbers"), name) if each in then else count(each) for each in earlier]
        rows.append(Row(name, (*cells, count(year))))
    return Table("numbers", tuple(rows))


def _with_earlier(table: Table, earlier: Sequence[int], then: Mapping[int, Figures]) -> Table:
    """The table with the columns of adopted years as they were adopted; what was not told then stays untold."""
    frozen = [then[each].table(table.name) if each in then else None for each in earlier]
    known = {each.name for each in table.rows}
    # What has no line any more, so that each column still adds up.
    gone = {row.name: row for each in frozen if each for row in each.rows if row.name not in known}
    nothing: Cell = Hidden.CLOSED if table.is_closed(-1) else 0
    rows = [*table.rows, *(replace(row, cells=(nothing,)) for row in gone.values())]
    return replace(
        table,
        rows=tuple(replace(row, cells=(*(_cell(each, row.name) for each in frozen), *row.cells)) for row in rows),
        total=(*(each.total[-1] if each and each.total else None for each in frozen), *table.total)
        if table.total
        else (),
    )


def _cell(table: Table | None, name: str) -> Cell:
    row = table.row(name) if table else None
    return row.cells[-1] if row else None


def _written(text: Text) -> dict[str, str]:
    return {"nl": text.nl, "en": text.en}


def _cells(kept: Sequence[int | str | None]) -> tuple[Cell, ...]:
    return tuple(Hidden(each) if isinstance(each, str) else each for each in kept)
