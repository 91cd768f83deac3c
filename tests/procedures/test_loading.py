"""Loading: documents become values, and every slip is a problem with its line, its key and what to do."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from procedures import definition
from procedures.definition import (
    Choice,
    Condition,
    Extension,
    Field,
    FieldKind,
    Occurrence,
    OccurrenceKind,
    Retention,
    Term,
    Text,
    Unit,
    YearlyDuty,
)
from procedures.lines import line_numbers
from procedures.loading import Problem, Unsound, load, read, surface_keys

HERE = Path(__file__).parent
DEFINITIONS = Path(definition.__file__).parent / "definitions"
BASE = (HERE / "broken" / "base.toml").read_text()
CASES = tomllib.loads((HERE / "broken" / "cases.toml").read_text())["case"]


def readme_example() -> str:
    """The only TOML block of the project's README that is a whole document."""
    readme = (HERE.parents[1] / "README.md").read_text()
    (example,) = (part.split("```")[0] for part in readme.split("```toml\n")[1:] if part.startswith("organisation"))
    return example


# ---------------------------------------------------------------------------------------------- what is sound


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_definition_is_sound(path: Path):
    procedure, problems = read(path.read_text(), path.name)
    assert [str(problem) for problem in problems] == []
    assert procedure is not None
    assert procedure.organisation == path.stem


def test_the_base_of_the_broken_ones_is_sound():
    assert [str(problem) for problem in read(BASE)[1]] == []


def test_the_example_of_the_readme_is_sound_and_short():
    example = readme_example()
    assert [str(problem) for problem in read(example, "README.md")[1]] == []
    assert len(example.splitlines()) < 60


def test_prefixes_and_names_of_organisations_are_unique():
    procedures = [load(path.read_text()) for path in DEFINITIONS.glob("*.toml")]
    assert (
        len({each.prefix for each in procedures}) == len({each.organisation for each in procedures}) == len(procedures)
    )


def readme_words() -> set[str]:
    """What stands in the README as code: whole spans, and the last part of table headers."""
    spans = re.findall(r"`([^`\n]+)`", (DEFINITIONS / "README.md").read_text())
    return {span.strip("[]").rpartition(".")[2] if span.startswith("[") else span for span in spans}


def test_the_readme_names_every_key():
    classes = [each for each in vars(definition).values() if isinstance(each, type) and dataclasses.is_dataclass(each)]
    unwritten = {definition.Occurrence, definition.Term, definition.Condition, definition.Measure, definition.Point}
    inline = {"nl", "en", "value"}  # shown in examples
    keys = {key for each in classes if each not in unwritten for key in surface_keys(each)} - inline
    assert sorted(keys - readme_words()) == []


def test_the_readme_names_every_value_that_can_be_chosen():
    kinds = (
        definition.FieldKind,
        definition.Independence,
        definition.DeadlineKind,
        definition.OwedBy,
        definition.Roll,
        definition.Channel,
        definition.Release,
        definition.AppealKind,
        definition.LiberationDay,
        definition.Unit,
    )
    assert sorted({str(value) for kind in kinds for value in kind} - readme_words()) == []


# ---------------------------------------------------------------------------------------------- values


def test_a_field_is_read_whole():
    assert load(BASE).act("decide").fields == (
        Field(
            name="verdict",
            title=Text("Wat is het oordeel?"),
            kind=FieldKind.CHOICE,
            choices=(Choice("upheld", Text("Gegrond")), Choice("not_upheld", Text("Ongegrond"))),
        ),
    )


def test_a_deadline_is_read_whole():
    assert load(BASE).deadline("decision") == definition.DeadlineRule(
        name="decision",
        title=Text("Besluit"),
        kind=definition.DeadlineKind.LIMIT,
        owed_by=definition.OwedBy.ORGANISATION,
        term=Term(20, Unit.WORKING_DAYS),
        starts=(Occurrence(OccurrenceKind.ACT, "file"),),
        met_by=(Occurrence(OccurrenceKind.SENT, "decision"),),
        extension=Extension(times=1),
        public=Text("Uiterlijk deze dag krijgt u ons besluit."),
    )


def test_a_text_in_two_languages_loses_its_outer_blank_lines():
    body = load(BASE).letter("decision").body
    assert body == Text(
        nl="## Ons oordeel: {fact.verdict}\n\n- U kunt bezwaar maken binnen {term.objection}.\n\n{appeal.committee}",
        en="## Our judgement: {fact.verdict}\n\n{appeal.committee}",
    )


def test_a_day_of_the_year_becomes_month_and_day():
    assert load(BASE).duties == (YearlyDuty("report", Text("Jaarverslag"), "director", 3, 31),)


def test_what_is_left_out_gets_its_default():
    procedure = load(readme_example())
    assert procedure.zone == "Europe/Amsterdam"
    assert procedure.calendar == definition.CalendarPolicy()
    assert procedure.theme == definition.Theme()
    left_out = (procedure.checks, procedure.appeals, procedure.duties, procedure.register, procedure.open_points)
    assert left_out == ((), (), (), (), ())
    assert procedure.in_force_from == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("written", "conditions"),
    [
        ('{ fact = "verdict", is = "upheld" }', (Condition("verdict", ("upheld",)),)),
        ('{ fact = "verdict", is_not = "upheld" }', (Condition("verdict", ("upheld",), negated=True),)),
        ('{ fact = "verdict", in = ["upheld"] }', (Condition("verdict", ("upheld",)),)),
        ('{ fact = "verdict", not_in = ["upheld"] }', (Condition("verdict", ("upheld",), negated=True),)),
        ('[{ done = "assign" }]', (Condition(done="assign"),)),
        (
            '[{ not_done = "assign" }, { fact = "represented", is = true }]',
            (Condition(done="assign", negated=True), Condition("represented", (True,))),
        ),
        ("[]", ()),
    ],
)
def test_conditions_are_read(written: str, conditions: tuple[Condition, ...]):
    text = BASE.replace('name = "assignment"', f'name = "assignment"\nwhen = {written}')
    assert load(text).deadline("assignment").when == conditions


@pytest.mark.parametrize("written", ['"DD-01"', '["DD-01"]'])
def test_one_rule_needs_no_list(written: str):
    assert load(BASE.replace('term = "1 year"', f'term = "1 year"\nrule = {written}')).retention.rules == ("DD-01",)


def test_retention_can_start_elsewhere():
    text = BASE.replace('term = "1 year"', 'term = "1 year"\nstart = "sent:decision"\nown_choice = true')
    assert load(text).retention == Retention(
        Term(1, Unit.YEARS), start=Occurrence(OccurrenceKind.SENT, "decision"), is_own_choice=True
    )


# ---------------------------------------------------------------------------------------------- what is broken


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"].replace(" ", "-"))
def test_a_broken_definition_says_what_to_do(case: dict[str, str]):
    """Each case breaks one thing in base.toml and gets one problem: line, key and advice."""
    assert BASE.count(case["old"]) == 1
    _, problems = read(BASE.replace(case["old"], case["new"]), "broken.toml")
    assert [str(problem) for problem in problems] == [f"broken.toml:{case['expect']}"]


def test_there_are_no_two_cases_about_the_same():
    assert len({case["about"] for case in CASES}) == len(CASES)


def test_every_advice_is_one_sentence():
    for case in CASES:
        advice = case["expect"].split(": ", maxsplit=2)[-1]
        assert advice[-1] in ".?"
        assert "\n" not in advice


def test_load_raises_all_problems_in_the_order_of_the_lines():
    text = BASE.replace('title = "Formeel"', "title = 7").replace("count = 2", 'count = "two"').replace('"DD"', "3")
    with pytest.raises(Unsound) as raised:
        load(text, source="broken.toml")
    assert raised.value.problems == (
        Problem("broken.toml", 4, "prefix", "write a text instead of 3."),
        Problem("broken.toml", 40, 'track "formal".title', "write a text instead of 7."),
        Problem("broken.toml", 195, 'act "judge".field "assessors".count', 'write a whole number instead of "two".'),
    )
    assert str(raised.value).splitlines()[0] == "broken.toml:4: prefix: write a text instead of 3."


def test_all_unsoundness_is_told_at_once():
    text = BASE.replace("binding = true\nmembers = 2", "binding = true").replace('prefix = "DD"', 'prefix = "dd"')
    assert [problem.key for problem in read(text)[1]] == ["prefix", 'appeal "committee".members']


def test_an_unsound_procedure_can_still_be_looked_at():
    procedure, problems = read(BASE.replace('prefix = "DD"', 'prefix = "dd"'))
    assert procedure is not None
    assert procedure.prefix == "dd"
    assert len(problems) == 1


# ---------------------------------------------------------------------------------------------- lines

AWKWARD = '''\
# [no.header] and no = "key"
a.b = "x # no comment ] } = 'y'"   # a comment with "quotes
"quoted key" = 'single \\'  # a backslash alone

[table]
text = """
[[not.a.header]]
key = 1 \\""" still inside
"""   # the end
literal = \'\'\'
' = [
\'\'\'
list = [ # comment ]
  "a, b", # [
  { x = 1, y.z = [1, 2] },
  [
    3,
    [4],
  ],
]
moment = 2026-01-01 08:00:00
empty = ""
next = {}

[[row]]
name = "one"
[row.sub]
k = 1
[[row.deep]]
k = 1
[[row]]
name = "two"
[[row.deep]]
k = 2
[[row.deep]]
"k" = 3
'''


def test_line_numbers_of_awkward_toml():
    tomllib.loads(AWKWARD)
    lines = line_numbers(AWKWARD)
    assert lines == {
        ("a",): 2,
        ("a", "b"): 2,
        ("quoted key",): 3,
        ("table",): 5,
        ("table", "text"): 6,
        ("table", "literal"): 10,
        ("table", "list"): 13,
        ("table", "list", 0): 14,
        ("table", "list", 1): 15,
        ("table", "list", 1, "x"): 15,
        ("table", "list", 1, "y"): 15,
        ("table", "list", 1, "y", "z"): 15,
        ("table", "list", 1, "y", "z", 0): 15,
        ("table", "list", 1, "y", "z", 1): 15,
        ("table", "list", 2): 16,
        ("table", "list", 2, 0): 17,
        ("table", "list", 2, 1): 18,
        ("table", "list", 2, 1, 0): 18,
        ("table", "moment"): 21,
        ("table", "empty"): 22,
        ("table", "next"): 23,
        ("row",): 25,
        ("row", 0): 25,
        ("row", 0, "name"): 26,
        ("row", 0, "sub"): 27,
        ("row", 0, "sub", "k"): 28,
        ("row", 0, "deep"): 29,
        ("row", 0, "deep", 0): 29,
        ("row", 0, "deep", 0, "k"): 30,
        ("row", 1): 31,
        ("row", 1, "name"): 32,
        ("row", 1, "deep"): 33,
        ("row", 1, "deep", 0): 33,
        ("row", 1, "deep", 0, "k"): 34,
        ("row", 1, "deep", 1): 35,
        ("row", 1, "deep", 1, "k"): 36,
    }


def test_line_numbers_do_not_mind_line_ends_of_windows():
    assert line_numbers(AWKWARD.replace("\n", "\r\n")) == line_numbers(AWKWARD)


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_value_of_a_definition_has_its_line(path: Path):
    text = path.read_text()
    lines, written = line_numbers(text), text.splitlines()

    def walk(value: object, at: tuple[str | int, ...]) -> None:
        if at:
            assert at in lines
            if isinstance(at[-1], str):
                assert at[-1] in written[lines[at] - 1]
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, (*at, key))
        elif isinstance(value, list):
            for number, each in enumerate(value):
                walk(each, (*at, number))

    walk(tomllib.loads(text), ())
