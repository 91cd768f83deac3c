"""What was put to whom: on the desk, in the post, and before a decision."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import (
    THE_COMPLAINANT,
    disclosing,
    explaining,
    hearings,
    open_case,
    perform,
    send_message,
    send_waiting,
    tick_check,
)
from complaints.actions.deputies import hand_over
from complaints.desk import acts
from complaints.letters.invitation import DISCLOSURE, Talk
from complaints.models import Answer, Case, Disclosure, Document, Event, Letter, Membership, Party
from complaints.queries import sides as query
from complaints.queries.search import found_by
from complaints.uploads import UploadRefused
from procedures.catalogue import establish, publish
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.hearing import SLUG, address, event, lines, party, revision
from tests.complaints.factories import (
    DEFINITIONS,
    PUBLISHED_AT,
    SLUGS,
    act_answers,
    actor_of,
    definition,
    intake_answers,
    member,
    published,
    staffed,
)
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
MATRIX_QUERIES = 34


@pytest.fixture
def case(opened: tuple[Case, str]) -> Case:
    return opened[0]


@pytest.fixture
def client(people: dict[str, Membership], case: Case, signed_in: SignedIn) -> Client:
    """The handler's browser."""
    return signed_in(people["handler"])


@pytest.fixture
def follower(opened: tuple[Case, str]) -> Client:
    """The complainant's browser."""
    client = Client()
    client.post(f"/{SLUG}/volgen/", {"reference": opened[0].reference, "code": opened[1]})
    return client


# ------------------------------------------------------------------------------------------------------------ documents


def put_address(case: Case, kind: str = "respondent") -> str:
    document = Document.objects.get(case=case, title="offerte.pdf")
    return address(case, f"wederhoor/{document.pk}/{party(case, kind).pk}/")


def today() -> str:
    on = timezone.localdate()
    return f"{on.day}-{on.month}-{on.year}"


def test_what_somebody_handed_in_is_known_to_them_and_what_we_sent_was_put_to_them(
    case: Case, client: Client, people: dict[str, Membership]
):
    actor = actor_of(people["handler"], case)
    attached = SimpleUploadedFile("overzicht.pdf", files.pdf())
    send_message(case, "Zie de bijlage.", actor=actor, at=timezone.now(), files=[attached])
    known = {line.document.title: [cell.known for cell in line.cells] for line in lines(case)}
    assert known == {"offerte.pdf": ["own", "open"], "overzicht.pdf": ["put", "open"]}
    page = client.get(address(case, "wederhoor/")).content.decode()
    assert "van henzelf" in page
    assert "2 keer is een stuk nog niet voorgelegd." in page
    assert client.get(put_address(case, "complainant")).status_code == 404


def test_document_is_put_to_the_other_side_on_a_day(case: Case, client: Client):
    page = put_address(case)
    assert client.get(page).status_code == 200
    for wrong, said in (
        ({"how": "put", "on": "1-1-2096"}, "Deze dag moet nog komen."),
        ({"how": "put", "on": "1-1-2020"}, "Het stuk kwam pas later binnen."),
        ({"how": "copy", "on": today()}, "Voeg hier de kopie toe."),
        ({"how": "withheld"}, "Schrijf op waarom niet."),
        ({}, "Kies hier een antwoord."),
    ):
        answer = client.post(page, wrong)
        assert answer.status_code == 422, wrong
        assert said in answer.content.decode(), wrong
    done = client.post(page, {"how": "put", "on": today()}, follow=True)
    assert not Letter.objects.filter(case=case, name=DISCLOSURE).exists(), "they have it already"
    assert done.redirect_chain == [(address(case, "wederhoor/"), 302)]
    assert "Iedereen kon op elk stuk reageren" in done.content.decode()
    assert event(case, disclosing.PUT).facts["on"] == {"value": timezone.localdate().isoformat()}
    again = client.post(page, {"how": "withheld", "reason": "Toch niet."})
    assert again.status_code == 409
    assert "Toch niet.</textarea>" in again.content.decode()


def copy_of(name: str = "Offerte zonder namen.txt", words: bytes = b"Beste [weggelaten],") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, words)


def test_copy_without_some_parts_stands_with_the_document_and_is_found_by_its_name(case: Case, client: Client):
    client.post(put_address(case), {"how": "copy", "on": today(), "copy": copy_of()})
    (line,) = lines(case)
    cell = line.cells[1]
    assert cell.known == "put"
    assert cell.copy
    assert cell.copy.title == "Offerte zonder namen.txt"
    assert "kopie met weglatingen" in client.get(address(case, "wederhoor/")).content.decode()
    assert Case.objects.filter(found_by("zonder namen")).get() == case


def test_report_and_statement_are_found_by_their_names_at_once(case: Case, people: dict[str, Membership]):
    actor, now = actor_of(people["handler"], case), timezone.now()
    talk = Talk(starts_at=now + timedelta(days=3), minutes=30, place="Hier")
    person = party(case, "respondent")
    hearing = hearings.invite(case, talk, [person], actor=actor, at=now)
    hearings.keep_report(hearing, hearings.typed("Pannenkoeken", "Zo was het."), actor=actor, at=now)
    hearings.keep_statement(person, hearings.typed("Boerenkool", "Zo was het."), actor=actor, at=now)
    for word in ("pannenkoeken", "boerenkool"):
        assert Case.objects.filter(found_by(word)).get() == case, word


def test_copy_has_to_differ_and_to_pass_the_gate(case: Case, client: Client, people: dict[str, Membership]):
    for copy, said in (
        (SimpleUploadedFile("anders.pdf", files.pdf()), "Er is dus niets weggelaten."),
        (SimpleUploadedFile("spel.exe", b"MZ"), "kan niet mee"),
    ):
        refused = client.post(put_address(case), {"how": "copy", "copy": copy})
        assert refused.status_code == 422
        assert said in refused.content.decode()
    document = Document.objects.get(case=case, title="offerte.pdf")
    with pytest.raises(UploadRefused, match="niets weggelaten"):
        disclosing.put_to(
            document,
            party(case, "respondent"),
            actor=actor_of(people["handler"], case),
            at=timezone.now(),
            copy=SimpleUploadedFile("anders.pdf", files.pdf()),
        )
    assert not Event.objects.filter(case=case, occurrence=disclosing.PUT).exists()
    assert Document.objects.filter(case=case).count() == 1


def sent(case: Case) -> None:
    while send_waiting(case.organisation_id, at=timezone.now() + timedelta(seconds=1)):
        pass


def test_who_has_no_page_gets_the_copy_with_the_mail_and_never_the_whole(
    case: Case, client: Client, smtp_server: MailServer
):
    Party.objects.filter(case=case, kind="respondent").update(email="p.hoekstra@elders.example")
    form = client.get(put_address(case)).content.decode()
    assert "Het stuk gaat mee met een e-mail naar p.hoekstra@elders.example." in form
    client.post(put_address(case), {"how": "copy", "copy": copy_of()})
    sent(case)
    (mail,) = (each for each in smtp_server.messages if "Wij leggen u een stuk voor" in str(each["Subject"]))
    attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert set(attached) == {f"{case.reference}-beside-disclosure.pdf", "Offerte zonder namen.txt"}
    assert attached["Offerte zonder namen.txt"] == "Beste [weggelaten],"
    assert "offerte.pdf" not in mail.as_string()
    assert "Verweij" not in mail.as_string()
    text = mail.get_body(("plain",))
    assert text
    assert "Wij hebben er delen uit weggelaten." in text.get_content()
    assert "legde een stuk voor" in client.get(address(case)).content.decode()


def test_who_has_no_address_gets_the_whole_on_paper(case: Case, client: Client, smtp_server: MailServer):
    assert "Doe het stuk er op papier bij." in client.get(put_address(case)).content.decode()
    client.post(put_address(case), {"how": "put"})
    sent(case)
    letter = Letter.objects.get(case=case, name=DISCLOSURE)
    assert (letter.state, letter.recipient) == (Letter.State.TO_POST, "respondent")
    assert "delen uit weggelaten" not in letter.text
    document = Document.objects.get(case=case)
    page = client.get(address(case)).content.decode()
    assert f'Hierbij: <a href="{address(case, f"stuk/{document.pk}/")}">offerte.pdf</a> Druk dit ook af' in page


def test_what_went_with_a_message_is_not_put_again_in_part(case: Case, client: Client, people: dict[str, Membership]):
    """They have the whole: a copy could take nothing back."""
    actor = actor_of(people["handler"], case)
    message = send_message(
        case, "Zie de bijlage.", actor=actor, at=timezone.now(), files=[copy_of("overzicht.txt", b"Alles.")]
    )
    document = Document.objects.get(event=message.event)
    page = address(case, f"wederhoor/{document.pk}/{party(case, 'complainant').pk}/")
    assert client.post(page, {"how": "copy", "copy": copy_of()}).status_code == 409
    assert client.post(page, {"how": "withheld", "reason": "Toch niet."}).status_code == 409
    assert not Disclosure.objects.filter(document=document).exists()


def test_withheld_document_has_a_reason_and_can_still_be_put(case: Case, client: Client):
    client.post(put_address(case), {"how": "withheld", "reason": "Er staan gegevens van een kind in."})
    page = client.get(address(case, "wederhoor/")).content.decode()
    assert "Er staan gegevens van een kind in." in page
    assert set(event(case, disclosing.WITHHELD).facts["reason"]) == {"hmac"}
    client.post(put_address(case), {"how": "put", "on": today()})
    (line,) = lines(case)
    assert (line.cells[1].known, line.cells[1].reason) == ("put", "")


@pytest.mark.parametrize("number", [1, 30])
def test_matrix_costs_the_same_for_one_and_for_thirty_documents(
    number: int,
    case: Case,
    client: Client,
    people: dict[str, Membership],
    django_assert_num_queries: DjangoAssertNumQueries,
):
    actor = actor_of(people["handler"], case)
    for _ in range(number - 1):
        hearings.keep_statement(
            party(case, "respondent"), hearings.typed("Verklaring", "Nee."), actor=actor, at=timezone.now()
        )
    with django_assert_num_queries(MATRIX_QUERIES):
        page = client.get(address(case, "wederhoor/")).content.decode()
    assert page.count('scope="row"') == number


# ------------------------------------------------------------------------------------------------------- the decision


def decision(case: Case, people: dict[str, Membership]) -> dict[str, object]:
    """What the form of the decision sends."""
    now = timezone.now()
    answers = act_answers(definition(SLUG), case, "decide", people, at=now)
    typed = {name: value for name, value in answers.items() if isinstance(value, str)}
    return {**typed, "revision": revision(case)}


@pytest.fixture
def ready(case: Case, people: dict[str, Membership]) -> Case:
    """The case with its checklist done."""
    handler = actor_of(people["handler"], case)
    for check in definition(SLUG).checks:
        if "decide" in check.before:
            tick_check(case, check.name, actor=handler, at=timezone.now(), not_applicable="")
    return Case.objects.get(pk=case.pk)


def test_decision_waits_for_what_was_not_put_to_the_other_side(
    ready: Case, client: Client, people: dict[str, Membership]
):
    page = address(ready, "handeling/decide/")
    form = client.get(page).content.decode()
    assert "“offerte.pdf” is niet voorgelegd aan Pieter Hoekstra (betrokkene)." in form
    assert "Waarom kan het besluit toch?" in form
    refused = client.post(page, decision(ready, people))
    assert refused.status_code == 422
    assert "Schrijf op waarom het besluit toch kan." in refused.content.decode()
    assert Case.objects.get(pk=ready.pk).phase == ready.phase
    reason = "De betrokkene schreef deze offerte zelf."
    done = client.post(page, {**decision(ready, people), "unheard_reason": reason})
    assert done.status_code == 302
    assert Case.objects.get(pk=ready.pk).phase == "decided"
    facts = event(ready, explaining.LET_GO).facts
    assert facts["act"] == {"value": "decide"}
    assert set(facts["reason"]) == {"hmac"}
    assert Answer.objects.get(event=event(ready, explaining.LET_GO)).value == reason
    assert [each.withheld for each in Disclosure.objects.filter(document__case=ready)] == [reason]
    assert "zonder alle stukken voor te leggen" in client.get(address(ready)).content.decode()


def test_decision_waits_for_nothing_once_everything_was_put(ready: Case, client: Client, people: dict[str, Membership]):
    client.post(put_address(ready), {"how": "put", "on": today()})
    page = address(ready, "handeling/decide/")
    assert "Waarom kan het besluit toch?" not in client.get(page).content.decode()
    assert client.post(page, decision(ready, people)).status_code == 302
    assert not Event.objects.filter(case=ready, occurrence=explaining.LET_GO).exists()


def test_form_from_before_a_document_came_decides_nothing(ready: Case, client: Client, people: dict[str, Membership]):
    """Not with the revision that it was made from, nor with the new one and without a reason."""
    client.post(put_address(ready), {"how": "put", "on": today()})
    page = address(ready, "handeling/decide/")
    old = decision(ready, people)
    actor = actor_of(people["handler"], ready)
    hearings.keep_statement(
        party(ready, "respondent"), hearings.typed("Verklaring", "Nee."), actor=actor, at=timezone.now()
    )
    assert client.post(page, old).status_code == 409
    again = client.post(page, {**old, "revision": revision(ready)})
    assert again.status_code == 422
    assert "“Verklaring.txt” is niet voorgelegd aan Jolanda Verweij (indiener)." in again.content.decode()
    assert Case.objects.get(pk=ready.pk).phase == ready.phase


def test_acts_are_done_at_the_desk_in_two_places_that_both_wait():
    """One more way would have to wait for the other side too: then this fails."""
    desk = Path(acts.__file__).parent
    calls = re.compile(r"\b(perform|perform_explained|hand_over)\(")
    found = {path.name: set(calls.findall(path.read_text())) for path in desk.glob("*.py")}
    assert {name: calls for name, calls in found.items() if calls} == {
        "acts.py": {"perform_explained"},
        "assigning.py": {"perform"},
        "members.py": {"hand_over"},
    }


@pytest.fixture
def deciding_by_the_way() -> Organisation:
    """An organisation that may judge when it gives a case to somebody else, and so also for many cases at once."""
    source = (DEFINITIONS / f"{SLUG}.toml").read_text(encoding="utf-8")
    before, act, after = source.partition('name = "reassign"')
    reasons = """name = "reassign_reason"
  title.nl = "Waarom?"
  title.en = "Why?"
  kind = "long_text"
"""
    verdict = """
  [[act.field]]
  name = "verdict"
  title = { nl = "Oordeel", en = "Judgement" }
  kind = "choice"
  required = false
  choices = [{ value = "upheld", title = { nl = "Gegrond", en = "Upheld" } }]
"""
    assert reasons in after
    source = before + act + after.replace(reasons, reasons + verdict, 1)
    organisation = establish(source, at=PUBLISHED_AT)
    publish(source, by="De directie", roles={definition(SLUG).publisher}, at=PUBLISHED_AT)
    return organisation


def test_deciding_for_many_cases_at_once_waits_as_well(
    deciding_by_the_way: Organisation, signed_in: SignedIn, media_folder: Path
):
    organisation, now = deciding_by_the_way, timezone.now()
    people = staffed(organisation)
    other = member(organisation, "Ander Iemand", "handler")
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(SLUG), at=now) | {"about": "Pieter Hoekstra"},
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
        ).case
        for act, answers in (("acknowledge", {}), ("assign", {"handler": str(people["handler"].pk)})):
            perform(case, act, answers=answers, actor=actor_of(people["csm"], case), at=now)
        case.refresh_from_db()
    typed = {
        "chosen-case": f"{case.reference}:{case.revision}",
        "chosen-act": "reassign",
        "chosen-member": other.pk,
        "chosen-filled": "1",
        "handler": other.pk,
        "reassign_reason": "Ziek.",
        "verdict": "upheld",
    }
    desk = signed_in(people["csm"])
    answer = desk.post("/beheer/zaken/toewijzen/", typed)
    assert answer.status_code == 422
    assert "Nog niet iedereen heeft op alle stukken kunnen reageren." in answer.content.decode()
    form = desk.get(address(case, "handeling/reassign/")).content.decode()
    assert "Waarom kan het besluit toch?" in form
    with scope(organisation.pk):
        handed = hand_over(
            [case], member=people["handler"], to=other, by=people["csm"], reason="Ziek.", at=now, language="nl"
        )
        assert [each.pk for each, _why in handed.left] == [case.pk]
        assert not Event.objects.filter(case=case, occurrence="reassign").exists()


def test_other_acts_wait_for_nothing(case: Case, client: Client):
    assert "Waarom kan het besluit toch?" not in client.get(address(case, "handeling/extend/")).content.decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_each_procedure_has_an_act_that_decides_and_it_is_nobodys_else(slug: str):
    procedure = definition(slug)
    deciding = [act for act in procedure.acts if query.is_decision(procedure, act)]
    assert len(deciding) == 1
    assert "complainant" not in deciding[0].by
    assert not deciding[0].is_automatic


def test_each_side_has_its_own_column_in_every_organisation(media_folder: Path):
    """Also where a complaint is about nobody: then only the complainant has to be heard."""
    organisation = published("klassepro")
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition("klassepro"), at=now),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
        ).case
        assert [each.kind for each in query.sides_of(case)] == ["complainant"]
