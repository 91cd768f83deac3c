"""Other words for a letter: what must stay in them, in which language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from complaints.letters import own_words
from complaints.letters.writing import said, write
from procedures.definition import Letter
from procedures.placeholders import Placeholder
from tests.complaints.factories import SLUGS, definition
from tests.complaints.letters.sample import RECIPIENT, occasion

ENGLISH = replace(RECIPIENT, language="en")


@pytest.mark.parametrize("slug", SLUGS)
def test_the_procedures_own_words_are_without_fault_in_both_languages(slug: str):
    procedure = definition(slug)
    for letter in procedure.letters:
        for language in ("nl", "en"):
            body = own_words.body_of(letter, language)
            assert own_words.faults(letter, body, language, procedure) == [], (letter.name, language)


@pytest.mark.parametrize("slug", SLUGS)
def test_no_term_waits_for_a_letter_that_a_person_looks_at(slug: str):
    """So none of the five needs a reminder for who looks; the check of the document asks for one where it does."""
    procedure = definition(slug)
    held = {f"sent:{letter.name}" for letter in procedure.letters if letter.is_held}
    assert not [rule.name for rule in procedure.deadlines if held & {str(each) for each in rule.met_by}]


def decision() -> Letter:
    return definition("klik-onderwijs").letter("decision")


def test_english_words_must_hold_the_same_but_not_in_dutch():
    letter = replace(decision(), must_hold=("fact.reasons", "burgerlijke rechter"))
    words = "We looked at it.\n\n{fact.reasons}"
    assert own_words.lacks(letter, words, "en") == ()
    assert own_words.lacks(letter, words, "nl") == ("burgerlijke rechter",)
    changed = own_words.reworded(letter, words, "en")
    here = occasion(definition("klik-onderwijs"), letter)
    assert "We looked at it." in write(changed, to=ENGLISH, occasion=here).text
    assert write(changed, to=ENGLISH, occasion=here).language == "en"


def test_words_that_are_too_long_are_refused():
    said_of_it = own_words.faults(decision(), "a" * 20_001, "nl", definition("klik-onderwijs"))
    assert said_of_it == ["Deze tekst is te lang. Er is ruimte voor 20000 tekens."]


def test_placeholder_is_said_as_it_will_stand_in_the_letter():
    letter, here = decision(), occasion(definition("klik-onderwijs"), decision())
    assert said(letter, Placeholder("organisation"), to=RECIPIENT, occasion=here) == "Klik Onderwijs"
    assert "Wij plannen een nieuwe training" in said(
        letter, Placeholder("fact", "measures"), to=RECIPIENT, occasion=here
    )
