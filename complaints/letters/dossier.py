"""A whole dossier as one PDF: a cover with contents, what was said, and every letter and document that can be read."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
from django.template.loader import render_to_string
from django.utils import timezone
from PIL import Image, ImageOps

from complaints.letters.batching import A4, CLAIMS, add
from complaints.letters.pieces import Chapter, Piece, cases_of, chapter_of, pieces_of
from complaints.letters.rendering import mark
from complaints.models import Case
from procedures.catalogue import procedure_of
from procedures.definition import Procedure

Manifest = dict[str, Any]  # what JSON knows: how it was made, and of each piece its name, hash and pages
MM = 72 / 25.4
STAMP = (110 * MM, 7 * MM)  # as paper.css sets its page
FROM_EDGE = 3 * MM
PICTURE = (2480, 3508)  # dots of a sheet of A4 at 300 to the inch: no picture needs more
LONGEST_TEXT = 100_000  # characters of a text file that are set on paper


def dossier(case: Case, *, at: datetime, for_outside: bool) -> tuple[bytes, Manifest]:
    """The dossier of a case, and of what was merged into it, at the instant `at`, in the active language.

    Notes of colleagues, reasons beside the procedure and who read it are never in it. `for_outside`: for who judges in
    an appeal; without letters to colleagues, letters that did not leave and proofs of identity, and with people's
    addresses on the letters alone.
    What has no pages stands in the list with its hash, as does everything else.
    """
    pdf, manifest, _pieces = _made(case, at=at, for_outside=for_outside)
    return pdf, manifest


def bundle(case: Case, *, at: datetime, for_outside: bool) -> bytes:
    """The same as a ZIP: the PDF, each piece as it was kept, and manifest.json with the SHA-256 of every file in it."""
    pdf, manifest, pieces = _made(case, at=at, for_outside=for_outside)
    when = timezone.localtime(at).timetuple()[:6]
    files = {f"{case.reference}.pdf": pdf}
    files |= {f"stukken/{each.name}": each.content for each in pieces if each.content is not None}
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name, when), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _made(case: Case, *, at: datetime, for_outside: bool) -> tuple[bytes, Manifest, list[Piece]]:
    cases = cases_of(case)
    procedure = procedure_of(cases[0].version)
    chapters = [chapter_of(each, for_outside=for_outside) for each in cases]
    pieces = pieces_of(cases, for_outside=for_outside)
    with ExitStack() as opened:
        parts = {each.number: part for each in pieces if (part := _pages_of(each, procedure)) is not None}
        for part in parts.values():
            opened.enter_context(part)
        file, starts, total = _front(chapters, pieces, parts, procedure, at=at, for_outside=for_outside)
        opened.enter_context(file)
        for each in pieces:
            if each.number in parts:
                _append(file, each, parts[each.number])
        _number(file, case, starts, total)
        with file.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem(case.reference, 0))
            for each in pieces:
                if each.number in starts:
                    outline.root.append(pikepdf.OutlineItem(f"{each.number}. {each.title}", starts[each.number] - 1))
        with file.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for claim in CLAIMS:
                metadata.pop(claim, None)
        target = io.BytesIO()
        file.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    pdf = target.getvalue()
    return pdf, _manifest(case, procedure, pieces, starts, pdf, total, at=at, for_outside=for_outside), pieces


def _front(
    chapters: list[Chapter],
    pieces: list[Piece],
    parts: dict[int, pikepdf.Pdf],
    procedure: Procedure,
    *,
    at: datetime,
    for_outside: bool,
) -> tuple[pikepdf.Pdf, dict[int, int], int]:
    """What comes before the pieces, with the page on which each begins, and how many pages there are in all.

    It names those pages, so its own length has to be known: it is set until that comes out the same. It grows each time
    that it does not, so that it ends.
    """
    from complaints.letters import printing  # loading it takes half a second that only this needs

    front = 1
    while True:
        starts, total = _starts(pieces, parts, front)
        page = _text(chapters, pieces, starts, procedure, at=at, for_outside=for_outside)
        file = pikepdf.open(io.BytesIO(printing.paper(page)))
        if len(file.pages) <= front:
            while len(file.pages) < front:
                file.add_blank_page(page_size=A4)
            return file, starts, total
        front = len(file.pages)
        file.close()


def _starts(pieces: list[Piece], parts: dict[int, pikepdf.Pdf], front: int) -> tuple[dict[int, int], int]:
    """The page on which each piece begins, and how many pages there are."""
    starts, page = {}, front + 1
    for each in pieces:
        if each.number in parts:
            starts[each.number] = page
            page += len(parts[each.number].pages)
    return starts, page - 1


def _lengths(starts: dict[int, int], total: int) -> dict[int, int]:
    """How many pages each piece takes."""
    edges = [*starts.values(), total + 1]
    return {number: edges[place + 1] - edges[place] for place, number in enumerate(starts)}


def _text(
    chapters: list[Chapter],
    pieces: list[Piece],
    starts: dict[int, int],
    procedure: Procedure,
    *,
    at: datetime,
    for_outside: bool,
) -> str:
    return render_to_string(
        "paper/dossier.html",
        {
            "procedure": procedure,
            "mark": mark(procedure.theme),
            "case": chapters[0].case,
            "chapters": chapters,
            "pieces": [(each, starts.get(each.number)) for each in pieces],
            "at": at,
            "for_outside": for_outside,
        },
    )


def _pages_of(piece: Piece, procedure: Procedure) -> pikepdf.Pdf | None:
    """The piece on pages; None where it has none, or where they cannot be read."""
    from complaints.letters import printing

    if piece.content is None:
        return None
    try:
        if piece.content_type == "application/pdf":
            return pikepdf.open(io.BytesIO(piece.content))
        if piece.content_type.startswith("image/"):
            return _picture(piece.content)
    except (pikepdf.PdfError, OSError, ValueError, Image.DecompressionBombError):
        return None
    if piece.content_type == "text/plain":
        text = piece.content.decode("utf-8", errors="replace")[:LONGEST_TEXT]
        page = render_to_string("paper/dossier_text.html", {"procedure": procedure, "piece": piece, "text": text})
        return pikepdf.open(io.BytesIO(printing.paper(page)))
    return None


def _picture(content: bytes) -> pikepdf.Pdf:
    """A picture on a sheet of A4, upright, never larger than the sheet."""
    with Image.open(io.BytesIO(content)) as stored:
        shown = ImageOps.exif_transpose(stored).convert("RGB")
    shown.thumbnail(PICTURE)
    target = io.BytesIO()
    shown.save(target, "PDF")
    sheet = pikepdf.new()
    page = sheet.add_blank_page(page_size=A4)
    with pikepdf.open(target) as drawn:
        edge = 20 * MM
        page.add_overlay(drawn.pages[0], pikepdf.Rectangle(edge, edge, A4[0] - edge, A4[1] - edge))
    return sheet


def _append(file: pikepdf.Pdf, piece: Piece, part: pikepdf.Pdf) -> None:
    """Adds the pages; with their tags where we made them. What others made may be tagged in any way, so it loses them:
    their numbers would point to the tags of other pages."""
    if piece.kind == "letter":
        add(file, part)
        return
    first = len(file.pages)
    file.pages.extend(part.pages)
    for page in file.pages[first:]:
        for key in ("/StructParents", "/AA"):
            if key in page:
                del page[key]
        for annotation in page.get("/Annots", ()):
            if "/StructParent" in annotation:
                del annotation["/StructParent"]


def _number(file: pikepdf.Pdf, case: Case, starts: dict[int, int], total: int) -> None:
    """Writes on top of each page which page of the dossier it is, and of which piece."""
    from complaints.letters import printing

    of_page: list[int] = [0] * total
    for number, length in _lengths(starts, total).items():
        of_page[starts[number] - 1 : starts[number] - 1 + length] = [number] * length
    page = render_to_string(
        "paper/dossier_numbers.html",
        {"reference": case.reference, "total": total, "rows": list(enumerate(of_page, start=1))},
    )
    with pikepdf.open(io.BytesIO(printing.paper(page))) as stamps:
        for sheet, stamp in zip(file.pages, stamps.pages, strict=True):
            sheet.add_overlay(stamp, _corner(sheet))


def _corner(page: pikepdf.Page) -> pikepdf.Rectangle:
    """Where the top right-hand corner is that people see, on a page that may be turned."""
    left, bottom, right, top = (float(each) for each in page.trimbox)
    width, height = STAMP
    edge = FROM_EDGE
    match int(page.obj.get("/Rotate", 0)) % 360:
        case 90:
            return pikepdf.Rectangle(left + edge, top - edge - width, left + edge + height, top - edge)
        case 180:
            return pikepdf.Rectangle(left + edge, bottom + edge, left + edge + width, bottom + edge + height)
        case 270:
            return pikepdf.Rectangle(right - edge - height, bottom + edge, right - edge, bottom + edge + width)
        case _:
            return pikepdf.Rectangle(right - edge - width, top - edge - height, right - edge, top - edge)


def _manifest(
    case: Case,
    procedure: Procedure,
    pieces: list[Piece],
    starts: dict[int, int],
    pdf: bytes,
    total: int,
    *,
    at: datetime,
    for_outside: bool,
) -> Manifest:
    zone, lengths = ZoneInfo(procedure.zone), _lengths(starts, total)
    return {
        "organisation": procedure.name,
        "reference": case.reference,
        "made_at": at.astimezone(zone).isoformat(),
        "for_outside": for_outside,
        "pdf": {
            "name": f"{case.reference}.pdf",
            "sha256": hashlib.sha256(pdf).hexdigest(),
            "bytes": len(pdf),
            "pages": total,
        },
        "pieces": [
            {
                "number": each.number,
                "kind": each.kind,
                "case": each.reference,
                "title": each.title,
                "whose": each.whose,
                "at": each.at.astimezone(zone).isoformat(),
                "name": f"stukken/{each.name}" if each.content is not None else None,
                "content_type": each.content_type,
                "bytes": None if each.content is None else len(each.content),
                "sha256": each.sha256,
                "pages": [starts[each.number], starts[each.number] + lengths[each.number] - 1]
                if each.number in starts
                else None,
            }
            for each in pieces
        ],
    }
