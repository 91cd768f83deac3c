"""TOML → Procedure: the text of a document becomes frozen values, or a list of problems with file, line and key.

The keys are derived from the dataclasses of definition.py; only the renames in `_KEYS` and the defaults in `_DEFAULTS`
are written out here, so that the surface of a document cannot drift away from the values.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from procedures import soundness
from procedures.definition import (
    Act,
    CalendarPolicy,
    Check,
    Choice,
    Condition,
    Contact,
    Intake,
    Occurrence,
    Procedure,
    PublicPage,
    Report,
    Retention,
    Term,
    Text,
    Theme,
    YearlyDuty,
)
from procedures.lines import Path, line_numbers

# Attribute of the dataclass → key in the document, where the two differ. `rules` is `rule` everywhere.
_KEYS: Final[Mapping[type, Mapping[str, str]]] = {
    Procedure: {
        "roles": "role",
        "tracks": "track",
        "phases": "phase",
        "acts": "act",
        "checks": "check",
        "deadlines": "deadline",
        "letters": "letter",
        "appeals": "appeal",
        "duties": "duty",
        "open_points": "open_point",
    },
    Act: {"phases": "in", "fields": "field"},
    Check: {"phases": "in"},
    Intake: {"fields": "field", "channels": "channel", "exclusions": "exclusion"},
    PublicPage: {"sections": "section", "steps": "step"},
    Report: {"indicators": "indicator"},
    Retention: {"is_own_choice": "own_choice"},
    YearlyDuty: {"month": "due", "day": "due"},
}

# What may be left out although the dataclass asks for it.
_DEFAULTS: Final[Mapping[type, Mapping[str, object]]] = {
    Procedure: {
        "zone": "Europe/Amsterdam",
        "calendar": CalendarPolicy(),
        "contact": Contact(),
        "theme": Theme(),
        "checks": (),
        "appeals": (),
        "duties": (),
        "report": Report(),
        "register": (),
        "open_points": (),
    },
}

_COMPARISONS: Final = ("is", "is_not", "in", "not_in")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a document: where, and what to do about it."""

    source: str
    line: int
    key: str  # as a person would say it: deadline "decision".term
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: " + (f"{self.key}: " if self.key else "") + self.message


class Unsound(Exception):
    """The document is no procedure that can be carried out; `problems` says all that is wrong."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@lru_cache(maxsize=16)  # what publishes, shows or tries a document reads it several times in a row
def load(text: str, *, source: str = "<text>", is_published: bool = False) -> Procedure:
    """The procedure that `text` describes. Raises Unsound with every problem.

    A published version is not judged again: it was sound when it was published, and must load for as long as it has
    cases, also after the judgement has become stricter.
    """
    procedure, problems = read(text, source, is_published=is_published)
    if problems or procedure is None:
        raise Unsound(problems)
    return procedure


def read(
    text: str, source: str = "<text>", *, is_published: bool = False
) -> tuple[Procedure | None, tuple[Problem, ...]]:
    """The procedure, when the text could be read as one, and every problem, in the order of the lines.

    Whether it is sound is asked only of a document whose keys and values are all in order: so one slip is one problem.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (_syntax_problem(error, text=text, source=source),)
    reader = _Reader()
    procedure = reader.build(Procedure, document, ())
    found = reader.found
    if not found and not is_published:
        found = [(_surface(each.path), each.message, each.near) for each in soundness.problems(procedure)]
    if not found:
        return procedure, ()
    places = _Places(text, document)
    problems = {Problem(source, places.line(path, near), places.spoken(path), said) for path, said, near in found}
    return (None if reader.found else procedure), tuple(sorted(problems))


def surface_keys(cls: type) -> Iterator[str]:
    """The keys that a table for `cls` may have in a document, in the order of the dataclass."""
    yield from dict.fromkeys(_key(cls, f.name) for f in fields(cls))


def _key(cls: type, attribute: str) -> str:
    return "rule" if attribute == "rules" else _KEYS.get(cls, {}).get(attribute, attribute)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _only(hint: Any) -> Any:
    """X of the type hint `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        return next(arg for arg in get_args(hint) if arg is not type(None))
    return hint


class _Bad:
    """Stands for a value that could not be read; the problem has been noted."""


_BAD: Final = _Bad()


class _Reader:
    """Turns the tables that tomllib gives into values, and notes what it cannot use."""

    def __init__(self) -> None:
        self.found: list[tuple[Path, str, str]] = []

    def refuse(self, path: Path, message: str) -> _Bad:
        self.found.append((path, message, ""))
        return _BAD

    def build(self, cls: type, table: Mapping[str, object], path: Path) -> Any:
        """A value of the dataclass `cls`; _BAD when it cannot be made."""
        attributes = {field.name: _key(cls, field.name) for field in fields(cls)}
        misspelt = self._refuse_unknown(table, attributes, path)
        given: dict[str, Any] = {}
        for field in fields(cls):
            key = attributes[field.name]
            if key in table:
                given[field.name] = self._attribute(cls, field.name, table[key], (*path, key))
            elif field.name in (defaults := _DEFAULTS.get(cls, {})):
                given[field.name] = defaults[field.name]
            elif key in misspelt:
                given[field.name] = _BAD
            elif field.default is MISSING:
                hint = date if key == "due" else _hints(cls)[field.name]
                given[field.name] = self.refuse((*path, key), f"add {_wanted(hint, (*path, key))}.")
        return _BAD if any(value is _BAD for value in given.values()) else cls(**given)

    def _refuse_unknown(self, table: Mapping[str, object], attributes: Mapping[str, str], path: Path) -> set[str]:
        """Notes the keys that are not known. Returns those that were probably meant."""
        meant = set()
        for key in table:
            if key not in attributes.values():
                free = [each for each in attributes.values() if each not in table]
                near = [attributes[key]] if key in attributes else get_close_matches(key, free, n=1)
                meant.update(near)
                known = ", ".join(dict.fromkeys(attributes.values()))
                advice = f'did you mean "{near[0]}"?' if near else f"remove it or use one of: {known}."
                self.refuse((*path, key), f"there is no such key here; {advice}")
        return meant

    def _attribute(self, cls: type, attribute: str, value: object, path: Path) -> Any:
        if cls is YearlyDuty and attribute in ("month", "day"):
            day = self._day_of_year(value, path)
            return day if isinstance(day, _Bad) else getattr(day, attribute)
        if cls is Procedure and attribute == "register":
            return self._register(value, path)
        if attribute == "rules" and isinstance(value, str):
            value, path = [value], path
        return self._value(_hints(cls)[attribute], value, path)

    def _value(self, hint: Any, value: object, path: Path) -> Any:
        hint = _only(hint)
        if get_origin(hint) is tuple:
            return self._tuple(get_args(hint)[0], value, path)
        if hint is Text:
            return self._text(value, path)
        if hint in (Term, Occurrence) or issubclass(hint, StrEnum):
            return self._parsed(hint, value, path)
        if isinstance(hint, type) and is_dataclass(hint):
            if not isinstance(value, dict):
                return self.refuse(path, f"write {_wanted(hint, path)} instead of {_shown(value)}.")
            return self.build(hint, value, path)
        if type(value) is not hint:  # exactly: true is no number, a date with a time no date
            return self.refuse(path, f"write {_wanted(hint, path)} instead of {_shown(value)}.")
        return self.refuse(path, "write something here or leave the key out.") if value == "" else value

    def _tuple(self, item: Any, value: object, path: Path) -> Any:
        if item is Condition and isinstance(value, dict):
            return self._conditions([value], path, is_list=False)
        if isinstance(value, str) and not is_dataclass(item):
            return self.refuse(path, f'write it as a list: ["{value}"].')
        if not isinstance(value, list):
            return self.refuse(path, f"write {_wanted(tuple[item, ...], path)} instead of {_shown(value)}.")
        if item is Condition:
            return self._conditions(value, path, is_list=True)
        values = [self._value(item, one, (*path, number)) for number, one in enumerate(value)]
        return _BAD if any(one is _BAD for one in values) else tuple(values)

    def _text(self, value: object, path: Path) -> Any:
        if isinstance(value, str):
            return Text(value.strip()) if value.strip() else self.refuse(path, "write a text or leave the key out.")
        if not isinstance(value, dict):
            return self.refuse(path, f"write {_wanted(Text, path)} instead of {_shown(value)}.")
        written = self.build(Text, value, path)
        if isinstance(written, _Bad):
            return _BAD
        text = Text(written.nl.strip(), written.en.strip())
        return text or self.refuse((*path, "nl"), "write a text.")

    def _parsed(self, cls: Any, value: object, path: Path) -> Any:
        if isinstance(value, str):
            if issubclass(cls, StrEnum) and value in list(cls):
                return cls(value)
            if not issubclass(cls, StrEnum):
                try:
                    return cls.parse(value)
                except ValueError as error:
                    return self.refuse(path, f"{error}.")
        return self.refuse(path, f"write {_wanted(cls, path)} instead of {_shown(value)}.")

    def _conditions(self, tables: Sequence[object], path: Path, *, is_list: bool) -> Any:
        found = [self._condition(t, (*path, n) if is_list else path) for n, t in enumerate(tables)]
        return _BAD if any(one is _BAD for one in found) else tuple(found)

    def _condition(self, table: object, path: Path) -> Any:
        form = 'write { fact = "NAME", is = VALUE } (or is_not, in, not_in), { done = "ACT" } or { not_done = "ACT" }'
        if not isinstance(table, dict):
            return self.refuse(path, f"{form} instead of {_shown(table)}.")
        keys = set(table)
        if keys in ({"done"}, {"not_done"}):
            (key,) = keys
            act = self._value(str, table[key], (*path, key))
            return act if act is _BAD else Condition(done=act, negated=key == "not_done")
        compared = [key for key in _COMPARISONS if key in keys]
        if keys - {"fact"} != set(compared) or "fact" not in keys or len(compared) != 1:
            return self.refuse(path, f"{form}.")
        (key,) = compared
        fact = self._value(str, table["fact"], (*path, "fact"))
        values = table[key] if key in ("in", "not_in") else [table[key]]
        if not isinstance(values, list) or not values:
            return self.refuse((*path, key), f"write a list of values instead of {_shown(values)}.")
        if any(type(value) not in (str, bool, int) for value in values):
            return self.refuse((*path, key), f"write a text, a whole number, true or false, not {_shown(table[key])}.")
        return _BAD if fact is _BAD else Condition(fact=fact, values=tuple(values), negated="not" in key)

    def _day_of_year(self, value: object, path: Path) -> date | _Bad:
        """A day that exists in every year, written MM-DD."""
        try:
            if isinstance(value, str) and re.fullmatch(r"\d\d-\d\d", value):
                return date.fromisoformat(f"2001-{value}")
        except ValueError:
            pass
        return self.refuse(path, f"write {_wanted(date, path)} instead of {_shown(value)}.")

    def _register(self, value: object, path: Path) -> Any:
        if not isinstance(value, dict):
            return self.refuse(path, f"write [register] with columns instead of {_shown(value)}.")
        misspelt = self._refuse_unknown(value, {"columns": "columns"}, path)
        if "columns" not in value:
            return _BAD if misspelt else self.refuse((*path, "columns"), "add a list of texts.")
        return self._value(tuple[str, ...], value["columns"], (*path, "columns"))


def _wanted(hint: Any, path: Path) -> str:
    """What a person has to write for a value of this type, at this place."""
    hint = _only(hint)
    header = ".".join(part for part in path if isinstance(part, str))
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if item is Choice or item is Condition:
            return "a list of { value, title }" if item is Choice else "a condition or a list of them"
        if is_dataclass(item) and item is not Occurrence:
            return f"[[{header}]] in double brackets"
        return f"a list of {_wanted(item, path)}"
    simple = {
        Text: "a text",
        str: "a text",
        int: "a whole number",
        bool: "true or false",
        date: 'a day of the year as "MM-DD"' if path[-1] == "due" else "a date like 2026-01-31",
        Term: 'a term like "20 working days"',
        Occurrence: 'an act, "sent:LETTER", "passed:DEADLINE" or "before:DEADLINE:TERM"',
    }
    if hint in simple:
        return simple[hint]
    if issubclass(hint, StrEnum):
        return " or ".join(f'"{one}"' for one in hint)
    return f"a [{header}] table"


def _shown(value: object) -> str:
    match value:
        case str():
            return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}…"'
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return "a list"
        case datetime():
            return "a date with a time"
    return str(value)


def _syntax_problem(error: tomllib.TOMLDecodeError, *, text: str, source: str) -> Problem:
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else max(len(text.splitlines()), 1)
    column = f" (column {place[2]})" if place and place[2] else ""
    return Problem(source, line, "", f"this is no TOML: {message[: place.start()] if place else message}{column}.")


class _Places:
    """Where things stand in a document, for people."""

    def __init__(self, text: str, document: Mapping[str, object]) -> None:
        self.document = document
        self.lines = line_numbers(text)
        self.text = text.splitlines()

    def line(self, path: Path, near: str) -> int:
        """The line of the path or of the nearest thing around it; within its text, the line where `near` stands."""
        while path and path not in self.lines:
            path = path[:-1]
        start = self.lines.get(path, 1)
        if near:
            return next((n for n, line in enumerate(self.text[start - 1 :], start) if near in line), start)
        return start

    def spoken(self, path: Path) -> str:
        """The path as people say it: entries by their name, nameless ones by their number, counted from 1."""
        spoken = ""
        at: object = self.document
        for part in path:
            if isinstance(part, str):
                if not isinstance(at, dict):
                    break  # inside a text that is written without languages
                spoken += ("." if spoken else "") + part
                at = at.get(part)
            elif isinstance(at, list):
                at = at[part]
                name = (at.get("name") or at.get("value")) if isinstance(at, dict) else None
                spoken += f' "{name}"' if isinstance(name, str) else f"[{part + 1}]"
        return spoken


def _surface(path: Path) -> Path:
    """The way through the document that belongs to the way through a Procedure."""
    surface: list[str | int] = []
    cls: Any = Procedure
    for part in path:
        if isinstance(part, int) or not (isinstance(cls, type) and is_dataclass(cls)):
            surface.append(part)
            continue
        surface.append(_key(cls, part))
        if cls is Procedure and part == "register":
            surface.append("columns")
        cls = _only(_hints(cls)[part])
        cls = get_args(cls)[0] if get_origin(cls) is tuple else cls
    return tuple(surface)
