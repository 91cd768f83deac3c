"""A report as one table for a spreadsheet: every number that it shows, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from complaints.reports import contents
from complaints.reports.charts import said
from complaints.reports.figures import Cell, Figures
from complaints.reports.suppression import Hidden


def lines(figures: Figures) -> tuple[list[str], list[Sequence[str | int]]]:
    """The headings, and a line for each line of each table; what is hidden in the words that stand for it."""
    found: list[Sequence[str | int]] = []
    for table in figures.tables:
        what = contents.title(table)
        found += [[what, contents.label(row), *map(_number, row.cells)] for row in table.rows]
        if table.total:
            found.append([what, _("Samen"), *map(_number, table.total)])
    return [_("Onderdeel"), _("Wat"), *map(str, figures.years)], found


def _number(cell: Cell) -> str | int:
    return said(cell) if cell is None or isinstance(cell, Hidden) else cell
