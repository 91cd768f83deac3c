"""The mark-up of letters and public texts."""

from __future__ import annotations

import pytest

from procedures.placeholders import (
    BadMarkup,
    Block,
    Bold,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Placeholder,
    Plain,
    lacking,
    parse,
    parse_line,
    placeholders_in,
)


def test_a_text_becomes_a_document():
    text = """
Op {received_on} kregen wij
uw klacht. **Uiterlijk {due.decision}** hoort u meer.
## Wat nu? {fact.subject}
- wij lezen
  alles
- wij bellen

{terms}

{fact.reasons}

{reference}
"""
    assert parse(text) == Document(
        (
            Paragraph(
                (
                    Plain("Op "),
                    Placeholder("received_on"),
                    Plain(" kregen wij uw klacht. "),
                    Bold((Plain("Uiterlijk "), Placeholder("due", "decision"))),
                    Plain(" hoort u meer."),
                )
            ),
            Heading((Plain("Wat nu? "), Placeholder("fact", "subject"))),
            Bullets(((Plain("wij lezen alles"),), (Plain("wij bellen"),))),
            Block(Placeholder("terms")),
            Block(Placeholder("fact", "reasons")),
            Paragraph((Placeholder("reference"),)),
        )
    )


def test_a_document_knows_its_placeholders_in_order():
    document = parse("{today} **{handler}**\n\n- {due.a}\n\n## {term.b}\n\n{portal}\n\n{appeal.c}\n\nZie {fact.d}.")
    assert [str(each) for each in document.inline] == ["{today}", "{handler}", "{due.a}", "{term.b}", "{fact.d}"]
    assert [str(each) for each in document.blocks] == ["{portal}", "{appeal.c}"]


def test_an_empty_text_is_an_empty_document():
    assert parse(" \n \n") == Document(())


def test_signs_that_are_no_mark_up_stay():
    assert parse("2 * 3 # 4 - 5\n\n##geen kop\n\n-geen punt") == Document(
        (Paragraph((Plain("2 * 3 # 4 - 5"),)), Paragraph((Plain("##geen kop"),)), Paragraph((Plain("-geen punt"),)))
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Dit is **vet", 'close the bold text at "**vet" with another **.'),
        ("Uiterlijk {due.decision", 'close the placeholder at "{due.decision" or take the brace away.'),
        ("Uiterlijk due.decision}", 'close the placeholder at "}" or take the brace away.'),
        ("{Reference}", "{Reference} is no placeholder; did you mean {reference}?"),
        ("{due}", "{due} is no placeholder; did you mean {due.NAME}?"),
        ("{reference.x}", "{reference.x} is no placeholder; did you mean {reference}?"),
        ("{}", "{} is no placeholder; see the list in procedures/definitions/README.md."),
    ],
)
def test_bad_mark_up_says_what_to_do(text: str, message: str):
    with pytest.raises(BadMarkup) as raised:
        parse_line(text)
    assert str(raised.value) == message


def test_placeholders_in_leaves_out_what_is_none():
    assert placeholders_in("{a.b} {today} {due.x} {due.x} {No} {") == (
        Placeholder("a", "b"),
        Placeholder("today"),
        Placeholder("due", "x"),
        Placeholder("due", "x"),
    )


def test_lacking_tells_which_placeholders_and_words_are_gone():
    text = "Uiterlijk {due.decision} kunt u naar de burgerlijke\nrechter."
    wanted = ["due.decision", "burgerlijke rechter", "terms", "vertrouwenspersoon"]
    assert lacking(text, wanted) == ("terms", "vertrouwenspersoon")
