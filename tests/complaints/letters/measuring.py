"""Measures where a page of a PDF has text, in millimetres from the left and the top of the sheet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf

MM = 25.4 / 72
ABOVE, BELOW = 0.88, 0.25  # of the size of type: how far ink reaches from the baseline, accents on capitals too


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of text on one line."""

    left: float
    top: float
    right: float
    bottom: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, box: Box) -> bool:
        return self.left <= box.left and self.top <= box.top and box.right <= self.right and box.bottom <= self.bottom

    def touches(self, box: Box) -> bool:
        return box.left < self.right and self.left < box.right and box.top < self.bottom and self.top < box.bottom


def lines_within(content: bytes, area: Area, *, page: int = 0) -> list[Box]:
    """The lines of text that touch an area, each as one box, from the top down."""
    lines: dict[int, Box] = {}
    for box in boxes(content, page=page):
        if not area.touches(box):
            continue
        key = round(box.baseline * 4)
        known = lines.get(key, box)
        lines[key] = Box(
            min(known.left, box.left), known.top, max(known.right, box.right), known.bottom, known.baseline
        )
    return sorted(lines.values(), key=lambda each: each.top)


def boxes(content: bytes, *, page: int = 0) -> Iterator[Box]:
    """Every piece of text on a page, as WeasyPrint draws it."""
    with pikepdf.open(io.BytesIO(content)) as document:
        sheet = document.pages[page]
        height = float(sheet.MediaBox[3])
        fonts = {name: _widths(font) for name, font in sheet.Resources.Font.items()}
        matrix, place, size = pikepdf.Matrix(), pikepdf.Matrix(), 0.0
        kept: list[pikepdf.Matrix] = []
        widths: dict[int, float] = {}
        for drawn in pikepdf.parse_content_stream(sheet):
            given: Any = list(drawn.operands)
            match str(drawn.operator):
                case "q":
                    kept.append(matrix)
                case "Q":
                    matrix = kept.pop()
                case "cm":
                    matrix = pikepdf.Matrix(*map(float, given)) @ matrix
                case "Tm":
                    place = pikepdf.Matrix(*map(float, given))
                case "Tf":
                    widths, size = fonts[str(given[0])], float(given[1])
                case "TJ":
                    whole = place @ matrix
                    across = abs(whole.a) * size * _advance(given[0], widths) / 1000
                    tall = abs(whole.d) * size
                    base = height - whole.f
                    yield Box(
                        left=whole.e * MM,
                        top=(base - ABOVE * tall) * MM,
                        right=(whole.e + across) * MM,
                        bottom=(base + BELOW * tall) * MM,
                        baseline=base * MM,
                    )


def _advance(pieces: Any, widths: dict[int, float]) -> float:
    total = 0.0
    for piece in pieces:
        if isinstance(piece, pikepdf.String):
            codes = bytes(piece)
            total += sum(widths.get(int.from_bytes(codes[at : at + 2], "big"), 1000) for at in range(0, len(codes), 2))
        else:
            total -= float(piece)
    return total


def _widths(font: Any) -> dict[int, float]:
    """The width of each glyph, in thousandths of the size of type."""
    found: dict[int, float] = {}
    first = 0
    for each in font.DescendantFonts[0].W:
        if isinstance(each, pikepdf.Array):
            found |= {first + number: float(width) for number, width in enumerate(each)}
        else:
            first = int(each)
    return found
