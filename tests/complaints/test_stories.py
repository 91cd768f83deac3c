"""Every story of tests/stories, run against the whole app: rows, letters as PDF, mail, and the history replayed.

A kind of letter is printed once for each organisation; after that its words are composed, and leave on that sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

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
from complaints.actions.recording import TYPED, TYPED_BESIDE
from complaints.models import BESIDE, Case, Event, Letter, Membership, Party
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.definition import COMPLAINANT, PARTY_FIELDS, Fact, FieldKind
from procedures.engine import ActRefused, offers, waits_for
from procedures.models import ClosingDay, Organisation
from procedures.scoping import scope
from procedures.simulation import Rehearsal
from procedures.simulation import open_acts as may_be_done
from tests.complaints.factories import member, published
from tests.complaints.letters.frozen import is_frozen
from tests.complaints.letters.paper import keep_sheets, use_sheets
from tests.conftest import MailServer
from tests.procedures import stories
from tests.procedures.stories import Outcome, Story, StoryStep

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _marked(path: Path) -> object:
    story = stories.read(path)
    return pytest.param(story, id=path.stem, marks=[pytest.mark.rule(rule) for rule in story.rules])


@pytest.mark.django_db
@pytest.mark.parametrize("story", [_marked(path) for path in stories.paths()])
def test_story_goes_as_written_in_the_app(story: Story, smtp_server: MailServer, media_folder: Path) -> None:
    organisation = published(story.procedure.organisation)
    with scope(organisation.pk):
        played = Played(story, organisation)
        for number, step in enumerate(story.steps):
            outcome = played.carry_out(step)
            wrong = stories.disagreements(step.expected, outcome, zone=ZoneInfo(story.procedure.zone))
            assert not wrong, f"step {number} ({step.act or step.check or step.send or 'until'}): {'; '.join(wrong)}"
        if not played.case:
            return  # it was refused at filing
        played.case.refresh_from_db()
        stored, again = state_of(played.case, story.procedure), replayed(played.case)
        assert _without_personal(again.facts, story) == _without_personal(stored.facts, story)
        assert replace(again, facts={}, checks={}) == replace(stored, facts={}, checks={})
        assert set(again.checks) == set(stored.checks)
        assert [(each.name, each.state, each.error) for each in Letter.objects.exclude(state=Letter.State.SENT)] == []
        assert all(is_frozen(letter, story.procedure) for letter in Letter.objects.all())


class Played:
    """A story in the app, beside a rehearsal in the engine that fills in what the story leaves open."""

    def __init__(self, story: Story, organisation: Organisation) -> None:
        self.story = story
        self.procedure = story.procedure
        self.organisation = organisation
        self.rehearsal = Rehearsal(
            story.procedure, facts=story.facts, closed=story.closed, respondents=story.respondents
        )
        self.case: Case | None = None
        self.held: set[str] = set()
        self.members = self._people()
        ClosingDay.objects.bulk_create(
            ClosingDay(on=day, name=name, added_at=LONG_AGO) for day, name in story.closed.items()
        )

    def carry_out(self, step: StoryStep) -> Outcome:
        self._let_time_pass(step.when)
        since = self._last_event()
        if step.until:
            since = self.before_waiting
        elif step.refused:
            with pytest.raises(ActRefused) as refusal:
                self._do(step)
            assert step.refused.lower() in str(refusal.value).lower()
        else:
            self._do(step)
        return self._outcome(since, step.when)

    def _do(self, step: StoryStep) -> None:
        if step.send:
            self.held.discard(step.send)
            self._send(step.when)
        elif step.check:
            assert self.case
            actor = self._actor(step.by or self.procedure.check(step.check).by[0])
            tick_check(self.case, step.check, actor=actor, at=step.when, not_applicable=step.not_applicable)
            self._send(step.when)
        else:
            self._act(step)

    def _act(self, step: StoryStep) -> None:
        act = self.procedure.act(step.act)
        self.rehearsal.case = state_of(self.case, self.procedure) if self.case else self.rehearsal.case
        answers = {
            name: self._real(name, value)
            for name, value in self.rehearsal.answers(act, at=step.when, given=step.facts).items()
        }
        if act.opens and self.case is None:
            opened = open_case(
                answers={"channel": self.procedure.intake.channels[0].name, **answers},
                actor=self._actor(step.by or act.by[0]),
                received_at=step.when,
                recorded_at=step.when,
                act=step.act,
            )
            self.case = opened.case
            for name in self.story.respondents:
                Party.objects.create(
                    case=self.case, kind=Party.Kind.RESPONDENT, name=name, membership=self.members.get(name)
                )
        else:
            assert self.case
            actor = self._actor(step.by or self._able(act.by))
            if step.tick:
                for check in self._waits_for(step):
                    tick_check(self.case, check, actor=self._actor(self.procedure.check(check).by[0]), at=step.when)
            perform(self.case, step.act, answers=answers, actor=actor, at=step.when)
        written = Letter.objects.filter(case=self.case)
        written.filter(name__in=step.held, state=Letter.State.WAITING).update(state=Letter.State.HELD, try_at=None)
        self.held |= set(step.held)
        self._send(step.when)

    def _waits_for(self, step: StoryStep) -> tuple[str, ...]:
        assert self.case
        act = self.procedure.act(step.act)
        state = state_of(self.case, self.procedure)
        roles = (step.by,) if step.by else act.by
        offered = offers(self.procedure, state, at=step.when, by=roles)
        if any(each.act == act and each.refusal and each.refusal.code == "checks" for each in offered):
            return tuple(check.name for check in waits_for(self.procedure, state, act))
        return ()

    def _let_time_pass(self, until: datetime) -> None:
        self.before_waiting = self._last_event()
        for _ in range(200):
            wake_at = self._fresh().wake_at if self.case else None
            if wake_at is None or wake_at > until:
                return
            assert expire_due(at=wake_at) == 1
            self._send(wake_at)
        pytest.fail("time never came to rest")

    def _send(self, at: datetime) -> None:
        """Letters leave at once, also those on paper: somebody takes them to the post on the same day."""
        zone = ZoneInfo(self.procedure.zone)
        for letter in Letter.objects.filter(state=Letter.State.HELD).exclude(name__in=self.held):
            release_letter(letter, actor=THE_CLOCK, at=at)  # somebody looked at it, and found nothing
        while True:
            use_sheets(self.procedure, at=at)
            if not send_waiting(self.organisation.pk, at=at):
                break
            keep_sheets(self.procedure)
            to_post = list(Letter.objects.filter(state=Letter.State.TO_POST).select_related("case__version"))
            for letter in to_post:
                confirm_posted(letter, on=at.astimezone(zone).date(), actor=THE_CLOCK, at=at)
            if not to_post:  # nothing more came of it
                break

    def _outcome(self, since: int, at: datetime) -> Outcome:
        if self.case is None:
            return Outcome("", {}, [], frozenset())
        case = self._fresh()
        state = state_of(case, self.procedure)
        events = Event.objects.filter(case=case, number__gt=since).exclude(occurrence__startswith=BESIDE)
        return Outcome(
            phase=case.phase,
            deadlines={each.rule: (each.due.due, each.status.value) for each in state.deadlines},
            letters=[name for event in events for name in event.decision["letters"]],
            open_acts=frozenset(
                each.act.name for each in may_be_done(self.procedure, state, at=at) if not each.waits_for
            ),
        )

    def _fresh(self) -> Case:
        """The case as time left it, or as a step did: read before and after each."""
        assert self.case
        self.case = Case.objects.select_related("version", "handler").get(pk=self.case.pk)
        return self.case

    def _last_event(self) -> int:
        return self.case.revision if self.case else 0

    def _able(self, roles: Collection[str]) -> str:
        """The first of these roles that someone plays in the case."""
        return next((role for role in roles if role in self._actor(role).roles), next(iter(roles)))

    def _actor(self, role: str) -> Actor:
        if role == COMPLAINANT:
            return THE_COMPLAINANT
        found = [
            staff(each, self.procedure, self.case)
            for each in Membership.objects.filter(roles__contains=[role]).order_by("pk")
        ]
        return next((actor for actor in found if role in actor.roles), found[0])

    def _people(self) -> dict[str, Membership]:
        """The people whom the story speaks of: "ROLE 1" and on, and whoever it names for a role."""
        people = {}
        counts = {field.role: field.count for field in self.procedure.every_field()}
        for role in self.procedure.roles:
            for number in range(1, max(1, counts.get(role.name, 1)) + 1):
                name = f"{role.name} {number}"
                people[name] = member(self.organisation, name, role.name)
        role_of = {
            field.name: field.role
            for field in self.procedure.every_field()
            if field.kind in (FieldKind.MEMBER, FieldKind.MEMBERS)
        }
        given = [self.story.facts, *(step.facts for step in self.story.steps)]
        for facts in given:
            for key, value in facts.items():
                asked = role_of.get(key.rpartition(".")[2], "")
                for each in (value if isinstance(value, list) else [value]) if asked else []:
                    if str(each) not in people:
                        people[str(each)] = member(self.organisation, str(each), asked)
        return people

    def _real(self, name: str, value: object) -> object:
        """The answer with keys of real members for the names that the story uses."""
        kinds = {field.name: field.kind for field in self.procedure.every_field()}
        if kinds.get(name) is FieldKind.MEMBER:
            return str(self.members[str(value)].pk)
        if kinds.get(name) is FieldKind.MEMBERS and isinstance(value, (list, tuple)):
            return [str(self.members[str(each)].pk) for each in value]
        return value.isoformat() if isinstance(value, date) else value


def _without_personal(facts: Mapping[str, Fact], story: Story) -> dict[str, Fact]:
    """Without what the history keeps as hashes alone: what is personal, and whatever somebody typed."""
    fields = story.procedure.every_field()
    personal = {field.name for field in fields if field.personal or field.kind in TYPED}
    personal |= TYPED_BESIDE | set(PARTY_FIELDS)
    return {name: value for name, value in facts.items() if name not in personal}
