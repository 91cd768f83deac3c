"""The reading log: every look into a dossier is kept; and reading a case with a reason, which the director hears of."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import Client
from django.utils import timezone

from complaints.access import case_for_staff, cases_for, may_look
from complaints.actions import THE_COMPLAINANT, note_reading, open_case, perform, send_notices, send_waiting
from complaints.actions.reading import look_into
from complaints.models import Assignment, Case, Document, Event, Letter, Membership, Notice, Party, Reading
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import account, actor_of, definition, filed_case, intake_answers, member, published
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
LOG = "Wie dit dossier heeft gelezen"


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now)


def page(case: Case) -> str:
    return f"/beheer/zaken/{case.reference}/"


def log(case: Case) -> list[tuple[int, str]]:
    """Who read what, oldest first."""
    with scope(case.organisation_id):
        return list(Reading.objects.filter(case=case).order_by("pk").values_list("member_id", "what"))


@pytest.mark.rule("O21-27")
def test_page_letter_and_document_are_each_noted(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, media_folder: Path
):
    now = timezone.now()
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(organisation.slug), at=now, email="j.verweij@wilgenroos.example"),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
        ).case
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=now)
    send_waiting(organisation.pk, at=now)
    with scope(organisation.pk):
        letter = Letter.objects.filter(case=case).exclude(pdf="").first()
        document = Document.objects.get(case=case)
    assert letter is not None
    csm = people["csm"]
    client = signed_in(csm)
    for address in ("", f"brief/{letter.pk}/", f"stuk/{document.pk}/"):
        assert client.get(f"{page(case)}{address}").status_code == 200
    assert log(case) == [(csm.pk, "page"), (csm.pk, "letter"), (csm.pk, "document")]
    assert client.get(f"{page(case)}stuk/{document.pk + 1}/").status_code == 404
    assert len(log(case)) == 3


def test_reloading_is_one_reading_and_coming_back_later_another(case: Case, people: dict[str, Membership]):
    now = timezone.now()
    csm, manager = people["csm"], people["manager"]
    with scope(case.organisation_id):
        for reader, minutes in ((csm, 0), (csm, 9), (manager, 9), (csm, 10), (csm, 19)):
            note_reading(case, Reading.What.PAGE, member=reader, at=now + timedelta(minutes=minutes))
        note_reading(case, Reading.What.LETTER, member=csm, at=now + timedelta(minutes=19))
    assert log(case) == [(csm.pk, "page"), (manager.pk, "page"), (csm.pk, "page"), (csm.pk, "letter")]


def test_case_page_shows_who_read_it(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    signed_in(people["manager"]).get(page(case))
    shown = signed_in(people["csm"]).get(page(case)).content.decode()
    assert f"<details><summary>{LOG}</summary>" in shown
    part = shown.partition(LOG)[2]
    assert part.index(f"<strong>{people['csm'].name}</strong> de zaak") < part.index(
        f"<strong>{people['manager'].name}</strong> de zaak"
    )


def test_log_is_cut_and_says_so(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    first = timezone.now() - timedelta(days=30)
    with scope(case.organisation_id):
        for number in range(51):
            note_reading(case, Reading.What.PAGE, member=people["manager"], at=first + timedelta(minutes=15 * number))
    shown = signed_in(people["csm"]).get(page(case)).content.decode()
    assert shown.partition(LOG)[2].count(f"<strong>{people['manager'].name}</strong> de zaak") == 49
    assert "Alleen de laatste 50 keer staan hier." in shown


def test_somebody_from_outside_finds_no_case_before_its_appeal_is_theirs(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    with scope(case.organisation_id):
        Assignment.objects.create(case=case, membership=people["assessor"], role="assessor")
    assert signed_in(people["assessor"]).get(page(case)).status_code == 404
    assert log(case) == []


def test_who_finds_nothing_leaves_no_trace(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    pieter = member(organisation, "Pieter Hoekstra", "csm")
    case = filed_case(organisation, at=now, recorded_at=now, about="Pieter Hoekstra")
    assert signed_in(pieter).get(page(case)).status_code == 404
    assert log(case) == []


# --- reading with a reason --------------------------------------------------------------------------------------------

LOOK = "/beheer/inzien/"
REASON = "Ik neem dit morgen over van een collega."


def opened(client: Client, reference: str, reason: str = REASON) -> tuple[int, str]:
    answer = client.post(LOOK, {"reference": reference, "reason": reason})
    return answer.status_code, answer.content.decode().replace(reference, "N")


def test_look_with_a_reason_is_kept_and_told_to_the_director(
    case: Case, people: dict[str, Membership], signed_in: SignedIn, smtp_server: MailServer
):
    handler, client = people["handler"], signed_in(people["handler"])
    assert client.get(page(case)).status_code == 404
    assert LOOK in client.get("/beheer/zaken/").content.decode()
    assert client.get(LOOK).status_code == 200
    assert opened(client, f" {case.reference.lower()} ")[0] == 302
    shown = client.get(page(case)).content.decode()
    assert "U kunt deze zaak lezen tot" in shown
    assert "Jolanda Verweij" in shown
    with scope(case.organisation_id):
        reading = Reading.objects.get(case=case)
        assert (reading.member_id, reading.what, reading.reason) == (handler.pk, "page", REASON)
        event = Event.objects.get(case=case, occurrence="beside:looked")
        assert (event.member_id, event.roles, event.facts) == (handler.pk, [], {"reading": {"value": reading.pk}})
        assert [each.member_id for each in Notice.objects.filter(case=case, member__isnull=False)] == [
            people["general_director"].pk
        ]
    send_notices(case.organisation_id, at=timezone.now())
    (mail,) = smtp_server.messages
    assert mail["To"] == people["general_director"].user.email
    assert mail["Subject"] == "Iemand las een zaak met een reden"
    assert case.reference in mail.get_content()
    assert handler.name not in mail.get_content()
    assert REASON not in mail.get_content()
    told = signed_in(people["general_director"]).get(page(case)).content.decode()
    assert REASON in told.partition(LOG)[2]
    assert "las deze zaak zonder erbij betrokken te zijn" in told


def test_look_is_to_read_alone(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    both = member(case.organisation, "Bas Beide", "handler", "assessor")
    client = signed_in(both)
    assert opened(client, case.reference)[0] == 302
    with scope(case.organisation_id):
        assert (
            case_for_staff(both, case.reference, definition("klik-onderwijs"), at=timezone.now()).actor.roles == set()
        )
        assert not cases_for(both, definition("klik-onderwijs"), at=timezone.now()).exists()
        before = Event.objects.filter(case=case).count()
        letter = Letter.objects.filter(case=case).first()
    assert letter is not None
    assert client.get(f"{page(case)}handeling/acknowledge/").status_code == 403
    for what, typed in (
        ("handeling/acknowledge/", {"revision": str(before)}),
        ("bericht/", {"text": "Hallo"}),
        ("lijst/dossier_read/", {}),
        ("notitie/", {"note": "Hallo"}),
        (f"brief/{letter.pk}/vrijgeven/", {}),
        (f"brief/{letter.pk}/opnieuw/", {"paper": "1"}),
    ):
        client.post(f"{page(case)}{what}", typed)
    with scope(case.organisation_id):
        assert Event.objects.filter(case=case).count() == before
        assert not case.notes.exists()
        assert Letter.objects.get(pk=letter.pk).state == letter.state


def test_look_ends_after_half_an_hour(case: Case, people: dict[str, Membership]):
    now, handler, procedure = timezone.now(), people["handler"], definition("klik-onderwijs")
    with scope(case.organisation_id):
        look_into(case, REASON, member=handler, at=now)
        assert case_for_staff(handler, case.reference, procedure, at=now + timedelta(minutes=29)).case == case
        for moment in (now + timedelta(minutes=30), None):
            with pytest.raises(Http404):
                case_for_staff(handler, case.reference, procedure, at=moment)
        with pytest.raises(Http404):
            case_for_staff(people["assessor"], case.reference, procedure, at=now)
        Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Zij", membership=handler)
        with pytest.raises(Http404):
            case_for_staff(handler, case.reference, procedure, at=now)


@pytest.mark.rule("KO-09")
def test_case_about_oneself_of_another_organisation_and_unknown_answer_alike(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    pieter = member(organisation, "Pieter Hoekstra", "handler")
    own = filed_case(organisation, at=now, recorded_at=now, about="Pieter Hoekstra")
    foreign = filed_case(published("o21"), at=now, recorded_at=now)
    client = signed_in(pieter)
    answers = [opened(client, each) for each in (own.reference, foreign.reference, "KO-1999-0001")]
    assert [status for status, _ in answers] == [422, 422, 422]
    bodies = {re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body) for _, body in answers}
    assert len(bodies) == 1
    assert "Er is geen zaak met dit nummer" in bodies.pop()
    assert log(own) == log(foreign) == []


def test_nobody_else_may_look(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    root = account("Root Root", is_superuser=True, is_staff=True)
    superuser = Client()
    superuser.force_login(root)
    for client in (superuser, signed_in(people["assessor"]), signed_in(people["csm"])):
        assert client.get(LOOK).status_code == 403
        assert opened(client, case.reference)[0] == 403
    assert LOOK not in signed_in(people["csm"]).get("/beheer/zaken/").content.decode()
    assert log(case) == []


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("klik-onderwijs", {"handler"}),
        ("klassepro", {"handler"}),
        ("klimkoord", {"handler"}),
        ("klikklaar", {"member"}),
        ("o21", set()),
    ],
)
def test_who_may_look_follows_from_the_document(slug: str, expected: set[str]):
    procedure = definition(slug)
    found = {
        role.name for role in procedure.roles if may_look(Membership(roles=[role.name], is_active=True), procedure)
    }
    assert found == expected
    assert not may_look(Membership(roles=list(expected), is_active=False), procedure)


def test_look_without_a_reason_says_so_and_keeps_the_number(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["handler"])
    for reason in ("", "   ", "zo maar"):
        status, body = opened(client, case.reference, reason)
        assert status == 422
        assert "Schrijf op waarom. Eén zin is genoeg." in body
        assert 'value="N"' in body
    assert client.get(page(case)).status_code == 404
    assert log(case) == []
