"""Acts, ticks and taking in, through the forms of the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints import access_codes
from complaints.actions import expire_due
from complaints.models import Assignment, Case, Document, Event, Membership, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import definition, filed_case, intake_answers, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
SLUG = "klik-onderwijs"


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now)


def address(case: Case, act: str) -> str:
    return f"/beheer/zaken/{case.reference}/handeling/{act}/"


def fresh(case: Case) -> Case:
    with scope(case.organisation_id):
        return Case.objects.select_related("handler__user").get(pk=case.pk)


def acknowledged(case: Case, client: Client) -> None:
    answer = client.post(address(case, "acknowledge"), {"revision": fresh(case).revision})
    assert answer.status_code == 302


def test_act_through_the_form_is_done_and_leads_back_to_the_case(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    acknowledged(case, client)
    form = client.get(address(case, "assign"))
    assert form.status_code == 200
    revision = fresh(case).revision
    assert f'name="revision" value="{revision}"' in form.content.decode()
    answer = client.post(address(case, "assign"), {"revision": revision, "handler": people["handler"].pk}, follow=True)
    assert answer.redirect_chain == [(f"/beheer/zaken/{case.reference}/", 302)]
    assert "Gedaan: " in answer.content.decode()
    now = fresh(case)
    assert (now.handler, now.revision) == (people["handler"], revision + 1)
    with scope(case.organisation_id):
        event = Event.objects.get(case=case, occurrence="assign")
        assert (event.member, event.roles) == (people["csm"], ["csm"])


def test_refused_form_says_why_and_keeps_what_was_typed(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    acknowledged(case, client)
    client.post(address(case, "assign"), {"revision": fresh(case).revision, "handler": people["handler"].pk})
    before = fresh(case).revision
    answer = client.post(
        address(case, "reassign"), {"revision": before, "reassign_reason": "Zij is lang ziek.", "handler": ""}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Dit kan zo nog niet" in page
    assert "Kies hier een antwoord." in page
    assert "Zij is lang ziek.</textarea>" in page
    assert fresh(case).revision == before


def test_refusal_by_the_procedure_comes_back_in_the_form(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    pieter = member(organisation, "Pieter Hoekstra", "handler")
    case = filed_case(organisation, at=now, recorded_at=now, about="Pieter Hoekstra")
    client = signed_in(people["csm"])
    acknowledged(case, client)
    answer = client.post(address(case, "assign"), {"revision": fresh(case).revision, "handler": pieter.pk})
    assert answer.status_code == 422
    assert "De klacht gaat over deze persoon" in answer.content.decode()
    assert fresh(case).handler is None


def test_stale_form_keeps_what_was_typed_and_gets_the_new_revision(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    stale = fresh(case).revision
    acknowledged(case, client)
    answer = client.post(address(case, "assign"), {"revision": stale, "handler": people["handler"].pk})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Deze zaak is intussen veranderd." in page
    assert f'<option value="{people["handler"].pk}" selected>' in page
    assert f'name="revision" value="{fresh(case).revision}"' in page
    assert fresh(case).handler is None


def test_act_of_another_role_is_403_and_of_another_phase_409(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    other_role = signed_in(people["manager"]).get(address(case, "acknowledge"))
    assert other_role.status_code == 403
    assert "Dat hoort niet bij uw rol." in other_role.content.decode()
    other_phase = signed_in(people["csm"]).get(address(case, "reassign"))
    assert other_phase.status_code == 409
    assert signed_in(people["csm"]).get(address(case, "no-such-act")).status_code == 404


def test_tick_and_a_point_that_does_not_apply(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    csm = signed_in(people["csm"])
    acknowledged(case, csm)
    csm.post(address(case, "assign"), {"revision": fresh(case).revision, "handler": people["handler"].pk})
    handler = signed_in(people["handler"])
    checks = [each for each in definition(SLUG).checks if fresh(case).phase in each.phases and not each.when]
    plain = next(each for each in checks if not each.where_applicable)
    page = f"/beheer/zaken/{case.reference}/"
    assert handler.post(f"{page}lijst/{plain.name}/").status_code == 302
    assert fresh(case).checks == {plain.name: ""}
    skipped = next((each for each in checks if each.where_applicable), None)
    if skipped:
        answer = handler.post(f"{page}lijst/{skipped.name}/", {"skip": "1", "not_applicable": ""}, follow=True)
        assert "Schrijf op waarom" in answer.content.decode()
        handler.post(f"{page}lijst/{skipped.name}/", {"skip": "1", "not_applicable": "er waren geen stukken"})
        assert fresh(case).checks[skipped.name] == "er waren geen stukken"
        assert "omdat er waren geen stukken" in handler.get(page).content.decode()
    refused = csm.post(f"{page}lijst/{plain.name}/", follow=True)
    assert "error" in refused.content.decode()


def test_taking_in_opens_a_case_and_shows_its_code_once(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    given = intake_answers(definition(SLUG), at=datetime(2026, 11, 20, tzinfo=UTC), channel="letter")
    answers = {
        name: {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        for name, value in given.items()
    }
    answers |= {"represented": "no", "nonce": "n" * 32, "received_at": "2-11-2026 10.30"}
    for_later = client.post("/beheer/zaken/nieuw/file/", answers | {"received_at": "2-11-2096 10.30"})
    assert for_later.status_code == 422
    assert "Dit moment moet nog komen" in for_later.content.decode()
    shown = client.post("/beheer/zaken/nieuw/file/", answers, follow=True)
    page = shown.content.decode()
    with scope(organisation.pk):
        case = Case.objects.get()
        assert Assignment.objects.get(case=case, role=Assignment.TAKEN_IN).membership == people["csm"]
    code = access_codes.code_for(f"{organisation.pk}:{'n' * 32}")
    assert case.reference in page
    assert " ".join(access_codes.written(code)) in page
    assert timezone.localtime(case.received_at).strftime("%d-%m %H:%M") == "02-11 10:30"
    assert client.get("/beheer/zaken/nieuw/klaar/")["Location"] == "/beheer/zaken/"


def test_who_may_not_take_in_is_offered_nothing(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    outsider = next(
        role for role in definition(SLUG).roles if not any(role.name in act.by for act in definition(SLUG).opening_acts)
    )
    client = signed_in(people[outsider.name])
    assert "hoort niet bij uw rol" in client.get("/beheer/zaken/nieuw/").content.decode()
    assert client.get("/beheer/zaken/nieuw/file/").status_code == 404


def test_soft_independence_asks_for_a_reason_and_keeps_it(signed_in: SignedIn):
    organisation = published("klassepro")
    everyone = staffed(organisation)
    pieter = member(organisation, "Pieter Hoekstra", "handler")
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now, about_someone=True, about="Pieter Hoekstra")
    client = signed_in(everyone["coordinator"])
    page = f"/beheer/zaken/{case.reference}/"
    for check in (each for each in definition("klassepro").checks if "assign" in each.before):
        client.post(f"{page}lijst/{check.name}/")
    typed = {"revision": fresh(case).revision, "handler": pieter.pk}
    refused = client.post(address(case, "assign"), typed)
    assert refused.status_code == 422
    assert "schrijf op waarom het niet anders kan" in refused.content.decode()
    reason = "Hij is de enige die dit kan beoordelen."
    done = client.post(address(case, "assign"), typed | {"independence_reason": reason}, follow=True)
    assert reason in done.content.decode()
    assert fresh(case).handler == pieter


@pytest.mark.rule("O21-04")
def test_whoever_takes_in_a_complaint_records_whether_it_is_meant_as_one(signed_in: SignedIn):
    organisation = published("o21")
    client = signed_in(member(organisation, "Wim Terpstra", "secretariaat"))
    address = "/beheer/zaken/nieuw/file/"
    assert 'name="meant_as_complaint"' in client.get(address).content.decode()
    refused = client.post(address, {"channel": "phone"})
    assert refused.status_code == 422
    assert "Vraag dit eerst na." in refused.content.decode()


@pytest.mark.rule("O21-10")
def test_who_hears_of_a_complaint_about_a_colleague_is_told_what_to_say_and_nothing_is_kept(signed_in: SignedIn):
    organisation = published("o21")
    client = signed_in(member(organisation, "Wim Terpstra", "employee"))
    address = "/beheer/zaken/nieuw/report_own_work/"
    assert "Over een collega" in client.get(address).content.decode()
    told = client.post(address, {"own_work": "colleague", "description": "Jan deed raar."})
    page = told.content.decode()
    assert told.status_code == 200
    assert "Zeg dan: dien uw klacht in bij BackOffice." in page
    assert "Bouwmeesterplein 1, 2801 BX Gouda" in page
    assert "<textarea" not in page
    with scope(organisation.pk):
        assert not Case.objects.exists()


@pytest.mark.rule("KK-02")
def test_complaint_by_somebody_who_speaks_for_another_is_taken_in_with_both(signed_in: SignedIn, media_folder: Path):
    organisation = published("klikklaar")
    client = signed_in(staffed(organisation)["chair"])
    address = "/beheer/zaken/nieuw/file/"
    assert 'name="representative_name"' in client.get(address).content.decode()
    procedure = definition("klikklaar")
    given = intake_answers(procedure, at=timezone.now(), channel="letter", name="Jolanda Verweij", town="Leiden")
    typed = {
        name: {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        for name, value in given.items()
    }
    typed |= {"exclusion": "none", "received_at": "2-11-2026 10.30", "represented": "yes", "representative_name": ""}
    refused = client.post(address, typed)
    assert refused.status_code == 422
    authorisation = SimpleUploadedFile("machtiging.pdf", files.pdf())
    done = client.post(
        address, typed | {"representative_name": "mr. A. Kuiper", "authorisation": authorisation}, follow=True
    )
    assert done.redirect_chain == [("/beheer/zaken/nieuw/klaar/", 302)]
    with scope(organisation.pk):
        case = Case.objects.get()
        spoken_for = dict(Party.objects.filter(case=case).values_list("kind", "name"))
        assert spoken_for[Party.Kind.COMPLAINANT] == "Jolanda Verweij"
        assert spoken_for[Party.Kind.REPRESENTATIVE] == "mr. A. Kuiper"
        assert Document.objects.get(case=case).title == "machtiging.pdf"


@pytest.mark.parametrize("confidentiality", ["shared", "limited"])
def test_form_asks_plainly_what_earlier_answers_ask_for_and_nothing_else(confidentiality: str, signed_in: SignedIn):
    organisation = published("klimkoord")
    people = staffed(organisation)
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now, confidentiality=confidentiality, nature="provider")
    chosen = {"revision": case.revision, "handler": people["handler"].pk, "compulsory": "none"}
    assert signed_in(people["servicedesk"]).post(address(case, "assign_coordinator"), chosen).status_code == 302
    page = signed_in(people["handler"]).get(address(case, "answer")).content.decode()
    asked = {"reaction", "steps_taken"} if confidentiality == "shared" else {"general_answer"}
    assert set(re.findall(r'name="(reaction|steps_taken|general_answer)"', page)) == asked
    labels = {name: re.search(rf'<label[^>]*for="id_{name}".*?</label>', page, re.DOTALL) for name in asked}
    assert not [name for name, label in labels.items() if not label or "overslaan" in label[0]]


@pytest.mark.parametrize(
    ("slug", "role", "days_ago", "main"),
    [
        ("klassepro", "coordinator", 0, "Wijs een klachtbehandelaar aan"),
        ("klassepro", "coordinator", 5, "Wijs een klachtbehandelaar aan"),  # that limit has passed, and nobody did it
        ("o21", "directie", 0, "Neem de klacht in behandeling"),
        ("o21", "directie", 12, "Neem de klacht in behandeling"),
    ],
)
def test_main_button_is_what_the_first_limit_waits_for(
    slug: str, role: str, days_ago: int, main: str, signed_in: SignedIn
):
    organisation = published(slug)
    people = staffed(organisation)
    at = timezone.now() - timedelta(days=days_ago)
    case = filed_case(organisation, at=at, recorded_at=at)
    with scope(organisation.pk):
        while (woken := fresh(case)).wake_at and woken.wake_at <= timezone.now():
            expire_due(at=woken.wake_at)
    page = signed_in(people[role]).get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert re.findall(r'<a class="button" href="[^"]*/handeling/[^"]*">([^<]*)</a>', page) == [main]


def test_no_button_is_the_main_one_while_what_the_limit_waits_for_cannot_be_done_yet(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    acknowledged(case, client)
    client.post(address(case, "assign"), {"revision": fresh(case).revision, "handler": people["handler"].pk})
    page = signed_in(people["handler"]).get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert "Besluit, met uitleg" in page
    assert not re.findall(r'<a class="button" href="[^"]*/handeling/', page)


def test_form_of_an_act_of_the_complainant_says_for_whom_it_is_done(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    assert "U doet dit namens de indiener." in client.get(address(case, "withdraw")).content.decode()
    assert "namens de indiener" not in client.get(address(case, "dismiss")).content.decode()
