"""The address stands where the window of an envelope is, measured on the page (DIN 5008 form B, window on the left)."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pikepdf
import pytest

from complaints.letters.printing import pdf
from complaints.letters.rendering import WINDOW_LINES, page, window
from complaints.letters.writing import Recipient, write
from tests.complaints.factories import SLUGS, definition
from tests.complaints.letters.measuring import MM, Area, boxes, lines_within
from tests.complaints.letters.sample import RECIPIENT, occasion

# A sheet in three, in an envelope of 110 by 220 mm with a window of 45 by 90 mm, 20 mm from its left, 15 from its foot.
FIELD = Area(20, 45, 105, 90)  # for the address, on the sheet
ALWAYS_SEEN = Area(20, 50, 105, 90)  # also when the sheet, 5 mm less high than the envelope, has slid down
ADDRESS_ZONE = Area(25, 62.7, 105, 90)
ENDLESS = "Stichting Katholiek en Protestants-Christelijk Onderwijs Wervershoof-Andijk en Omstreken " * 3
ADDRESSES = {
    "one line": Recipient(kind="complainant", name="Mevrouw J. Verweij"),
    "two lines": Recipient(kind="complainant", name="Mevrouw J. Verweij", address=("1234 AB Voorbeeldstad",)),
    "four lines": RECIPIENT,
    "six lines": replace(RECIPIENT, address=("Locatie Noord", "t.a.v. de balie", "Kerkstraat 1", "1234 AB Bergen")),
    "too many lines": replace(RECIPIENT, address=tuple(f"Regel {number}" for number in range(12))),
    "too long": replace(RECIPIENT, organisation=ENDLESS, name=ENDLESS, address=(ENDLESS, "1234 AB Voorbeeldstad")),
    "wide letters": replace(RECIPIENT, organisation="WW " * 60, name="M" * 90, address=("W" * 80, "1234 AB MMMMMM")),
    "accents and tails": replace(RECIPIENT, organisation="ÅÉÎÕÜ gjpqy", name="ÅÉÎÕÜ gjpqy"),
}


def letter(slug: str, name: str, to: Recipient) -> bytes:
    procedure = definition(slug)
    rule = procedure.letter(name)
    here = occasion(procedure, rule)
    return pdf(page(write(rule, to=to, occasion=here), to=to, occasion=here, letter=rule))


@pytest.mark.parametrize("which", ADDRESSES)
def test_address_lies_within_the_window_and_nothing_else_does(which: str):
    to = ADDRESSES[which]
    lines = lines_within(letter("klik-onderwijs", "acknowledgement", to), FIELD)
    sender, *address = lines
    assert 1 <= len(address) == len(window(to)) <= WINDOW_LINES
    assert [each for each in lines if not ALWAYS_SEEN.holds(each)] == []
    assert [each for each in address if not ADDRESS_ZONE.holds(each)] == []
    assert sender.bottom < address[0].baseline


@pytest.mark.parametrize("slug", SLUGS)
def test_window_shows_no_more_than_sender_and_address_at_any_organisation(slug: str):
    content = letter(slug, definition(slug).letters[0].name, ADDRESSES["six lines"])
    lines = lines_within(content, FIELD)
    assert len(lines) == 1 + WINDOW_LINES
    assert [each for each in lines if not ALWAYS_SEEN.holds(each)] == []
    body = [each for each in boxes(content) if each.top > FIELD.bottom]
    assert min(each.baseline for each in body) > 100  # the text begins well below it


@pytest.mark.rule("O21-16")
def test_confidential_letter_says_so_in_the_window():
    content = letter("o21", "outcome_to_employee", ADDRESSES["six lines"])
    lines = lines_within(content, FIELD)
    assert len(lines) == 2 + WINDOW_LINES
    assert [each for each in lines if not ALWAYS_SEEN.holds(each)] == []


def test_fold_marks_stand_at_a_third_and_two_thirds():
    content = letter("klik-onderwijs", "acknowledgement", RECIPIENT)
    assert marks(content) == {(5, 105), (5, 210)}


def marks(content: bytes) -> set[tuple[int, int]]:
    """The left and the top of the lines that are drawn in the left margin, in millimetres."""
    found = set()
    with pikepdf.open(io.BytesIO(content)) as document:
        for drawn in pikepdf.parse_content_stream(document.pages[0]):
            if str(drawn.operator) == "re":
                given: Any = list(drawn.operands)
                left, top, _width, height = (float(each) * 0.75 * MM for each in given)
                if left < 10 and height < 1:
                    found.add((round(left), round(top)))
    return found
