"""Erasing: nothing of anybody is left, the figures stay, and it can be stopped anywhere and goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.http import Http404
from pypdf import PdfReader

from complaints.access import case_for_complainant, case_of_session, cases_for
from complaints.actions import erasing, retaining
from complaints.actions.actors import staff
from complaints.actions.merging import Side, merge
from complaints.actions.retaining import NotErased, approve, carry_out, hold, propose, take_out, withdraw
from complaints.models import (
    Answer,
    Batch,
    Case,
    Deadline,
    DoomedFile,
    Event,
    IncomingMail,
    Letter,
    ListedCase,
    Measure,
    Membership,
    Message,
    Party,
    Reading,
    SavedFilter,
)
from complaints.queries.retention import lists_for
from complaints.queries.search import found_by
from complaints.retention import ledger
from complaints.retention.personal import dossier_of
from complaints.retention.searching import LeftOver, Sought, refuse_leftovers, stray_files
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, filed_case, member, published, staffed
from tests.complaints.retention.filled import (
    ABOUT,
    EMAIL,
    NAME,
    PHONE,
    SLUG,
    approved,
    closed,
    filled_case,
    gone_from,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_folder", "ledger_file")]

FILED = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
CLOSED = datetime(2026, 12, 1, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership], media_folder: Path) -> Case:
    return closed(filled_case(organisation, people, at=FILED), at=CLOSED)


def everything(folder: Path) -> list[str]:
    """The files in the media folder but the certificates."""
    found = [each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()]
    return [each for each in found if not each.startswith("certificates/")]


def figures(case: Case) -> dict[str, object]:
    """What the yearly report counts of a case."""
    with scope(case.organisation_id):
        fresh = Case.objects.get(pk=case.pk)
        return {
            "case": (fresh.received_at, fresh.closed_at, fresh.track, fresh.phase, fresh.outcome, fresh.channel),
            "done": fresh.done,
            "answers": sorted(
                (each.name, str(each.value)) for each in Answer.objects.filter(case=case, is_personal=False)
            ),
            "deadlines": list(
                Deadline.objects.filter(case=case).values_list("rule", "status", "due_on", "met_at", "overdue_at")
            ),
            "measures": list(Measure.objects.filter(case=case).values_list("due_on", flat=True)),
            "events": list(
                Event.objects.filter(case=case)
                .exclude(occurrence=erasing.ERASED)
                .values("number", "occurrence", "at", "facts", "decision")
            ),
        }


# --- Never early, and on the day --------------------------------------------------------------------------------------


@pytest.mark.rule("KO-20")
@pytest.mark.rule("O21-20")
@pytest.mark.rule("KP-13")
@pytest.mark.rule("KK-12")
@pytest.mark.rule("KC-16")
@pytest.mark.parametrize("slug", SLUGS)
def test_case_goes_at_the_first_instant_after_its_term_and_not_before(slug: str):
    organisation = published(slug)
    people = staffed(organisation)
    people["second"] = member(
        organisation, "Tweede Mens", *[r.name for r in definition(slug).roles if r.is_administrator]
    )
    leap_day = datetime(2028, 2, 29, 22, 30, tzinfo=UTC)
    case = closed(filed_case(organisation, at=leap_day - timedelta(days=9), name=NAME), at=leap_day)
    gone = gone_from(case, at=leap_day)
    approved(organisation, people, at=gone - timedelta(days=20))
    assert carry_out(organisation.pk, at=gone - SECOND) == 0
    with scope(organisation.pk):
        assert Party.objects.filter(case=case).exists()
    assert carry_out(organisation.pk, at=gone) == 1
    with scope(organisation.pk):
        assert not Party.objects.filter(case=case).exists()
        assert Case.objects.get(pk=case.pk).erased_at == gone
    assert carry_out(organisation.pk, at=gone) == 0


def test_case_that_is_kept_longer_by_then_comes_off_the_list(
    case: Case, organisation: Organisation, people: dict[str, Membership]
):
    gone = gone_from(case, at=CLOSED)
    made = approved(organisation, people, at=gone)
    with scope(organisation.pk):
        hold(case, "Een rechtszaak.", member=people["csm"], at=gone)
        listed = ListedCase.objects.get(erasure=made, case=case)
        assert (listed.taken_out_by, listed.erased_at) == (people["csm"], None)
    assert carry_out(organisation.pk, at=gone + timedelta(days=9)) == 0
    with scope(organisation.pk):
        assert Party.objects.filter(case=case).exists()
        made.refresh_from_db()
        assert (made.done_at, bool(made.certificate)) == (gone + timedelta(days=9), False)


def test_case_that_was_opened_again_is_not_erased(organisation: Organisation, people: dict[str, Membership]):
    case = closed(filed_case(organisation, at=FILED), at=CLOSED)
    gone = gone_from(case, at=CLOSED)
    approved(organisation, people, at=gone)
    with scope(organisation.pk):
        Case.objects.filter(pk=case.pk).update(closed_at=None)
    assert carry_out(organisation.pk, at=gone) == 0
    with scope(organisation.pk):
        assert Case.objects.get(pk=case.pk).erased_at is None
        assert ListedCase.objects.get().reason == "De zaak is weer open."


def test_merged_case_stays_with_its_main_case_and_goes_with_it(
    organisation: Organisation, people: dict[str, Membership]
):
    main, younger = (
        filed_case(organisation, at=FILED, name=NAME),
        filed_case(organisation, at=FILED + SECOND, name=NAME),
    )
    procedure = definition(SLUG)
    with scope(organisation.pk):
        younger.refresh_from_db()
        main.refresh_from_db()
        one, another = (
            Side(each, staff(people["csm"], procedure, each, at=CLOSED), each.revision) for each in (younger, main)
        )
        merge(one, another, at=CLOSED)
    closed(main, at=CLOSED + timedelta(days=100))
    own = gone_from(main, at=CLOSED + timedelta(days=100))
    with scope(organisation.pk):
        Letter.objects.update(try_at=None, state=Letter.State.SENT)
        assert [each.reference for each in approved_cases(organisation, people, at=own)] == [main.reference]
        assert ListedCase.objects.get().also == [younger.reference]
    assert carry_out(organisation.pk, at=own - SECOND) == 0
    assert carry_out(organisation.pk, at=own) == 1
    with scope(organisation.pk):
        assert Case.objects.filter(erased_at=own).count() == 2
        assert not Party.objects.exists()


def approved_cases(organisation: Organisation, people: dict[str, Membership], *, at: datetime) -> list[ListedCase]:
    return list(approved(organisation, people, at=at).cases.all())


# --- Two people -------------------------------------------------------------------------------------------------------


def test_two_accounts_are_needed(case: Case, organisation: Organisation, people: dict[str, Membership]):
    gone = gone_from(case, at=CLOSED)
    procedure = definition(SLUG)
    with scope(organisation.pk):
        with pytest.raises(NotErased, match="rol"):
            propose(member=people["handler"], procedure=procedure, at=gone)
        made = propose(member=people["csm"], procedure=procedure, at=gone)
        seen = list(made.cases.values_list("pk", flat=True))
        for who, keys in (("csm", seen), ("handler", seen), ("general_director", [])):
            with pytest.raises(NotErased):
                approve(made, keys, member=people[who], procedure=procedure, at=gone)
        with pytest.raises(NotErased):
            propose(member=people["general_director"], procedure=procedure, at=gone)
    assert carry_out(organisation.pk, at=gone) == 0
    with scope(organisation.pk):
        take_out(made.cases.get(case=case), "Toch niet.", member=people["csm"], procedure=procedure, at=gone)
        with pytest.raises(NotErased, match="veranderd"):
            approve(made, seen, member=people["general_director"], procedure=procedure, at=gone)
        withdraw(made, member=people["csm"], procedure=procedure, at=gone)
        assert propose(member=people["csm"], procedure=procedure, at=gone).cases.count() == 1


def test_list_with_a_case_about_somebody_is_no_list_to_them(organisation: Organisation, people: dict[str, Membership]):
    about = member(organisation, "Piet Bakker", "csm")
    case = filed_case(organisation, at=FILED, about="Piet Bakker")
    with scope(organisation.pk):
        assert Party.objects.get(case=case, kind="respondent").membership == about
    closed(case, at=CLOSED)
    gone = gone_from(case, at=CLOSED)
    procedure = definition(SLUG)
    with scope(organisation.pk):
        with pytest.raises(NotErased, match="niets"):
            propose(member=about, procedure=procedure, at=gone)
        made = propose(member=people["csm"], procedure=procedure, at=gone)
        assert not lists_for(about).exists()
        with pytest.raises(NotErased):
            approve(made, made.cases.values_list("pk", flat=True), member=about, procedure=procedure, at=gone)


# --- What goes, and what stays ----------------------------------------------------------------------------------------


def test_nothing_of_anybody_is_left_and_the_figures_are_as_they_were(
    case: Case, organisation: Organisation, people: dict[str, Membership], media_folder: Path, ledger_file: Path
):
    before, reference, gone = figures(case), case.reference, gone_from(case, at=CLOSED)
    assert len(everything(media_folder)) >= 6
    with scope(organisation.pk):
        sought = Sought.of(dossier_of((case,)))
        assert Sought.of(dossier_of((case,))).plainly.count("Zebedeus") >= 1
        Case.objects.filter(pk=case.pk).update(erased_at=gone)
        with pytest.raises(LeftOver) as found:
            refuse_leftovers(sought, dossier_of((case,)), strays=[], doomed=[])
        Case.objects.filter(pk=case.pk).update(erased_at=None)
    # The search finds it everywhere before: so that it finds nothing afterwards means something.
    assert {each.rpartition(".")[0] for each in found.value.found} >= {
        f"complaints_{each}"
        for each in (
            *("party", "answer", "letter", "message", "note", "document", "hearing", "request", "case", "reading"),
            *("notice", "measure", "deadline", "incomingmail", "savedfilter"),
        )
    }
    made = approved(organisation, people, at=gone)
    assert carry_out(organisation.pk, at=gone) > 1
    with scope(organisation.pk):
        fresh = Case.objects.get(pk=case.pk)
        assert (fresh.subject, fresh.access_hash, fresh.nonce, fresh.words) == ("", "", None, None)
        assert fresh.reference != reference
        for model in (Party, Message, Reading):
            assert not model.objects.filter(case=case).exists()
        assert not Answer.objects.filter(case=case).exclude(salt="").exists()
        assert [each.name for each in SavedFilter.objects.all()] == ["Maandag"]
        assert {each.html + each.text + each.to_name + str(each.pdf) for each in Letter.objects.filter(case=case)} == {
            ""
        }
        assert [(each.pdf.name, each.sha256) for each in Batch.objects.all()] == [("", "")]
        assert [(each.sender, each.file.name) for each in IncomingMail.objects.all()] == [("", "")]
        assert not DoomedFile.objects.exists()
        assert stray_files() == set()
        assert not LogEntry.objects.exists()
        made.refresh_from_db()
        words = " ".join(page.extract_text() for page in PdfReader(made.certificate.open()).pages)
    assert figures(case) == before
    assert everything(media_folder) == []
    for each in (reference, people["csm"].name, people["general_director"].name, "Er is niets gevonden"):
        assert each in " ".join(words.split())
    assert not [each for each in (NAME, EMAIL, PHONE, ABOUT) if each in words]
    (line,) = [json.loads(each) for each in ledger_file.read_text().splitlines()]
    assert (line["organisation"], line["case"], datetime.fromisoformat(line["at"])) == (SLUG, case.pk, gone)
    assert not [each for each in (NAME, EMAIL, PHONE, reference) if each in ledger_file.read_text()]


def test_nobody_finds_an_erased_case(case: Case, organisation: Organisation, people: dict[str, Membership]):
    gone, reference = gone_from(case, at=CLOSED), case.reference
    approved(organisation, people, at=gone)
    carry_out(organisation.pk, at=gone)
    with scope(organisation.pk):
        case.refresh_from_db()
        known = cases_for(people["csm"], definition(SLUG), at=gone)
        assert case.pk not in known.values_list("pk", flat=True)
        assert not known.filter(found_by("Plantgeheim")).exists()
        for number in (reference, case.reference):
            with pytest.raises(Http404):
                case_for_complainant(number, "0000-0000")
        with pytest.raises(Http404):
            case_of_session(case.pk)


def test_history_holds_nothing_that_somebody_typed(case: Case, organisation: Organisation):
    with scope(organisation.pk):
        told = json.dumps(list(Event.objects.values("facts", "decision")), ensure_ascii=False)
    assert not [each for each in (NAME, "Zebedeus", EMAIL, PHONE, ABOUT, case.reference) if each in told]


# --- What should be gone and is not -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["column", "file", "stray"])
def test_leftover_undoes_the_erasure_and_stands_as_a_task(
    where: str, case: Case, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    gone = gone_from(case, at=CLOSED)
    made = approved(organisation, people, at=gone)
    with scope(organisation.pk):
        if where == "column":
            planted = SavedFilter.objects.create(member=people["csm"], name="x", query="q=06+3141%205926")
            SavedFilter.objects.filter(pk=planted.pk).update(query="06 3141 5926")
        else:
            name = "oud/plantgeheim zebedeus plantgeheim.txt" if where == "file" else "oud/los.txt"
            default_storage.save(name, ContentFile(f"Brief aan {NAME}".encode() if where == "stray" else b""))
    assert carry_out(organisation.pk, at=gone) == 0
    with scope(organisation.pk):
        listed = made.cases.get(case=case)
        expected = {"complaints_savedfilter.query": 1} if where == "column" else {"media": 1}
        assert (listed.problem, listed.erased_at) == (expected, None)
        assert Party.objects.filter(case=case, name=NAME).exists(), "nothing is half erased"
        assert [each.stuck for each in lists_for(people["csm"])] == [1]  # type: ignore[attr-defined]
        SavedFilter.objects.filter(name="x").delete()
    for each in (media_folder / "oud").glob("*") if where != "column" else ():
        each.unlink()
    assert carry_out(organisation.pk, at=gone + timedelta(minutes=59)) == 0
    assert carry_out(organisation.pk, at=gone + timedelta(hours=1)) > 1


def test_same_person_in_a_case_that_is_kept_is_no_leftover(
    case: Case, organisation: Organisation, people: dict[str, Membership]
):
    gone = gone_from(case, at=CLOSED)
    again = filed_case(organisation, at=gone - timedelta(days=3), name=NAME, email=EMAIL, about=ABOUT)
    approved(organisation, people, at=gone)
    assert carry_out(organisation.pk, at=gone) > 1
    with scope(organisation.pk):
        assert Party.objects.filter(case=again, name=NAME).exists()


def test_worker_killed_half_way_leaves_it_to_the_next_sweep(
    case: Case,
    organisation: Organisation,
    people: dict[str, Membership],
    media_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    gone = gone_from(case, at=CLOSED)
    made = approved(organisation, people, at=gone)

    class Killed(BaseException):
        pass

    def die(*_args: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:  # in the transaction: nothing of it stays
        patched.setattr(ledger, "add", die)
        with pytest.raises(Killed):
            carry_out(organisation.pk, at=gone)
    with scope(organisation.pk):
        assert Party.objects.filter(case=case).exists()
    with monkeypatch.context() as patched:  # after the commit: the files are still there
        patched.setattr(retaining, "remove_files", die)
        with pytest.raises(Killed):
            carry_out(organisation.pk, at=gone)
    with scope(organisation.pk):
        assert not Party.objects.filter(case=case).exists()
        assert DoomedFile.objects.count() >= 6
    with monkeypatch.context() as patched:  # while the files are removed: the disk refuses
        patched.setattr(default_storage, "delete", lambda _name: (_ for _ in ()).throw(OSError))
        carry_out(organisation.pk, at=gone)
    assert len(everything(media_folder)) >= 6
    carry_out(organisation.pk, at=gone)
    assert everything(media_folder) == []
    with scope(organisation.pk):
        made.refresh_from_db()
        assert made.certificate
        assert not DoomedFile.objects.exists()


# --- The ledger -------------------------------------------------------------------------------------------------------


def test_ledger_knows_the_case_and_no_other_that_gets_its_key(organisation: Organisation, ledger_file: Path):
    case, other = filed_case(organisation, at=FILED), filed_case(organisation, at=FILED + SECOND)
    assert not ledger.is_behind()
    ledger.add(SLUG, [case], at=CLOSED)
    ledger_file.write_text(ledger_file.read_text() + '{"cut": "o')
    ledger.add(SLUG, [case], at=CLOSED)
    first, second = ledger.lines()
    assert first.is_about(case)
    assert not first.is_about(other)
    assert (first.erased_at, second.case) == (CLOSED, case.pk)
    assert [(key, line.case) for key, line in ledger.unapplied()] == [(organisation.pk, case.pk)]
    assert ledger.is_behind()
    with scope(organisation.pk):
        Case.objects.filter(pk=case.pk).update(erased_at=CLOSED)
    assert not ledger.is_behind()


def test_command_applies_the_ledger_again_and_says_when_there_is_nothing(
    case: Case, organisation: Organisation, people: dict[str, Membership], media_folder: Path
):
    ledger.add(SLUG, [case], at=CLOSED)
    with pytest.raises(CommandError, match="1 cases are back"):
        call_command("apply_erasures", "--check")
    call_command("apply_erasures")
    with scope(organisation.pk):
        assert not Party.objects.filter(case=case).exists()
        assert Case.objects.get(pk=case.pk).erased_at
    assert everything(media_folder) == []
    call_command("apply_erasures", "--check")
    call_command("apply_erasures")


def test_same_person_at_another_organisation_stays(
    case: Case, organisation: Organisation, people: dict[str, Membership]
):
    theirs = published("klassepro")
    other = filed_case(theirs, at=FILED, name=NAME, email=EMAIL)
    gone = gone_from(case, at=CLOSED)
    approved(organisation, people, at=gone)
    assert carry_out(theirs.pk, at=gone) == 0
    assert carry_out(organisation.pk, at=gone) > 1
    with scope(theirs.pk):
        assert Party.objects.get(case=other).name == NAME
        assert not ListedCase.objects.exists()
