"""The small mark-up of letters and public texts, and the placeholders in it: text → a frozen Document.

A blank line ends a paragraph, `## ` makes a heading, `- ` a bullet, `**…**` is bold, `{…}` is a placeholder. A single
line end is a space. Letters and the public page are rendered from the same Document, so they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

# Within a sentence. The second group takes a name: {due.decision}.
PLAIN: Final = frozenset(
    {
        "organisation",
        "reference",
        "today",
        "received_on",
        "complainant",
        "handler",
        "handler_title",
        "sender",
        "retention",
        "previous_due",
        "deadline",
        "deadline_due",
    }
)
NAMED: Final = frozenset({"due", "term", "fact", "check"})
# Alone in a paragraph: the table of dates, how to follow the case, an appeal body with its address.
BLOCKS: Final = frozenset({"terms", "portal"})
NAMED_BLOCKS: Final = frozenset({"appeal"})
# What a text that is no letter may hold: what does not depend on a case.
PUBLIC: Final = frozenset({"organisation", "retention", "term", "appeal"})

_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?:\.([a-z][a-z0-9_]*))?\}")
_TOKEN = re.compile(r"(\*\*|\{[^{}]*\}|[{}])")


class BadMarkup(ValueError):
    """The text cannot be read as mark-up; says what to do. `near` is the piece of text that it is about."""

    def __init__(self, message: str, *, near: str) -> None:
        super().__init__(message)
        self.near = near


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{kind}` or `{kind.name}`."""

    kind: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Placeholder:
        """From "{due.decision}" or "due.decision". Raises BadMarkup when there is no such placeholder."""
        match = _PLACEHOLDER.fullmatch(text if text.startswith("{") else f"{{{text}}}")
        if match:
            found = cls(match[1], match[2] or "")
            if found.kind in (NAMED | NAMED_BLOCKS if found.name else PLAIN | BLOCKS):
                return found
        known = [f"{{{kind}}}" for kind in (*PLAIN, *BLOCKS)] + [f"{{{kind}.NAME}}" for kind in (*NAMED, *NAMED_BLOCKS)]
        guess = get_close_matches(text, known, n=1)
        advice = f"did you mean {guess[0]}?" if guess else "see the list in procedures/definitions/README.md."
        raise BadMarkup(f"{text} is no placeholder; {advice}", near=text)

    @property
    def is_block(self) -> bool:
        """Whether it has to stand alone in a paragraph."""
        return self.kind in BLOCKS or self.kind in NAMED_BLOCKS

    @property
    def may_stand_alone(self) -> bool:
        """Whether, alone in a paragraph, it is a block: answers may run over more lines, or be a list."""
        return self.is_block or self.kind == "fact"

    def __str__(self) -> str:
        return f"{{{self.kind}.{self.name}}}" if self.name else f"{{{self.kind}}}"


@dataclass(frozen=True, slots=True)
class Plain:
    text: str


@dataclass(frozen=True, slots=True)
class Bold:
    runs: tuple[Plain | Placeholder, ...]


Run = Plain | Bold | Placeholder
Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Heading:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[Runs, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A placeholder that is a paragraph of its own: {terms}, {portal}, {appeal.NAME}, or {fact.NAME} alone."""

    placeholder: Placeholder


Part = Paragraph | Heading | Bullets | Block


@dataclass(frozen=True, slots=True)
class Document:
    parts: tuple[Part, ...]

    @property
    def inline(self) -> Iterator[Placeholder]:
        """The placeholders within sentences, headings and bullets."""
        for part in self.parts:
            match part:
                case Paragraph(runs) | Heading(runs):
                    yield from _in_runs(runs)
                case Bullets(items):
                    for item in items:
                        yield from _in_runs(item)

    @property
    def blocks(self) -> Iterator[Placeholder]:
        """The placeholders that are a paragraph of their own."""
        for part in self.parts:
            if isinstance(part, Block):
                yield part.placeholder


def parse(text: str) -> Document:
    """The text as a document. Raises BadMarkup for an open `**` or brace and for an unknown placeholder."""
    parts: list[Part] = []
    lines: list[str] = []
    items: list[str] = []

    def finish() -> None:
        if items:
            parts.append(Bullets(tuple(parse_line(item) for item in items)))
        elif lines:
            parts.append(_paragraph(parse_line(" ".join(lines))))
        items.clear()
        lines.clear()

    for line in map(str.strip, text.splitlines()):
        if not line:
            finish()
        elif line.startswith("## "):
            finish()
            parts.append(Heading(parse_line(line[3:].strip())))
        elif line.startswith("- "):
            if not items:
                finish()
            items.append(line[2:].strip())
        elif items:
            items[-1] += " " + line
        else:
            lines.append(line)
    finish()
    return Document(tuple(parts))


def parse_line(text: str) -> Runs:
    """The runs of one line, such as a letter's subject. Raises BadMarkup."""
    runs: list[Run] = []
    bold: list[Plain | Placeholder] | None = None
    for piece in _TOKEN.split(text):
        if piece == "**":
            if bold is None:
                bold = []
            else:
                runs.append(Bold(tuple(bold)))
                bold = None
        elif piece in ("{", "}"):
            near = _around(text, piece)
            raise BadMarkup(f'close the placeholder at "{near}" or take the brace away.', near=near)
        elif piece:
            run = Placeholder.parse(piece) if piece.startswith("{") else Plain(piece)
            (runs if bold is None else bold).append(run)
    if bold is not None:
        near = _around(text, "**")
        raise BadMarkup(f'close the bold text at "{near}" with another **.', near=near)
    return tuple(runs)


def placeholders_in(text: str) -> tuple[Placeholder, ...]:
    """Every placeholder in the text, in order, each as often as it stands there; leaves out what is none."""
    return tuple(Placeholder(match[1], match[2] or "") for match in _PLACEHOLDER.finditer(text))


def lacking(text: str, must_hold: Iterable[str]) -> tuple[str, ...]:
    """What of a letter's `must_hold` the text does not hold: placeholders ("due.decision") or plain words."""
    there = placeholders_in(text)
    words = " ".join(text.split())
    return tuple(each for each in must_hold if (p not in there if (p := as_placeholder(each)) else each not in words))


def as_placeholder(wanted: str) -> Placeholder | None:
    """The placeholder that an entry of `must_hold` names; None when it is plain words."""
    try:
        return Placeholder.parse(wanted)
    except BadMarkup:
        return None


def _paragraph(runs: Runs) -> Part:
    match runs:
        case (Placeholder() as only,) if only.may_stand_alone:
            return Block(only)
    return Paragraph(runs)


def _in_runs(runs: Runs) -> Iterator[Placeholder]:
    for run in runs:
        match run:
            case Placeholder():
                yield run
            case Bold(within):
                yield from (each for each in within if isinstance(each, Placeholder))


def _around(text: str, mark: str) -> str:
    """The last occurrence of the mark with a few words of what follows."""
    return text[text.rindex(mark) :][:30]
