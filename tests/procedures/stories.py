"""Stories: tests/stories/*.toml as values, and what a story expects held against what came of it.

Run against the engine by test_stories.py, and against the whole app by the app's own story test. The format is
explained in tests/stories/README.md.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from procedures.definition import Procedure
from procedures.loading import load
from procedures.simulation import local

STORIES = Path(__file__).parents[1] / "stories"
DEFINITIONS = Path(__file__).parents[2] / "procedures" / "definitions"


@dataclass(frozen=True)
class Expected:
    """What must be so after a step. None: not asked."""

    phase: str | None = None
    deadlines: Mapping[str, date | datetime] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    letters: tuple[str, ...] | None = None
    may: tuple[str, ...] = ()
    may_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoryStep:
    """One thing in a story: exactly one of `act`, `check`, `send` and `until` is there."""

    expected: Expected
    act: str = ""
    check: str = ""
    send: str = ""
    at: datetime | None = None
    until: datetime | None = None
    by: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    not_applicable: str = ""
    refused: str = ""
    tick: bool = True
    held: tuple[str, ...] = ()

    @property
    def when(self) -> datetime:
        moment = self.at or self.until
        assert moment
        return moment


@dataclass(frozen=True)
class Story:
    """A story; its first step files the complaint. All moments are instants."""

    name: str
    title: str
    procedure: Procedure
    rules: tuple[str, ...]
    steps: tuple[StoryStep, ...]
    facts: Mapping[str, object]
    closed: Mapping[date, str]
    respondents: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How a case stands after a step. `deadlines`: rule → due end and status of its latest clock."""

    phase: str
    deadlines: Mapping[str, tuple[date | datetime, str]]
    letters: Sequence[str]
    open_acts: frozenset[str]


def paths() -> list[Path]:
    return sorted(STORIES.glob("*.toml"))


def read(path: Path) -> Story:
    """The story in a file. ValueError with what cannot be read."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        return _story(path.stem, document)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def disagreements(expected: Expected, outcome: Outcome, *, zone: ZoneInfo) -> list[str]:
    """How what came out differs from what the story expects; nothing when it does not."""
    found = []
    if expected.phase is not None and expected.phase != outcome.phase:
        found.append(f"phase is {outcome.phase}, not {expected.phase}")
    for rule, due in expected.deadlines.items():
        real = outcome.deadlines[rule][0] if rule in outcome.deadlines else None
        wanted = local(due, zone=zone) if isinstance(due, datetime) else due
        if real != wanted:
            found.append(f"{rule} is due {_shown(real, zone)}, not {_shown(wanted, zone)}")
    for rule, status in expected.status.items():
        now = outcome.deadlines[rule][1] if rule in outcome.deadlines else "none"
        if now != status:
            found.append(f"{rule} is {now}, not {status}")
    if expected.letters is not None and Counter(expected.letters) != Counter(outcome.letters):
        found.append(f"letters are {sorted(outcome.letters)}, not {sorted(expected.letters)}")
    found += [f"{act} may not be done" for act in expected.may if act not in outcome.open_acts]
    found += [f"{act} may be done" for act in expected.may_not if act in outcome.open_acts]
    return found


_EXPECTED = {"phase", "deadlines", "status", "letters", "may", "may_not"}
_STORY = {"title", "procedure", "rules", "received", "act", "by", "facts", "closed", "respondents", "tick", "do"}
_STEP = {"act", "check", "send", "until", "at", "by", "facts", "not_applicable", "refused", "tick", "held"}


def _story(name: str, document: dict[str, Any]) -> Story:
    _refuse_others(document, _STORY | _EXPECTED | {"refused", "held"}, "the story")
    procedure = _procedure(document["procedure"])
    zone = ZoneInfo(procedure.zone)
    tick = document.get("tick", True)
    opening = StoryStep(
        expected=_expected(document),
        act=document.get("act", procedure.intake.act),
        at=local(document["received"], zone=zone),
        by=document.get("by", ""),
        refused=document.get("refused", ""),
        held=tuple(document.get("held", ())),
    )
    steps = [_step(number, each, zone, tick=tick) for number, each in enumerate(document.get("do", []), start=1)]
    return Story(
        name=name,
        title=document["title"],
        procedure=procedure,
        rules=tuple(document.get("rules", ())),
        steps=(opening, *steps),
        facts=document.get("facts", {}),
        closed={date.fromisoformat(day): text for day, text in document.get("closed", {}).items()},
        respondents=tuple(document.get("respondents", ())),
    )


def _step(number: int, table: dict[str, Any], zone: ZoneInfo, *, tick: bool) -> StoryStep:
    where = f"step {number}"
    _refuse_others(table, _STEP | _EXPECTED, where)
    if sum(key in table for key in ("act", "check", "send", "until")) != 1:
        raise ValueError(f"{where} needs one of act, check, send and until")
    if ("at" in table) is ("until" in table):
        raise ValueError(f"{where} needs its moment: at, or until by itself")
    return StoryStep(
        expected=_expected(table),
        act=table.get("act", ""),
        check=table.get("check", ""),
        send=table.get("send", ""),
        at=local(table["at"], zone=zone) if "at" in table else None,
        until=local(table["until"], zone=zone, end_of_day=True) if "until" in table else None,
        by=table.get("by", ""),
        facts=table.get("facts", {}),
        not_applicable=table.get("not_applicable", ""),
        refused=table.get("refused", ""),
        # What is to be refused may be refused because of a point that was not ticked.
        tick=table.get("tick", tick and "refused" not in table),
        held=tuple(table.get("held", ())),
    )


def _expected(table: dict[str, Any]) -> Expected:
    letters = table.get("letters")
    return Expected(
        phase=table.get("phase"),
        deadlines=table.get("deadlines", {}),
        status=table.get("status", {}),
        letters=None if letters is None else tuple(letters),
        may=tuple(table.get("may", ())),
        may_not=tuple(table.get("may_not", ())),
    )


def _refuse_others(table: Mapping[str, object], known: set[str], where: str) -> None:
    if others := set(table) - known:
        raise ValueError(f"{where} has unknown keys: {', '.join(sorted(others))}")


@cache
def _procedure(name: str) -> Procedure:
    path = DEFINITIONS / f"{name}.toml"
    return load(path.read_text(encoding="utf-8"), source=str(path))


def _shown(moment: date | datetime | None, zone: ZoneInfo) -> str:
    if isinstance(moment, datetime):
        return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}"
    return str(moment)
