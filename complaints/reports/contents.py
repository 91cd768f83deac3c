"""What a report says: its parts in order, each with what stands out in a sentence, pictures, tables and own words.

Everything is made from `Figures`, in which nothing that could point at a person is left. So is each sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import Measure
from complaints.reports import charts
from complaints.reports.charts import Bar, said
from complaints.reports.figures import KEPT, MISSED, NO, Cell, Figures, Row, Table
from complaints.reports.suppression import Hidden, share
from complaints.reports.words import ANSWERS, HEADINGS, INTRODUCTION, PARTS, QUARTERS, ROWS, TITLES
from complaints.said import spoken
from procedures import wording
from procedures.definition import Procedure


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in words: a heading for each column, lines with their name, and a last line."""

    caption: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    last: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    grid: Grid | None
    picture: SafeString | None = None
    remark: str = ""  # instead of what cannot be shown


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    heading: str
    findings: tuple[str, ...]
    blocks: tuple[Block, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Score:
    """One of the few numbers on top."""

    value: str
    what: str
    note: str = ""


def named(procedure: Procedure) -> list[str]:
    """The parts that the procedure's report has, the introduction first."""
    contents = set(procedure.report.contents)
    return [INTRODUCTION, *(name for name, of in PARTS.items() if contents.intersection(of))]


def parts(figures: Figures, procedure: Procedure, words: Mapping[str, str]) -> list[Part]:
    """The parts of a report in the active language, without the introduction."""
    told = _Told(figures, procedure)
    found = []
    contents = set(figures.contents)
    for name, of in PARTS.items():
        if contents.intersection(of):
            findings, blocks = _MADE[name](told)
            found.append(Part(name, str(HEADINGS[name]), tuple(findings), tuple(blocks), words.get(name, "").strip()))
    return found


def scores(figures: Figures, procedure: Procedure) -> list[Score]:
    """The numbers on top: how many there were, and how the indicators of the procedure stand."""
    told = _Told(figures, procedure)
    before = told.cell("numbers", "received", -2) if len(figures.years) > 1 else None
    note = _("%(n)s in %(year)s") % {"n": said(before), "year": figures.years[-2]} if before is not None else ""
    received = told.cell("numbers", "received")
    found = [Score(said(received), ngettext("klacht", "klachten", _int(received)), note)]
    for table in figures.named("indicator:"):
        percentage = share(_last(table, KEPT), table.total[-1])
        if percentage is not None:
            found.append(Score(f"{percentage}%", title(table), _of(_last(table, KEPT), table.total[-1])))
    for each in procedure.report.indicators:
        if each.name in figures.met:
            kept = _("gehaald") if figures.met[each.name] else _("niet gehaald")
            found.append(Score(kept.capitalize(), each.title.in_language(spoken())))
    for name, row, what in (
        ("effects", "client_kept", _("van de klanten is gebleven")),
        ("returned", NO, _("kwam niet terug met een nieuwe klacht")),
    ):
        known = figures.table(name)
        percentage = share(_last(known, row), known.total[-1]) if known else None
        if known and percentage is not None:
            found.append(Score(f"{percentage}%", what, _of(_last(known, row), known.total[-1])))
    return found[:4]


def counted(figures: Figures) -> list[str]:
    """How the numbers were made, for who wants to know."""
    return [
        _("Een klacht telt in het jaar waarin wij haar kregen."),
        _("Afgehandeld telt in het jaar van het besluit, of zonder besluit in het jaar waarin de klacht is gesloten."),
        _("Termijnen tellen als zij aflopen, bezwaar of beroep als het begint, maatregelen als zij zijn afgesproken."),
        _("Klachten die samen zijn behandeld, tellen als één klacht."),
        _("Geteld tot en met %(day)s.") % {"day": wording.day(figures.until, language=spoken())},
        _(
            "Een aantal van 1 tot en met 4 tonen wij niet. Een ander aantal ook niet, als u dat kleine aantal er "
            "anders uit kunt berekenen. Alleen hoeveel klachten er kwamen, hoeveel zijn afgehandeld en hoeveel nog "
            "open zijn, staat er altijd. Zo blijft iedereen onherkenbaar."
        ),
    ]


def title(table: Table) -> str:
    """What a table is called."""
    return table.title.in_language(spoken()) if table.title else str(TITLES.get(table.name, table.name))


def label(row: Row) -> str:
    """What a line is called."""
    if row.title:
        return row.title.in_language(spoken())
    known = ANSWERS.get(row.name) or ROWS.get(row.name)
    return str(known) if known else row.name


@dataclass(frozen=True, slots=True)
class _Told:
    figures: Figures
    procedure: Procedure

    def cell(self, table: str, row: str, at: int = -1) -> Cell:
        found = self.figures.table(table)
        line = found.row(row) if found else None
        return line.cells[at] if line else None

    def grid(self, table: Table) -> Grid:
        """The years of which something is known as columns."""
        known = table.known
        return Grid(
            title(table),
            tuple(str(self.figures.years[at]) for at in known),
            tuple((label(row), tuple(said(row.cells[at]) for at in known)) for row in table.rows),
            (_("Samen"), tuple(said(table.total[at]) for at in known)) if table.total else None,
        )

    def block(self, name: str, *, is_drawn: bool = True) -> Block | None:
        """A table with its picture; words where the own year is too small to be broken down, None where it is empty."""
        table = self.figures.table(name)
        if table is None or not any(_filled(cell) for row in table.rows for cell in row.cells):
            return None
        if table.total and table.is_closed(-1):
            is_known = any(not table.is_closed(at) and table.total[at] for at in range(len(self.figures.years) - 1))
            return Block(self.grid(table) if is_known else None, remark=self.too_few(table))
        tells = any(_int(row.cells[-1]) for row in table.rows)  # a picture of hidden numbers alone tells nothing
        return Block(self.grid(table), self.picture(table) if is_drawn and tells else None)

    def too_few(self, table: Table) -> str:
        return _("%(what)s: dat splitsen wij voor %(year)s niet uit. Daarvoor zijn de aantallen te klein.") % {
            "what": title(table),
            "year": self.figures.year,
        }

    def picture(self, table: Table) -> SafeString:
        named = _("Staafdiagram: %(what)s in %(year)s. De cijfers staan in de tabel ernaast.") % {
            "what": title(table),
            "year": self.figures.year,
        }
        bars = [Bar(label(row), value) for row in table.rows if (value := row.cells[-1]) is not None and _filled(value)]
        return charts.lying(bars, title=named)

    def most(self, name: str) -> str:
        """What came most often, when that is one and its number is shown; else nothing."""
        table = self.figures.table(name)
        if table is None or not table.total or any(row.cells[-1] is Hidden.CLOSED for row in table.rows):
            return ""
        shown = sorted(
            ((row.cells[-1], label(row)) for row in table.rows if isinstance(row.cells[-1], int)),
            key=lambda each: -_int(each[0]),
        )
        is_sure = not any(row.cells[-1] is Hidden.WITHHELD for row in table.rows)
        if not is_sure or not shown or not shown[0][0] or (len(shown) > 1 and shown[0][0] == shown[1][0]):
            return ""
        about = title(table)
        # What a table is about stands in the sentence, because a part can hold more than one table.
        sentence = (
            _("%(about)s Het vaakst “%(what)s” (%(n)s van de %(total)s).")
            if about.endswith("?")
            else _("%(about)s: het vaakst “%(what)s” (%(n)s van de %(total)s).")
        )
        return sentence % {
            "about": about,
            "what": shown[0][1],
            "n": said(shown[0][0]),
            "total": said(table.total[-1]),
        }


_Said = tuple[list[str], list[Block]]


def _number(told: _Told) -> _Said:
    figures = told.figures
    received, handled, left = (told.cell("numbers", each) for each in ("received", "handled", "open"))
    if figures.is_whole_year:
        first = ngettext("In %(year)s kwam er %(n)s klacht.", "In %(year)s kwamen er %(n)s klachten.", _int(received))
    else:
        first = ngettext(
            "In %(year)s kwam er tot nu toe %(n)s klacht.",
            "In %(year)s kwamen er tot nu toe %(n)s klachten.",
            _int(received),
        )
    findings = [
        first % {"year": figures.year, "n": said(received)},
        _("Wij handelden er %(handled)s af. Aan het eind waren er %(open)s open.")
        % {"handled": said(handled), "open": said(left)},
    ]
    if not _int(received):
        findings[0] = _("In %(year)s kregen wij geen klachten.") % {"year": figures.year}
    numbers = figures.table("numbers")
    blocks = [Block(told.grid(numbers))] if numbers else []
    quarters = figures.table("quarters")
    if quarters and quarters.is_closed(-1):
        blocks.append(Block(None, remark=told.too_few(quarters)))
    elif quarters and _int(received):
        named = _("Staafdiagram: klachten per kwartaal. De cijfers staan in de tabel ernaast.")
        groups = [
            (str(QUARTERS.get(row.name, row.name)), [c for at in quarters.known if (c := row.cells[at]) is not None])
            for row in quarters.rows
        ]
        drawn = [figures.years[at] for at in quarters.known]
        tells = any(_int(row.cells[-1]) for row in quarters.rows)
        picture = charts.standing(groups, drawn, title=named) if tells else None
        blocks.append(Block(told.grid(quarters), picture))
    return findings, blocks


def _nature(told: _Told) -> _Said:
    tables = told.figures.named("nature:")
    if not tables:
        return [
            _("Ons formulier vraagt niet waar een klacht over gaat met vaste keuzes. Daarom staan hier geen cijfers.")
        ], []
    names = [each.name for each in tables]
    return [f for each in names if (f := told.most(each))], [b for each in names if (b := told.block(each))]


def _channel(told: _Told) -> _Said:
    names = [each for each in ("channels", "tracks") if told.figures.table(each)]
    findings = [f for each in names if (f := told.most(each))]
    findings += [
        _judged(told, each.name, each.title.in_language(spoken()))
        for each in told.procedure.report.indicators
        if each.name in told.figures.met and each.track
    ]
    return findings, [b for each in names if (b := told.block(each))]


def _judged(told: _Told, name: str, what: str) -> str:
    words = (
        _("Ons doel “%(title)s” is gehaald.") if told.figures.met[name] else _("Ons doel “%(title)s” is niet gehaald.")
    )
    return words % {"title": what}


def _outcomes(told: _Told) -> _Said:
    findings = []
    away = told.cell("outcomes", "inadmissible")
    if isinstance(away, int) and away:
        findings.append(
            ngettext(
                "%(n)s klacht namen wij niet in behandeling.", "%(n)s klachten namen wij niet in behandeling.", away
            )
            % {"n": said(away)}
        )
    block = told.block("outcomes")
    if block is None:
        return [_("Er is nog geen klacht afgehandeld.")], []
    return [f for f in (told.most("outcomes"), *findings) if f], [block]


def _throughput(told: _Told) -> _Said:
    findings = [_kept(table) for table in told.figures.named("indicator:")]
    block = told.block("spans")
    grid = _terms_grid(told.figures.named("indicator:"), _("Wat wij meten"))
    return [f for f in findings if f], [b for b in (block, Block(grid) if grid else None) if b]


def _kept(table: Table) -> str:
    total, kept, missed = table.total[-1], _last(table, KEPT), _last(table, MISSED)
    about = {"title": title(table), "total": said(total)}
    if not total or total is Hidden.FEW or kept is Hidden.CLOSED or missed is None:
        return ""
    if isinstance(kept, int):
        return _("%(title)s: dat lukte %(n)s van de %(total)s keer.") % {**about, "n": said(kept)}
    if missed is Hidden.FEW:
        return _("%(title)s: dat lukte minder dan 5 van de %(total)s keer niet.") % about
    return ""


def _terms(told: _Told) -> _Said:
    tables = told.figures.named("term:")
    grid = _terms_grid(tables, _("Termijnen die afliepen"))
    late = [(_int(_last(table, MISSED)), title(table)) for table in tables if isinstance(_last(table, MISSED), int)]
    findings = []
    is_sure = not any(_last(table, MISSED) in (Hidden.WITHHELD, Hidden.CLOSED) for table in tables)
    if late and max(late)[0] and is_sure:
        findings.append(
            _("Het vaakst te laat: %(title)s (%(n)s keer).") % {"title": max(late)[1], "n": said(max(late)[0])}
        )
    extended = told.figures.table("extended")
    blocks = [Block(grid)] if grid else []
    if extended and any(_filled(cell) for row in extended.rows for cell in row.cells):
        blocks.append(Block(told.grid(extended)))
    elif extended:
        findings.append(_("Er is geen termijn verlengd."))
    return findings, blocks


def _terms_grid(tables: Sequence[Table], caption: str) -> Grid | None:
    """The terms below each other, of the report's own year: kept, missed, together."""
    rows = []
    for table in tables:
        if _filled(table.total[-1]):
            cells = (_last(table, KEPT), _last(table, MISSED), table.total[-1])
            kept = share(cells[0], cells[2])
            rows.append((title(table), (*map(said, cells), "–" if kept is None else f"{kept}%")))
    columns = (str(ROWS[KEPT]), str(ROWS[MISSED]), _("Samen"), _("Deel op tijd"))
    return Grid(caption, columns, tuple(rows)) if rows else None


def _appeals(told: _Told) -> _Said:
    table = told.figures.table("appeals")
    if table is None:
        return [], []
    if not _filled(table.rows[0].cells[-1]):
        findings = [_("Niemand vroeg om een nieuw oordeel.")]
    else:
        findings = [_("Om een nieuw oordeel is gevraagd: %(n)s keer.") % {"n": said(table.rows[0].cells[-1])}]
    block = told.block("judgements")
    shown = [Block(told.grid(table))] if any(_filled(each) for each in table.rows[0].cells) else []
    return findings, [*shown, *([block] if block else [])]


def _measures(told: _Told) -> _Said:
    agreed, judged = told.figures.table("measures"), told.figures.table("judged")
    done = told.cell("carried_out", "carried_out")
    findings = []
    if agreed and _filled(agreed.total[-1]):
        findings.append(_("Afgesproken maatregelen: %(n)s.") % {"n": said(agreed.total[-1])})
    else:
        findings.append(_("Er zijn dit jaar geen maatregelen afgesproken."))
    if _filled(done):
        findings.append(_("Uitgevoerde maatregelen: %(n)s.") % {"n": said(done)})
    worked = _last(judged, Measure.Effect.WORKED) if judged else None
    if judged and isinstance(worked, int) and _int(judged.total[-1]):
        about = {"n": said(worked), "total": said(judged.total[-1])}
        findings.append(_("Van de %(total)s maatregelen die wij nakeken, werkten er %(n)s.") % about)
    return findings, [b for each in ("measures", "judged") if (b := told.block(each, is_drawn=False))]


def _effectiveness(told: _Told) -> _Said:
    findings = []
    effects, returned = told.figures.table("effects"), told.figures.table("returned")
    if effects and isinstance(_last(effects, "client_kept"), int) and isinstance(effects.total[-1], int):
        findings.append(
            _("%(n)s van de %(total)s klanten zijn gebleven.")
            % {"n": said(_last(effects, "client_kept")), "total": said(effects.total[-1])}
        )
    if returned and isinstance(_last(returned, NO), int) and _int(returned.total[-1]):
        findings.append(
            _("Na %(n)s van de %(total)s afgehandelde klachten kwam er geen nieuwe klacht van dezelfde persoon.")
            % {"n": said(_last(returned, NO)), "total": said(returned.total[-1])}
        )
    return findings, [b for each in ("effects", "returned") if (b := told.block(each, is_drawn=False))]


def _repeats(told: _Told) -> _Said:
    block = told.block("repeats", is_drawn=False)
    return [], [block] if block else []


def _bottlenecks(told: _Told) -> _Said:
    """The terms that went wrong most often, of all: what is in the way shows there first."""
    late: list[tuple[int, str]] = []
    for table in (*told.figures.named("indicator:"), *told.figures.named("term:")):
        percentage = share(_last(table, MISSED), table.total[-1])
        if percentage:
            late.append((percentage, title(table)))
    late.sort(reverse=True)
    if not late:
        return [_("Bij de termijnen zien wij geen knelpunt dat wij met cijfers kunnen tonen.")], []
    return [_("%(title)s: %(n)s%% te laat.") % {"title": what, "n": number} for number, what in late[:3]], []


_MADE: Mapping[str, Callable[[_Told], _Said]] = {
    "number": _number,
    "nature": _nature,
    "channel": _channel,
    "outcomes": _outcomes,
    "throughput": _throughput,
    "terms": _terms,
    "appeals": _appeals,
    "measures": _measures,
    "effectiveness": _effectiveness,
    "repeats": _repeats,
    "bottlenecks": _bottlenecks,
}


def _last(table: Table, name: str) -> Cell:
    row = table.row(name)
    return row.cells[-1] if row else None


def _filled(cell: Cell) -> bool:
    """Whether there was anything to count."""
    return cell is not None and cell != 0


def _int(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _of(part: Cell, total: Cell) -> str:
    return _("%(n)s van de %(total)s") % {"n": said(part), "total": said(total)}
