"""What the five definitions say where no case is needed to see it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from procedures import definition, wording
from procedures.definition import DeadlineKind, FieldKind, OccurrenceKind, OwedBy, Procedure
from procedures.loading import load
from tests.rules import rules

DEFINITIONS = Path(definition.__file__).parent / "definitions"
NAMES = sorted(path.stem for path in DEFINITIONS.glob("*.toml"))


@cache
def procedure(name: str) -> Procedure:
    return load((DEFINITIONS / f"{name}.toml").read_text(encoding="utf-8"))


def required_at_filing(name: str) -> set[str]:
    return {field.name for field in procedure(name).intake.fields if field.required}


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_that_a_definition_names_is_a_rule_of_its_source(name: str) -> None:
    text = (DEFINITIONS / f"{name}.toml").read_text(encoding="utf-8")
    prefix = {each for each in rules() if each in text}
    assert {each.partition("-")[0] for each in prefix} == {procedure(name).prefix}


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_that_meets_a_term_is_not_written_when_the_case_is_closed_already(name: str) -> None:
    """Closing drops what still runs, so a term that a letter meets must not end with the act that writes it."""
    found = procedure(name)
    ends = {phase.name for phase in found.phases if phase.is_end}
    closing = {act.name for act in found.acts if act.to in ends}
    meets = {each.name for rule in found.deadlines for each in rule.met_by if each.kind is OccurrenceKind.SENT}
    late = {
        (rule.name, letter.name)
        for letter in found.letters
        if letter.name in meets
        for each in letter.on
        if each.kind is OccurrenceKind.ACT and each.name in closing
        for rule in found.deadlines
        if any(m.kind is OccurrenceKind.SENT and m.name == letter.name for m in rule.met_by)
        and not any(m.kind is OccurrenceKind.ACT and m.name == each.name for m in rule.met_by)
    }
    assert late == set()


@pytest.mark.rule("KO-07")
def test_klik_onderwijs_asks_what_a_formal_complaint_must_hold() -> None:
    """The date of filing is the moment of filing itself."""
    asked = {"name", "organisation", "email", "phone", "description", "grounds", "tried"}
    assert asked <= required_at_filing("klik-onderwijs")
    attempts = next(field for field in procedure("klik-onderwijs").intake.fields if field.name == "attempts")
    assert attempts.required
    assert [(condition.fact, condition.values) for condition in attempts.when] == [("tried", ("yes",))]


@pytest.mark.rule("KK-04")
def test_klikklaar_takes_a_complaint_when_a_talk_failed_or_does_not_fit() -> None:
    found = procedure("klikklaar")
    tried = next(field for field in found.intake.fields if field.name == "tried")
    assert [choice.value for choice in tried.choices] == ["yes", "no", "unfit"]
    assert found.act(found.intake.act).by[0] == definition.COMPLAINANT
    assert not found.act(found.intake.act).when


@pytest.mark.rule("KK-06")
def test_klikklaar_is_written_to_at_the_address_of_its_chair() -> None:
    channels = {channel.name: channel for channel in procedure("klikklaar").intake.channels}
    assert channels["email"].email == "NCJansen@klikklaar.com"
    assert channels["letter"].address[-2:] == ("Newtonlaan 115", "3584 BH Utrecht")


@pytest.mark.rule("KK-18")
def test_klikklaar_is_in_force_since_february_2022() -> None:
    assert procedure("klikklaar").in_force_from == date(2022, 2, 1)


@pytest.mark.parametrize(
    ("name", "term", "is_own_choice"),
    [
        ("klik-onderwijs", "1 jaar", False),
        ("klassepro", "5 jaar", False),
        ("klikklaar", "1 jaar", False),
        ("o21", "2 jaar", False),
        pytest.param("klimkoord", "2 jaar", True, marks=pytest.mark.rule("KC-16")),
    ],
)
def test_files_are_kept_as_long_as_the_source_says(name: str, term: str, is_own_choice: bool) -> None:
    retention = procedure(name).retention
    assert (wording.term(retention.term, language="nl"), retention.is_own_choice) == (term, is_own_choice)
    assert term in str(retention.text)
    if is_own_choice:
        assert [point for point in procedure(name).open_points if point.about in retention.rules]


@pytest.mark.parametrize("name", NAMES)
def test_what_tells_who_somebody_is_is_marked_as_personal(name: str) -> None:
    asked = procedure(name).every_field()
    kinds = (FieldKind.EMAIL, FieldKind.PHONE, FieldKind.PERSON)
    assert [
        field.name
        for field in asked
        if (field.name in definition.PARTY_FIELDS or field.kind in kinds) and not field.personal
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_owed_is_told_before_on_and_after_its_last_day_and_the_complainant_is_not_pressed(name: str) -> None:
    found = procedure(name)
    for rule in found.deadlines:
        moments = {
            "after" if on.kind is OccurrenceKind.PASSED else "on" if on.ahead and not on.ahead.amount else "before"
            for letter in found.letters
            for on in letter.on
            if on.name == rule.name and on.kind in (OccurrenceKind.BEFORE, OccurrenceKind.PASSED)
        }
        is_short = str(rule.term) == "1 working day"  # what is due tomorrow is told tomorrow morning
        if rule.owed_by is OwedBy.ORGANISATION:
            assert moments == {"on", "after"} | (set() if is_short else {"before"}), rule.name
        else:
            assert moments <= {"before"}, rule.name
            assert not (moments and rule.kind is DeadlineKind.LIMIT), rule.name
