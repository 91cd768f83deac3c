"""What the actions promise: one transaction each, nothing twice, nothing in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import access_codes
from complaints.actions import (
    THE_COMPLAINANT,
    CaseMovedOn,
    NotReleased,
    confirm_posted,
    open_case,
    perform,
    release_letter,
    retry_letter,
    send_waiting,
    tick_check,
)
from complaints.models import Assignment, Case, Deadline, Document, Event, Letter, Membership, Party
from complaints.uploads import UploadRefused
from procedures.catalogue import publish
from procedures.engine import ActRefused
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import (
    DEFINITIONS,
    act_answers,
    actor_of,
    definition,
    filed_case,
    intake_answers,
    published,
    staffed,
)
from tests.complaints.letters.frozen import is_frozen
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SLUG = "klik-onderwijs"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


def file(organisation: Organisation, nonce: str = "", **given: object):
    with scope(organisation.pk):
        return open_case(
            answers=intake_answers(definition(organisation.slug), at=FRIDAY) | given,
            actor=THE_COMPLAINANT,
            received_at=FRIDAY,
            recorded_at=FRIDAY,
            nonce=nonce,
        )


def do(case: Case, act: str, people: dict[str, Membership], by: str, at: datetime = MONDAY, **given: object) -> Event:
    with scope(case.organisation_id):
        case.refresh_from_db()
        answers = act_answers(definition(SLUG), case, act, people, at=at, **given)
        return perform(case, act, answers=answers, actor=actor_of(people[by], case), at=at)


# ------------------------------------------------------------------------------------------------ opening


def test_same_form_sent_twice_opens_one_case_and_shows_one_code(organisation: Organisation):
    first, second = file(organisation, nonce="n1"), file(organisation, nonce="n1")
    assert second.is_replay
    assert (first.case.pk, first.access_code) == (second.case.pk, second.access_code)
    assert file(organisation, nonce="n2").access_code != first.access_code
    with scope(organisation.pk):
        assert Case.objects.count() == 2


def test_references_run_without_gaps_also_after_a_refused_filing(organisation: Organisation):
    file(organisation)
    with pytest.raises(ActRefused) as refusal:
        file(organisation, description="", relation="nobody")
    assert set(refusal.value.fields) == {"description", "relation"}
    assert file(organisation).case.reference == "KO-2026-0002"


def test_number_and_procedure_are_those_of_the_local_day(organisation: Organisation):
    source = (DEFINITIONS / f"{SLUG}.toml").read_text(encoding="utf-8")
    newer = source.replace("version = 1", "version = 2", 1).replace(
        f"in_force_from = {definition(SLUG).in_force_from}", "in_force_from = 2027-01-01"
    )
    publish(newer, by="De directeur", roles={definition(SLUG).publisher}, at=FRIDAY)
    for minutes, year, number in ((-1, 2026, 1), (0, 2027, 2)):
        case = filed_case(organisation, at=datetime(2026, 12, 31, 23, 0, tzinfo=UTC) + timedelta(minutes=minutes))
        with scope(organisation.pk):
            assert (case.reference.split("-")[1:], case.version.number) == ([str(year), "0001"], number)


def test_code_is_kept_as_a_hash_and_read_as_people_type_it(organisation: Organisation):
    opened = file(organisation)
    assert opened.access_code not in opened.case.access_hash
    typed = "-".join(access_codes.written(opened.access_code)).lower().replace("0", "o").replace("1", "l")
    assert access_codes.matches(typed, opened.case.access_hash)
    assert not access_codes.matches(opened.access_code[:-1] + "?", opened.case.access_hash)
    assert not access_codes.matches(opened.access_code, "")


def test_complaint_typed_on_monday_counts_from_friday(organisation: Organisation, people: dict[str, Membership]):
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(SLUG), at=FRIDAY, channel="letter"),
            actor=actor_of_csm(people),
            received_at=FRIDAY,
            recorded_at=MONDAY,
        ).case
        assert Deadline.objects.get(case=case, rule="acknowledgement").due_on == date(2026, 11, 25)
        assert Assignment.objects.filter(case=case, role=Assignment.TAKEN_IN).count() == 1
        assert Event.objects.get(case=case, number=1).recorded_at == MONDAY


def actor_of_csm(people: dict[str, Membership]):
    from complaints.actions import staff

    return staff(people["csm"], definition(SLUG))


def test_files_are_kept_under_a_random_name(organisation: Organisation, media_folder: Path):
    content = files.pdf()
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(SLUG), at=FRIDAY),
            actor=THE_COMPLAINANT,
            received_at=FRIDAY,
            recorded_at=FRIDAY,
            files={"files": [SimpleUploadedFile("../../Afspraak.pdf", content)]},
        ).case
        document = Document.objects.get(case=case)
        assert (document.title, document.content_type) == ("Afspraak.pdf", "application/pdf")
        assert document.size == len(content)
        assert "Afspraak" not in str(document.file.name)
        assert document.file.read() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ"),
        ("plaatje.svg", b"<svg/>"),
        ("nep.pdf", b"<html>"),
        ("leeg.pdf", b""),
        ("tekst.txt", b"a\0b"),
    ],
)
def test_file_that_is_not_what_it_says_is_refused_and_opens_nothing(
    organisation: Organisation, name: str, content: bytes
):
    with scope(organisation.pk):
        with pytest.raises(UploadRefused):
            open_case(
                answers=intake_answers(definition(SLUG), at=FRIDAY),
                actor=THE_COMPLAINANT,
                received_at=FRIDAY,
                recorded_at=FRIDAY,
                files={"files": [SimpleUploadedFile(name, content)]},
            )
        assert Case.objects.count() == 0


# ------------------------------------------------------------------------------------------------ acting


def test_form_made_from_an_older_case_is_told_that_it_moved_on(
    organisation: Organisation, people: dict[str, Membership]
):
    case = filed_case(organisation, at=FRIDAY)
    seen = case.revision
    do(case, "acknowledge", people, "csm")
    with scope(organisation.pk), pytest.raises(CaseMovedOn):
        perform(
            case,
            "assign",
            answers=act_answers(definition(SLUG), case, "assign", people, at=MONDAY),
            actor=actor_of(people["csm"], case),
            at=MONDAY,
            revision=seen,
        )


def test_act_that_is_refused_leaves_nothing_behind(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FRIDAY)
    before = case.revision
    with pytest.raises(ActRefused, match="rol"):
        do(case, "acknowledge", people, "manager")
    with scope(organisation.pk):
        case.refresh_from_db()
        assert (case.revision, case.phase) == (before, "received")


@pytest.mark.rule("KO-09")
def test_handler_acts_only_where_they_are_assigned(organisation: Organisation, people: dict[str, Membership]):
    case, other = filed_case(organisation, at=FRIDAY), filed_case(organisation, at=FRIDAY)
    do(case, "assign", people, "csm")
    with scope(organisation.pk):
        case.refresh_from_db()
        assert case.handler == people["handler"]
        tick_check(case, "dossier_read", actor=actor_of(people["handler"], case), at=MONDAY)
        assert actor_of(people["handler"], other).roles == frozenset()


@pytest.mark.rule("KO-09")
def test_person_complained_about_cannot_be_assigned_and_plays_no_role(
    organisation: Organisation, people: dict[str, Membership]
):
    name = people["handler"].name
    case = filed_case(organisation, at=FRIDAY, about=f"  {name.upper()} ")
    with scope(organisation.pk):
        assert Party.objects.get(case=case, kind="respondent").membership == people["handler"]
    with pytest.raises(ActRefused, match="over deze persoon"):
        do(case, "assign", people, "csm")
    with scope(organisation.pk):
        assert actor_of(people["handler"], case).roles == frozenset()


def test_time_that_passed_unseen_comes_before_the_act(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FRIDAY)
    do(case, "acknowledge", people, "csm", at=FRIDAY + timedelta(days=10))
    with scope(organisation.pk):
        occurrences = list(Event.objects.filter(case=case).values_list("occurrence", flat=True))
    assert occurrences == [
        "file",
        "before:acknowledgement:1 working day",
        "before:acknowledgement:0 days",
        "passed:acknowledgement",
        "acknowledge",
    ]


def test_personal_answers_are_not_in_the_history(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=FRIDAY, description="GEHEIM verhaal", subject="GEHEIM", name="GEHEIM naam")
    do(case, "withdraw", people, "csm", withdraw_reason="GEHEIM om een reden")
    with scope(organisation.pk):
        for event in Event.objects.filter(case=case):
            assert "GEHEIM" not in f"{event.facts} {event.decision} {event.occurrence}"
        assert Event.objects.get(case=case, number=1).facts["relation"] == {"value": "customer"}


# ------------------------------------------------------------------------------------------------ sending


def letter_of(case: Case, name: str) -> Letter:
    return Letter.objects.get(case=case, name=name)


def test_letter_leaves_once_with_its_own_message_id_and_the_same_bytes(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    do(case, "acknowledge", people, "csm")
    while send_waiting(organisation.pk, at=MONDAY):
        pass
    with scope(organisation.pk):
        letter = letter_of(case, "acknowledgement")
        assert letter.state == Letter.State.SENT
        assert Deadline.objects.get(case=case, rule="acknowledgement").status == "met"
        assert letter.pdf.read().startswith(b"%PDF")
    sent = [message for message in smtp_server.messages if message["Message-ID"] == letter.message_id]
    assert len(sent) == 1
    assert [recipients for recipients in smtp_server.recipients if recipients == ["j.verweij@wilgenroos.example"]]
    assert send_waiting(organisation.pk, at=MONDAY + timedelta(days=1)) == 0


def test_mail_to_a_colleague_is_words_alone_and_the_same_each_time(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    smtp_server.answer = "451 later"
    send_waiting(organisation.pk, at=FRIDAY)
    with scope(organisation.pk):
        frozen = letter_of(case, "new_complaint")
        assert is_frozen(frozen, definition(SLUG))
        Letter.objects.filter(pk=frozen.pk).update(depends_on_sending=True)  # a date in it counts from its leaving
    smtp_server.answer = "250 OK"
    send_waiting(organisation.pk, at=MONDAY)
    with scope(organisation.pk):
        letter = letter_of(case, "new_complaint")
        assert (letter.state, letter.text, letter.sha256) == ("sent", frozen.text, frozen.sha256)
        assert letter.written_on == FRIDAY.date()
    message = next(each for each in smtp_server.messages if each["Message-ID"] == letter.message_id)
    assert [part.get_content_type() for part in message.walk()] == ["text/plain"]
    assert letter.text.strip() in message.get_content().replace("\r\n", "\n")
    assert f"/beheer/zaken/{case.reference}/" in letter.text


def test_mail_to_a_colleague_that_goes_on_paper_after_all_is_printed_as_it_was(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    smtp_server.answer = "550 no"
    send_waiting(organisation.pk, at=FRIDAY)
    with scope(organisation.pk):
        retry_letter(letter_of(case, "new_complaint"), at=MONDAY, email="-")
    send_waiting(organisation.pk, at=MONDAY)
    with scope(organisation.pk):
        letter = letter_of(case, "new_complaint")
        assert (letter.state, letter.written_on) == ("to_post", FRIDAY.date())
        assert is_frozen(letter, definition(SLUG))


def test_letter_to_who_is_no_colleague_keeps_its_pdf(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    with scope(organisation.pk):  # an assessor has a role here, but comes from outside
        Letter.objects.filter(case=case).update(name="committee_invitation", recipient="assessor")
    send_waiting(organisation.pk, at=FRIDAY)
    with scope(organisation.pk):
        letter = letter_of(case, "committee_invitation")
        assert letter.pdf
        assert is_frozen(letter, definition(SLUG))


def test_letter_that_lacks_what_it_must_hold_is_a_task_for_a_person_at_once(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    with scope(organisation.pk):
        Letter.objects.filter(case=case).update(name="decision", recipient="complainant")
    send_waiting(organisation.pk, at=FRIDAY)
    with scope(organisation.pk):
        letter = letter_of(case, "decision")
        assert (letter.state, letter.attempts, letter.error) == ("failed", 1, "incomplete:fact.verdict,fact.reasons")
    assert smtp_server.messages == []


@pytest.mark.parametrize(("answer", "attempts"), [("451 later", 8), ("550 no", 1)])
def test_letter_that_cannot_leave_becomes_a_task_for_a_person(
    organisation: Organisation,
    people: dict[str, Membership],
    smtp_server: MailServer,
    media_folder: Path,
    answer,
    attempts,
):
    case = filed_case(organisation, at=FRIDAY)
    do(case, "acknowledge", people, "csm")
    smtp_server.answer = answer
    at = MONDAY
    for _ in range(40):
        send_waiting(organisation.pk, at=at)
        at += timedelta(minutes=10)
    with scope(organisation.pk):
        letter = letter_of(case, "acknowledgement")
        assert (letter.state, letter.attempts, letter.error) == ("failed", attempts, f"smtp_{answer[:3]}")
        assert Deadline.objects.get(case=case, rule="acknowledgement").status == "open"
        smtp_server.answer = "250 OK"
        retry_letter(letter, at=at, email="nieuw@wilgenroos.example")
    while send_waiting(organisation.pk, at=at):
        pass
    with scope(organisation.pk):
        assert letter_of(case, "acknowledgement").state == "sent"
    assert ["nieuw@wilgenroos.example"] in smtp_server.recipients


def test_letter_of_a_sender_that_died_goes_on_after_its_lease(
    organisation: Organisation, people: dict[str, Membership], smtp_server: MailServer, media_folder: Path
):
    from complaints.actions.leasing import LEASE, claim

    case = filed_case(organisation, at=FRIDAY)
    do(case, "acknowledge", people, "csm")
    with scope(organisation.pk):
        assert claim(Letter.objects.filter(state=Letter.State.WAITING), at=MONDAY, limit=20)  # and then it is killed
    assert send_waiting(organisation.pk, at=MONDAY + LEASE / 2) == 0
    assert send_waiting(organisation.pk, at=MONDAY + LEASE) > 0
    with scope(organisation.pk):
        assert letter_of(case, "acknowledgement").state == "sent"


def test_letter_on_paper_waits_for_a_person_and_counts_from_the_day_it_was_posted(
    people: dict[str, Membership], organisation: Organisation, smtp_server: MailServer, media_folder: Path
):
    case = filed_case(organisation, at=FRIDAY)
    with scope(organisation.pk):
        Party.objects.filter(case=case, kind="complainant").update(email="", address="Kerkstraat 1")
    do(case, "acknowledge", people, "csm")
    send_waiting(organisation.pk, at=MONDAY)
    with scope(organisation.pk):
        letter = letter_of(case, "acknowledgement")
        assert (letter.state, letter.channel) == ("to_post", "post")
        tuesday = MONDAY + timedelta(days=1)
        confirm_posted(letter, on=MONDAY.date(), actor=actor_of(people["csm"], case), at=tuesday)
        clock = Deadline.objects.get(case=case, rule="acknowledgement")
        assert (clock.status, clock.met_at) == ("met", datetime(2026, 11, 23, 11, tzinfo=UTC))
        with pytest.raises(NotReleased):
            confirm_posted(letter, on=MONDAY.date(), actor=actor_of(people["csm"], case), at=tuesday)
        with pytest.raises(NotReleased):
            release_letter(letter, actor=actor_of(people["csm"], case), at=tuesday)


def test_role_that_nobody_plays_is_written_to_the_administrators(organisation: Organisation):
    case = filed_case(organisation, at=FRIDAY)
    with scope(organisation.pk):
        assert letter_of(case, "new_complaint").error == "no_recipient"
    people = staffed(organisation)
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["general_director"].pk).update(is_active=False)
    other = filed_case(organisation, at=FRIDAY)
    do(other, "acknowledge", people, "csm", at=FRIDAY + timedelta(days=30))
    with scope(organisation.pk):
        names = {each.member_id for each in Letter.objects.filter(case=other, name="escalation")}
        assert names == {people["csm"].pk}
