"""Whether the verdict on a whole complaint is what the verdicts on its points say."""

from __future__ import annotations

import pytest

from procedures.definition import Choice, Field, FieldKind, Meaning, Text
from procedures.verdicts import contradicts, judged_in
from tests.complaints.factories import SLUGS, definition

UP, PARTLY, DOWN, NONE = "up", "partly", "down", "none"
CHOICES = {UP: Meaning.UPHELD, PARTLY: Meaning.PARTLY_UPHELD, DOWN: Meaning.NOT_UPHELD, NONE: Meaning.NO_FINDING}


def asked(kind: FieldKind, *values: str) -> Field:
    return Field(
        name="verdict",
        title=Text("Oordeel"),
        kind=kind,
        choices=tuple(Choice(each, Text(each), means=CHOICES.get(each)) for each in values),
    )


POINTS = asked(FieldKind.POINTS, *CHOICES)
WHOLE = asked(FieldKind.CHOICE, *CHOICES, "stopped")
STRICT = asked(FieldKind.CHOICE, UP, DOWN)  # knows no "partly"


@pytest.mark.parametrize(
    ("points", "allowed"),
    [
        ((), {UP, PARTLY, DOWN, NONE}),
        ((UP,), {UP}),
        ((UP, UP), {UP}),
        ((DOWN, DOWN), {DOWN}),
        ((PARTLY,), {PARTLY}),
        ((NONE, NONE), {NONE}),
        ((UP, DOWN), {PARTLY}),
        ((UP, NONE), {UP, PARTLY}),
        ((UP, PARTLY), {UP, PARTLY}),
        ((PARTLY, DOWN), {PARTLY}),
        ((DOWN, NONE), {DOWN, NONE}),
    ],
)
def test_verdicts_that_go_with_the_points(points: tuple[str, ...], allowed: set[str]):
    assert {each for each in CHOICES if not contradicts(WHOLE, each, POINTS, points)} == allowed
    assert not contradicts(WHOLE, "stopped", POINTS, points), "what is no verdict contradicts nothing"
    assert not contradicts(WHOLE, "", POINTS, points)


@pytest.mark.parametrize(
    ("points", "allowed"), [((UP, DOWN), {UP}), ((PARTLY,), {UP}), ((DOWN, DOWN), {DOWN}), ((NONE,), {DOWN})]
)
def test_without_partly_some_that_was_upheld_is_upheld(points: tuple[str, ...], allowed: set[str]):
    assert {each for each in (UP, DOWN) if not contradicts(STRICT, each, POINTS, points)} == allowed


@pytest.mark.parametrize("slug", SLUGS)
def test_every_act_that_asks_for_points_says_what_its_verdicts_mean(slug: str):
    for act in definition(slug).acts:
        if any(field.kind is FieldKind.POINTS for field in act.fields):
            judged = judged_in(act)
            assert judged, act.name
            for field in judged:
                assert all(choice.means and choice.means.value == choice.value for choice in field.choices)
