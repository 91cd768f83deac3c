"""Every letter of every procedure: its words, its PDF, its mail."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pypdf
import pytest

from complaints.letters import mailing
from complaints.letters.printing import pdf
from complaints.letters.rendering import page, window
from complaints.letters.writing import Recipient, Written, write
from procedures.definition import Letter, Procedure, Text
from procedures.placeholders import as_placeholder
from tests.complaints.factories import SLUGS, definition
from tests.complaints.letters.sample import AT, RECIPIENT, facts_of, occasion

EVERY = [
    pytest.param(definition(slug), letter, id=f"{slug}-{letter.name}")
    for slug in SLUGS
    for letter in definition(slug).letters
]


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(each.extract_text() for each in pages).split())


def mailed(written: Written, letter: Letter, **given: object):
    arguments = {
        "written": written,
        "letter": letter,
        "reference": "KO-2026-0042",
        "pdf": b"%PDF-1.7",
        "filename": "brief.pdf",
        "sender_name": "Klik Onderwijs",
        "from_email": "gehoor@example.org",
        "to_email": "j.verweij@wilgenroos.example",
        "message_id": "<1@example.org>",
        "reply_to": "post@example.org",
    }
    return mailing.message(**(arguments | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(("procedure", "letter"), EVERY)
def test_letter_says_what_it_must(procedure: Procedure, letter: Letter):
    written = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter))
    assert "{" not in written.text + written.html + written.subject
    assert "Er is niets ingevuld" not in written.text
    assert "None" not in written.text
    plain = " ".join(written.text.split())
    for wanted in letter.must_hold:
        if as_placeholder(wanted) is None:
            assert wanted in plain
    for name in [wanted.removeprefix("appeal.") for wanted in letter.must_hold if wanted.startswith("appeal.")]:
        body = procedure.appeal(name)
        assert body.person in plain
        assert all(line in plain for line in body.address)


@pytest.mark.parametrize("slug", SLUGS)
def test_letter_as_pdf_is_tagged_and_names_case_and_organisation(slug: str):
    procedure = definition(slug)
    for letter in procedure.letters[:4]:
        here = occasion(procedure, letter)
        content = pdf(page(write(letter, to=RECIPIENT, occasion=here), to=RECIPIENT, occasion=here, letter=letter))
        words = text_of(content)
        assert procedure.name in words
        assert f"{procedure.prefix}-2026-0042" in words
        assert "Mevrouw J. Verweij" in words
        with pikepdf.open(io.BytesIO(content)) as document:
            assert str(document.Root.Lang) == "nl"
            assert document.Root.MarkInfo.Marked
            assert "/StructTreeRoot" in document.Root
            assert str(document.docinfo["/Title"]).startswith(
                write(letter, to=RECIPIENT, occasion=here).subject.split("–")[0].strip()[:20]
            )
            fonts = {str(name) for each in document.pages for name in each.Resources.get("/Font", {})}
            assert fonts


@pytest.mark.rule("KO-08")
def test_acknowledgement_names_next_steps_and_terms_as_real_dates():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("acknowledgement")
    plain = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter)).text
    assert "vrijdag 18 december 2026" in plain
    assert "20 werkdagen na 20 november. Zaterdag en zondag tellen niet mee" in plain


@pytest.mark.rule("KO-13", "KO-15")
def test_decision_dates_the_objection_from_the_day_it_leaves():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("decision")
    here = occasion(procedure, letter)
    first = write(letter, to=RECIPIENT, occasion=here)
    assert first.depends_on_sending
    assert "vrijdag 4 december 2026" in first.text
    later = write(letter, to=RECIPIENT, occasion=replace(here, at=AT + timedelta(days=3)))
    assert "maandag 7 december 2026" in later.text


@pytest.mark.rule("KP-07")
def test_confirmation_already_names_the_disputes_committee():
    procedure = definition("klassepro")
    letter = procedure.letter("acknowledgement")
    plain = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter)).text
    assert "R. van den Dolder" in plain
    assert "0523-272719" in plain


@pytest.mark.rule("KK-16")
def test_letters_that_decide_name_the_civil_court():
    procedure = definition("klikklaar")
    letter = procedure.letter("decision")
    assert "burgerlijke rechter" in write(letter, to=RECIPIENT, occasion=occasion(procedure, letter)).text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=https://evil.example/x.png>",
        "{terms} {fact.subject} **vet** ## kop",
        "regel een\r\nBcc: ander@example.org\r\n\r\nregel twee",
        "&lt; < > & \" ' \x00",
        "lang " * 4000,
    ],
)
def test_hostile_answers_are_inert(hostile: str):
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("decision")
    facts = facts_of(procedure) | {"reasons": hostile, "subject": hostile}
    here = occasion(procedure, letter, facts)
    written = write(letter, to=replace(RECIPIENT, name=hostile[:200]), occasion=here)
    assert "<script" not in written.html
    assert "<img" not in written.html
    content = pdf(page(written, to=replace(RECIPIENT, name=hostile[:200]), occasion=here, letter=letter))
    assert content.startswith(b"%PDF")
    mail = mailed(written, letter).message()
    assert mail["Bcc"] is None


def test_mail_has_the_headers_that_machines_ask_for_and_no_name_in_its_subject():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("assignment")  # its heading names the handler
    written = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter))
    assert "Farida" in written.subject
    mail = mailed(written, letter)
    assert mail.subject == "Wie uw klacht onderzoekt (KO-2026-0042)"
    message = mail.message()
    assert message["Message-ID"] == "<1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "post@example.org"
    assert message["From"] == "Klik Onderwijs <gehoor@example.org>"
    assert [part.get_content_type() for part in message.walk()][-1] == "application/pdf"


@pytest.mark.parametrize(
    ("organisation", "name", "address", "lines"),
    [
        ("", "J. Verweij", (), ["J. Verweij"]),
        ("", "", (), []),
        (
            "De Wilgenroos",
            "J. Verweij",
            tuple(f"regel {n}" for n in range(9)),
            ["J. Verweij", "regel 0", "regel 1", "regel 2", "regel 7", "regel 8"],
        ),
        (
            "Stichting voor Christelijk Primair Onderwijs in de Gemeenten langs de Grote Rivieren en Daarbuiten",
            "Mevrouw prof. dr. J.A.M. van der Wilgenroos-Verweij van Oudenbosch",
            ("Kerkstraat 1", "1234 AB Voorbeeldstad"),
            [
                "Stichting voor Christelijk Primair",
                "Onderwijs in de Gemeenten langs de Grote …",
                "Mevrouw prof. dr. J.A.M. van der",
                "Wilgenroos-Verweij van Oudenbosch",
                "Kerkstraat 1",
                "1234 AB Voorbeeldstad",
            ],
        ),
        (
            "W" * 200,
            "J. Verweij",
            ("Afdeling Kwaliteit", "Gebouw C", "Kerkstraat 1", "1234 AB Voorbeeldstad"),
            ["W" * 40 + " …", "J. Verweij", "Afdeling Kwaliteit", "Gebouw C", "Kerkstraat 1", "1234 AB Voorbeeldstad"],
        ),
    ],
)
def test_window_shows_at_most_six_lines_and_never_loses_the_town(
    organisation: str, name: str, address: tuple[str, ...], lines: list[str]
):
    assert window(Recipient(kind="complainant", name=name, organisation=organisation, address=address)) == lines


def test_english_reader_gets_english_where_the_document_has_it():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("closed_notice")
    english = replace(letter, body=Text("Dag.", "The case is closed since {today}."), subject=Text("Klaar", "Done"))
    written = write(english, to=replace(RECIPIENT, language="en"), occasion=occasion(procedure, letter))
    assert written.subject == "Done"
    assert "Friday 20 November 2026" in written.text
    assert write(letter, to=replace(RECIPIENT, language="en"), occasion=occasion(procedure, letter)).language == "nl"
