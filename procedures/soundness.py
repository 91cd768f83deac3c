"""Whether a procedure can be carried out."""

from __future__ import annotations

from dataclasses import dataclass

from procedures.definition import Procedure


@dataclass(frozen=True, slots=True)
class Finding:
    path: tuple[str | int, ...]
    message: str


def problems(procedure: Procedure) -> tuple[Finding, ...]:
    return ()
