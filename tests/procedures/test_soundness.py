"""Soundness: what a procedure may do although it looks odd, and that a judgement always comes to an end.

What is refused is told case by case in broken/cases.toml, and proved by test_loading.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from procedures import soundness
from procedures.loading import Unsound, load, read
from procedures.soundness import Finding
from procedures.soundness.colours import chroma_and_hue, contrast

BASE = (Path(__file__).parent / "broken" / "base.toml").read_text()

SECOND_LAPSE = """[[act]]
name = "lapse_upheld"
title = "De bezwaartermijn is voorbij"
by = ["system"]
in = ["decided"]
on = ["passed:objection"]
to = "closed"
when = {when}

[[check]]"""


def said(*changes: tuple[str, str]) -> list[str]:
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return [f"{problem.key}: {problem.message}" for problem in read(text)[1]]


# ---------------------------------------------------------------------------------------------- what may be done


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{ fact = "verdict", is = "upheld" }', '{ fact = "verdict", is = "not_upheld" }'),
        ('{ fact = "verdict", is = "upheld" }', '{ fact = "verdict", is_not = "upheld" }'),
        ('{ fact = "verdict", is_not = "upheld" }', '{ fact = "verdict", in = ["upheld"] }'),
        ('{ done = "extend" }', '[{ fact = "represented", is = true }, { not_done = "extend" }]'),
    ],
)
def test_automatic_acts_on_one_occurrence_may_exclude_each_other(first: str, second: str):
    lapse = 'on = ["passed:objection"]\nto = "closed"'
    assert said((lapse, f"{lapse}\nwhen = {first}"), ("[[check]]", SECOND_LAPSE.replace("{when}", second))) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{ fact = "verdict", is = "upheld" }', '{ fact = "verdict", in = ["upheld", "not_upheld"] }'),
        ('{ fact = "verdict", is_not = "upheld" }', '{ fact = "verdict", is_not = "not_upheld" }'),
        ('{ fact = "verdict", is = "upheld" }', '{ fact = "represented", is = true }'),
        ('{ done = "extend" }', '{ not_done = "assign" }'),
    ],
)
def test_automatic_acts_that_could_both_happen_are_refused(first: str, second: str):
    lapse = 'on = ["passed:objection"]\nto = "closed"'
    assert said((lapse, f"{lapse}\nwhen = {first}"), ("[[check]]", SECOND_LAPSE.replace("{when}", second))) == [
        'act "lapse_upheld".on: add conditions so that either this or "lapse" happens on "passed:objection".'
    ]


def test_answers_of_which_more_can_be_given_do_not_exclude_each_other():
    lapse = 'on = ["passed:objection"]\nto = "closed"'
    first, second = '{ fact = "verdict", is = "upheld" }', '{ fact = "verdict", is = "not_upheld" }'
    assert said(
        ('kind = "choice"', 'kind = "choices"'),
        (lapse, f"{lapse}\nwhen = {first}"),
        ("[[check]]", SECOND_LAPSE.replace("{when}", second)),
    ) == ['act "lapse_upheld".on: add conditions so that either this or "lapse" happens on "passed:objection".']


def test_an_act_may_reopen_a_closed_case():
    reopen = '[[act]]\nname = "reopen"\ntitle = "Heropen"\nby = ["director"]\nin = ["closed"]\nto = "investigation"\n\n'
    assert said(("[[check]]", reopen + "[[check]]")) == []


def test_an_act_of_every_phase_may_name_an_end_too():
    assert said(('in = ["*"]', 'in = ["*", "closed"]')) == []


def test_a_waiting_time_needs_nothing_that_meets_it():
    assert said(('met_by = ["object"]', "met_by = []")) == []


def test_a_term_of_no_days_may_count_from_a_fact():
    assert said(('term = "6 weeks"', 'term = "0 days"\nfrom_fact = "happened_on"')) == []


def test_a_day_that_starts_a_clock_must_be_asked_for_certain():
    assert said(
        ('term = "48 hours"', 'term = "2 weeks"\nfrom_fact = "happened_on"'),
        ('title = "Wanneer was het?"', 'title = "Wanneer was het?"\nrequired = false'),
    ) == [
        'deadline "assignment".starts[1]: make "happened_on" required in "file": without it this clock does not start.'
    ]


def test_letters_and_clocks_may_keep_each_other_going():
    """A reminder that is repeated for as long as there is no answer: each letter starts the next term."""
    again = """[[deadline]]
name = "nudge"
title = "Antwoord"
kind = "target"
owed_by = "complainant"
term = "2 weeks"
starts = ["assign", "sent:nudge"]
met_by = ["decide"]

[[letter]]
name = "nudge"
title = "Denkt u nog aan ons?"
on = ["passed:nudge"]
to = ["complainant"]
subject = "Denkt u nog aan ons?"
body = "Laat het ons weten."

[[appeal]]"""
    assert said(("[[appeal]]", again)) == []


def test_handler_stands_for_the_role_that_handles():
    role = '[[role]]\nname = "handler"'
    (problem,) = said(
        (role, '[[role]]\nname = "judge"'),
        *[
            (
                f'by = ["handler"]\nin = ["investigation"]\n{next_key}',
                f'by = ["director"]\nin = ["investigation"]\n{next_key}',
            )
            for next_key in ("extends", "to", "before")
        ],
        ('kind = "member"\n  role = "handler"', 'kind = "member"\n  role = "director"'),
    )
    assert problem.startswith('role "judge": add a field of kind "member" with role = "judge" to an act: ')


def test_a_reminder_may_come_a_term_ahead_when_the_day_comes_from_a_fact():
    assert (
        said(
            ('term = "20 working days"', 'term = "1 working day"\nfrom_fact = "happened_on"'),
        )
        == []
    )


@pytest.mark.parametrize("ahead", ["19 working days", "3 working weeks", "1 month", "27 days"])
def test_a_reminder_that_may_come_after_the_beginning_is_fine(ahead: str):
    assert said(("before:decision:5 working days", f"before:decision:{ahead}")) == []


def test_a_fixed_extension_needs_no_day():
    assert (
        said(
            ("  times = 1", '  times = 1\n  by = "2 weeks"'),
            ('  name = "until"\n  title = "Tot wanneer?"\n  kind = "date"\n\n  [[act.field]]\n  name', "  name"),
        )
        == []
    )


def test_the_new_date_may_stand_in_the_table_of_dates():
    assert said(("Die wordt **{due.decision}**.", "De nieuwe staat hieronder.")) == []


def test_soft_independence_may_word_its_reason():
    field = '  [[act.field]]\n  name = "independence_reason"\n  title = "Waarom toch?"\n  required = false\n'
    assert (
        said(
            ('independence = "hard"', 'independence = "soft"'),
            ('role = "handler"\n\n[[act]]', f'role = "handler"\n\n{field}\n[[act]]'),
        )
        == []
    )


def test_facts_that_no_field_asks_may_decide():
    conditions = (
        '[{ fact = "channel", is = "web" }, { fact = "confidentiality", not_in = ["open"] }, '
        '{ fact = "represented", is = false }, { fact = "filed_late", is = true }]'
    )
    assert said(('name = "assignment"', f'name = "assignment"\nwhen = {conditions}')) == []


def test_there_is_no_late_filing_without_a_window():
    window = BASE[BASE.index("[intake.window]") : BASE.index("[[intake.channel]]")]
    condition = ('name = "assignment"', 'name = "assignment"\nwhen = { fact = "filed_late", is = true }')
    (problem,) = said((window, ""), condition)
    assert problem.startswith('deadline "assignment".when: there is no fact "filed_late"; ')


def test_an_answer_may_be_asked_again():
    field = '  [[act.field]]\n  name = "happened_on"\n  title = "Wanneer dan wel?"\n  kind = "date"\n'
    assert said(("count = 2\n", f"count = 2\n\n{field}")) == []


def test_a_letter_may_name_the_date_of_a_clock_that_its_act_starts():
    assert said(("- U kunt", "- Het begon voor {due.assignment}. U kunt")) == []


def test_names_come_first_so_that_their_consequences_are_not_told():
    assert said(('to = "investigation"', 'to = "investigating"'), ('prefix = "DD"', 'prefix = "dd"')) == [
        'act "assign".to: there is no phase "investigating"; did you mean "investigation"?'
    ]


def test_a_finding_speaks_of_the_procedure_not_of_the_text():
    procedure = load(BASE.replace('prefix = "DD"', 'prefix = "dd"'), is_published=True)
    assert soundness.problems(procedure) == (Finding(("prefix",), "write one to six capitals or digits."),)


# ---------------------------------------------------------------------------------------------- what is published


def test_what_is_published_is_not_judged_again():
    """A stricter judgement must not make the cases of an older version unreadable."""
    text = BASE.replace('prefix = "DD"', 'prefix = "dd"')
    with pytest.raises(Unsound):
        load(text)
    assert load(text, is_published=True).prefix == "dd"


# ---------------------------------------------------------------------------------------------- colours


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#0b5d66", "#0b5d66", 1.0),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_counted_as_in_wcag(one: str, other: str, ratio: float):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("colour", "chroma", "hue"),
    [  # as browsers count them: color-mix(in oklch, COLOUR, COLOUR)
        ("#ff0000", 0.2577, 29.2339),
        ("#008000", 0.1769, 142.4953),
        ("#a01c17", 0.1678, 28.3885),
    ],
)
def test_hue_is_counted_as_in_css(colour: str, chroma: float, hue: float):
    found = chroma_and_hue(colour)
    assert found[0] == pytest.approx(chroma, abs=0.002)
    assert found[1] == pytest.approx(hue, abs=0.5)


@pytest.mark.parametrize(
    "mark",
    [
        "<script>alert(1)</script>",
        '<path d="M0 0" style="x"/>',
        '<path d="M0 0" ONLOAD="x"/>',
        '<image href="https://example.org/x"/>',
        '<path fill="url(https://example.org/x)"/>',
        '<g><a href="x"/></g>',
        '<path d="M0 0"/><!-- x -->',
        "</svg><script/>",
        "text",
    ],
)
def test_a_mark_can_only_draw(mark: str):
    old = BASE[BASE.index("mark = '") : BASE.index("[[role]]")]
    (problem,) = said((old, f"mark = '{mark}'\n\n"))
    assert problem.startswith("theme.mark: draw the mark with ")


# ---------------------------------------------------------------------------------------------- always an answer


def test_a_document_without_any_one_line_is_read_or_refused():
    """Nothing but problems comes of a document that lost a line; each problem points into the document."""
    lines = BASE.splitlines()
    for number in range(len(lines)):
        without = lines[:number] + lines[number + 1 :]
        _, problems = read("\n".join(without))
        assert all(1 <= problem.line <= len(without) for problem in problems)


def test_a_document_with_any_two_values_swapped_is_read_or_refused():
    lines = BASE.splitlines()
    valued = [number for number, line in enumerate(lines) if " = " in line and not line.endswith('"""')]
    for first, second in zip(valued, valued[7:], strict=False):
        changed = list(lines)
        (one, _, left), (other, _, right) = lines[first].partition(" = "), lines[second].partition(" = ")
        changed[first], changed[second] = f"{one} = {right}", f"{other} = {left}"
        _, problems = read("\n".join(changed))
        assert all(1 <= problem.line <= len(changed) for problem in problems)


def test_procedure_that_speaks_english_speaks_it_everywhere():
    with pytest.raises(Unsound) as refused:
        load(BASE.replace('zone = "', 'languages = ["nl", "en"]\nzone = "'))
    said = str(refused.value)
    assert 'role "director".title: write this in English too, as languages names "en".' in said
    assert "public.headline: write this in English too" in said
    whole = (Path(__file__).parents[2] / "procedures/definitions/klikklaar.toml").read_text(encoding="utf-8")
    assert load(whole).languages == ("nl", "en")
    with pytest.raises(Unsound, match=r'act "file"\.receipt\.en: write this in English too'):
        load(_without_english_receipt(whole))


def _without_english_receipt(text: str) -> str:
    before, _, after = text.partition("\nreceipt.en = ")
    return before + "\n" + after.partition("\n")[2]
