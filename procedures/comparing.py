"""What is different between two texts of a procedure, line by line, and between two procedures, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from procedures.definition import Procedure, Term, Text

CONTEXT: Final = 2  # unchanged lines that are shown around a change


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: `kind` is "same", "added", "removed", or "skipped" for `count` unchanged lines."""

    kind: str
    text: str = ""
    number: int = 0  # in the new text, or in the old one for a removed line
    count: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the procedure that differs: `what` as the definition calls it ("deadlines", "contact"), and its title.

    `kind` is "added", "removed" or "changed"; `before` and `after` are terms, where those are what differs.
    """

    what: str
    kind: str
    title: Text
    before: Term | None = None
    after: Term | None = None


def differences(before: str, after: str) -> list[Line]:
    """The lines that were removed and added, each change with a little around it."""
    old, new = before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n")
    found: list[Line] = []
    at = 0  # the first line of the new text that was not told of yet
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        if group[0][3] > at:
            found.append(Line("skipped", count=group[0][3] - at))
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                found += [Line("same", new[n], n + 1) for n in range(new_from, new_to)]
                continue
            found += [Line("removed", old[n], n + 1) for n in range(old_from, old_to)]
            found += [Line("added", new[n], n + 1) for n in range(new_from, new_to)]
        at = group[-1][4]
    if found and len(new) > at:
        found.append(Line("skipped", count=len(new) - at))
    return found


def changes(before: Procedure, after: Procedure) -> list[Change]:
    """The parts of the procedure that differ, in the order of the definition; its number and its day apart."""
    found: list[Change] = []
    for each in fields(Procedure):
        if each.name in ("version", "in_force_from"):
            continue
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old == new:
            continue
        if isinstance(new, tuple) and all(hasattr(part, "name") for part in (*old, *new)) and (old or new):
            found += _changed_parts(each.name, old, new)
        else:
            found.append(Change(each.name, "changed", Text(""), *_terms(old, new)))
    return found


def _changed_parts(what: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Change]:
    were, are = {part.name: part for part in old}, {part.name: part for part in new}
    for name, part in were.items():
        if name not in are:
            yield Change(what, "removed", part.title)
        elif part != are[name]:
            yield Change(what, "changed", are[name].title, *_terms(part, are[name]))
    for name, part in are.items():
        if name not in were:
            yield Change(what, "added", part.title)
    if list(were) != list(are) and set(were) == set(are):
        yield Change(what, "changed", Text(""))


def _terms(old: Any, new: Any) -> tuple[Term | None, Term | None]:
    """The terms of a deadline or of the retention, where they differ."""
    if not (is_dataclass(old) and is_dataclass(new)):
        return None, None
    before, after = getattr(old, "term", None), getattr(new, "term", None)
    return (before, after) if isinstance(before, Term) and isinstance(after, Term) and before != after else (None, None)
