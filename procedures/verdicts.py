"""Whether the verdict on a whole complaint is what the verdicts on its points say."""

from __future__ import annotations

from collections.abc import Collection

from procedures.definition import VERDICTS, Act, Field, FieldKind, Meaning

_GRANTED = frozenset({Meaning.UPHELD, Meaning.PARTLY_UPHELD})


def judged_in(act: Act) -> tuple[Field, Field] | None:
    """The verdict that an act asks on the whole, and the one on the points; None when it does not ask both."""
    whole = next((each for each in act.fields if each.kind is FieldKind.CHOICE and _is_verdict(each)), None)
    points = next((each for each in act.fields if each.kind is FieldKind.POINTS and _is_verdict(each)), None)
    return (whole, points) if whole and points else None


def contradicts(whole: Field, verdict: str, points: Field, judged: Collection[str]) -> bool:
    """Whether the verdict on the whole is another than those on the points allow; all as values of the choices.

    Points that all got one verdict call for that one, where it can be chosen. Of different ones: when some were upheld
    the whole is not rejected, when none was it is not upheld, and "partly" stands for some yes and some no.
    """
    said = whole.meaning_of(verdict)
    found = {points.meaning_of(each) for each in judged} - {None}
    if said not in VERDICTS or not found:
        return False
    offered = {each.means for each in whole.choices}
    if len(found) == 1 and found <= offered:
        return said not in found
    if bool(found & _GRANTED) is not (said in _GRANTED):
        return True
    return said is Meaning.UPHELD and Meaning.NOT_UPHELD in found and Meaning.PARTLY_UPHELD in offered


def _is_verdict(field: Field) -> bool:
    return any(each.means in VERDICTS for each in field.choices)
