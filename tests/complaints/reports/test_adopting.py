"""Adopting a report, yearly duties, and the mails about both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core import mail
from django.db import InternalError, transaction
from django.db.utils import IntegrityError

from complaints.actions import duties, send_notices
from complaints.actions.digests import Morning, digest_of
from complaints.actions.duties import AlreadyDone, NotSent, do_duty, send_report, write_reminders
from complaints.actions.reporting import NotAdopted, ReportMovedOn, adopt, figures_of, fingerprint, keep_words
from complaints.desk.agenda import calendar
from complaints.models import Answer, Case, DutyDone, Membership, Notice, Party, YearReport
from complaints.queries.duties import tasks
from complaints.queries.reports import persons_in
from procedures.catalogue import zone_of
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import account, definition, filed_case, member, published, staffed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder")]

SLUG = "o21"
PROCEDURE = definition(SLUG)
IN_JANUARY = datetime(2027, 1, 12, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def knows_nothing() -> Iterator[None]:
    """A process that was just started."""
    duties._reminded.clear()
    yield
    duties._reminded.clear()


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> Iterator[dict[str, Membership]]:
    found = staffed(organisation)
    with scope(organisation.pk):
        yield found


@pytest.fixture
def cases(organisation: Organisation) -> list[Case]:
    days = (datetime(2026, 3, on, 9, tzinfo=UTC) for on in (3, 4))
    return [filed_case(organisation, at=at, nature="planning") for at in days]


def adopted(member_: Membership, year: int = 2026, *, at: datetime = IN_JANUARY, revision: int = 0) -> YearReport:
    return adopt(year, revision=revision, member=member_, procedure=PROCEDURE, at=at)


@pytest.mark.rule("KO-21")
def test_figures_words_and_pdf_of_an_adopted_report_stay_whatever_becomes_of_the_cases(
    people: dict[str, Membership], cases: list[Case], media_folder: Path
):
    """The yearly analysis: all registered complaints, and in the writer's words whether the measures worked."""
    board = people["directie"]
    words = {"effectiveness": "De nieuwe planning helpt: sinds mei kwam er geen klacht meer.", "unknown": "x"}
    kept = keep_words(2026, words, revision=0, member=board, at=IN_JANUARY)
    report = adopted(board, revision=kept.revision)
    before = figures_of(PROCEDURE, 2026, until=date(2026, 12, 31), report=report)
    assert before.table("numbers").row("received").cells == (2,)  # type: ignore[union-attr]
    Party.objects.update(name="", email="")
    Answer.objects.all().delete()
    Case.objects.filter(pk=cases[0].pk).update(merged_into=cases[1].pk, closed_at=IN_JANUARY)
    report = YearReport.objects.get(year=2026)
    after = figures_of(PROCEDURE, 2026, until=date(2026, 12, 31), report=report)
    assert after == before
    assert report.words == {"effectiveness": words["effectiveness"]}
    assert report.figures_sha256 == fingerprint(report.figures or {})
    assert hashlib.sha256(report.pdf.open("rb").read()).hexdigest() == report.sha256
    assert (report.adopted_by, report.adopted_as) == (board, "directie")
    later = figures_of(PROCEDURE, 2027, until=date(2027, 11, 30), report=None)
    assert later.table("numbers").row("received").cells == (2, 0)  # type: ignore[union-attr]  # as it was adopted


def test_database_refuses_to_change_an_adopted_report(people: dict[str, Membership]):
    report = adopted(people["directie"])
    for change in (lambda: YearReport.objects.update(words={"number": "anders"}), report.delete):
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            change()
    with pytest.raises(ReportMovedOn):
        keep_words(2026, {}, revision=report.revision, member=people["directie"], at=IN_JANUARY)
    with pytest.raises(ReportMovedOn):
        adopted(people["directie"], revision=report.revision)


def test_report_is_adopted_by_the_role_named_after_the_year_and_in_order(people: dict[str, Membership]):
    for who, at, reason in (
        ("secretariaat", IN_JANUARY, NotAdopted.NOT_YOURS),
        ("directie", datetime(2026, 12, 31, 12, tzinfo=UTC), NotAdopted.NOT_OVER),
    ):
        with pytest.raises(NotAdopted) as refusal:
            adopted(people[who], at=at)
        assert refusal.value.reason == reason
    adopted(people["directie"])
    with pytest.raises(NotAdopted) as refusal:
        adopted(people["directie"], 2025)
    assert refusal.value.reason == NotAdopted.LATER_ADOPTED
    with pytest.raises(ReportMovedOn):
        keep_words(2025, {"number": "Eerst"}, revision=3, member=people["directie"], at=IN_JANUARY)


def test_words_that_name_somebody_are_found_among_the_cases_that_the_writer_may_know_of(cases: list[Case]):
    zone = zone_of(PROCEDURE)
    with scope(cases[0].organisation_id):
        typed = [f"Mevrouw VERWEIJ schreef over {cases[0].reference}, en j.verweij@wilgenroos.example ook."]
        found = persons_in(typed, 2026, cases=Case.objects.all(), zone=zone)
        assert found == sorted(["Jolanda Verweij", cases[0].reference, "j.verweij@wilgenroos.example"])
        assert persons_in(typed, 2026, cases=Case.objects.none(), zone=zone) == []
        assert persons_in(["Wij zijn blij."], 2026, cases=Case.objects.all(), zone=zone) == []


# --- Duties -----------------------------------------------------------------------------------------------------------


def titles(roles: set[str] | None, today: date) -> list[tuple[str, int]]:
    return [(each.duty.name, each.year) for each in tasks(PROCEDURE, roles, today=today)]


@pytest.mark.rule("O21-08", "O21-24")
def test_duties_stand_on_the_list_until_they_are_done(people: dict[str, Membership]):
    assert titles(None, date(2026, 11, 1)) == []
    assert titles({"secretariaat"}, date(2026, 12, 1)) == [("secretariat_report", 2026)]
    assert titles({"directie"}, date(2027, 3, 1)) == [("january_report", 2026), ("publication", 2026)]
    board = people["directie"]
    do_duty("publication", 2026, done_on=date(2027, 1, 4), note="In het handboek.", member=board, at=IN_JANUARY)
    assert titles({"directie"}, date(2027, 3, 1)) == [("january_report", 2026)]
    with pytest.raises(AlreadyDone):
        do_duty("publication", 2026, done_on=date(2027, 1, 5), note="", member=board, at=IN_JANUARY)


@pytest.mark.rule("KO-21", "KC-14")
@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("klik-onderwijs", {("analysis", "csm")}),
        (
            "klimkoord",
            {
                ("review_input", "quality_manager"),
                ("management_review", "management_team"),
                ("annual_report", "director"),
            },
        ),
        ("klassepro", set()),
        ("klikklaar", set()),
    ],
)
def test_yearly_analysis_and_review_are_tasks_of_the_roles_that_the_document_names(
    slug: str, expected: set[tuple[str, str]]
):
    with scope(published(slug).pk):
        found = tasks(definition(slug), None, today=date(2027, 5, 1))
    assert {(each.duty.name, each.duty.by) for each in found if each.year == 2026} == expected


def sent_to(kind: Notice.Kind) -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(kind=kind).values_list("duty", "to_email"))


def test_duty_is_reminded_two_weeks_before_and_when_it_is_late_once_each(
    organisation: Organisation, people: dict[str, Membership]
):
    board = people["directie"].user.email
    write_reminders(organisation.pk, at=datetime(2027, 1, 16, 9, tzinfo=UTC))
    assert sent_to(Notice.Kind.DUTY_SOON) == []  # the secretariat's is late by then
    assert sent_to(Notice.Kind.DUTY_LATE) == [("secretariat_report", people["secretariaat"].user.email)]
    for on in (17, 18, 31):
        write_reminders(organisation.pk, at=datetime(2027, 1, on, 9, tzinfo=UTC))
    assert sent_to(Notice.Kind.DUTY_SOON) == [("january_report", board), ("publication", board)]
    do_duty("publication", 2026, done_on=date(2027, 1, 31), note="", member=people["directie"], at=IN_JANUARY)
    at = datetime(2027, 2, 1, 9, tzinfo=UTC)
    assert write_reminders(organisation.pk, at=at) == 1
    assert write_reminders(organisation.pk, at=at) == 0
    assert ("january_report", board) in sent_to(Notice.Kind.DUTY_LATE)


def test_duty_of_a_role_that_nobody_plays_is_told_to_the_administrators(
    organisation: Organisation, people: dict[str, Membership]
):
    Membership.objects.filter(pk=people["directie"].pk).update(is_active=False)
    write_reminders(organisation.pk, at=datetime(2027, 1, 20, 9, tzinfo=UTC))
    clerk = people["secretariaat"].user.email
    assert sent_to(Notice.Kind.DUTY_SOON) == [("january_report", clerk), ("publication", clerk)]


@pytest.mark.rule("O21-24", "O21-25")
def test_adopted_report_goes_to_every_employee_once_with_the_pdf_and_no_link(
    organisation: Organisation, people: dict[str, Membership]
):
    duty = next(each for each in PROCEDURE.duties if each.name == "january_report")
    board = people["directie"]
    member(organisation, "Weg Gegaan", "employee", user=account("Weg Gegaan", is_active=False))
    second = member(organisation, "Nog Iemand", "employee")
    with pytest.raises(NotSent):
        send_report(duty, 2026, member=board, procedure=PROCEDURE, at=IN_JANUARY)
    report = adopted(board)
    assert send_report(duty, 2026, member=board, procedure=PROCEDURE, at=IN_JANUARY) == 2
    with pytest.raises(NotSent):
        send_report(duty, 2026, member=board, procedure=PROCEDURE, at=IN_JANUARY)
    send_notices(organisation.pk, at=IN_JANUARY)
    send_notices(organisation.pk, at=IN_JANUARY)
    assert sorted(each.to[0] for each in mail.outbox) == sorted([people["employee"].user.email, second.user.email])
    for each in mail.outbox:
        assert "http" not in str(each.body)
        ((name, content, kind),) = each.attachments
        assert (name, kind) == ("klachten-2026-o21.pdf", "application/pdf")
        assert hashlib.sha256(content).hexdigest() == report.sha256
    assert DutyDone.objects.get(duty="january_report").member == board


def test_reminder_says_what_is_due_and_where_to_say_that_it_is_done(
    organisation: Organisation, people: dict[str, Membership]
):
    write_reminders(organisation.pk, at=datetime(2027, 1, 20, 9, tzinfo=UTC))
    send_notices(organisation.pk, at=datetime(2027, 1, 20, 9, tzinfo=UTC))
    told = next(each for each in mail.outbox if "Verslag aan de medewerkers" in each.subject)
    assert told.subject.startswith("Binnenkort: ")
    assert "uiterlijk zondag 31 januari 2027" in told.body
    assert "/beheer/verslag/taken/january_report/2026/" in told.body


def test_duties_stand_in_the_daily_mail_and_in_the_calendar(organisation: Organisation, people: dict[str, Membership]):
    on = date(2027, 1, 29)  # a Friday; the last day is the Sunday after it
    found = tasks(PROCEDURE, people["directie"].roles, today=on)
    told = digest_of([], Morning(PROCEDURE, on, datetime(2027, 1, 29, 7, tzinfo=UTC)), found)
    assert [line.title[:8] for line in told.this_week] == ["Verslag ", "Nakijken"]
    assert told.this_week[0].reference == "Elk jaar, over 2026"
    assert not told.late
    feed = calendar(organisation, PROCEDURE, [], found).decode()
    assert "DTSTART;VALUE=DATE:20270131" in feed
    assert "UID:o21-january_report-2026@" in feed
