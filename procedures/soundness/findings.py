"""What a judgement of a procedure consists of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]  # the way to a value in a Procedure: ("deadlines", 2, "term"), counted from 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where, and what to do. `near` is the word in the value that it is about."""

    path: Path
    message: str
    near: str = ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Advice for a name that nothing has."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f'there is no {what} "{name}"; did you mean "{near[0]}"?'
    return f'there is no {what} "{name}"; ' + (f"use one of: {', '.join(names)}." if names else "take it away.")
