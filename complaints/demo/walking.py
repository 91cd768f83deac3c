"""Cases as they might have gone, walked through a procedure by the engine without a database: quick, so for years."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from complaints.queries.figures import Asked
from procedures import engine
from procedures.definition import (
    COMPLAINANT,
    Act,
    Field,
    FieldKind,
    Meaning,
    Measure,
    OwedBy,
    Point,
    Procedure,
)
from procedures.simulation import ActRefused, OpenAct, Rehearsal, open_acts

MOST_STEPS: Final = 24
SELDOM, SOMETIMES, OFTEN = 0.04, 0.3, 3.0
EXTENDED: Final = 0.1
APPEALED: Final = 0.07  # of the people who may turn to an appeal body
LEFT: Final = 2.0  # how much likelier than an act of theirs it is that people let it be
_MEANT: Final = {
    Meaning.UPHELD: 0.34,
    Meaning.PARTLY_UPHELD: 0.26,
    Meaning.NOT_UPHELD: 0.32,
    Meaning.NO_FINDING: 0.08,
    Meaning.REPEAT: 0.12,
    Meaning.NO_REPEAT: 0.88,
    Meaning.CLIENT_KEPT: 0.78,
    Meaning.CLIENT_LOST: 0.1,
}


@dataclass(slots=True)
class Walker:
    """Walks cases of one procedure. The same seed gives the same cases."""

    procedure: Procedure
    words: dict[str, str]  # field → what people typed
    measures: Sequence[str]
    seed: int = 2026
    chance: random.Random = field(init=False)
    asked: Asked = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  (a demo, no secret)
        self.asked = Asked.of([self.procedure])

    def walk(
        self, at: datetime, *, until: datetime, late: float, words: dict[str, str], members: dict[str, list[str]]
    ) -> Rehearsal:
        """A case that came in at `at`, as it stands at `until`. `late`: the chance that a term is missed."""
        rehearsal = Rehearsal(self.procedure)
        openings = self.procedure.opening_acts
        act = openings[0] if len(openings) == 1 or self.chance.random() < 0.82 else self.chance.choice(openings)
        told = _Told({**self.words, **words}, members)
        try:
            self._do(rehearsal, act, at, told)
        except ActRefused:
            self._do(rehearsal, self.procedure.act(self.procedure.intake.act), at, told)
        is_slow, objects = self.chance.random() < late, self.chance.random() < APPEALED
        for _ in range(MOST_STEPS):
            if self.procedure.phase(rehearsal.case.phase).is_end or rehearsal.at is None:
                break
            offer = self._chosen(rehearsal, objects=objects)
            if offer is None:
                if rehearsal.case.wake_at is None or rehearsal.case.wake_at > until:
                    break
                rehearsal.wait(rehearsal.case.wake_at)
                continue
            moment = self._moment(rehearsal, offer.act, is_slow=is_slow)
            if moment > until:
                break
            is_slow = is_slow and not any(each.status is engine.Status.MISSED for each in rehearsal.case.deadlines)
            self._try(rehearsal, offer.act, moment, told)
        self._follow_up(rehearsal, until, told)
        if rehearsal.at and rehearsal.at < until:
            rehearsal.wait(until)
        return rehearsal

    def _try(self, rehearsal: Rehearsal, act: Act, moment: datetime, told: _Told) -> None:
        """Does the act if it may still be done: time that passes before it may have closed the case."""
        with contextlib.suppress(ActRefused):
            self._do(rehearsal, act, moment, told)

    def _do(self, rehearsal: Rehearsal, act: Act, at: datetime, told: _Told) -> None:
        rehearsal.do(act.name, at=at, facts=self._answers(act, at, told))

    def _follow_up(self, rehearsal: Rehearsal, until: datetime, told: _Told) -> None:
        """What is written down once it is over, such as whether the client stayed."""
        if rehearsal.at is None or not self.procedure.phase(rehearsal.case.phase).is_end:
            return
        for offer in open_acts(self.procedure, rehearsal.case, at=rehearsal.at):
            is_effect = {each.name for each in offer.act.fields} & set(self.asked.effects)
            if is_effect and self.chance.random() < 0.7:
                moment = self._office_hours(rehearsal.at + timedelta(days=self.chance.uniform(30, 120)), rehearsal)
                if moment <= until:
                    self._try(rehearsal, offer.act, moment, told)

    def _chosen(self, rehearsal: Rehearsal, *, objects: bool) -> OpenAct | None:
        """What is done next; None: nobody does anything until time brings something."""
        if rehearsal.at is None:
            return None
        offers = open_acts(self.procedure, rehearsal.case, at=rehearsal.at)
        weights = [self._weight(rehearsal, each.act, objects=objects) for each in offers]
        waits = rehearsal.case.wake_at is not None and all(
            set(each.by) <= {COMPLAINANT} for each in offers if each.act.to
        )
        total = sum(weights) + (LEFT if waits else 0)
        if not total:
            return None
        pick = self.chance.uniform(0, total)
        for offer, weight in zip(offers, weights, strict=True):
            pick -= weight
            if pick < 0:
                return offer
        return None

    def _weight(self, rehearsal: Rehearsal, act: Act, *, objects: bool) -> float:
        is_done = act.name in rehearsal.case.done
        if act.extends:
            return 0 if is_done else EXTENDED
        if act.name in self.asked.appealing:
            return OFTEN if objects else 0
        if not act.to:
            return 0 if is_done else OFTEN if self._is_awaited(rehearsal, act) else SOMETIMES
        end = self.procedure.phase(act.to)
        if act.phases == ("*",) or end.outcome == "withdrawn":
            return SELDOM
        if is_done and not act.phases:
            return 0
        if end.is_end and end.outcome in ("inadmissible", "referred"):
            return 2 * SELDOM
        if self.procedure.phase(rehearsal.case.phase).track == end.track or end.is_end:
            return 1.0
        return SOMETIMES  # to another track

    def _is_awaited(self, rehearsal: Rehearsal, act: Act) -> bool:
        """Whether a running clock waits for it, or for a letter that it brings."""
        running = [each.rule for each in rehearsal.case.deadlines if each.status is engine.Status.OPEN]
        awaited = {str(each) for rule in running for each in self.procedure.deadline(rule).met_by}
        written = {f"sent:{each.name}" for each in self.procedure.letters if act.name in map(str, each.on)}
        return bool(awaited & (written | {act.name}))

    def _moment(self, rehearsal: Rehearsal, act: Act, *, is_slow: bool) -> datetime:
        """When it is done: somewhere in what is left of the term that ends first, or well after it."""
        at = rehearsal.at
        if at is None:
            raise ValueError("a case begins with an act that opens")
        owed = OwedBy.COMPLAINANT if set(act.by) <= {COMPLAINANT} else OwedBy.ORGANISATION
        ends = _ends(rehearsal, owed)
        left = max(min(ends, default=at + timedelta(days=12)) - at, timedelta(hours=2))
        if is_slow and ends and owed is OwedBy.ORGANISATION and self.chance.random() < 0.45:
            return self._office_hours(at + left + timedelta(days=self.chance.lognormvariate(1.4, 0.8)), rehearsal)
        return self._office_hours(at + left * self.chance.betavariate(1.6, 3.2), rehearsal)

    def _office_hours(self, at: datetime, rehearsal: Rehearsal) -> datetime:
        local = at.astimezone(rehearsal.zone)
        day = rehearsal.calendar.next_working(local.date())
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=rehearsal.zone)
        if day == local.date() and 9 <= local.hour < 17:
            moment = local
        elif day == local.date():
            moment += timedelta(minutes=self.chance.randrange(8 * 60))
        return max(moment, rehearsal.at) if rehearsal.at else moment

    def _answers(self, act: Act, at: datetime, told: _Told) -> dict[str, object]:
        found: dict[str, object] = {}
        if act.opens:
            channels = [each.name for each in self.procedure.intake.channels]
            found["channel"] = self._leaning(channels)
        for asked in self.procedure.fields_of(act):
            answer = self._answer(act, asked, at, told)
            if answer is not None:
                found[asked.name] = answer
        return found

    def _answer(self, act: Act, asked: Field, at: datetime, told: _Told) -> Any:
        """Something that fits; None leaves it to the rehearsal, or open."""
        if asked.name in told.words and asked.kind in (
            FieldKind.TEXT,
            FieldKind.LONG_TEXT,
            FieldKind.EMAIL,
            FieldKind.PHONE,
        ):
            return told.words[asked.name]
        match asked.kind:
            case FieldKind.PERSON if asked.required:
                return told.words.get("person")
            case FieldKind.CHOICE:
                return self._choice(asked)
            case FieldKind.YES_NO if act.opens or not asked.required:
                return self.chance.random() < 0.25
            case FieldKind.MEMBER:
                return self.chance.choice(told.members[asked.role]) if told.members.get(asked.role) else None
            case FieldKind.MEMBERS:
                return tuple(told.members.get(asked.role, [])[: asked.count])
            case FieldKind.MEASURES:
                return self._measures(asked, at.date(), told)
            case FieldKind.POINTS if asked.required:
                return (Point(told.words.get("subject", ""), told.words.get("reasons", ""), self._choice(asked)),)
            case FieldKind.POINTS:
                return ()
        return None

    def _measures(self, asked: Field, on: date, told: _Told) -> tuple[Measure, ...]:
        if not asked.required and self.chance.random() < 0.62:
            return ()
        owner = told.words.get("owner", "")
        return (Measure(self.chance.choice(self.measures), owner, on + timedelta(days=self.chance.randrange(14, 90))),)

    def _choice(self, asked: Field) -> str:
        weights = [_MEANT.get(each.means, 0.12) if each.means else 0 for each in asked.open_choices]
        if not any(weights):
            return self._leaning([each.value for each in asked.open_choices])
        values = [each.value for each in asked.open_choices]
        return self.chance.choices(values, [each or 0.12 for each in weights])[0]

    def _leaning(self, values: Sequence[str]) -> str:
        """One of them, the first ones more often."""
        return self.chance.choices(values, [1 / (1 + at) ** 1.1 for at in range(len(values))])[0]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the people of one case say, and who works on it."""

    words: dict[str, str]
    members: dict[str, list[str]]  # by role, as keys


def _ends(rehearsal: Rehearsal, owed: OwedBy) -> list[datetime]:
    """The last instants of the running terms that somebody owes."""
    found = []
    for each in rehearsal.case.deadlines:
        if each.status is engine.Status.OPEN and rehearsal.procedure.deadline(each.rule).owed_by is owed:
            due = each.due.due
            found.append(
                due if isinstance(due, datetime) else datetime(due.year, due.month, due.day, 16, tzinfo=rehearsal.zone)
            )
    return found
