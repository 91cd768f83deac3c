"""Merging two cases and undoing it: what ends, what is stopped, who is told, who may know, and the history of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction

from complaints.access import cases_for
from complaints.actions import (
    THE_COMPLAINANT,
    CaseMovedOn,
    disclosing,
    expire_due,
    hearings,
    open_case,
    perform,
    requests,
    send_message,
    send_waiting,
    staff,
    tick_check,
)
from complaints.actions.batches import make_batch, take_out
from complaints.actions.merging import NotMerged, Side, merge, part
from complaints.letters.invitation import Talk
from complaints.models import Answer, Case, Deadline, Event, Letter, Membership, Notice, Party
from complaints.queries.agenda import owed
from complaints.queries.people import People
from complaints.queries.replay import replayed
from complaints.queries.search import found_by
from complaints.queries.sides import Known, matrix
from complaints.queries.state import state_of
from procedures import engine
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import act_answers, definition, filed_case, intake_answers, member, published, staffed
from tests.conftest import MailServer, OwnDatabase

SLUG = "klik-onderwijs"
FIRST = datetime(2026, 11, 19, 9, 15, tzinfo=UTC)
SECOND = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
EMAIL = "j.verweij@wilgenroos.example"
WHY = "Twee ouders van hetzelfde kind."

db = pytest.mark.django_db


@pytest.fixture
def organisation() -> Iterator[Organisation]:
    found = published(SLUG)
    with scope(found.pk):
        yield found


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def pair(organisation: Organisation, people: dict[str, Membership]) -> tuple[Case, Case]:
    """The younger case and the older one, of one complainant."""
    return pair_at(organisation)


def pair_at(organisation: Organisation, *, email: str = EMAIL, name: str = "Jolanda Verweij") -> tuple[Case, Case]:
    main = filed_case(organisation, at=FIRST, email=EMAIL)
    return filed_case(organisation, at=SECOND, email=email, name=name), main


def side(case: Case, person: Membership, *, revision: int | None = None) -> Side:
    case.refresh_from_db()
    actor = staff(person, definition(SLUG), case, at=NOW)
    return Side(case, actor, case.revision if revision is None else revision)


def merged(younger: Case, main: Case, person: Membership, reason: str = "", *, at: datetime = NOW) -> Event:
    event = merge(side(younger, person), side(main, person), reason, at=at)
    younger.refresh_from_db()
    main.refresh_from_db()
    return event


def parted(younger: Case, main: Case, person: Membership, *, at: datetime) -> Event:
    event = part(side(younger, person), side(main, person), "Toch iets anders.", at=at)
    younger.refresh_from_db()
    return event


def same(case: Case) -> bool:
    """Whether the history gives what is stored; personal answers are not in it."""
    case = Case.objects.get(pk=case.pk)
    again, stored = (replace(each, facts={}) for each in (replayed(case), state_of(case, definition(SLUG))))
    return again == stored


def decided(case: Case, people: dict[str, Membership], *, at: datetime) -> None:
    for act, by in (("acknowledge", "csm"), ("assign", "csm"), ("decide", "handler")):
        actor = staff(people[by], definition(SLUG), case, at=at)
        if act == "decide":
            for check in definition(SLUG).checks:
                tick_check(case, check.name, actor=actor, at=at)
        perform(case, act, answers=act_answers(definition(SLUG), case, act, people, at=at), actor=actor, at=at)
        case.refresh_from_db()


# --- What ends --------------------------------------------------------------------------------------------------------


@db
def test_younger_case_ends_and_the_older_one_goes_on_as_it_was(
    pair: tuple[Case, Case], people: dict[str, Membership], organisation: Organisation
):
    younger, main = pair
    before = state_of(main, definition(SLUG))
    event = merged(younger, main, people["csm"])
    assert (younger.merged_into, younger.closed_at, younger.outcome) == (main, NOW, "merged")
    assert (younger.wake_at, younger.next_due_at, younger.phase) == (None, None, "received")
    assert {each.status for each in younger.deadlines.all()} == {Deadline.Status.DROPPED}
    assert not younger.deadlines.filter(met_at__isnull=False).exists()
    assert state_of(main, definition(SLUG)) == before
    assert main.closed_at is None
    assert event.occurrence == "beside:merged"
    assert event.facts["into"] == {"value": main.pk}
    joined = Event.objects.get(case=main, occurrence="beside:joined")
    assert joined.facts == {"case": {"value": younger.pk}, "parties": {"value": []}}
    cases = cases_for(people["csm"], definition(SLUG))
    assert {each.reference for each in owed(cases, people["csm"], definition(SLUG), at=NOW)} == {main.reference}
    assert same(younger)
    assert same(main)


@db
def test_nothing_happens_in_a_merged_case_any_more(
    pair: tuple[Case, Case], people: dict[str, Membership], organisation: Organisation
):
    younger, main = pair
    merged(younger, main, people["csm"])
    written = Letter.objects.filter(case=younger).count()
    while expire_due(at=NOW + timedelta(days=300)):
        pass
    younger.refresh_from_db()
    assert Letter.objects.filter(case=younger).count() == written
    assert not Event.objects.filter(case=younger, occurrence__startswith="passed:").exists()
    csm = staff(people["csm"], definition(SLUG), younger)
    assert engine.offers(definition(SLUG), state_of(younger, definition(SLUG)), at=NOW, by=csm.roles) == ()
    with pytest.raises(engine.ActRefused, match="samen met een andere zaak"):
        perform(younger, "acknowledge", answers={}, actor=csm, at=NOW)
    with pytest.raises(engine.ActRefused):
        tick_check(younger, definition(SLUG).checks[0].name, actor=csm, at=NOW)
    assert same(younger)


@db
def test_database_keeps_a_merged_case_closed_and_within_its_organisation(
    pair: tuple[Case, Case], people: dict[str, Membership]
):
    younger, main = pair
    for changes in ({"merged_into": main}, {"merged_into": younger, "closed_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=younger.pk).update(**changes)
    other = published("klassepro")
    foreign = filed_case(other, at=FIRST)
    Case.objects.filter(pk=younger.pk).update(merged_into_id=foreign.pk, closed_at=NOW)
    with connections["default"].cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    Case.objects.filter(pk=younger.pk).update(merged_into=None)


# --- What is refused --------------------------------------------------------------------------------------------------


@db
def test_older_case_is_not_merged_into_the_younger(pair: tuple[Case, Case], people: dict[str, Membership]):
    younger, main = pair
    with pytest.raises(NotMerged, match="oudste zaak gaat door"):
        merged(main, younger, people["csm"])


@db
def test_other_complainant_needs_a_reason(organisation: Organisation, people: dict[str, Membership]):
    younger, main = pair_at(organisation, email="kees@elders.example", name="Kees Bos")
    with pytest.raises(NotMerged, match="indieners zijn niet dezelfde"):
        merged(younger, main, people["csm"])
    event = merged(younger, main, people["csm"], WHY)
    assert WHY not in str(event.facts)
    assert set(event.facts["reason"]) == {"hmac"}
    assert Answer.objects.get(event=event).value == WHY
    assert same(younger)


@db
def test_decided_closed_and_merged_cases_stay_apart(
    organisation: Organisation, pair: tuple[Case, Case], people: dict[str, Membership]
):
    younger, main = pair
    third = filed_case(organisation, at=NOW, email=EMAIL)
    merged(third, younger, people["csm"])
    with pytest.raises(NotMerged, match=r"zelf al een zaak samengevoegd"):
        merged(younger, main, people["csm"])
    with pytest.raises(NotMerged, match=r"al samengevoegd"):
        merged(third, main, people["csm"])
    decided(main, people, at=NOW)
    fourth = filed_case(organisation, at=NOW, email=EMAIL)
    with pytest.raises(NotMerged, match="al besloten"):
        merged(fourth, main, people["csm"])


@db
def test_talk_and_request_are_settled_first(pair: tuple[Case, Case], people: dict[str, Membership]):
    younger, main = pair
    csm = side(younger, people["csm"]).actor
    person = Party.objects.get(case=younger, kind=Party.Kind.COMPLAINANT)
    talk = hearings.invite(
        younger, Talk(starts_at=NOW + timedelta(days=3), minutes=30, place="Hier"), [person], actor=csm, at=NOW
    )
    asked = requests.ask(person, "De offerte", due_on=date(2026, 12, 4), actor=csm, at=NOW)
    with pytest.raises(NotMerged, match="gesprek gepland"):
        merged(younger, main, people["csm"])
    hearings.cancel(talk, actor=csm, at=NOW)
    with pytest.raises(NotMerged, match="nog iets gevraagd"):
        merged(younger, main, people["csm"])
    requests.withdraw_request(asked, "Niet nodig.", actor=csm, at=NOW)
    merged(younger, main, people["csm"])
    assert younger.merged_into == main


@db
def test_case_about_who_handles_the_other_is_refused(organisation: Organisation, people: dict[str, Membership]):
    younger, main = pair_at(organisation)
    csm = side(main, people["csm"]).actor
    for act in ("acknowledge", "assign"):
        perform(main, act, answers=act_answers(definition(SLUG), main, act, people, at=NOW), actor=csm, at=NOW)
    about = Party.objects.create(case=younger, kind=Party.Kind.RESPONDENT, name="Iemand", membership=people["handler"])
    with pytest.raises(NotMerged, match="is betrokkene in"):
        merged(younger, main, people["csm"])
    about.delete()
    merged(younger, main, people["csm"])


# --- Letters ----------------------------------------------------------------------------------------------------------


@db
def test_letters_that_have_not_left_are_stopped_and_one_tells_where_the_complaint_is(
    pair: tuple[Case, Case], people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    younger, main = pair
    csm = side(younger, people["csm"]).actor
    perform(younger, "acknowledge", answers={}, actor=csm, at=NOW)  # its acknowledgement waits in the outbox
    waiting = list(Letter.objects.filter(case=younger).order_by("pk").values_list("pk", flat=True))
    assert "acknowledgement" in Letter.objects.filter(case=younger).values_list("name", flat=True)
    held, to_post = waiting[0], waiting[-1]
    Letter.objects.filter(pk=held).update(state=Letter.State.HELD, try_at=None)
    Letter.objects.filter(pk=to_post).exclude(pk=held).update(state=Letter.State.TO_POST, try_at=None)
    event = merged(younger, main, people["csm"])
    assert set(Letter.objects.filter(pk__in=waiting).values_list("state", "try_at")) == {("stopped", None)}
    assert [key for key, _state in event.facts["letters"]["value"]] == waiting
    Letter.objects.filter(case=main).update(state=Letter.State.SENT, try_at=None)
    while send_waiting(younger.organisation_id, at=NOW):
        pass
    (mail,) = smtp_server.messages
    assert smtp_server.recipients == [[EMAIL]]
    body = mail.get_body(("plain",))
    assert body
    text = " ".join(body.get_content().split())
    assert "Wij kregen op vrijdag 20 november 2026 uw klacht." in text
    assert f"Wij behandelen uw twee klachten samen, onder nummer {main.reference}." in text
    letter = Letter.objects.get(case=younger, name="beside-merged")
    assert letter.state == Letter.State.SENT
    assert not Event.objects.filter(case=younger, occurrence="sent:beside-merged").exists()
    assert same(younger)


@db
def test_letter_to_another_complainant_says_nothing_of_the_main_case(
    organisation: Organisation, people: dict[str, Membership]
):
    younger, main = pair_at(organisation, email="kees@elders.example", name="Kees Bos")
    merged(younger, main, people["csm"], WHY)
    letter = Letter.objects.get(case=younger, name="beside-merged")
    assert (letter.to_email, letter.state) == ("kees@elders.example", Letter.State.WAITING)
    told = f"{letter.subject} {letter.html} {letter.text}"
    assert younger.reference in told
    assert "samen met een andere klacht" in told
    for secret in (main.reference, main.subject, "Jolanda", WHY):
        assert secret not in told
    assert not Letter.objects.filter(case=main, name="beside-merged").exists()


@db
def test_complainant_without_mail_is_told_on_paper(organisation: Organisation, people: dict[str, Membership]):
    younger, main = pair_at(organisation)
    where = {"email": "", "address": "Kade 1", "postcode": "1234 AB", "town": "Zwolle"}
    Party.objects.filter(kind=Party.Kind.COMPLAINANT).update(**where)
    merged(younger, main, people["csm"])  # the same name at the same address: no reason is asked
    letter = Letter.objects.get(case=younger, name="beside-merged")
    assert letter.channel == "post"
    assert main.reference in letter.text


@db
def test_letter_that_a_sender_has_in_hand_keeps_the_cases_apart(pair: tuple[Case, Case], people: dict[str, Membership]):
    younger, main = pair
    letter = Letter.objects.filter(case=younger, state=Letter.State.WAITING)
    if not letter.exists():
        perform(younger, "acknowledge", answers={}, actor=side(younger, people["csm"]).actor, at=NOW)
    letter.update(lease_until=NOW + timedelta(minutes=5))
    with pytest.raises(NotMerged, match="nu net een brief weg"):
        merged(younger, main, people["csm"])
    younger.refresh_from_db()
    assert younger.merged_into is None
    merged(younger, main, people["csm"], at=NOW + timedelta(minutes=6))


@db
def test_printed_letter_is_posted_or_taken_out_first(
    pair: tuple[Case, Case], people: dict[str, Membership], media_folder: Path
):
    younger, main = pair
    csm = people["csm"]
    perform(younger, "acknowledge", answers={}, actor=side(younger, csm).actor, at=NOW)
    Letter.objects.filter(case=younger).update(channel="post")
    while send_waiting(younger.organisation_id, at=NOW):
        pass
    keys = list(Letter.objects.filter(case=younger, state=Letter.State.TO_POST).values_list("pk", flat=True))
    assert keys
    make_batch(keys, member=csm, procedure=definition(SLUG), at=NOW)
    with pytest.raises(NotMerged, match="gedrukt in een stapel"):
        merged(younger, main, csm)
    take_out(keys, member=csm, at=NOW)
    merged(younger, main, csm)
    assert set(Letter.objects.filter(pk__in=keys).values_list("state", flat=True)) == {Letter.State.STOPPED}


@db
def test_message_in_a_merged_case_reaches_who_handles_the_main_one(
    pair: tuple[Case, Case], people: dict[str, Membership]
):
    younger, main = pair
    csm = side(main, people["csm"]).actor
    for act in ("acknowledge", "assign"):
        perform(main, act, answers=act_answers(definition(SLUG), main, act, people, at=NOW), actor=csm, at=NOW)
    merged(younger, main, people["csm"])
    send_message(younger, "Ik heb nog een foto.", actor=THE_COMPLAINANT, at=NOW)
    notice = Notice.objects.get(case=younger)
    assert notice.member == people["handler"]
    assert list(cases_for(people["handler"], definition(SLUG)).order_by("pk")) == [main, younger]
    assert staff(people["handler"], definition(SLUG), younger).roles == {"handler"}


# --- Who may know -----------------------------------------------------------------------------------------------------


@db
@pytest.mark.parametrize("about", ["younger", "main"])
def test_merged_cases_are_closed_together_to_whom_one_is_about(
    about: str, organisation: Organisation, people: dict[str, Membership]
):
    younger, main = pair_at(organisation)
    piet = member(organisation, "Piet Bakker", "csm")
    case = {"younger": younger, "main": main}[about]
    Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Piet Bakker", membership=piet)
    assert cases_for(piet, definition(SLUG)).count() == 1
    merged(younger, main, people["csm"])
    assert not cases_for(piet, definition(SLUG)).exists()
    csm = definition(SLUG).role("csm")
    for each in (younger, main):
        assert People.on(each).holders(csm) == [people["csm"]], "nor is he written to about either"
        assert staff(piet, definition(SLUG), each).roles == frozenset()


# --- Both sides -------------------------------------------------------------------------------------------------------


@db
def test_documents_of_a_merged_case_are_put_to_the_parties_of_the_main_one(
    organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    main = filed_case(organisation, at=FIRST, email=EMAIL, about="Piet Bakker")
    younger = open_case(
        answers=intake_answers(definition(SLUG), at=SECOND, email=EMAIL),
        actor=THE_COMPLAINANT,
        received_at=SECOND,
        recorded_at=SECOND,
        files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
    ).case
    assert matrix(main, definition(SLUG)) == []
    merged(younger, main, people["csm"])
    (line,) = matrix(main, definition(SLUG))
    assert [cell.known for cell in line.cells] == [Known.OWN, Known.OPEN]
    respondent = line.cells[1].party
    assert respondent.case == main
    disclosing.put_to(line.document, respondent, actor=side(main, people["csm"]).actor, at=NOW)
    (line,) = matrix(main, definition(SLUG))
    assert [cell.known for cell in line.cells] == [Known.OWN, Known.PUT]


@db
def test_whom_the_younger_case_is_about_can_be_heard_in_the_main_one(
    organisation: Organisation, people: dict[str, Membership]
):
    main = filed_case(organisation, at=FIRST, email=EMAIL, about="Piet Bakker")
    younger = filed_case(organisation, at=SECOND, email=EMAIL, about="piet  bakker")
    names = ["Anna Smit", "Bas Bos"]
    for name in names:
        Party.objects.create(case=younger, kind=Party.Kind.RESPONDENT, name=name)
    merged(younger, main, people["csm"])

    def about() -> list[str]:
        return list(main.parties.filter(kind=Party.Kind.RESPONDENT).values_list("name", flat=True))

    assert about() == ["Piet Bakker", *names]
    assert list(Case.objects.filter(found_by("Smit")).order_by("pk")) == [main]
    talk = Talk(starts_at=NOW + timedelta(days=3), minutes=30, place="Hier")
    hearings.invite(main, talk, [main.parties.get(name="Bas Bos")], actor=side(main, people["csm"]).actor, at=NOW)
    parted(younger, main, people["csm"], at=NOW)
    assert about() == ["Piet Bakker", "Bas Bos"], "who was invited there stays"
    assert younger.parties.filter(kind=Party.Kind.RESPONDENT).count() == 3


# --- Undoing it -------------------------------------------------------------------------------------------------------


@db
def test_undoing_lets_clocks_run_and_letters_wait_as_before(pair: tuple[Case, Case], people: dict[str, Membership]):
    younger, main = pair
    perform(younger, "acknowledge", answers={}, actor=side(younger, people["csm"]).actor, at=NOW)
    before = state_of(Case.objects.get(pk=younger.pk), definition(SLUG))
    letters = set(Letter.objects.filter(case=younger).values_list("pk", "state"))
    younger.refresh_from_db()
    next_due_at = younger.next_due_at
    merged(younger, main, people["csm"])
    parted(younger, main, people["csm"], at=NOW + timedelta(minutes=1))
    assert (younger.merged_into, younger.closed_at, younger.outcome) == (None, None, "")
    assert younger.next_due_at == next_due_at
    assert state_of(Case.objects.get(pk=younger.pk), definition(SLUG)) == before
    waiting = Letter.objects.filter(case=younger).exclude(name="beside-merged")
    assert set(waiting.values_list("pk", "state")) == letters
    told = Letter.objects.get(case=younger, name="beside-merged")
    assert told.state == Letter.State.STOPPED, "it had not left, so there is nothing to take back"
    assert same(younger)
    assert same(main)
    assert Event.objects.filter(case=main, occurrence="beside:left_again").exists()
    merged(younger, main, people["csm"], at=NOW + timedelta(minutes=2))
    assert same(younger)


@db
def test_what_time_brought_meanwhile_happens_when_it_is_undone_and_the_complainant_is_told(
    pair: tuple[Case, Case], people: dict[str, Membership]
):
    younger, main = pair
    merged(younger, main, people["csm"])
    Letter.objects.filter(case=younger, name="beside-merged").update(state=Letter.State.SENT, try_at=None)
    later = NOW + timedelta(days=20)
    parted(younger, main, people["csm"], at=later)
    late = Event.objects.filter(case=younger, occurrence__startswith="passed:")
    assert {each.at for each in late} == {later}
    assert younger.deadlines.filter(status=Deadline.Status.MISSED).exists()
    told = Letter.objects.filter(case=younger, name="beside-merged").latest("pk")
    assert "Wij behandelen uw klacht weer apart" in told.text
    assert main.reference not in told.text
    assert same(younger)


@db
def test_only_who_merged_may_undo_it_and_not_after_a_decision(
    organisation: Organisation, pair: tuple[Case, Case], people: dict[str, Membership]
):
    younger, main = pair
    merged(younger, main, people["csm"])
    with pytest.raises(NotMerged, match="Alleen wie de zaken samenvoegde"):
        parted(younger, main, member(organisation, "Andere Collega", "csm"), at=NOW)
    decided(main, people, at=NOW)
    with pytest.raises(NotMerged, match="al besloten"):
        parted(younger, main, people["csm"], at=NOW)


# --- Two people at once -----------------------------------------------------------------------------------------------


@db
def test_form_that_is_older_than_the_case_merges_nothing(pair: tuple[Case, Case], people: dict[str, Membership]):
    younger, main = pair
    csm = people["csm"]
    for stale in (0, 1):
        revisions: list[int | None] = [None, None]
        revisions[stale] = 0
        with pytest.raises(CaseMovedOn):
            merge(side(younger, csm, revision=revisions[0]), side(main, csm, revision=revisions[1]), at=NOW)


def test_two_people_at_once_merge_once(own_database: OwnDatabase):
    organisation = published(SLUG)
    people = staffed(organisation)
    younger, main = pair_at(organisation)
    with scope(organisation.pk):
        sides_of = side(younger, people["csm"]), side(main, people["csm"])
    gate = threading.Barrier(4)
    outcomes: list[str] = []

    def go() -> None:
        with scope(organisation.pk):
            gate.wait()
            try:
                merge(*sides_of, at=NOW)
                outcomes.append("merged")
            except CaseMovedOn:
                outcomes.append("moved on")
        connections.close_all()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["merged", "moved on", "moved on", "moved on"]
    with scope(organisation.pk):
        assert Event.objects.filter(occurrence="beside:merged").count() == 1
        assert Letter.objects.filter(name="beside-merged").count() == 1
