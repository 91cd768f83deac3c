"""Writing into the text of a procedure: what was asked for changes, and not one other line."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from difflib import unified_diff

import pytest

from procedures import comparing, editing
from procedures.comparing import Change, Line
from procedures.definition import Term, Text, Unit
from procedures.editing import NotEditable
from procedures.loading import load
from tests.complaints.factories import DEFINITIONS, SLUGS

SMALL = """\
# First of all.
version = 1             # the first
in_force_from = 2026-01-01
languages = ["nl", "en"]
mixed = [
  ["[[letter]]"],
]

[contact]               # nobody knows
# The source is silent.

# ---- what hurries

[[deadline]]
name = "decision"
term = "20 working days"  # KO-07

[[open_point]]
about = "A"

[[letter]]
name = "answer"
title.nl = "Antwoord"
subject.nl = "Uw klacht"   # short
subject.en = "Your complaint"
body.nl = \"\"\"
Eerst.

[[letter]]
# geen kop
\"\"\"

[[open_point]]
about = "B"

  [[letter]]
  name = "plain"
  subject = "Zonder taal"
  body = "Zo."
  [letter.extra]
  nl = "x"
"""


def source(slug: str) -> str:
    return (DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8")


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, each with + or -."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_wanted_changes_nothing(slug: str):
    text = source(slug)
    assert editing.rewritten(text, editing.entries(text)) == text


@pytest.mark.parametrize("slug", SLUGS)
def test_term_is_written_on_its_own_line_and_no_other(slug: str):
    text = source(slug)
    known = editing.entries(text)
    for number, term in enumerate(known.terms):
        terms = (*known.terms[:number], replace(term, amount="77", unit="hours"), *known.terms[number + 1 :])
        written = editing.rewritten(text, replace(known, terms=terms))
        assert [line[:14] for line in changed(text, written)] == ["-" + line_of(text, term.name)[:13], '+term = "77 ho']


def line_of(text: str, deadline: str) -> str:
    """The line with the term of a deadline."""
    stored = next(each for each in tomllib.loads(text)["deadline"] if each["name"] == deadline)
    return f'term = "{stored["term"]}"'


@pytest.mark.parametrize("slug", SLUGS)
def test_everything_that_is_wanted_can_be_read_back(slug: str):
    text = source(slug)
    known = editing.entries(text)
    wanted = replace(
        known,
        in_force_from=date(2031, 2, 3),
        email="wij@voorbeeld.example",
        phone="070 123 45 67",
        address=("Straat 1", "2491 AK Den Haag"),
        terms=tuple(replace(each, amount="3", unit="working days") for each in known.terms),
        letters=tuple(
            replace(
                each,
                subject={code: f'{said} "en meer"' for code, said in each.subject.items()},
                body={code: f'{said}\n\nErbij: """ \\ {{portal}} é' for code, said in each.body.items()},
            )
            for each in known.letters
        ),
    )
    written = editing.rewritten(text, wanted)
    assert editing.entries(written) == wanted
    assert [line for line in written.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]


def test_next_version_keeps_the_comments():
    written = editing.next_version(SMALL, number=2, in_force_from=date(2027, 1, 1))
    assert changed(SMALL, written) == [
        "-version = 1             # the first",
        "-in_force_from = 2026-01-01",
        "+version = 2             # the first",
        "+in_force_from = 2027-01-01",
    ]


def test_contact_that_was_lacking_stands_in_its_table_and_goes_again():
    known = editing.entries(SMALL)
    written = editing.rewritten(SMALL, replace(known, email="a@b.example", address=("Straat 1", "Oord")))
    assert changed(SMALL, written) == ['+email = "a@b.example"', '+address = ["Straat 1", "Oord"]']
    assert written.index("email") < written.index("# ---- what hurries")
    assert editing.rewritten(written, replace(known, email="", address=())) == SMALL


def test_table_that_the_text_lacks_is_made():
    text = "version = 1\n\n[theme]\naccent = 'red'\n"
    written = editing.rewritten(text, replace(editing.entries(text), phone="070", email="a@b.example"))
    assert tomllib.loads(written)["contact"] == {"email": "a@b.example", "phone": "070"}
    assert changed(text, written)[-1][0] == "+"
    assert [line for line in changed(text, written) if line[0] == "-"] == []


def test_letters_between_other_tables_are_found_by_name():
    known = editing.entries(SMALL)
    assert [each.name for each in known.letters] == ["answer", "plain"]
    answer, plain = known.letters
    assert answer.body["nl"] == "Eerst.\n\n[[letter]]\n# geen kop"
    wanted = replace(
        known,
        letters=(
            replace(answer, subject={"nl": "Ons antwoord", "en": "Your complaint"}, body={"nl": "Kort.", "en": ""}),
            replace(plain, subject={"nl": "Anders", "en": "Other"}),
        ),
    )
    assert changed(SMALL, editing.rewritten(SMALL, wanted)) == [
        '-subject.nl = "Uw klacht"   # short',
        '+subject.nl = "Ons antwoord"   # short',
        '-body.nl = """',
        "-Eerst.",
        "-",
        "-[[letter]]",
        "-# geen kop",
        '-"""',
        '+body.nl = "Kort."',
        '-  subject = "Zonder taal"',
        '+  subject = {nl = "Anders", en = "Other"}',
    ]


def test_inline_lists_can_be_written_too():
    text = 'deadline = [{ name = "a", term = "1 day" }, { name = "b", term = "2 days" }]  # both\n'
    known = editing.entries(text)
    written = editing.rewritten(text, replace(known, terms=(known.terms[0], replace(known.terms[1], amount="5"))))
    assert written == text.replace("2 days", "5 days")


def test_what_a_form_cannot_name_is_left_to_the_text():
    text = """\
deadline = [{ term = "1 day" }, { name = "a" }, { name = "a" }, { name = "X y" }, 3, { name = "b", term = "soon" }]
letter = "none"
contact = 7
languages = "nl"
"""
    known = editing.entries(text)
    assert [(each.name, each.amount, each.unit) for each in known.terms] == [("b", "soon", "days")]
    assert (known.letters, known.email, known.in_force_from, known.languages) == ((), "", None, ("nl",))
    assert editing.rewritten(text, known) == text


HOSTILE = ["a = ", "a = " + "[" * 5000, f"a = {'9' * 5000}", "a" * 1000 + " = 1\n[", "[[letter]]\nname = \x07"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_problem_and_no_form(text: str):
    assert len(editing.problems_of(text)) == 1
    with pytest.raises(NotEditable):
        editing.entries(text)


def test_problem_quotes_its_line():
    text = source("klimkoord").replace('term = "', 'term = "soon, ', 1)
    problem = editing.problems_of(text)[0]
    assert "soon, " in editing.quoted(text, problem)
    assert editing.quoted("", problem) == ""


def test_differences_name_the_lines_around_a_change():
    before = "\n".join(f"line {n}" for n in range(1, 11))
    after = before.replace("line 5", "line five").replace("line 6\n", "")
    assert comparing.differences(before, after) == [
        Line("skipped", count=2),
        Line("same", "line 3", 3),
        Line("same", "line 4", 4),
        Line("removed", "line 5", 5),
        Line("removed", "line 6", 6),
        Line("added", "line five", 5),
        Line("same", "line 7", 6),
        Line("same", "line 8", 7),
        Line("skipped", count=2),
    ]
    assert comparing.differences(before, before) == []


def test_changes_name_the_parts_with_their_terms():
    text = source("klik-onderwijs")
    known = editing.entries(text)
    decision = next(each for each in known.terms if each.name == "decision")
    wanted = replace(
        known,
        email="anders@voorbeeld.example",
        terms=tuple(replace(each, amount="15") if each == decision else each for each in known.terms),
    )
    before = load(text)
    after = load(editing.next_version(editing.rewritten(text, wanted), number=2, in_force_from=date(2027, 1, 1)))
    assert comparing.changes(before, after) == [
        Change("contact", "changed", Text("")),
        Change(
            "deadlines",
            "changed",
            before.deadline("decision").title,
            Term(20, Unit.WORKING_DAYS),
            Term(15, Unit.WORKING_DAYS),
        ),
    ]
    fewer = replace(before, letters=before.letters[1:])
    assert comparing.changes(before, fewer) == [Change("letters", "removed", before.letters[0].title)]
    assert comparing.changes(fewer, before) == [Change("letters", "added", before.letters[0].title)]
    turned = replace(before, roles=before.roles[::-1])
    assert comparing.changes(before, turned) == [Change("roles", "changed", Text(""))]
