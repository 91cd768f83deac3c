"""A case in each phase of a procedure, brought there through the real actions, without printing a letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from complaints.actions import (
    THE_CLOCK,
    THE_COMPLAINANT,
    Actor,
    confirm_posted,
    expire_due,
    open_case,
    perform,
    release_letter,
    send_waiting,
    staff,
    tick_check,
)
from complaints.demo.paths import WAIT, Move, Way, ways
from complaints.models import Case, Letter, Membership
from complaints.queries.state import state_of
from procedures.answers import as_json
from procedures.definition import COMPLAINANT, Act, FieldKind
from procedures.engine import waits_for
from procedures.models import Organisation
from procedures.scoping import scope
from procedures.simulation import Rehearsal
from tests.complaints.factories import actor_of, definition

PIETER = "Pieter Hoekstra"  # whom every case is about
SHEET = "paper.pdf"  # every letter is this one sheet: what it looks like is no matter here


def through_the_phases(
    organisation: Organisation, people: Mapping[str, Membership], *, now: datetime
) -> Iterator[tuple[Walk, Case]]:
    """A case in each phase in turn, as it stands `now`. What is done to it and not `undone` stays."""
    if not default_storage.exists(SHEET):
        default_storage.save(SHEET, ContentFile(b"%PDF-1.7"))
    found = ways(definition(organisation.slug))
    seen: set[str] = set()
    # Longest first: it passes through many phases. What takes a wait comes last, for it stands in another time.
    for phase, way in sorted(found.items(), key=lambda item: (Move(WAIT) in item[1], -len(item[1]))):
        if phase in seen:
            continue
        walk = Walk(organisation, people)
        steps = walk.steps(way, ends_at=now)
        while case := _next(organisation, steps):
            if case.phase not in seen:
                seen.add(case.phase)
                yield walk, case
    assert seen == {each.name for each in definition(organisation.slug).phases}


def _next(organisation: Organisation, steps: Iterator[Case]) -> Case | None:
    with scope(organisation.pk):
        return next(steps, None)


@contextmanager
def undone() -> Iterator[None]:
    """What is done within is looked at, and then never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("version").get(pk=case.pk)


class Walk:
    """A case about Pieter, brought along a way through the real actions, a minute an act."""

    def __init__(self, organisation: Organisation, people: Mapping[str, Membership]) -> None:
        self.organisation = organisation
        self.procedure = definition(organisation.slug)
        self.people = people
        self.case: Case | None = None

    def steps(self, way: Way, *, ends_at: datetime) -> Iterator[Case]:
        """The case after each step; the last stands as it does at `ends_at`."""
        waits = sum(move.act == WAIT for move in way)
        at = ends_at - timedelta(minutes=len(way)) - timedelta(days=120 * waits)
        for move in way:
            at += timedelta(minutes=1)
            if move.act == WAIT:
                at = self._wait(self.now(), ends_at)
            else:
                self._do(move, at)
            yield self.now()

    def answers(self, act: Act, *, at: datetime, given: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Answers to what an act asks, with keys of real members, as JSON."""
        rehearsal = Rehearsal(self.procedure)
        if self.case:
            rehearsal.case = state_of(self.now(), self.procedure)
        about: dict[str, object] = {}
        for asked in self.procedure.fields_of(act):
            if asked.kind is FieldKind.PERSON and act.opens:
                about |= {asked.name: PIETER} | {each.fact: each.values[0] for each in asked.when}
        found: dict[str, Any] = {}
        wanted = rehearsal.answers(act, at=at, given={**about, **(given or {})})
        for asked in self.procedure.fields_of(act):
            if asked.kind is FieldKind.MEMBER:
                found[asked.name] = str(self.people[asked.role].pk)
            elif asked.kind is FieldKind.MEMBERS:
                able = Membership.objects.filter(roles__contains=[asked.role]).order_by("pk")[: asked.count or 1]
                found[asked.name] = [str(each.pk) for each in able]
            elif asked.kind not in (FieldKind.DOCUMENT, FieldKind.DOCUMENTS) and asked.name in wanted:
                found[asked.name] = as_json(wanted[asked.name])  # type: ignore[arg-type]
        return {**wanted, **found}

    def typed(self, act: Act, *, at: datetime) -> dict[str, Any]:
        """The form of an act, filled in."""
        written = {True: "yes", False: "no"}
        found: dict[str, Any] = {"revision": self.now().revision}
        for name, value in self.answers(act, at=at).items():
            found[name] = written[value] if isinstance(value, bool) else value
        return found

    def _do(self, move: Move, at: datetime) -> None:
        act = self.procedure.act(move.act)
        answers = self.answers(act, at=at, given=move.answers(at))
        if self.case is None:
            answers["channel"] = self.procedure.intake.channels[0].name
            self.case = open_case(
                answers=answers, actor=self.actor(act.by), received_at=at, recorded_at=at, act=act.name
            ).case
        else:
            self.tick(act, at=at)
            perform(self.now(), act.name, answers=answers, actor=self.actor(act.by), at=at)
        self._send(at)

    def tick(self, act: Act, *, at: datetime) -> None:
        """Ticks every point that the act waits for."""
        case = self.now()
        for check in waits_for(self.procedure, state_of(case, self.procedure), act):
            tick_check(case, check.name, actor=self.actor(check.by), at=at)

    def _wait(self, case: Case, until: datetime) -> datetime:
        phase, at = case.phase, case.received_at
        while case.phase == phase and case.wake_at and case.wake_at <= until:
            at = case.wake_at
            expire_due(at=at)
            self._send(at)
            case = self.now()
        return at

    def _send(self, at: datetime) -> None:
        for letter in Letter.objects.filter(case=self.case, state=Letter.State.HELD):
            release_letter(letter, actor=THE_CLOCK, at=at)
        while Letter.objects.filter(state=Letter.State.WAITING).update(pdf=SHEET):
            send_waiting(self.organisation.pk, at=at)
        for letter in Letter.objects.filter(case=self.case, state=Letter.State.TO_POST).select_related("case__version"):
            confirm_posted(letter, on=timezone.localdate(at), actor=THE_CLOCK, at=at)

    def actor(self, roles: tuple[str, ...]) -> Actor:
        if COMPLAINANT in roles:
            return THE_COMPLAINANT
        found = [
            actor_of(self.people[role], self.case) if self.case else staff(self.people[role], self.procedure)
            for role in roles
        ]
        return next(each for each in found if each.roles & set(roles))

    def now(self) -> Case:
        assert self.case
        return fresh(self.case)
