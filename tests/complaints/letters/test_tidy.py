"""Every letter in every language as somebody reads it: nothing open, nothing double, no words of another language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from complaints.letters import mailing
from complaints.letters.invitation import Occasion as Beside
from complaints.letters.invitation import Sender, Talk, write_disclosure, write_invitation, write_request
from complaints.letters.occasion import Occasion
from complaints.letters.rendering import page
from complaints.letters.writing import Recipient, Written, write
from procedures.definition import COMPLAINANT, Fact, FieldKind, Letter, Measure, OccurrenceKind, Point, Procedure
from tests.complaints.letters.told import told
from tests.procedures import stories

GAPS = ("{", "}", "None", "…", "Er is niets ingevuld", "Nothing was filled in", "–", "()", "“”")
DOUBLE = re.compile(r"[^\n\S]{2}|[.,;:?!]\.|[.?!,],|\s[.,;:?!](?:\s|$)|\n{3}")
DUTCH_MONTHS = "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
ENGLISH_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WEEKDAYS = (
    "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|"
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
)
# The day from which a term is counted stands beside its end, without its weekday: "20 werkdagen na 20 november".
DATE = re.compile(rf"(\S+) \d{{1,2}} (?:{DUTCH_MONTHS}|{ENGLISH_MONTHS})\b")
BEFORE_A_DATE = re.compile(rf"^(?:(?:{WEEKDAYS})|na|after)$", re.IGNORECASE)
ENGLISH_WORDS = {
    "the",
    "you",
    "your",
    "our",
    "and",
    "complaint",
    "this",
    "that",
    "will",
    "not",
    "have",
    "with",
    "please",
}
DUTCH_WORDS = {
    "u",
    "uw",
    "wij",
    "ons",
    "onze",
    "het",
    "een",
    "niet",
    "klacht",
    "deze",
    "dag",
    "uiterlijk",
    "hebt",
    "bent",
}
STIFF_WORDS = {
    "helaas",
    "indien",
    "middels",
    "conform",
    "derhalve",
    "ontvankelijk",
    "geachte",
    "teneinde",
    "betreffende",
}
# Names of our own and words that a document has in one language only.
NO_WORDS = re.compile(r"https?://\S+|\S+@\S+|Directeur-bestuurder|customer success manager")
NAMES = ("Verweij", "Amrani", "Brouwer", "Postma", "Lid ")


def untidy(text: str, language: str) -> Iterator[str]:
    """What nobody should find in a letter."""
    yield from (gap for gap in GAPS if gap in text)
    yield from (repr(each) for each in DOUBLE.findall(text))
    for found in DATE.finditer(text):
        if not BEFORE_A_DATE.match(found[1].strip("(")):
            yield f"no weekday: {found[0]}"
    words = set(re.findall(r"[a-zé]+", NO_WORDS.sub(" ", text).casefold()))
    yield from sorted(words & (ENGLISH_WORDS if language == "nl" else DUTCH_WORDS))
    if language == "nl":
        yield from sorted(words & STIFF_WORDS)


def neutral(occasion: Occasion) -> Occasion:
    """The same with answers and titles that are in no language, so that the words left are ours."""
    kinds = {field.name: field.kind for field in occasion.procedure.every_field()}
    facts: dict[str, Fact] = {}
    for name, value in occasion.facts.items():
        is_free = kinds.get(name) in (FieldKind.TEXT, FieldKind.LONG_TEXT)
        facts[name] = "Xyz." if is_free else value
    facts["measures"] = (Measure("Xyz", "Xyz", date(2026, 11, 23)),)
    if "verdict" in kinds:
        facts["points"] = (Point("Xyz", "Xyz.", "upheld"), Point("Xyz", "Xyz.", "not_upheld"))
    return replace(occasion, facts=facts, sender_title="", handler_title="")


def is_about_time(letter: Letter) -> bool:
    return all(each.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED) for each in letter.on)


def subject_of(written: Written, letter: Letter, procedure: Procedure) -> str:
    mail = mailing.message(
        written=written,
        letter=letter,
        reference=f"{procedure.prefix}-2026-0042",
        pdf=None,
        filename="",
        sender_name=procedure.name,
        from_email="gehoor@example.org",
        to_email="j.verweij@wilgenroos.example",
        message_id="<1@example.org>",
    )
    return str(mail.subject)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in stories.paths()])
def test_letter_of_a_story_reads_well_in_each_language(path: Path):
    story = stories.read(path)
    procedure = story.procedure
    for letter, to, occasion in told(story):
        here = neutral(occasion)
        for language in procedure.languages:
            reader = replace(to, language=language)
            written = write(letter, to=reader, occasion=here)
            where = f"{letter.name} to {to.kind} in {language}"
            assert written.language == language, where
            assert list(untidy(f"{written.subject}\n\n{written.text}", language)) == [], where
            assert "<p></p>" not in written.html, where
            subject = subject_of(written, letter, procedure)
            assert [name for name in NAMES if name in subject] == [], where
            assert procedure.prefix in subject, where
            if to.kind == COMPLAINANT and not is_about_time(letter):
                assert here.portal_url in written.text, f"{where} has no way to ask"
        assert "<td></td>" not in page(write(letter, to=to, occasion=here), to=to, occasion=here, letter=letter)


AT = datetime(2026, 12, 4, 13, 30, tzinfo=UTC)
SENDERS = [
    Sender(
        name="Farida el Amrani",
        organisation="Klik Onderwijs",
        zone=ZoneInfo("Europe/Amsterdam"),
        email=email,
        phone=phone,
        url="https://klachten.example/klik-onderwijs/volgen/",
    )
    for email in ("post@example.org", "")
    for phone in ("070-1234567", "")
]
READERS = [
    Recipient(kind=kind, name="Mevrouw J. Verweij", language=language)
    for kind in ("complainant", "respondent")
    for language in ("nl", "en")
]


@pytest.mark.parametrize("sender", SENDERS, ids=lambda each: f"{each.email or 'no mail'}, {each.phone or 'no phone'}")
@pytest.mark.parametrize("to", READERS, ids=lambda each: f"{each.kind} {each.language}")
def test_letter_beside_the_procedure_reads_well(to: Recipient, sender: Sender):
    number = "KO-2026-0042"
    talk = Talk(starts_at=AT, minutes=45, place="Loire 150", note="Xyz.")
    letters = [
        write_invitation(
            talk, occasion, to=to, sender=sender, reference=number, guests="J. Verweij", are_both_invited=is_both
        )
        for occasion in (Beside.INVITED, Beside.MOVED, Beside.CANCELLED)
        for is_both in (True, False)
    ]
    letters += [
        write_request("Xyz.", date(2026, 12, 4), occasion, to=to, sender=sender, reference=number)
        for occasion in (Beside.ASKED, Beside.REMINDED)
    ]
    letters += [write_disclosure(is_copy=is_copy, to=to, sender=sender, reference=number) for is_copy in (True, False)]
    for written in letters:
        assert list(untidy(f"{written.subject}\n\n{written.text}", to.language)) == [], written.text
        assert [name for name in NAMES if name in written.subject] == []


def test_mail_about_an_account_reads_well():
    with translation.override("nl"):
        for template, context in (
            ("password_reset", {"url": "https://gehoor.example/x/"}),
            (
                "account_changed",
                {
                    "what": "U hebt een nieuw wachtwoord.",
                    "moment": "vrijdag 4 december 2026 om 14.30 uur",
                    "lines": [],
                    "url": "https://gehoor.example/x/",
                },
            ),
        ):
            said = context | {"person": SimpleNamespace(full_name="Sanne Postma")}
            subject = " ".join(render_to_string(f"desk/mail/{template}_subject.txt", said).split())
            text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"desk/mail/{template}.txt", said).strip())
            assert text.startswith("Dag Sanne Postma,")
            assert list(untidy(f"{subject}\n\n{text}", "nl")) == []
            assert "Postma" not in subject


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Beste {name},", "nl"),
        ("Dit is  dubbel.", "nl"),
        ("Dit is dubbel..", "nl"),
        ("Komt het ?", "nl"),
        ("Uiterlijk op 4 december 2026.", "nl"),
        ("By 4 December 2026.", "en"),
        ("Wij hebben your klacht.", "nl"),
        ("We have uw complaint.", "en"),
        ("Helaas.", "nl"),
    ],
)
def test_what_is_untidy_is_seen(text: str, language: str):
    assert list(untidy(text, language)) != []
