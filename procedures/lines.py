"""On which line of a TOML text each key, table and list item stands; tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from typing import Final

Path = tuple[str | int, ...]  # the way to a value in the document: ("deadline", 2, "term"), counted from 0

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")
_STRINGS: Final = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?!")', re.DOTALL),
    re.compile(r"'''.*?'''(?!')", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)


def line_numbers(text: str) -> dict[Path, int]:
    """The line of every key, table and list item. `text` must be TOML that tomllib has accepted."""
    return _Scanner(text).scan()


class _Scanner:
    """Walks through sound TOML and remembers on which line each path starts."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}  # how many [[…]] there were
        self._counted, self._line_no = 0, 1

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip_blank()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header(brackets=2)
            elif self.text[self.at] == "[":
                table = self._header(brackets=1)
            else:
                self._pair(table)
            self._skip_blank()
        return self.lines

    def _line_here(self) -> int:
        self._line_no += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line_no

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, self._line_here())

    def _header(self, *, brackets: int) -> Path:
        self.at += brackets
        parts = self._dotted_key()
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            self._note(path)
            if brackets == 2 and number == len(parts):
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
                self._note(path)
        self.at = self.text.index("]" * brackets, self.at) + brackets
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for part in self._dotted_key():
            path = (*path, part)
            self._note(path)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _dotted_key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip_spaces()
            if self.text[self.at] in "\"'":
                start = self.at
                self._string()
                parts.append(tomllib.loads(f"k = {self.text[start : self.at]}")["k"])
            else:
                start, self.at = self.at, _end(_BARE_KEY.match(self.text, self.at))
                parts.append(self.text[start : self.at])
            self._skip_spaces()
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _value(self, path: Path) -> None:
        self._skip_spaces()
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._list(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self.at = _end(_SCALAR.match(self.text, self.at))

    def _list(self, path: Path) -> None:
        self.at += 1
        number = 0
        self._skip_blank(also=",")
        while self.text[self.at] != "]":
            self._note((*path, number))
            self._value((*path, number))
            number += 1
            self._skip_blank(also=",")
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        self._skip_blank(also=",")
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip_blank(also=",")
        self.at += 1

    def _string(self) -> None:
        match = next(filter(None, (pattern.match(self.text, self.at) for pattern in _STRINGS)), None)
        self.at = _end(match)

    def _skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def _skip_blank(self, *, also: str = "") -> None:
        """Past spaces, line ends, comments and the characters in `also`."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in " \t\n" + also:
                self.at += 1
            else:
                return


def _end(match: re.Match[str] | None) -> int:
    if match is None:
        raise ValueError("this is no TOML that tomllib accepts")
    return match.end()
