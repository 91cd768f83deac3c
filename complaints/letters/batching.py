"""Letters on paper as one file to print: a list, then each letter on sheets of its own, in the order they are given."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pikepdf
from django.template.loader import render_to_string
from django.utils import translation

from complaints.letters.occasion import Recipient
from complaints.letters.rendering import WINDOW_LINES, mark, window
from procedures import wording
from procedures.definition import Procedure

LINES_TO_FILL_IN = 3  # at most; each is a third higher than a printed line
A4 = (210 / 25.4 * 72, 297 / 25.4 * 72)  # in points
CLAIMS = ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part")


@dataclass(frozen=True, slots=True)
class ToPost:
    """A letter as it was written, with what has to be known to put it in an envelope."""

    reference: str
    title: str
    to: Recipient
    pdf: bytes
    is_sealed: bool

    @property
    def needs_address(self) -> bool:
        return not self.to.address

    @property
    def has_address_sheet(self) -> bool:
        """A closed envelope has one to be recognised by; so has what shows no address in a window."""
        return self.is_sealed or self.needs_address


@dataclass(frozen=True, slots=True)
class Printed:
    """The file, how many sheets of paper it takes printed on both sides, and how many of those each letter takes."""

    pdf: bytes
    sheets: int
    of_each: list[int]


def printed(letters: Sequence[ToPost], *, procedure: Procedure, made_by: str, made_at: datetime) -> Printed:
    """The letters as one PDF in which each begins on a right-hand page, after a list in the active language.

    It has the tags, the languages and a title, as its parts have; but it claims neither PDF/A nor PDF/UA, since it is
    made to be printed and may hold a letter that claims nothing itself.
    """
    from complaints.letters import printing  # loading it takes half a second that only this needs

    with ExitStack() as opened:
        parts, of_each = [], []
        for each in letters:
            own = [pikepdf.open(io.BytesIO(each.pdf))]
            if each.has_address_sheet:
                own.insert(0, pikepdf.open(io.BytesIO(printing.address(_address_page(each, procedure)))))
            parts += [opened.enter_context(part) for part in own]
            of_each.append(sum(_sheets(part) for part in own))
        rows = list(zip(letters, of_each, strict=True))
        page = render_to_string(
            "paper/batch.html",
            {
                "procedure": procedure,
                "mark": mark(procedure.theme),
                "made_by": made_by,
                "made_at": made_at,
                "made_on": wording.day(made_at.astimezone(ZoneInfo(procedure.zone)).date()),
                "rows": rows,
                "sheets": sum(of_each),
            },
        )
        file = opened.enter_context(pikepdf.open(io.BytesIO(printing.paper(page))))
        for part in parts:
            _to_the_right_hand_page(file)
            add(file, part)
        with file.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for claim in CLAIMS:
                metadata.pop(claim, None)
        target = io.BytesIO()
        file.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return Printed(target.getvalue(), _sheets(file), of_each)


def _address_page(letter: ToPost, procedure: Procedure) -> str:
    lines = window(letter.to)
    room = min(LINES_TO_FILL_IN, (WINDOW_LINES - len(lines)) * 3 // 4) if letter.needs_address else 0
    with translation.override(letter.to.language):
        return render_to_string(
            "letters/address.html",
            {
                "procedure": procedure,
                "theme": procedure.theme,
                "reference": letter.reference,
                "language": letter.to.language,
                "sender_line": ", ".join([procedure.name, *procedure.contact.address]),
                "window": lines,
                "is_sealed": letter.is_sealed,
                "to_fill_in": range(room),
            },
        )


def _sheets(part: pikepdf.Pdf) -> int:
    return -(-len(part.pages) // 2)


def _to_the_right_hand_page(file: pikepdf.Pdf) -> None:
    """Ends the sheet, so that what comes next begins on another one."""
    if len(file.pages) % 2:
        file.add_blank_page(page_size=A4)


def add(file: pikepdf.Pdf, part: pikepdf.Pdf) -> None:
    """Adds the pages with their tags. Page and tags find each other by a number, which has to be a new one here."""
    first = len(file.pages)
    file.pages.extend(part.pages)
    if "/StructTreeRoot" not in part.Root:
        return
    whole, added = file.Root.StructTreeRoot, file.copy_foreign(part.Root.StructTreeRoot)
    numbers = pikepdf.NumberTree(whole.ParentTree)
    start = max(numbers, default=-1) + 1
    for number, parents in pikepdf.NumberTree(added.ParentTree).items():
        numbers[start + number] = parents
    for page in file.pages[first:]:
        if "/StructParents" in page:
            page.StructParents = start + int(page.StructParents)
        for annotation in page.get("/Annots", ()):
            if "/StructParent" in annotation:
                annotation.StructParent = start + int(annotation.StructParent)
    document = whole.K[0]
    for child in added.K:
        child.P = document
        child.Lang = str(part.Root.get("/Lang", ""))
        document.K.append(child)
