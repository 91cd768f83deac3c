"""Pictures of the figures, as SVG: plain bars with their numbers on them, that also read well in black and white.

A bar of what is hidden has a fixed length, whatever the number. Beside each picture stands its table, so it is named
for who does not see it, and no more. Colours come from classes: of the desk's style sheet, or on paper of `on_paper`.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from complaints.reports.suppression import Hidden, Shown
from procedures.definition import Theme

WIDTH = 460
_BAR, _LINE, _GAP = 24, 17, 14
_LETTERS = 60  # of a label that fit beside each other
_HIDDEN = 90
_CLASSES = ("now", "prev", "older")  # the report's own year, the year before, and the one before that


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: Shown


def lying(bars: Sequence[Bar], *, title: str) -> SafeString:
    """Bars below each other, each under its name."""
    most = max((each.value for each in bars if isinstance(each.value, int)), default=0)
    room = WIDTH - 60  # for the number behind the longest
    pieces, top = [], 0
    for bar in bars:
        for line in textwrap.wrap(bar.label, _LETTERS) or [""]:
            top += _LINE
            pieces.append(format_html('<text x="0" y="{}">{}</text>', top - 4, line))
        pieces.append(_lying(bar.value, top + 2, room=room, most=most))
        top += _BAR + _GAP
    height = max(top, _LINE)
    return _svg(height, title, _join(pieces))


def _lying(value: Shown, y: int, *, room: int, most: int) -> SafeString:
    if isinstance(value, Hidden):
        return format_html(
            '<rect class="hidden-bar" x="1" y="{}" width="{}" height="{}"/><text class="soft" x="{}" y="{}">{}</text>',
            y + 1,
            _HIDDEN,
            _BAR - 2,
            _HIDDEN + 10,
            y + 17,
            said(value),
        )
    width = round(room * value / most, 1) if most else 0
    bar = format_html('<rect class="now" x="1" y="{}" width="{}" height="{}"/>', y, width, _BAR) if width else ""
    axis = format_html('<path class="axis" d="M.5 {}v{}"/>', y, _BAR)
    return format_html('{}{}<text class="value" x="{}" y="{}">{}</text>', axis, bar, width + 9, y + 17, said(value))


def standing(groups: Sequence[tuple[str, Sequence[Shown]]], years: Sequence[int], *, title: str) -> SafeString:
    """Groups of bars beside each other, one a year, at most three: the last year solid, the ones before lighter."""
    kept = len(_CLASSES)
    years = years[-kept:]
    drawn = [(name, list(values)[-kept:]) for name, values in groups]
    most = max((value for _name, values in drawn for value in values if isinstance(value, int)), default=0)
    floor, high = 210, 170
    group = WIDTH / max(1, len(drawn))
    bar = (group - 22) / max(1, len(years))
    pieces: list[SafeString] = []
    for at, (name, values) in enumerate(drawn):
        left = at * group + 8
        for number, value in enumerate(values):
            x = left + number * bar
            style = _CLASSES[len(values) - 1 - number]
            pieces.append(_standing(value, x, bar - 4, floor=floor, high=high, most=most, style=style))
            if at == 0:
                pieces.append(_middle("soft", x + bar / 2 - 2, floor + 16, f"’{years[number] % 100:02}"))
        pieces.append(_middle("", left + bar * len(values) / 2, floor + 36, name))
    body = format_html('{}<path class="axis" d="M2 {}H{}"/>', _join(pieces), floor + 0.5, WIDTH - 2)
    return _svg(floor + 44, title, body)


def _standing(value: Shown, x: float, width: float, *, floor: int, high: int, most: int, style: str) -> SafeString:
    middle = x + width / 2
    if isinstance(value, Hidden):
        return format_html(
            '<rect class="hidden-bar" x="{}" y="{}" width="{}" height="38"/>{}',
            round(x, 1),
            floor - 38,
            round(width, 1),
            _middle("soft", middle, floor - 44, "?"),
        )
    height = round(high * value / most, 1) if most else 0
    bar = (
        format_html(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
            style,
            round(x, 1),
            floor - height,
            round(width, 1),
            height,
        )
        if height
        else ""
    )
    return format_html("{}{}", bar, _middle("value", middle, floor - height - 6, said(value)))


def _middle(style: str, x: float, y: float, text: object) -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>', style, round(x, 1), round(y, 1), text
    )


def _svg(height: float, title: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        height,
        WIDTH,
        height,
        title,
        body,
    )


def _join(pieces: Sequence[SafeString | str]) -> SafeString:
    return format_html_join("", "{}", ((each,) for each in pieces))


def on_paper(picture: str, theme: Theme) -> str:
    """The same picture as an image that is part of a page, in the organisation's colours."""
    style = (
        "text{font-family:'Source Sans 3';font-size:15.5px;font-weight:400;fill:#1d2125}.value{font-weight:600}"
        ".soft{font-size:14.5px;fill:#54585d}"
        f".now{{fill:{theme.accent}}}.prev{{fill:{theme.accent_line}}}"
        f".older{{fill:#fff;stroke:{theme.accent};stroke-width:1.5}}"
        ".hidden-bar{fill:none;stroke:#7b756b;stroke-width:1.5;stroke-dasharray:3 4}"
        ".axis{stroke:#7b756b;stroke-width:1;fill:none}"
    )
    whole = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    whole = whole.replace(">", f"><style>{style}</style>", 1)
    return "data:image/svg+xml;base64," + base64.b64encode(whole.encode()).decode()


def said(value: Shown | None) -> str:
    """A number, or the words that stand for one."""
    if value is None:
        return "–"
    if isinstance(value, Hidden):
        return _("minder dan 5") if value is Hidden.FEW else _("niet getoond")
    return number_format(value, force_grouping=True)
