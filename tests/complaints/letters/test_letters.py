"""Every letter of every procedure: its words, its PDF, its mail."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pypdf
import pytest
from django.core.mail import BadHeaderError
from django.utils import translation
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from complaints.letters import mailing
from complaints.letters.dates import capital
from complaints.letters.printing import STATIC, OwnPartsOnly, pdf
from complaints.letters.rendering import page, window
from complaints.letters.writing import Recipient, Written, salutation, write
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
        assert capital(body.person) in plain
        assert all(line in plain for line in body.address)


@pytest.mark.parametrize(("procedure", "letter"), EVERY)
def test_letter_as_pdf_is_tagged_and_to_be_kept_and_says_all_that_it_must(procedure: Procedure, letter: Letter):
    here = occasion(procedure, letter)
    written = write(letter, to=RECIPIENT, occasion=here)
    content = pdf(page(written, to=RECIPIENT, occasion=here, letter=letter))
    words = text_of(content)
    for wanted in (procedure.name, here.reference, "Mevrouw J. Verweij", "1234 AB Voorbeeldstad"):
        assert wanted in words
    for wanted in letter.must_hold:
        if as_placeholder(wanted) is None:
            assert wanted in words
    with pikepdf.open(io.BytesIO(content)) as document:
        assert str(document.Root.Lang) == "nl"
        assert bool(document.Root.MarkInfo.Marked)
        assert "/StructTreeRoot" in document.Root
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        assert str(document.docinfo["/Author"]) == procedure.name
        assert written.subject in str(document.docinfo["/Title"])
        assert here.reference in str(document.docinfo["/Title"])
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert "/ID" in document.trailer
        (intent,) = document.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert int(intent.DestOutputProfile.N) == 3
        assert b"sRGB" in intent.DestOutputProfile.read_bytes()
        assert is_opaque(document)
        fonts = [font for each in document.pages for font in each.Resources["/Font"].values()]
        assert fonts
        for font in fonts:
            assert "SourceSans3" in str(font.BaseFont).replace("-", "")
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor or (
                "/FontFile3" in font.DescendantFonts[0].FontDescriptor
            )


def is_opaque(document: pikepdf.Pdf) -> bool:
    """Whether nothing on its pages lets something else shine through, so that no printer has to guess."""
    parts = [each for each in document.objects if isinstance(each, pikepdf.Dictionary | pikepdf.Stream)]
    return not any("/SMask" in each or float(each.get(name, 1)) != 1 for each in parts for name in ("/ca", "/CA"))


def test_letter_with_a_character_that_no_font_has_claims_nothing(caplog: pytest.LogCaptureFixture):
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("acknowledgement")
    to = replace(RECIPIENT, name="J. \U000e0fff\U0010fffd Verweij")
    here = occasion(procedure, letter)
    content = pdf(page(write(letter, to=to, occasion=here), to=to, occasion=here, letter=letter))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert "/StructTreeRoot" in document.Root
        with document.open_metadata() as metadata:
            assert "pdfuaid:part" not in metadata
            assert "pdfaid:part" not in metadata
            assert "pdfaid:conformance" not in metadata
            assert str(metadata["dc:title"]).startswith("Wij hebben uw klacht ontvangen")


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


HOSTILE = [
    "<script>alert(1)</script>",
    "</style></main><img src=https://evil.example/x.png><link rel=attachment href='file:///etc/passwd'>",
    "{terms} {fact.subject} **vet** ## kop",
    "regel een\r\nBcc: ander@example.org\r\n\r\nregel twee",
    "&lt; < > & \" ' \x00 \x0b \ufffe \u202e",
    "lang " * 4000,
    "x" * 20_000,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_answers_are_inert(hostile: str):
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("decision")
    facts = facts_of(procedure) | {"reasons": hostile, "subject": hostile}
    here = occasion(procedure, letter, facts)
    to = replace(RECIPIENT, name=hostile[:200], organisation=hostile[:200], address=(hostile[:200],))
    written = write(letter, to=to, occasion=here)
    assert "\u200b" not in written.text
    whole = page(written, to=to, occasion=here, letter=letter)
    for tag in ("<script", "<img src=https", "<link"):
        assert tag not in whole
    content = pdf(whole)
    assert b"evil.example/x.png" not in content.partition(b"/URI")[2]
    with pikepdf.open(io.BytesIO(content)) as document:
        assert len(document.attachments) == 0
    words = text_of(content)
    if len(hostile) < 100 and hostile.isprintable():
        assert hostile in words
    assert "vrijdag 4 december 2026" in words
    mail = mailed(written, letter, sender_name=hostile, reference=hostile[:40]).message()
    assert mail["Bcc"] is None
    assert len([name for name in mail.keys() if name.lower() == "subject"]) == 1  # noqa: SIM118  # names may come twice


def test_mail_refuses_an_address_that_would_add_a_header():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("closed_notice")
    written = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter))
    for field in ("to_email", "reply_to", "message_id"):
        with pytest.raises(BadHeaderError):
            mailed(written, letter, **{field: "a@example.org\r\nBcc: ander@example.org"}).message()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.png",
        "file:///etc/passwd",
        (STATIC / "fonts" / "../letters/letter.css").as_uri(),
        (STATIC / "fonts").as_uri() + "/..%2f..%2fmanage.woff2",
        "data:text/html;base64,PGI+",
    ],
)
def test_letter_fetches_nothing_but_its_own_parts(url: str):
    with pytest.raises(FatalURLFetchingError):
        OwnPartsOnly().fetch(url)


def test_letter_is_set_closer_where_that_spares_a_page():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("judgement")
    pages = []
    for lines in range(1, 25, 2):
        reasons = "\n\n".join(["Zo was het."] * lines)
        here = occasion(procedure, letter, facts_of(procedure) | {"judgement_reasons": reasons})
        whole = page(write(letter, to=RECIPIENT, occasion=here), to=RECIPIENT, occasion=here, letter=letter)
        loose = HTML(string=whole, url_fetcher=OwnPartsOnly()).render(stylesheets=[STATIC / "letters" / "letter.css"])
        pages.append((len(loose.pages), len(pypdf.PdfReader(io.BytesIO(pdf(whole))).pages)))
    assert {(1, 1), (2, 1), (2, 2)} <= set(pages)
    assert all(set_closer <= loose_pages for loose_pages, set_closer in pages)


@pytest.mark.parametrize(
    ("kind", "name", "organisation", "said"),
    [
        ("complainant", "J. Verweij", "", "Beste J. Verweij,"),
        ("complainant", "Mevrouw J. Verweij", "", "Beste mevrouw Verweij,"),
        ("complainant", "Mevr. Verweij", "", "Beste mevrouw Verweij,"),
        ("complainant", "De heer Ali", "", "Beste meneer Ali,"),
        ("complainant", "De heer J.Th. van der Berg", "", "Beste meneer Van der Berg,"),
        ("complainant", "Mevrouw prof. dr. J. van Dam", "", "Beste mevrouw prof. dr. J. van Dam,"),
        ("complainant", "Mevrouw A.", "", "Beste mevrouw A.,"),
        ("complainant", "Mevrouw 't Hart", "", "Beste mevrouw 't Hart,"),
        ("complainant", "Dhr Ali", "", "Beste meneer Ali,"),
        ("complainant", "Mw", "", "Beste Mw,"),
        ("complainant", "", "", "Goedendag,"),
        ("respondent", "", "", "Goedendag,"),
        ("csm", "", "", "Beste collega,"),
        ("csm", "Sanne\r\nPostma", "", "Beste Sanne Postma,"),
        ("appeal:third_party", "mevrouw J. Kets", "de onafhankelijke derde", "Beste mevrouw Kets,"),
        ("appeal:committee", "de geschillencommissie", "", "Goedendag,"),
    ],
)
def test_salutation_suits_whom_it_goes_to(kind: str, name: str, organisation: str, said: str):
    with translation.override("nl"):
        assert salutation(Recipient(kind=kind, name=name, organisation=organisation)) == said


def test_salutation_in_english_has_an_english_title():
    with translation.override("en"):
        for name, said in (
            ("Mevrouw J. Verweij", "Dear Ms Verweij,"),
            ("Ms Verweij", "Dear Ms Verweij,"),
            ("De heer Ali", "Dear Mr Ali,"),
            ("Mr Ali", "Dear Mr Ali,"),
        ):
            assert salutation(Recipient(kind="complainant", name=name, language="en")) == said


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
    assert message["X-Auto-Response-Suppress"] == "All"
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
                "Onderwijs in de Gemeenten langs de …",
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
            ["W" * 38 + " …", "J. Verweij", "Afdeling Kwaliteit", "Gebouw C", "Kerkstraat 1", "1234 AB Voorbeeldstad"],
        ),
    ],
)
def test_window_shows_at_most_six_lines_and_never_loses_the_town(
    organisation: str, name: str, address: tuple[str, ...], lines: list[str]
):
    assert window(Recipient(kind="complainant", name=name, organisation=organisation, address=address)) == lines


def test_appeal_body_that_is_composed_for_the_case_gets_no_empty_address():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("decision")
    written = write(letter, to=RECIPIENT, occasion=occasion(procedure, letter))
    assert 'class="appeal"' not in written.html
    assert "De externe geschillencommissie. Wij vormen deze commissie" in written.text


def test_answer_that_ends_its_own_sentence_brings_no_second_full_stop():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("acknowledgement")
    for given, said in (
        ("De training ging niet door.", "Het onderwerp is: De training ging niet door. Dank"),
        ("Boeken, schriften e.d.", "Het onderwerp is: Boeken, schriften e.d. Dank"),
    ):
        here = occasion(procedure, letter, facts_of(procedure) | {"subject": given})
        assert said in write(letter, to=RECIPIENT, occasion=here).text


def test_colleague_finds_the_case_by_mail_and_on_paper_and_the_complainant_does_not():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("late_objection_received")
    here = occasion(procedure, letter)
    for kind, is_there in (("general_director", True), ("complainant", False), ("respondent", False)):
        to = replace(RECIPIENT, kind=kind)
        written = write(letter, to=to, occasion=here)
        assert (here.case_url in written.text) is is_there
        assert (here.case_url in page(written, to=to, occasion=here, letter=letter)) is is_there


def test_english_letter_has_no_dutch_but_what_the_document_says_in_dutch():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("acknowledgement")
    english = replace(
        letter,
        subject=Text("Ontvangen", "We have your complaint"),
        body=Text("{terms}", "Today is {today}.\n\n{terms}\n\n{portal}\n\nKept {retention}."),
        deadlines=("decision",),
    )
    to = replace(RECIPIENT, language="en", name="Ms J. Verweij")
    here = replace(
        occasion(procedure, letter, at=AT + timedelta(days=20)), sender_title="customer success manager", handler=""
    )
    written = write(english, to=to, occasion=here)
    assert written.text.startswith("Dear Ms Verweij,\n\nToday is Thursday 10 December 2026.")
    assert (
        "20 working days after 10 December 2026. Saturday, Sunday, Christmas Day and New Year's Day do not count"
        in (written.text)
    )
    assert "Kept 1 year." in written.text
    assert "At https://klachten.example/organisatie/volgen/ you can see how your complaint is going." in written.text
    words = text_of(content := pdf(page(written, to=to, occasion=here, letter=english)))
    for said in ("Date Thursday 10 December 2026", "Number of your complaint", "Who is writing to you", "1 of 1"):
        assert said in words
    for dutch in ("uiterlijk", "Datum", "Nummer", "groet", "Beste", "tellen", "van 1"):
        assert dutch not in words.replace(procedure.deadline("decision").public.nl, "")
    with pikepdf.open(io.BytesIO(content)) as document:
        assert str(document.Root.Lang) == "en"
    mail = mailed(written, english)
    assert "Put this number in every message: KO-2026-0042." in mail.body
    assert mail.message()["Content-Language"] == "en"


def test_english_reader_gets_english_where_the_document_has_it():
    procedure = definition("klik-onderwijs")
    letter = procedure.letter("closed_notice")
    english = replace(letter, body=Text("Dag.", "The case is closed since {today}."), subject=Text("Klaar", "Done"))
    written = write(english, to=replace(RECIPIENT, language="en"), occasion=occasion(procedure, letter))
    assert written.subject == "Done"
    assert "Friday 20 November 2026" in written.text
    dutch = replace(letter, body=Text("Dag."), subject=Text("Klaar"))
    assert write(dutch, to=replace(RECIPIENT, language="en"), occasion=occasion(procedure, letter)).language == "nl"
