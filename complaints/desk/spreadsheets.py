"""A table as a file for a spreadsheet: every cell a text, a day or a number, never a formula, nothing cut off (G12)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

Cell = str | date | int

CELL = 32_767  # units of UTF-16 that Excel takes in one cell
PIECE = 16_000  # characters: fewer units than a cell takes, whatever they are
FIRST_DAY = date(1900, 3, 1)  # Excel counts a 29 February 1900 that never was, and knows no day before 1900
SHEET_NAME = 31  # characters that Excel takes in the name of a sheet

# What makes a spreadsheet read a text as a formula; the wide ones are the same to Excel in an East Asian language.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BEFORE_A_FORMULA = ("\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def as_csv(table: Table) -> bytes:
    """For a Dutch Excel: a byte order mark, semicolons, days as 20-11-2026.

    A text that a spreadsheet would calculate gets an apostrophe in front, so that it is shown instead.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (table.columns, *table.rows):
        writer.writerow([_day(cell) if isinstance(cell, date) else _inert(_lines(str(cell))) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table, *, at: datetime) -> bytes:
    """A workbook with the table on its first sheet. Texts too long for a cell stand in pieces on a second one."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": table.title, "created": at.astimezone(UTC).replace(tzinfo=None)})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "d-m-yyyy", "valign": "top", "align": "left"})
        sheet = book.add_worksheet(table.title[:SHEET_NAME])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(table.columns) - 1), 24)
        for column, title in enumerate(table.columns):
            sheet.write_string(0, column, _harmless(title), head)
        long: list[tuple[str, str, str]] = []
        for number, row in enumerate(table.rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, date) and cell >= FIRST_DAY:
                    sheet.write_datetime(number, column, cell, day)
                    continue
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell, text)
                    continue
                words = _day(cell) if isinstance(cell, date) else _harmless(_lines(cell))
                if _units(words) > CELL:
                    place = xl_rowcol_to_cell(number, column)
                    long += [(place, table.columns[column], piece) for piece in _pieces(words)]
                    words = _("Deze tekst is te lang voor één vak. Hij staat op het blad %(sheet)s, bij %(place)s.") % {
                        "sheet": _long_texts(),
                        "place": place,
                    }
                sheet.write_string(number, column, words, text)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
        if long:
            _write_long(book.add_worksheet(_long_texts()), long, text=text)
    return out.getvalue()


def _write_long(sheet: Worksheet, long: Sequence[tuple[str, str, str]], *, text: Format) -> None:
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 2, 100)
    for number, row in enumerate(long):
        for column, words in enumerate(row):
            sheet.write_string(number, column, _harmless(words), text)


def _long_texts() -> str:
    return _("Lange teksten")


def _inert(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would otherwise calculate."""
    is_formula = text.startswith(_BEFORE_A_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if is_formula else text


def _harmless(text: str) -> str:
    """xlsxwriter puts a text from <r> through </r> into the file as it is, taking it for its own mark-up."""
    return f"'{text}" if text.startswith("<r>") and text.endswith("</r>") else text


def _lines(text: str) -> str:
    """One kind of line end; a browser sends another one than Excel knows."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _day(day: date) -> str:
    return f"{day.day:02}-{day.month:02}-{day.year:04}"


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
