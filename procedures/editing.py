"""Changing the text of a procedure: checking it, reading what a form offers, writing it back. Pure.

What is written touches only the table that it stands in: comments, order and blank lines elsewhere stay as they are.
tomlkit alone cannot promise that, because it moves the scattered parts of one list (`[[open_point]]`) together; so the
text is cut at its table headers first, and each table is read and written by itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from procedures.definition import Term, Unit
from procedures.lines import Path
from procedures.loading import Problem, read

_NAME: Final = re.compile(r"[a-z0-9_]{1,60}")
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")|\'\'\'.*?\'\'\'(?!\')|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]\n]', re.DOTALL
)
_UNREADABLE: Final = "this is no TOML that can be read: it nests too deep, or a number in it is too large."


class NotEditable(Exception):
    """The text is no TOML, so there is nothing that a form could show or write."""


@dataclass(frozen=True, slots=True)
class TermEntry:
    """A deadline's term as it stands: an amount and a unit, as text, so that an unsound one can be shown too."""

    name: str
    title: str
    amount: str
    unit: str


@dataclass(frozen=True, slots=True)
class LetterEntry:
    """A letter's words, by language."""

    name: str
    title: str
    subject: Mapping[str, str]
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entries:
    """What a form changes most: since when, the terms, how to be reached, and the letters."""

    in_force_from: date | None
    languages: tuple[str, ...]
    email: str
    phone: str
    address: tuple[str, ...]
    terms: tuple[TermEntry, ...]
    letters: tuple[LetterEntry, ...]


# ------------------------------------------------------------------------------------------------ checking


def problems_of(text: str) -> tuple[Problem, ...]:
    """Every problem of the text, in the order of its lines; also of a text that is made to break a reader."""
    try:
        return read(text)[1]
    except (RecursionError, ValueError, OverflowError):
        return (Problem("<text>", 1, "", _UNREADABLE),)


def quoted(text: str, problem: Problem) -> str:
    """The line of the text that a problem points at."""
    lines = text.split("\n")
    return lines[problem.line - 1].strip() if 0 < problem.line <= len(lines) else ""


# ------------------------------------------------------------------------------------------------ reading


def entries(text: str) -> Entries:
    """What the form shows. Raises NotEditable. What is not written as the language asks for is left to the text."""
    document = _document(text)
    contact = _table(document.get("contact"))
    since = document.get("in_force_from")
    languages = document.get("languages")
    return Entries(
        in_force_from=since if type(since) is date else None,
        languages=("nl", "en") if isinstance(languages, list) and "en" in languages else ("nl",),
        email=_said(contact.get("email")),
        phone=_said(contact.get("phone")),
        address=tuple(_said(each) for each in _list(contact.get("address"))),
        terms=tuple(
            TermEntry(name, _title(table, name), *_term_parts(table.get("term")))
            for name, _at, table in _named(document, "deadline")
        ),
        letters=tuple(
            LetterEntry(name, _title(table, name), _words(table.get("subject")), _words(table.get("body")))
            for name, _at, table in _named(document, "letter")
        ),
    )


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (RecursionError, ValueError, OverflowError) as error:
        raise NotEditable(str(error)) from None


def _named(document: Mapping[str, Any], key: str) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """The tables of a list by their name, with their place; those without a clean name of their own are passed by."""
    tables = _list(document.get(key))
    names = [table.get("name") if isinstance(table, dict) else None for table in tables]
    for at, (name, table) in enumerate(zip(names, tables, strict=True)):
        if isinstance(name, str) and _NAME.fullmatch(name) and names.count(name) == 1:
            yield name, at, table


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _said(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _words(value: object) -> Mapping[str, str]:
    if isinstance(value, dict):
        return {language: _said(value.get(language)) for language in ("nl", "en")}
    return {"nl": _said(value), "en": ""}


def _title(table: Mapping[str, Any], name: str) -> str:
    return _words(table.get("title"))["nl"] or name


def _term_parts(value: object) -> tuple[str, str]:
    try:
        term = Term.parse(value) if isinstance(value, str) else None
    except ValueError:
        term = None
    return (str(term.amount), term.unit.value) if term else (_said(value), Unit.DAYS.value)


# ------------------------------------------------------------------------------------------------ writing


def next_version(text: str, *, number: int, in_force_from: date) -> str:
    """The text of a version to start from: the same, with its number and since when it holds. Raises NotEditable."""
    return _put(text, {("version",): number, ("in_force_from",): in_force_from})


def rewritten(text: str, wanted: Entries) -> str:
    """The text with what differs from `wanted` written into it. Raises NotEditable.

    Terms and letters are found by their name; those that the text lacks are passed by. An empty way to be reached
    takes its key away; a text in a language that is empty stays as it was.
    """
    document, known = _document(text), entries(text)
    changes: dict[Path, Any] = {}
    if wanted.in_force_from and wanted.in_force_from != known.in_force_from:
        changes["in_force_from",] = wanted.in_force_from
    for key in ("email", "phone"):
        if getattr(wanted, key) != getattr(known, key):
            changes["contact", key] = getattr(wanted, key) or None
    if wanted.address != known.address:
        changes["contact", "address"] = list(wanted.address) or None
    terms = {each.name: each for each in wanted.terms}
    for (name, at, _), old in zip(_named(document, "deadline"), known.terms, strict=True):
        new = terms.get(name, old)
        if (new.amount, new.unit) != (old.amount, old.unit):
            changes["deadline", at, "term"] = str(Term(int(new.amount), Unit(new.unit)))
    letters = {each.name: each for each in wanted.letters}
    for (name, at, table), known_letter in zip(_named(document, "letter"), known.letters, strict=True):
        letter = letters.get(name, known_letter)
        for key, before, after in (
            ("subject", known_letter.subject, letter.subject),
            ("body", known_letter.body, letter.body),
        ):
            changed = {each: said for each, said in after.items() if said and said != before.get(each)}
            changes |= _words_written(("letter", at, key), table.get(key), changed)
    return _put(text, changes)


def _words_written(path: Path, stored: object, changed: Mapping[str, str]) -> dict[Path, Any]:
    """Where the words go: into the table of languages, or in the place of a text that is written without one."""
    if isinstance(stored, dict) or not changed:
        return {(*path, language): said for language, said in changed.items()}
    if set(changed) == {"nl"}:
        return {path: changed["nl"]}
    return {path: {"nl": _said(stored), **changed}}


def _put(text: str, changes: Mapping[Path, Any]) -> str:
    """The text with these values at these places; None takes the key away. Raises NotEditable."""
    _document(text)
    parts = list(_parts(text))
    for path, value in changes.items():
        if not any(part.put(path, value, only_known=True) for part in _nearest(parts, path)):
            next(iter(_nearest(parts, path))).put(path, value, only_known=False)
    return "".join(part.text for part in parts)


def _nearest(parts: list[_Part], path: Path) -> list[_Part]:
    """The parts that a path may stand in, the innermost first."""
    around = [part for part in parts if part.path == path[: len(part.path)]]
    return sorted(around, key=lambda part: -len(part.path))


@dataclass(slots=True)
class _Part:
    """A piece of the text: what stands before the first header, or one header with what stands under it.

    `ends` is what follows its last key after a blank line: a heading above the next table, which belongs to that one.
    """

    path: Path
    steps: Path  # from the piece's own top to its table
    body: str
    ends: str

    @property
    def text(self) -> str:
        return self.body + self.ends

    def put(self, path: Path, value: Any, *, only_known: bool) -> bool:
        """Writes the value; False when the way to it does not exist here and may not be made."""
        try:
            top: Any = tomlkit.parse(self.body)
        except (TOMLKitError, RecursionError) as error:
            raise NotEditable(str(error)) from None
        table = top
        for step in self.steps:
            table = table[step]
        *way, key = path[len(self.path) :] or (None,)
        for step in way:
            if not _has(table, step):
                if only_known or not isinstance(step, str):
                    return False
                table[step] = tomlkit.table()
            table = table[step]
        if key is None or (only_known and not _has(table, key)):
            return False
        if value is not None:
            table[key] = _item(value)
        elif _has(table, key):
            del table[key]
        self.body = tomlkit.dumps(top)
        return True


def _has(table: Any, step: object) -> bool:
    if isinstance(step, int):
        return isinstance(table, list) and step < len(table)
    return isinstance(table, dict) and step in table


def _item(value: Any) -> Item:
    """The value as TOML; a text of several lines begins on a line of its own, as the documents do."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, each in value.items():
            table[key] = _item(each)
        return table
    if isinstance(value, str) and "\n" in value:
        escaped = tomlkit.string(value + "\n", multiline=True).as_string()[3:-3]
        value = tomlkit.value(f'"""\n{escaped}"""')
    item: Item = tomlkit.item(value)
    return item


def _parts(text: str) -> Iterator[_Part]:
    """The text cut at its headers, with the way to the table of each."""
    counts: dict[Path, int] = {}
    starts = [*_headers(text), len(text)]
    yield _part((), (), text[: starts[0]])
    for begin, end in pairwise(starts):
        piece = text[begin:end]
        keys = _keys(tomllib.loads(piece.split("\n", 1)[0]))
        is_list = piece.lstrip().startswith("[[")
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if is_list and number == len(keys):
                counts[path] = counts.get(path, 0) + 1
            if path in counts:
                path = (*path, counts[path] - 1)
        yield _part(path, (*keys, 0) if is_list else keys, piece)


def _part(path: Path, steps: Path, piece: str) -> _Part:
    lines = piece.splitlines(keepends=True)
    last = len(lines)
    while last and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    cut = next((at for at in range(last, len(lines)) if not lines[at].strip()), len(lines))
    return _Part(path, steps, "".join(lines[:cut]), "".join(lines[cut:]))


def _keys(header: Any) -> tuple[str, ...]:
    """The dotted key of a header line, from what tomllib makes of it."""
    keys: list[str] = []
    while header:
        if isinstance(header, list):
            header = header[0]
        else:
            ((key, header),) = header.items()
            keys.append(key)
    return tuple(keys)


def _headers(text: str) -> Iterator[int]:
    """Where each table header begins; brackets in strings, comments and lists of several lines are none."""
    depth, line_at = 0, 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "\n":
                line_at = token.end()
            case "[":
                if not depth and not text[line_at : token.start()].strip():
                    yield line_at
                depth += 1
            case "]":
                depth -= 1
