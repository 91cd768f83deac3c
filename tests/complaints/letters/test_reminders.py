"""What reminders and escalations say, for each deadline that they are about, with real dates."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from complaints.letters.writing import missing, write
from procedures.definition import COMPLAINANT, Letter, OccurrenceKind
from tests.complaints.factories import SLUGS, definition
from tests.complaints.letters.sample import RECIPIENT, facts_of, occasion

DAYS = {
    "nl": "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
    "en": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
}


def told() -> list[object]:
    """Each letter before or after a deadline, once for each deadline."""
    return [
        pytest.param(slug, letter, about, id=f"{slug}-{letter.name}-{about}")
        for slug in SLUGS
        for letter in definition(slug).letters
        for about in dict.fromkeys(
            on.name for on in letter.on if on.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED)
        )
    ]


@pytest.mark.parametrize(("slug", "letter", "about"), told())
def test_reminder_names_the_case_what_is_due_and_the_day_and_nobody_in_its_subject(
    slug: str, letter: Letter, about: str
):
    procedure = definition(slug)
    given = replace(occasion(procedure, letter, facts=facts_of(procedure) | {"has_consequences": True}), deadline=about)
    assert missing(letter, given) == ()
    for language, days in DAYS.items():
        written = write(letter, to=replace(RECIPIENT, kind=letter.to[0], language=language), occasion=given)
        everything = f"{written.subject}\n{written.text}"
        assert given.reference in written.subject
        assert re.search(rf"\b({days}) \d", everything), everything
        for gap in ("–", "{", "}", "None"):
            assert gap not in everything
        for name in ("Verweij", "Jolanda", given.handler, given.sender):
            assert not name or name not in written.subject
        if letter.to[0] != COMPLAINANT:
            title = procedure.deadline(about).title.in_language(language)
            assert title in written.subject or "{deadline}" not in letter.subject.nl
            assert given.reference in written.text
            assert given.case_url in written.text
