"""The letters of every story: what is really written, on the occasions that the engine brings about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from complaints.letters.rendering import page
from complaints.letters.writing import Occasion, Written, missing, write
from procedures import engine
from procedures.deadlines import Due, Pause, Skipped
from procedures.definition import COMPLAINANT, Condition, Fact, Letter
from procedures.simulation import Rehearsal
from tests.complaints.factories import definition
from tests.complaints.letters.sample import RECIPIENT
from tests.complaints.letters.told import Told, occasion_of, recipient, told
from tests.procedures import stories

FRIDAY = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in stories.paths()])
def test_letter_of_a_story_leaves_nothing_open(path: Path):
    story = stories.read(path)
    for letter, to, occasion in told(story):
        written = write(letter, to=to, occasion=occasion)
        where = f"{letter.name} to {to.kind} at {occasion.at}"
        for gap in ("–", "{", "}", "None", "Er is niets ingevuld"):
            assert gap not in written.subject + written.text, where
        assert missing(letter, occasion) == (), where
        assert occasion.reference in page(written, to=to, occasion=occasion, letter=letter)
        if to.kind != COMPLAINANT:  # what is promised to the complainant would be said to the wrong person
            promised = [rule.public.nl for rule in story.procedure.deadlines if rule.public]
            assert [words for words in promised if words in written.text] == [], where


def letters_of(name: str, *, to: str = COMPLAINANT) -> dict[str, tuple[Told, Written]]:
    """The last of each letter of a story, by name."""
    story = stories.read(stories.STORIES / f"{name}.toml")
    return {
        each.letter.name: (each, write(each.letter, to=each.to, occasion=each.occasion))
        for each in told(story)
        if each.to.kind == to
    }


def row_of(written: Written, start: str) -> str:
    return next(line for line in written.text.splitlines() if line.startswith(f"- {start}"))


@pytest.mark.rule("KO-08")
def test_count_names_each_day_that_did_not_count_once():
    __, straight = letters_of("klik-onderwijs-straight")["acknowledgement"]
    assert row_of(straight, "vrijdag 18 december 2026").endswith(
        "(20 werkdagen na 20 november. Zaterdag en zondag tellen niet mee)"
    )
    __, closed = letters_of("klik-onderwijs-closing-days")["acknowledgement"]
    assert row_of(closed, "donderdag 28 januari 2027").endswith(
        "(20 werkdagen na 22 december 2026. Zaterdag, zondag, kerstvakantie, Eerste Kerstdag en Nieuwjaarsdag "
        "tellen niet mee)"
    )


def test_clock_that_does_not_run_yet_is_told_as_a_term_with_where_its_date_will_stand():
    __, written = letters_of("klik-onderwijs-straight")["acknowledgement"]
    assert row_of(written, "daarna 10 werkdagen").endswith("(De datum staat in de brief “Besluit”)")
    assert not written.depends_on_sending


def klik(*acts: str, letter: str) -> tuple[Letter, Occasion]:
    """A letter that these acts bring about, all done at the same moment."""
    procedure = definition("klik-onderwijs")
    rehearsal = Rehearsal(procedure)
    for act in acts:
        rehearsal.do(act, at=FRIDAY)
    rule = procedure.letter(letter)
    past = next(step for step in rehearsal.steps if letter in [due.letter for due in step.decision.letters])
    return rule, occasion_of(procedure, past.calendar, past.decision, letter=rule)


def with_clock(occasion: Occasion, rule: str, **changes: object) -> Occasion:
    """The same with another state of the clock of a rule."""
    clocks = tuple(
        replace(each, **changes) if each.rule == rule else each  # type: ignore[arg-type]
        for each in occasion.case.deadlines
    )
    return replace(occasion, case=replace(occasion.case, deadlines=clocks))


def test_what_has_been_done_already_is_no_row_of_the_table():
    letter, occasion = klik("file", "assign", letter="handover")
    to = recipient(occasion.procedure, "handler")
    assert "Ontvangstbevestiging" in write(letter, to=to, occasion=occasion).text
    done = with_clock(occasion, "acknowledgement", status=engine.Status.MET, met_at=FRIDAY)
    written = write(letter, to=to, occasion=done)
    assert "Ontvangstbevestiging" not in written.text
    assert "Besluit, met uitleg" in written.text
    late = with_clock(occasion, "acknowledgement", status=engine.Status.MISSED)
    assert "Ontvangstbevestiging" in write(letter, to=to, occasion=late).text


def test_table_without_rows_is_left_out():
    letter, occasion = klik("file", "assign", letter="handover")
    for rule in letter.deadlines:
        occasion = with_clock(occasion, rule, status=engine.Status.DROPPED)
    assert "<table" not in write(letter, to=recipient(occasion.procedure, "handler"), occasion=occasion).html


def test_letter_promises_no_clock_that_its_leaving_does_not_start():
    letter, occasion = klik("file", "assign", "decide", letter="decision")
    assert row_of(write(letter, to=RECIPIENT, occasion=occasion), "vrijdag 4 december 2026")
    procedure = occasion.procedure
    never = tuple(
        replace(rule, when=(Condition(fact="verdict", values=("never",)),)) if rule.name == "objection" else rule
        for rule in procedure.deadlines
    )
    written = write(letter, to=RECIPIENT, occasion=replace(occasion, procedure=replace(procedure, deadlines=never)))
    assert "bezwaar maken." not in written.html.partition("<table")[2]
    assert not written.depends_on_sending


def test_count_tells_what_moved_the_end():
    letter, occasion = klik("file", "assign", letter="assignment")

    def count(**changes: object) -> str:
        written = write(letter, to=RECIPIENT, occasion=with_clock(occasion, "decision", **changes))
        return next(line for line in written.text.splitlines() if "krijgt u ons besluit" in line).rpartition(" (")[2]

    easter = date(2026, 4, 6)
    rolled = Due(easter, date(2026, 4, 7), (Skipped(easter, "Tweede Paasdag"),), rolled=True)
    start = date(2026, 3, 9)
    assert (
        count(start=start, due=rolled)
        == "20 werkdagen na 9 maart. Maandag 6 april is Tweede Paasdag. Daarom is het later)"
    )
    sunday = Due(date(2026, 4, 5), date(2026, 4, 7), (Skipped(date(2026, 4, 5), "zondag"),), rolled=True)
    assert "Zondag 5 april is geen werkdag. Daarom is het later" in count(start=start, due=sunday)
    short = Due(date(2026, 4, 3), date(2026, 4, 7), (), rolled=True)
    assert "minstens twee werkdagen" in count(start=start, due=short)
    single = Due(date(2026, 4, 7), date(2026, 4, 7), (Skipped(easter, "Tweede Paasdag"),))
    assert "Tweede Paasdag telt niet mee" in count(start=start, due=single)
    stopped = Pause(FRIDAY, None)
    assert count(history=(stopped,)) == "De klok staat nu stil. De datum schuift op)"
    assert "De klok stond een tijd stil. Daarom is het later" in count(history=(Pause(FRIDAY, FRIDAY + DAY),))


def test_hours_are_told_with_their_time_on_a_line_of_its_own():
    found = letters_of("klassepro-summer-clock", to="coordinator")
    told_then, written = found["new_complaint"]
    assert row_of(written, "uiterlijk zondag 29 maart 2026 om 17.00 uur").endswith("(48 uur na 27 maart om 16.00 uur)")
    assert "zondag 29 maart 2026<br>om 17.00 uur" in written.html
    assert told_then.occasion.case_url in written.text


def test_old_end_of_an_extended_clock_stays_the_same_when_the_letter_is_written_again():
    told_then, written = letters_of("klik-onderwijs-extended")["extension"]
    here = told_then.occasion
    again = write(told_then.letter, to=told_then.to, occasion=replace(here, before=here.case, at=here.at + DAY))
    assert "uiterlijk op maandag 8 juni 2026 krijgen. Dat lukt niet." in written.text
    assert again.text == written.text


def test_letter_knows_which_answers_it_lacks():
    letter, occasion = klik("file", "assign", "decide", letter="decision")
    facts: dict[str, Fact] = {name: value for name, value in occasion.facts.items() if name != "reasons"}
    gap = replace(occasion, facts=facts)
    assert missing(letter, gap) == ("fact.reasons",)
    without_measures = {name: value for name, value in occasion.facts.items() if name != "measures"}
    complete = replace(occasion, facts=without_measures)
    assert "Er zijn geen maatregelen nodig." in write(letter, to=RECIPIENT, occasion=complete).text
    assert missing(letter, complete) == ()
