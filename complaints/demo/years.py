"""Years of cases for `make demo-year`: walked by the engine, and written in bulk, as recording would have written them.

Letters are not made: their events are there, so that the terms are right, but thousands of PDFs would take an hour.
"""

from __future__ import annotations

import calendar
import secrets
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import F

from complaints.actions.erasing import ERASED, treat
from complaints.actions.indexing import index_cases
from complaints.actions.recording import in_history, is_personal_answer, next_due_at, summary
from complaints.actions.returning import note_returns
from complaints.demo.playing import HERE, complaints_of
from complaints.demo.walking import Walker
from complaints.models import Answer, Assignment, Case, Deadline, Event, Measure, Membership, Party, ReferenceCounter
from complaints.queries.handlers import names_handler
from complaints.queries.measures import next_reminder
from complaints.queries.state import columns_of
from complaints.retention.personal import TREATMENTS, Dossier
from complaints.retention.terms import term_of
from procedures import answers
from procedures.catalogue import version_at, zone_of
from procedures.definition import COMPLAINANT, PARTY_FIELDS, SYSTEM, FieldKind, Procedure
from procedures.definition import Measure as Promised
from procedures.models import ProcedureVersion
from procedures.simulation import Rehearsal, Step

AT_ONCE: Final = 250
# How busy each month is, and how each year compares with the one before; how often a term was missed in each.
_MONTHS: Final = (1.1, 1.0, 1.2, 1.0, 0.8, 0.9, 0.4, 0.5, 1.3, 1.5, 1.3, 0.7)
_GROWTH: Final = (1.0, 1.12, 1.06)
_LATE: Final = (0.24, 0.17, 0.12)
_CAME_BACK: Final = 0.09
_WAITS: Final = timedelta(days=20)  # so long what may go waits for the list that two people look at


@dataclass(slots=True)
class _Rows:
    """Rows that wait to be written together."""

    events: list[Event] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)


def fill(procedure: Procedure, *, count: int, years: Sequence[int], now: datetime) -> int:
    """Adds `count` cases of these years, the last of which is running, to the organisation in scope; how many of them
    are erased by now. In one transaction with whoever calls it."""
    told = tomllib.loads((HERE / "people.toml").read_text(encoding="utf-8"))
    version = version_at(now)
    members: dict[str, list[Membership]] = {}
    for each in Membership.objects.filter(is_active=True).order_by("pk"):
        for role in each.roles:
            members.setdefault(role, []).append(each)
    filler = _Filler(procedure, version, members, told, now)
    moments = sorted(_moments(procedure, filler.walker, count, years, now))
    made: list[Case] = []
    for start in range(0, count, AT_ONCE):
        made += filler.write(
            [(at, _LATE[years.index(at.year) % len(_LATE)]) for at in moments[start : start + AT_ONCE]]
        )
    filler.keep_counters()
    note_returns(None, zone=zone_of(procedure))
    gone = _gone(procedure, made, now)
    _let_go(gone)
    last = -1
    while last:
        last = index_cases(max(last, 0))
    return len(gone)


def _moments(
    procedure: Procedure, walker: Walker, count: int, years: Sequence[int], now: datetime
) -> Iterator[datetime]:
    """When complaints come in: most after the summer, by day and by evening, and fewer in the weekend."""
    months = [
        (year, month, _MONTHS[month - 1] * _GROWTH[at % len(_GROWTH)])
        for at, year in enumerate(years)
        for month in range(1, 13)
        if (year, month) <= (now.year, now.month)
    ]
    chance, zone = walker.chance, zone_of(procedure)
    for year, month, _weight in chance.choices(months, [each[2] for each in months], k=count):
        last = now.day if (year, month) == (now.year, now.month) else calendar.monthrange(year, month)[1]
        day = date(year, month, chance.randint(1, last))
        if day.weekday() > 4 and chance.random() < 0.6:
            day -= timedelta(days=min(day.weekday() - 4, day.day - 1))
        at = datetime(day.year, day.month, day.day, chance.choice(range(8, 22)), chance.randrange(60), tzinfo=zone)
        yield min(at, now - timedelta(minutes=chance.randrange(5, 600))).astimezone(zone)


@dataclass(slots=True)
class _Filler:
    procedure: Procedure
    version: ProcedureVersion
    members: dict[str, list[Membership]]
    told: dict[str, Any]
    now: datetime
    walker: Walker = field(init=False)
    people: list[dict[str, str]] = field(default_factory=list)
    counters: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        owner = next(iter(self.members.get(self.procedure.publisher, [])), None)
        words = {**self.told["phrases"], "person": self.told["years"]["person"], "owner": owner.name if owner else ""}
        self.walker = Walker(self.procedure, words, self.told["years"]["measures"])
        self.counters.update(dict(ReferenceCounter.objects.values_list("year", "last")))

    def write(self, moments: Sequence[tuple[datetime, float]]) -> list[Case]:
        """Cases that came in at these moments, with the chance that each misses a term."""
        keys = {role: [str(each.pk) for each in found] for role, found in self.members.items()}
        cases, walks = [], []
        for at, late in moments:
            words = {**self._person(), **self.walker.chance.choice(complaints_of(self.procedure.organisation))}
            walk = self.walker.walk(at, until=self.now, late=late, words=words, members=keys)
            walks.append(walk)
            cases.append(self._case(walk, at))
        Case.objects.bulk_create(cases)
        rows = _Rows()
        for case, walk in zip(cases, walks, strict=True):
            self._add(case, walk, rows)
        Event.objects.bulk_create(rows.events)
        Answer.objects.bulk_create(rows.answers)
        Deadline.objects.bulk_create(rows.deadlines)
        Measure.objects.bulk_create(rows.measures)
        Party.objects.bulk_create(rows.parties)
        Assignment.objects.bulk_create(rows.assignments)
        Case.objects.bulk_update([each for each in cases if each.handler_id], ["handler"])
        return cases

    def keep_counters(self) -> None:
        for year, last in self.counters.items():
            ReferenceCounter.objects.update_or_create(year=year, defaults={"last": last})

    def _person(self) -> dict[str, str]:
        chance, pool = self.walker.chance, self.told["years"]
        if self.people and chance.random() < _CAME_BACK:
            return chance.choice(self.people)
        first, last = chance.choice(pool["first"]), chance.choice(pool["last"])
        number = len(self.people) + 1
        found = {
            "name": f"{first} {last}",
            "email": f"{first}.{last}{number}@klager.example".lower(),
            "organisation": chance.choice(pool["schools"]),
            "phone": f"06 1{number:07}",
            "address": f"Voorbeeldlaan {number % 90 + 1}",
            "postcode": "1234 AB",
            "town": "Voorbeeldstad",
        }
        self.people.append(found)
        return found

    def _case(self, walk: Rehearsal, at: datetime) -> Case:
        state, first = walk.case, walk.steps[0].decision
        phase = self.procedure.phase(state.phase)
        self.counters[at.year] += 1
        return Case(
            reference=f"{self.procedure.prefix}-{at.year}-{self.counters[at.year]:04d}",
            version=self.version,
            subject=str(state.facts.get("subject", ""))[:200],
            phase=phase.name,
            track=phase.track,
            outcome=phase.outcome,
            channel=str(first.facts.get("channel", "")),
            received_at=at,
            closed_at=self._closed_at(walk) if phase.is_end else None,
            done=list(state.done),
            checks=dict(state.checks),
            revision=len(walk.steps),
            wake_at=state.wake_at,
            next_due_at=next_due_at(self.procedure, state),
        )

    def _closed_at(self, walk: Rehearsal) -> datetime | None:
        """The first moment of the last stretch in which it was closed."""
        closed_at = None
        for step in walk.steps:
            is_end = self.procedure.phase(step.decision.case.phase).is_end
            closed_at = (closed_at or step.decision.at) if is_end else None
        return closed_at

    def _add(self, case: Case, walk: Rehearsal, rows: _Rows) -> None:
        fields = {each.name: each for each in self.procedure.every_field()}
        playing: dict[str, tuple[str, ...]] = {}
        for number, step in enumerate(walk.steps, start=1):
            before = step.decision.before.facts
            given = {name: fact for name, fact in step.decision.case.facts.items() if before.get(name) != fact} | dict(
                step.decision.facts
            )
            salts = {name: secrets.token_hex(16) for name in given if is_personal_answer(name, fields)}
            event = self._event(case, number, step, playing)
            event.facts = {name: in_history(name, fact, salts) for name, fact in given.items()}
            rows.events.append(event)
            for name, fact in given.items():
                if name in PARTY_FIELDS or name == "not_applicable":
                    continue
                rows.answers.append(
                    Answer(
                        case=case,
                        event=event,
                        name=name,
                        value=answers.as_json(fact),
                        is_personal=name in salts,
                        salt=salts.get(name, ""),
                    )
                )
                asked = fields.get(name)
                if asked and asked.kind in (FieldKind.MEMBER, FieldKind.MEMBERS):
                    playing[asked.role] = (fact,) if isinstance(fact, str) else tuple(map(str, fact))  # type: ignore[arg-type]
                    if names_handler(self.procedure, asked):
                        case.handler_id = int(playing[asked.role][0])
                if asked and asked.kind is FieldKind.MEASURES and isinstance(fact, tuple):
                    rows.measures += [
                        self._measure(case, event, each, walk) for each in fact if isinstance(each, Promised)
                    ]
                if asked and asked.kind is FieldKind.PERSON:
                    rows.parties.append(Party(case=case, kind=Party.Kind.RESPONDENT, name=str(fact)))
        facts = {**walk.steps[0].decision.facts}
        named = {name: str(facts.get(name) or "") for name in PARTY_FIELDS}
        named["organisation_name"] = named.pop("organisation")
        rows.parties.append(Party(case=case, kind=Party.Kind.COMPLAINANT, **named))
        rows.deadlines += [Deadline(case=case, **columns_of(each, self.procedure)) for each in walk.case.deadlines]
        rows.assignments += [
            Assignment(case=case, membership_id=int(key), role=role)
            for role, keys in playing.items()
            for key in dict.fromkeys(keys)
        ]

    def _measure(self, case: Case, event: Event, promised: Promised, walk: Rehearsal) -> Measure:
        """A measure; most are done by their day, and looked at again some months later."""
        chance, today = self.walker.chance, self.now.astimezone(walk.zone).date()
        owner = next(iter(self.members.get(self.procedure.publisher, [])), None)
        found = Measure(case=case, event=event, what=promised.what, owner=promised.owner, member=owner)
        found.due_on, found.kind = promised.due_on, chance.choice(Measure.Kind.values)
        done_on = promised.due_on + timedelta(days=round(chance.triangular(-20, 30, -3)))
        if done_on > today or chance.random() < 0.03:
            found.remind_at = next_reminder(promised.due_on, walk.calendar, walk.zone, after=self.now)
            return found
        found.done_on, found.evidence = max(done_on, event.at.date()), self.told["years"]["evidence"]
        judged_on = found.done_on + timedelta(days=chance.randrange(60, 150))
        if judged_on <= today:
            found.judged_on = judged_on
            found.effect = chance.choices(Measure.Effect.values, (0.68, 0.12, 0.2))[0]
        return found

    def _event(self, case: Case, number: int, step: Step, playing: dict[str, tuple[str, ...]]) -> Event:
        by, member, roles = Event.By.SYSTEM, None, list[str]()
        if COMPLAINANT in step.by:
            by = Event.By.COMPLAINANT
        elif step.by and step.by != (SYSTEM,):
            by = Event.By.STAFF
            role = next((each for each in step.by if playing.get(each) or self.members.get(each)), step.by[0])
            member = (
                int(playing[role][0])
                if playing.get(role)
                else next((each.pk for each in self.members.get(role, [])), None)
            )
            roles = [role]
        return Event(
            case=case,
            number=number,
            occurrence=step.decision.occurrence,
            at=step.decision.at,
            recorded_at=step.decision.at,
            by=by,
            member_id=member,
            roles=roles,
            decision=summary(step.decision),
        )


def _gone(procedure: Procedure, cases: Sequence[Case], now: datetime) -> dict[Case, datetime]:
    """The cases whose term was over some time ago, and when each went."""
    starts = str(procedure.retention.start) if procedure.retention.start else ""
    started = (
        dict(
            Event.objects.filter(occurrence=starts, case__in=[each.pk for each in cases])
            .order_by("at")
            .values_list("case", "at")
        )
        if starts
        else {}
    )
    found = {}
    for case in cases:
        if case.closed_at:
            *_days, gone_from = term_of(case, procedure, started.get(case.pk))
            if gone_from < now - _WAITS:
                found[case] = gone_from
    return found


def _let_go(gone: dict[Case, datetime]) -> None:
    """Leaves of these cases what erasing leaves. Nothing is searched for: these people were never anywhere else."""
    cases = sorted(gone, key=lambda each: each.pk)
    Event.objects.bulk_create(
        Event(
            case=case,
            number=case.revision + 1,
            occurrence=ERASED,
            at=gone[case],
            recorded_at=gone[case],
            by=Event.By.SYSTEM,
            facts={"list": {"value": None}},
        )
        for case in cases
    )
    Case.objects.filter(pk__in=[each.pk for each in cases]).update(revision=F("revision") + 1)
    nobody: frozenset[str] = frozenset()
    for start in range(0, len(cases), AT_ONCE):
        dossier = Dossier(tuple(cases[start : start + AT_ONCE]), nobody, nobody, nobody, nobody)
        for treatment in TREATMENTS:
            if treatment.rows is not None:
                treat(treatment, dossier)
        for case in dossier.cases:
            Case.objects.filter(pk=case.pk).update(erased_at=gone[case])
