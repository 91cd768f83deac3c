"""From the bytes of a file to rows of texts: which signs it is written in, what stands between cells, how large."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from complaints.earlier.columns import Column, plain

LARGEST: Final = 5 * 1024 * 1024  # bytes
MOST_ROWS: Final = 20_000
_SEPARATORS: Final = (";", ",", "\t")
_OFFICE: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how Excel's own files begin
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")  # how a file in UTF-16 begins
# Headings of what a register without persons has not.
_PERSONAL: Final = frozenset(
    {
        *("naam", "indiener", "naamindiener", "klager", "naamklager", "melder", "betrokkene", "overwie", "behandelaar"),
        *("email", "emailadres", "mail", "telefoon", "telefoonnummer"),
        *("adres", "postcode", "woonplaats", "plaats", "geboortedatum", "bsn"),
    }
)


class NotRead(Exception):
    """Why the file cannot be read as a register, in words, with what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row by the number that a spreadsheet shows beside it; its cells by the names of the columns."""

    number: int
    cells: Mapping[str, str]


def rows_of(data: bytes, columns: Sequence[Column], *, most: int = MOST_ROWS) -> list[Row]:
    """The rows that say anything, `most` of them at most. Raises NotRead."""
    text = _text(data)
    try:
        lines = _lines(text, columns)
        headings = next(lines, [])
        names = _named(headings, columns)
        found: list[Row] = []
        for number, cells in enumerate(lines, start=2):
            if not any(each.strip() for each in cells):
                continue
            if any(each.strip() for each in cells[len(names) :]):
                raise NotRead(
                    _(
                        "Rij %(row)d heeft meer vakken dan er kolommen zijn. Zet tekst met een ; of , erin tussen "
                        "dubbele aanhalingstekens."
                    )
                    % {"row": number}
                )
            if len(found) == most:
                raise NotRead(
                    _("Dit bestand heeft meer dan %(most)d rijen. Maak er bestanden van per jaar van.") % {"most": most}
                )
            found.append(Row(number, dict(zip(names, (each.strip() for each in cells), strict=False))))
    except csv.Error:
        raise NotRead(_("Dit bestand is niet als tabel te lezen. Sla het opnieuw op als csv (UTF-8).")) from None
    if not found:
        raise NotRead(_("In dit bestand staan geen rijen onder de kolomnamen."))
    return found


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise NotRead(_("Dit bestand is groter dan 5 MB. Maak er bestanden per jaar van."))
    if not data.strip():
        raise NotRead(_("Dit bestand is leeg."))
    if data.startswith(_OFFICE):
        raise NotRead(_("Dit is een bestand van Excel zelf. Kies in Excel: Opslaan als, en dan csv (UTF-8)."))
    if data.startswith(_WIDE) or b"\x00" in data:
        raise NotRead(_("Dit is geen csv-bestand dat wij kunnen lezen. Sla het op als csv (UTF-8)."))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotRead(_("Dit is geen csv-bestand dat wij kunnen lezen. Sla het op als csv (UTF-8)."))


def _lines(text: str, columns: Sequence[Column]) -> Iterator[list[str]]:
    """The lines, with the sign between cells with which most headings are known."""
    known = {each for column in columns for each in column.headings}

    def found(separator: str) -> int:
        headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
        return sum(plain(each) in known for each in headings)

    separator = max(_SEPARATORS, key=found)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _named(headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The names of the columns that the headings name, in the order of the file. Raises NotRead."""
    names, wrong = [], []
    while headings and not headings[-1].strip():
        headings = headings[:-1]
    for heading in headings:
        found = next((each for each in columns if plain(heading) in each.headings), None)
        if found is not None and found.name not in names:
            names.append(found.name)
        elif found is not None:
            wrong.append(_("De kolom “%(title)s” staat er twee keer.") % {"title": found.title})
        elif plain(heading) in _PERSONAL:
            wrong.append(
                _("Haal de kolom “%(heading)s” weg: wij nemen geen gegevens van mensen over.")
                % {"heading": heading.strip()[:60]}
            )
        else:
            wrong.append(
                _("De kolom “%(heading)s” kennen wij niet. Haal haar weg, of noem haar zoals in het voorbeeld.")
                % {"heading": heading.strip()[:60]}
            )
    wrong += [
        _("De kolom “%(title)s” ontbreekt.") % {"title": each.title}
        for each in columns
        if each.is_required and each.name not in names
    ]
    if wrong:
        raise NotRead("\n".join(wrong[:40]))
    return names
