"""What a case needs before it is closed, what its dossier holds, and taking it along."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from complaints.access import case_for_staff
from complaints.actions import THE_COMPLAINANT, perform, send_waiting
from complaints.demo.paths import ways
from complaints.desk.dossier import Part, needed, parts_of
from complaints.desk.standing import Standing, standing_of
from complaints.models import Assignment, Case, Letter, Membership, Reading
from procedures.engine import ActRefused, checks_of
from procedures.scoping import scope
from tests.complaints.desk.phases import SHEET, Walk
from tests.complaints.factories import actor_of, definition, published, staffed

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]


def walked(slug: str, phase: str) -> tuple[Case, dict[str, Membership]]:
    """A case that was brought to a phase by the shortest way."""
    organisation = published(slug)
    people = staffed(organisation)
    default_storage.save(SHEET, ContentFile(b"%PDF-1.7"))
    walk = Walk(organisation, people)
    with scope(organisation.pk):
        for case in walk.steps(ways(definition(slug))[phase], ends_at=timezone.now()):
            last = case
    assert last.phase == phase
    return last, people


def here_of(case: Case, member: Membership) -> Standing:
    entry = case_for_staff(member, case.reference, definition(case.organisation.slug), at=timezone.now())
    return standing_of(entry, now=timezone.now())


def contents(case: Case, member: Membership) -> list[Part]:
    here = here_of(case, member)
    events, letters = list(case.events.order_by("number")), list(case.letters.all())
    return parts_of(here, events, list(case.documents.all()), letters, list(case.messages.all()))


def told(case: Case, member: Membership) -> list[str]:
    with scope(case.organisation_id):
        here = here_of(case, member)
        unticked = [each for each in checks_of(here.procedure, here.state) if each.name not in here.state.checks]
        return needed(here, unticked, list(case.letters.select_related("event")), [])


@pytest.mark.rule("KP-12")
def test_a_decided_case_is_not_closed_before_the_call_and_its_report(media_folder: Path) -> None:
    case, people = walked("klassepro", "decided")
    assert [each for each in told(case, people["handler"]) if each.startswith("Leg het gesprek")]
    now = timezone.now()
    with scope(case.organisation_id):
        handler = actor_of(people["handler"], case)
        with pytest.raises(ActRefused):
            perform(case, "close", answers={}, actor=handler, at=now)
        with pytest.raises(ActRefused) as refused:
            perform(case, "explain", answers={"talked_on": now.date().isoformat()}, actor=handler, at=now)
    assert set(refused.value.fields) == {"conversation_report"}


@pytest.mark.rule("KK-17")
@pytest.mark.parametrize(
    ("phase", "act"), [("decided", "consider_prevention"), ("solved", "consider_prevention_after_talk")]
)
def test_a_settled_case_is_not_closed_before_the_directie_considered_prevention(
    phase: str, act: str, media_folder: Path
) -> None:
    case, people = walked("klikklaar", phase)
    title = definition("klikklaar").act(act).title.nl
    assert title in told(case, people["director"])
    now = timezone.now()
    due_on = (now + timedelta(days=30)).date().isoformat()
    owners = [people["chair"].name.upper(), "De drukker"]
    measures = [{"what": "Een tweede lezer", "owner": each, "due_on": due_on} for each in owners]
    with scope(case.organisation_id):
        director = actor_of(people["director"], case)
        with pytest.raises(ActRefused):
            perform(case, act, answers={}, actor=director, at=now)
        perform(case, act, answers={"prevention": "Beter lezen.", "measures": measures}, actor=director, at=now)
        closed = Case.objects.get(pk=case.pk)
        assert closed.is_closed
        found = list(closed.measures.order_by("pk"))
        assert [(each.owner, each.member) for each in found] == list(zip(owners, [people["chair"], None], strict=True))
        assert all(each.remind_at and each.remind_at > now for each in found)
    assert title not in told(closed, people["director"])


@pytest.mark.rule("O21-21")
def test_a_file_is_archived_only_when_it_is_complete_and_it_says_what_it_holds(media_folder: Path) -> None:
    case, people = walked("o21", "informed")
    checked = definition("o21").check("file_complete")
    with scope(case.organisation_id):
        parts = contents(case, people["secretariaat"])
        assert [each.is_there for each in parts] == [True] * 4
        assert "verstuurd" in parts[2].told
        decision = case.letters.filter(recipient="complainant", event__occurrence="decide")
        decision.update(state=Letter.State.TO_POST, sent_at=None)
        parts = contents(case, people["secretariaat"])
        assert [each.is_there for each in parts] == [True, True, False, False]
        secretariat, now = actor_of(people["secretariaat"], case), timezone.now()
        perform(case, "accept_outcome", answers={}, actor=THE_COMPLAINANT, at=now)
        with pytest.raises(ActRefused) as refused:
            perform(case, "archive", answers={}, actor=secretariat, at=now)
    assert refused.value.code == "checks"
    assert checked.title.nl in told(case, people["secretariaat"])


@pytest.mark.parametrize(
    ("slug", "phase", "role"), [("klassepro", "assigned", "handler"), ("o21", "informed", "secretariaat")]
)
def test_no_way_to_the_end_is_told_while_a_verdict_or_the_complainant_is_awaited(
    slug: str, phase: str, role: str, media_folder: Path
) -> None:
    case, people = walked(slug, phase)
    titles = {each.title.nl for each in definition(slug).acts}
    assert not titles & set(told(case, people[role]))


def test_the_dossier_is_taken_along_by_who_proved_who_they_are_and_it_is_noted(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    address = reverse("desk:dossier", args=[case.reference])
    send_waiting(case.organisation_id, at=timezone.now())
    unproved = Client()
    unproved.force_login(people["csm"].user)
    assert unproved.post(address, {"form": "pdf", "whom": "inside"}).status_code == 403
    client = signed_in(people["csm"])
    assert client.post(address, {"form": "pdf"}).status_code == 400
    assert client.get(address).status_code == 405
    with scope(case.organisation_id):
        assert not Reading.objects.filter(what=Reading.What.EXPORT).exists()
    page = client.get(reverse("desk:case", args=[case.reference])).content.decode()
    assert f'action="{address}"' in page
    answer = client.post(address, {"form": "pdf", "whom": "outside"})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    packed = zipfile.ZipFile(io.BytesIO(client.post(address, {"form": "zip", "whom": "inside"}).content))
    assert "manifest.json" in packed.namelist()
    with scope(case.organisation_id):
        noted = Reading.objects.filter(what=Reading.What.EXPORT).values_list("case_id", "member_id")
        assert list(noted) == [(case.pk, people["csm"].pk)] * 2


def test_who_comes_from_outside_does_not_take_the_dossier_along(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    with scope(case.organisation_id):
        Assignment.objects.create(case=case, membership=people["assessor"], role="assessor")
    client = signed_in(people["assessor"])
    answer = client.post(reverse("desk:dossier", args=[case.reference]), {"form": "pdf", "whom": "inside"})
    assert answer.status_code == 404
