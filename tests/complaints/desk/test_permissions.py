"""The permission table: every role × act × phase of all five procedures, against what the documents say.

What a member may do is worked out here from the document and the rows alone, without asking the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from complaints.actions import (
    perform,
    tick_check,
)
from complaints.desk.seats import Seat
from complaints.desk.standing import Standing, standing
from complaints.models import Assignment, Case, Deadline, Event, Letter, Membership, Party, User
from procedures.catalogue import calendar_of
from procedures.definition import COMPLAINANT, SYSTEM, Act, Check, Condition, FieldKind, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.phases import PIETER, Walk, fresh, through_the_phases, undone
from tests.complaints.factories import SLUGS, account, actor_of, definition, member, published, staffed

pytestmark = pytest.mark.django_db

# The forms are the same everywhere and differ by what `compare` holds against the document at all five.
OVER_HTTP = ("klik-onderwijs", "o21")
SIMPLE = (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.CHOICE, FieldKind.YES_NO, FieldKind.MEMBER)


# ------------------------------------------------------------------------------------------------ what it says


class Rows:
    """What the rows of a case say at a moment: its answers and its clocks."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = {each.name: each.value for each in case.answers.order_by("pk")}
        self.clocks = {each.rule: each for each in case.deadlines.order_by("number")}

    def holds(self, conditions: tuple[Condition, ...]) -> bool:
        for each in conditions:
            if each.done:
                is_so = each.done in self.case.done
            else:
                value = self.facts.get(each.fact)
                is_so = any(one in each.values for one in (value if isinstance(value, list) else [value]))
            if is_so is each.negated:
                return False
        return True

    def lacks(self, check: Check, act: Act) -> bool:
        """Whether the act waits for this point of the checklist, and it is not ticked."""
        is_waited_for = act.name in check.before or check.name in act.needs
        return is_waited_for and check.name not in self.case.checks and self.holds(check.when)


def open_acts(procedure: Procedure, case: Case, *, now: datetime) -> set[str]:
    """The acts that may be done now by whoever they belong to."""
    rows = Rows(case)
    return {each.name for each in procedure.acts if _is_open(procedure, rows, each, now=now)}


def _is_open(procedure: Procedure, rows: Rows, act: Act, *, now: datetime) -> bool:
    if not belongs_here(procedure, rows.case, act) or (act.once and act.name in rows.case.done):
        return False
    if not rows.holds(act.when) or any(rows.lacks(check, act) for check in procedure.checks):
        return False
    if act.within and not ((clock := rows.clocks.get(act.within)) and now < clock.overdue_at):
        return False
    if act.after and not ((clock := rows.clocks.get(act.after)) and now >= clock.overdue_at):
        return False
    return not act.extends or _may_be_extended(procedure, rows, act.extends)


def belongs_here(procedure: Procedure, case: Case, act: Act) -> bool:
    """Whether it is an act by people for the phase of this case."""
    if act.opens or act.is_automatic:
        return False
    return case.phase in act.phases or ("*" in act.phases and not procedure.phase(case.phase).is_end)


def _may_be_extended(procedure: Procedure, rows: Rows, rule: str) -> bool:
    clock, extension = rows.clocks.get(rule), procedure.deadline(rule).extension
    if clock is None or extension is None or clock.met_at or clock.status == Deadline.Status.DROPPED:
        return False
    return not extension.times or sum("extended" in each for each in clock.history) < extension.times


# ------------------------------------------------------------------------------------------------ the people who look


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member with exactly one role; one who plays it per case is assigned to the case at hand, or is not."""

    membership: Membership
    role: str
    is_assigned: bool
    sees: bool  # whether they may know of the case
    plays: frozenset[str]


def viewers(organisation: Organisation) -> list[Viewer]:
    found = []
    for role in definition(organisation.slug).roles:
        sees_all = not (role.per_case or role.is_outside or role.only_own)
        for is_assigned in (False,) if sees_all else (False, True):
            person = member(organisation, f"Kijker {role.name}{'-op-zaak' if is_assigned else ''}", role.name)
            plays = frozenset({role.name} if is_assigned or not role.per_case else ())
            found.append(Viewer(person, role.name, is_assigned, sees_all or is_assigned, plays))
    return found


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class Stage:
    """An organisation with its people, and a case on its way through the procedure."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.procedure = definition(organisation.slug)
        self.people = staffed(organisation)
        self.viewers = viewers(organisation)
        every_role = [each.name for each in self.procedure.roles]
        self.everyone = member(organisation, "Kijker alle-rollen", *every_role)
        self.pieter = member(organisation, PIETER, *every_role)
        self.walk: Walk
        self.stranger = signed_in(account("Super Gebruiker", is_staff=True, is_superuser=True))
        known = [*self.people.values(), *(each.membership for each in self.viewers), self.pieter]
        self.clients = {each.pk: signed_in(each.user) for each in known}

    def phases(self, *, now: datetime) -> Iterator[Case]:
        """A case in each phase in turn, with the walk that brought it there."""
        for walk, case in through_the_phases(self.organisation, self.people, now=now):
            self.walk = walk
            yield case

    def assign(self, case: Case) -> None:
        """Gives the viewers who play their role on this case their place on it."""
        for viewer in self.viewers:
            if viewer.is_assigned:
                Assignment.objects.create(case=case, membership=viewer.membership, role=viewer.role)

    def stand(self, who: Membership, case: Case, *, now: datetime) -> Standing:
        """The case as this member finds it. Http404 when they may not know of it."""
        seat = Seat(self.organisation, who, self.procedure, calendar_of(self.procedure, at=now), now)
        return standing(seat, case.reference)

    def client(self, who: Membership) -> Client:
        return self.clients[who.pk]


# ------------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize("slug", SLUGS)
def test_everyone_may_do_what_the_document_gives_them_and_nothing_else(slug: str, media_folder: Path):
    stage = Stage(published(slug))
    procedure, now = stage.procedure, timezone.now()
    seen_open: set[tuple[str, str]] = set()
    for case in stage.phases(now=now):
        with undone():
            with scope(stage.organisation.pk):
                stage.assign(case)
            if slug in OVER_HTTP:
                sample_over_http(stage, case)
            with scope(stage.organisation.pk):
                seen_open |= compare(stage, case, now=now)
                rows = Rows(case)
                for check in procedure.checks:  # once more, with the checklist done
                    if case.phase in check.phases and rows.holds(check.when) and check.name not in case.checks:
                        tick_check(case, check.name, actor=stage.walk.actor(check.by), at=now)
                seen_open |= compare(stage, fresh(case), now=now)
                for act in procedure.acts:
                    if belongs_here(procedure, case, act) and (act.name, case.phase) not in seen_open:
                        with undone():
                            seen_open |= compare(stage, open_up(procedure, fresh(case), act, now=now), now=now)
    by_people = [each for each in procedure.acts if not each.opens and set(each.by) - {COMPLAINANT, SYSTEM}]
    assert seen_open == {
        (act.name, phase.name)
        for act in by_people
        for phase in procedure.phases
        if phase.name in act.phases or ("*" in act.phases and not phase.is_end)
    }


def compare(stage: Stage, case: Case, *, now: datetime) -> set[tuple[str, str]]:
    """Compares what each viewer is offered with the document; which acts are open to one of them."""
    procedure, found = stage.procedure, set()
    here_now = [each for each in procedure.acts if belongs_here(procedure, case, each)]
    possible = open_acts(procedure, case, now=now)
    for viewer in stage.viewers:
        said = (case.phase, viewer.role, viewer.is_assigned)
        if not viewer.sees or waits_outside(procedure, case, viewer):
            with pytest.raises(Http404):
                stage.stand(viewer.membership, case, now=now)
            continue
        here = stage.stand(viewer.membership, case, now=now)
        meant = {each.name: each.name in possible and bool(set(each.by) & viewer.plays) for each in here_now}
        assert {each.act.name: each.refusal is None for each in here.offers()} == meant, said
        found |= {(name, case.phase) for name, is_meant in meant.items() if is_meant}
    with pytest.raises(Http404):
        stage.stand(stage.pieter, case, now=now)
    everything = stage.stand(stage.everyone, case, now=now)
    elsewhere = [each.name for each in procedure.acts if each not in here_now]
    assert [name for name in elsewhere if everything.refusal_of(name) is None] == [], case.phase
    return found


def waits_outside(procedure: Procedure, case: Case, viewer: Viewer) -> bool:
    """Whether the document gives somebody from outside nothing to do in this phase: the case is closed to them."""
    is_outside = any(each.is_outside for each in procedure.roles if each.name == viewer.role)
    return is_outside and not any(viewer.role in act.by and case.phase in act.phases for act in procedure.acts)


def open_up(procedure: Procedure, case: Case, act: Act, *, now: datetime) -> Case:
    """Writes into the rows what the act waits for: answers, acts, points of the checklist, clocks."""
    case.done = [each for each in case.done if each != act.name or not act.once]
    for each in act.when:
        if each.done:
            case.done = [one for one in case.done if one != each.done] + ([] if each.negated else [each.done])
            continue
        case.answers.filter(name=each.fact).delete()
        if not each.negated:
            event = case.events.get(number=case.revision)
            case.answers.create(event=event, name=each.fact, value=each.values[0], is_personal=False)
    case.checks = {each.name: "" for each in procedure.checks}
    case.save()
    for rule, is_over in ((act.within, False), (act.after, True)):
        if rule:
            _set_clock(procedure, case, rule, is_over=is_over, now=now)
    if act.extends:
        _set_clock(procedure, case, act.extends, is_over=False, now=now)
    return case


def _set_clock(procedure: Procedure, case: Case, name: str, *, is_over: bool, now: datetime) -> None:
    rule = procedure.deadline(name)
    day = timezone.localdate(now) + timedelta(days=-2 if is_over else 2)
    after = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    case.deadlines.filter(rule=name).delete()
    case.deadlines.create(
        rule=name,
        number=1,
        kind=rule.kind.value,
        owed_by=rule.owed_by.value,
        starts_at=now - timedelta(days=30),
        raw_due_on=day,
        due_on=day,
        overdue_at=after,
        status=Deadline.Status.MISSED if is_over else Deadline.Status.OPEN,
    )


# ------------------------------------------------------------------------------------------------ over HTTP


def sample_over_http(stage: Stage, case: Case) -> None:
    """In this phase: the buttons on the page, one act that is done, one that is refused, and two who get nothing."""
    page = f"/beheer/zaken/{case.reference}/"
    with scope(case.organisation_id):
        acts = [each for each in stage.procedure.acts if belongs_here(stage.procedure, case, each)]
        possible = open_acts(stage.procedure, case, now=timezone.now())
        sent = {each.name: stage.walk.typed(each, at=timezone.now()) for each in acts}
    acts.sort(key=lambda act: (act.extends != "", sum(each.kind not in SIMPLE for each in act.fields)))
    seeing = [each for each in stage.viewers if each.sees and not waits_outside(stage.procedure, case, each)]
    outside = {each.name for each in stage.procedure.roles if each.is_outside}
    allowed = [(act, who) for act in acts for who in stage.viewers if act.name in possible and set(act.by) & who.plays]
    refused = [(act, who) for act in acts for who in seeing if not set(act.by) & who.plays]
    unseen = [(act, who) for act in acts for who in stage.viewers if who not in seeing]
    for act, who in allowed[:1]:
        shown = re.findall(
            rf'href="{page}handeling/([a-z_]+)/"', stage.client(who.membership).get(page).content.decode()
        )
        if who.role not in outside:  # they have the room, which has tests of its own
            assert sorted(shown) == sorted(each.name for each, other in allowed if other is who), (case.phase, who.role)
        with undone():
            done = stage.client(who.membership).post(f"{page}handeling/{act.name}/", sent[act.name])
            assert done.status_code == 302, (case.phase, act.name, text_of(done))
            with scope(case.organisation_id):
                assert Event.objects.get(case=case, number=case.revision + 1).occurrence == act.name
    for act in acts[:1]:
        for client, status in ((stage.client(stage.pieter), 404), (stage.stranger, 403)):
            for answer in (client.get(page), client.post(f"{page}handeling/{act.name}/", sent[act.name])):
                assert answer.status_code == status, (case.phase, act.name)
                assert case.subject not in answer.content.decode()
    refused.sort(key=lambda pair: pair[0].name not in possible)
    for (act, who), statuses in [(each, (403, 409)) for each in refused[:1]] + [(each, (404,)) for each in unseen[:1]]:
        answer = stage.client(who.membership).post(f"{page}handeling/{act.name}/", sent[act.name])
        assert answer.status_code in (statuses if act.name not in possible else statuses[:1]), (case.phase, act.name)
    closed = next((each for each in acts if each.name not in possible), None)
    for who in [each for each in stage.viewers if closed and set(closed.by) & each.plays][:1]:
        assert closed
        answer = stage.client(who.membership).post(f"{page}handeling/{closed.name}/", sent[closed.name])
        assert answer.status_code == 409, (case.phase, closed.name, who.role)
    with scope(case.organisation_id):
        now = fresh(case)
        assert (now.revision, now.phase, now.done) == (case.revision, case.phase, case.done)
        assert not Event.objects.filter(case=case, number__gt=case.revision).exclude(occurrence__startswith="beside:")


def text_of(answer: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())[:2000]


@pytest.mark.rule("O21-18")
def test_secretariat_never_addresses_an_employee_but_leaves_that_to_the_board(media_folder: Path):
    """Whatever the secretariat does, in any phase: nothing leaves for an employee before the directie let it go."""
    stage = Stage(published("o21"))
    procedure, secretariat, now = stage.procedure, stage.people["secretariaat"], timezone.now()
    to_employee = [each for each in procedure.letters if Party.Kind.RESPONDENT in each.to]
    written: set[str] = set()
    for case in stage.phases(now=now):
        for act in procedure.acts:
            if "secretariaat" not in act.by or not belongs_here(procedure, case, act):
                continue
            with undone():
                with scope(stage.organisation.pk):
                    ready = open_up(procedure, fresh(case), act, now=now)
                    asked = [each for letter in to_employee for each in letter.when if act.name in map(str, letter.on)]
                    ready.done += [each.done for each in asked if each.done and each.done not in ready.done]
                    ready.save()
                    answers, actor = stage.walk.answers(act, at=now), actor_of(secretariat, case)
                    event = perform(ready, act.name, answers=answers, actor=actor, at=now)
                    letters = list(
                        Letter.objects.filter(event=event, recipient=Party.Kind.RESPONDENT).select_related("sender")
                    )
                for letter in letters:
                    assert letter.state == Letter.State.HELD, (act.name, letter.name)
                    assert letter.sender
                    assert "directie" in letter.sender.roles
                    release = f"/beheer/zaken/{case.reference}/brief/{letter.pk}/vrijgeven/"
                    assert stage.client(secretariat).post(release).status_code == 403
                written |= {each.name for each in letters}
    by_secretariat = {each.name for each in procedure.acts if "secretariaat" in each.by}
    assert written == {each.name for each in to_employee if by_secretariat & set(map(str, each.on))}
    assert len(written) == 4
