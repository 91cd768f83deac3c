"""Filing: a look at the answers first, nothing lost on the way, files that wait, forms that are put away."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import Settings

from complaints.actions import forget_expired, perform, send_waiting
from complaints.models import Attempt, Case, Document, Draft, DraftFile, Letter, Party
from complaints.throttling import FREE
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, act_answers, actor_of, definition, published, staffed
from tests.complaints.intake.test_public_pages import nonce_of, text_of, typed
from tests.conftest import MailServer

SLUG = "klik-onderwijs"
CODE = re.compile(r"<span>([0-9A-Z]{2,4})</span>")


def txt(name: str = "brief.txt", words: bytes = b"Beste mensen, zo ging het.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, words)


def code_on(page: str) -> str:
    return " ".join(CODE.findall(page.partition('class="code"')[2]))


def hidden(page: str) -> dict[str, object]:
    """What the check page carries along, as a browser would send it again."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        found.setdefault(name, []).append(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    found.pop("csrfmiddlewaretoken", None)
    return dict(found)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", SLUGS)
def test_answers_are_shown_before_anything_is_sent_and_what_is_shown_is_what_is_filed(client: Client, slug: str):
    organisation = published(slug)
    sent = typed(definition(slug), nonce=nonce_of(client, slug), step="check")
    page = client.post(f"/{slug}/indienen/", sent, follow=True)
    assert page.redirect_chain == [(f"/{slug}/indienen/nakijken/", 302)]
    words = text_of(page)
    assert "Wij hebben nog niets ontvangen" in words
    for field in definition(slug).intake.fields:
        if str(sent.get(field.name, "")).startswith("Antwoord"):
            is_asked = field.title.nl in words
            assert (f"Antwoord op {field.name} <b>&" in words) is is_asked, field.name
    with scope(organisation.pk):
        assert not Case.objects.exists()
    receipt = client.post(f"/{slug}/indienen/", hidden(page.content.decode()) | {"step": "send"})
    assert receipt.status_code == 201, text_of(receipt)
    with scope(organisation.pk):
        assert Case.objects.get().parties.get(kind="complainant").name == "Antwoord op name <b>&"
        assert not Draft.objects.exists()


@pytest.mark.django_db
def test_going_back_shows_what_was_typed(client: Client):
    published(SLUG)
    sent = typed(definition(SLUG), nonce=nonce_of(client, SLUG), step="check")
    shown = client.post(f"/{SLUG}/indienen/", sent, follow=True)
    again = hidden(shown.content.decode()) | {"edit": "description"}
    edited = client.post(f"/{SLUG}/indienen/", again, follow=True)
    assert edited.redirect_chain == [(f"/{SLUG}/indienen/#div_id_description", 302)]
    assert edited.status_code == 200
    for page in (edited, client.get(f"/{SLUG}/indienen/")):
        assert "Antwoord op description &lt;b&gt;&amp;" in page.content.decode()
        assert f'value="{sent["nonce"]}"' in page.content.decode(), "the same form, so that it cannot be filed twice"
    client.post(f"/{SLUG}/indienen/", hidden(shown.content.decode()) | {"description": ""})
    assert client.get(f"/{SLUG}/indienen/").status_code == 422, "what is wrong is still said after going back"
    client.post(f"/{SLUG}/indienen/opnieuw/")
    assert "Antwoord op" not in client.get(f"/{SLUG}/indienen/").content.decode()


@pytest.mark.django_db
def test_session_that_is_over_loses_nothing(client: Client, media_folder: Path):
    organisation = published(SLUG)
    sent = typed(definition(SLUG), nonce=nonce_of(client, SLUG), step="check", files=txt())
    shown = client.post(f"/{SLUG}/indienen/", sent, follow=True)
    receipt = Client().post(f"/{SLUG}/indienen/", hidden(shown.content.decode()) | {"step": "send"})
    assert receipt.status_code == 201
    with scope(organisation.pk):
        assert Document.objects.get().title == "brief.txt"


@pytest.mark.django_db
def test_form_whose_token_is_over_comes_back_with_all_that_was_typed():
    organisation = published(SLUG)
    strict = Client(enforce_csrf_checks=True)
    sent = typed(definition(SLUG), nonce="n" * 43)
    page = strict.post(f"/{SLUG}/indienen/", sent)
    assert page.status_code == 403
    assert "Deze pagina was verlopen" in text_of(page)
    assert "Antwoord op description &lt;b&gt;&amp;" in page.content.decode()
    with scope(organisation.pk):
        assert not Case.objects.exists()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert token
    assert strict.post(f"/{SLUG}/indienen/", sent | {"csrfmiddlewaretoken": token[1]}).status_code == 201
    assert strict.post(f"/{SLUG}/volgen/", {"reference": "x"}).status_code == 403


@pytest.mark.django_db
def test_files_wait_while_the_form_is_mended_and_can_be_taken_away(client: Client, media_folder: Path):
    organisation = published(SLUG)
    sent = typed(definition(SLUG), nonce=nonce_of(client, SLUG), step="check", description="")
    lot = [txt(), SimpleUploadedFile("lied.mp3", b"ID3"), txt("tweede.txt", b"Nog een brief.")]
    page = client.post(f"/{SLUG}/indienen/", sent | {"files": lot}, follow=True)
    assert page.redirect_chain == [(f"/{SLUG}/indienen/#fouten", 302)]
    assert page.status_code == 422
    assert "lied.mp3" in text_of(page)
    with scope(organisation.pk):
        kept = {each.title: each.pk for each in DraftFile.objects.all()}
        assert set(kept) == {"brief.txt", "tweede.txt"}, "a bad file takes no good one with it"
    page = client.post(f"/{SLUG}/indienen/", sent | {"remove": str(kept["brief.txt"])}, follow=True)
    assert "brief.txt" not in text_of(page)
    assert "tweede.txt" in text_of(page)
    receipt = client.post(f"/{SLUG}/indienen/", sent | {"description": "Zo ging het.", "step": "send"})
    assert receipt.status_code == 201, text_of(receipt)
    with scope(organisation.pk):
        assert [each.title for each in Document.objects.all()] == ["tweede.txt"]
        assert Document.objects.get().file.read() == b"Nog een brief."


@pytest.mark.django_db
def test_file_of_another_draft_is_not_taken_away(client: Client, media_folder: Path):
    organisation = published(SLUG)
    sent = typed(definition(SLUG), nonce=nonce_of(client, SLUG), step="check", files=txt())
    client.post(f"/{SLUG}/indienen/", sent)
    with scope(organisation.pk):
        theirs = DraftFile.objects.get().pk
    other = Client()
    other.post(
        f"/{SLUG}/indienen/", typed(definition(SLUG), nonce=nonce_of(other, SLUG), step="check", remove=str(theirs))
    )
    with scope(organisation.pk):
        assert DraftFile.objects.filter(pk=theirs).exists()


@pytest.mark.django_db
def test_more_files_than_may_come_along_are_refused_and_the_rest_stays(client: Client, media_folder: Path):
    organisation = published(SLUG)
    sent = typed(definition(SLUG), nonce=nonce_of(client, SLUG), step="check")
    for lot in range(2):
        page = client.post(
            f"/{SLUG}/indienen/", sent | {"files": [txt(f"{lot}{number}.txt") for number in range(6)]}, follow=True
        )
    assert page.status_code == 422
    assert "Kies hoogstens 10 bestanden." in text_of(page)
    with scope(organisation.pk):
        assert DraftFile.objects.count() == 6


@pytest.mark.django_db
def test_form_is_put_away_and_taken_up_with_its_code_for_seven_days(
    client: Client,
    media_folder: Path,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
):
    organisation = published(SLUG)
    half = {"nonce": nonce_of(client, SLUG), "description": "Nog niet af", "step": "save", "files": txt()}
    page = client.post(f"/{SLUG}/indienen/", half)
    assert page.status_code == 200
    code = code_on(page.content.decode())
    assert len(code.replace(" ", "")) == 26
    with scope(organisation.pk):
        draft = Draft.objects.get()
        assert code.replace(" ", "") not in str(vars(draft)), "the code itself is kept nowhere"
        assert timedelta(days=6, hours=23) < draft.expires_at - timezone.now() <= timedelta(days=7)
    later = Client()
    assert later.post(f"/{SLUG}/indienen/verder/", {"code": "0" * 26}).status_code == 422
    assert later.post(f"/{SLUG}/indienen/verder/", {"code": code.lower()}).status_code == 302
    taken_up = later.get(f"/{SLUG}/indienen/")
    assert "Nog niet af" in taken_up.content.decode()
    assert "brief.txt" in text_of(taken_up)
    other = published("klassepro")
    assert Client().post(f"/{other.slug}/indienen/verder/", {"code": code}).status_code == 422
    with scope(organisation.pk):
        path = media_folder / str(DraftFile.objects.get().file.name)
        assert path.exists()
        assert forget_expired(at=timezone.now() + timedelta(days=6, hours=23)) == 0
        with django_capture_on_commit_callbacks(execute=True):
            assert forget_expired(at=timezone.now() + timedelta(days=7, hours=1)) == 1
        assert not Draft.objects.exists()
        assert not DraftFile.objects.exists()
        assert not path.exists()


@pytest.mark.django_db
@pytest.mark.rule("KK-02")
def test_representative_files_and_gets_the_letters(client: Client, smtp_server: MailServer, media_folder: Path):
    organisation = published("klikklaar")
    people = staffed(organisation)
    sent = typed(
        definition("klikklaar"),
        nonce=nonce_of(client, "klikklaar"),
        represented="yes",
        representative_name="Mr. A. de Wit",
        representative_email="dewit@advocaat.example",
        authorisation=txt("machtiging.txt", b"Zij mag dit voor mij doen."),
        name="Jan Jansen",
    )
    assert client.post("/klikklaar/indienen/", sent).status_code == 201
    with scope(organisation.pk):
        case = Case.objects.get()
        parties = {each.kind: each.name for each in case.parties.all()}
        assert parties["complainant"] == "Jan Jansen"
        assert parties["representative"] == "Mr. A. de Wit"
        assert Document.objects.get(field="authorisation").title == "machtiging.txt"
        assert case.answers.get(name="represented").value is True
        now = timezone.now()
        answers = act_answers(definition("klikklaar"), case, "acknowledge", people, at=now)
        perform(case, "acknowledge", answers=answers, actor=actor_of(people["chair"], case), at=now)
        letters = list(Letter.objects.filter(party__kind=Party.Kind.COMPLAINANT))
        assert letters
        assert {(each.to_name, each.to_email) for each in letters} == {("Mr. A. de Wit", "dewit@advocaat.example")}
    while send_waiting(organisation.pk, at=timezone.now()):
        pass
    assert ["dewit@advocaat.example"] in smtp_server.recipients


@pytest.mark.django_db
def test_representative_has_to_say_their_name_and_who_files_alone_has_not(client: Client):
    organisation = published("klikklaar")
    sent = typed(definition("klikklaar"), nonce=nonce_of(client, "klikklaar"))
    page = client.post("/klikklaar/indienen/", sent | {"represented": "yes", "representative_name": ""}, follow=True)
    assert page.status_code == 422
    assert 'href="#div_id_representative_name"' in page.content.decode()
    receipt = client.post("/klikklaar/indienen/", sent | {"representative_name": "Vergeten te wissen"})
    assert receipt.status_code == 201
    with scope(organisation.pk):
        assert not Party.objects.filter(kind=Party.Kind.REPRESENTATIVE).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("slug", SLUGS)
def test_copy_of_the_complaint_holds_what_was_filed_and_no_code(client: Client, slug: str):
    published(slug)
    sent = typed(definition(slug), nonce=nonce_of(client, slug))
    receipt = client.post(f"/{slug}/indienen/", sent).content.decode()
    copy = client.post(f"/{slug}/indienen/kopie/", {"nonce": sent["nonce"]})
    assert copy["Content-Type"] == "application/pdf"
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(copy.content)).pages)
    assert "Antwoord op description <b>&" in words
    assert "Antwoord op name <b>&" in words
    assert code_on(receipt).replace(" ", "") not in words.replace(" ", "")
    for nonce in ("", "x" * 43):
        assert client.post(f"/{slug}/indienen/kopie/", {"nonce": nonce}).status_code == 404


def test_double_click_opens_one_case_and_shows_one_code(own_database, media_folder: Path):
    organisation = published(SLUG)
    first = Client()
    sent = typed(definition(SLUG), nonce=nonce_of(first, SLUG), step="check", files=txt())
    shown = first.post(f"/{SLUG}/indienen/", sent, follow=True)
    again = hidden(shown.content.decode()) | {"step": "send"}
    start = threading.Barrier(4)

    def click(_number: int) -> tuple[int, str]:
        from django.db import connections

        start.wait()
        answer = Client().post(f"/{SLUG}/indienen/", again)
        connections.close_all()
        return answer.status_code, code_on(answer.content.decode())

    with ThreadPoolExecutor(max_workers=4) as threads:
        answers = list(threads.map(click, range(4)))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 201]
    assert len({code for _, code in answers}) == 1
    with scope(organisation.pk):
        assert Case.objects.count() == 1
        assert Document.objects.count() == 1
        assert not Draft.objects.exists()


@pytest.mark.django_db
def test_many_complaints_from_one_place_are_slowed_down_and_none_is_lost(client: Client):
    organisation = published("klassepro")
    for number in range(FREE["file"]):
        sent = typed(definition("klassepro"), nonce=f"{number:043}")
        assert client.post("/klassepro/indienen/", sent).status_code == 201
    sent = typed(definition("klassepro"), nonce="z" * 43)
    slow = client.post("/klassepro/indienen/", sent)
    assert slow.status_code == 429
    assert slow["Retry-After"] == "1"
    assert "Antwoord op description <b>&" in text_of(slow)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/klassepro/indienen/", sent).status_code == 201, "another visitor waits for nobody"
    with scope(organisation.pk):
        assert Case.objects.count() == FREE["file"] + 1


@pytest.mark.django_db
def test_flood_at_one_organisation_asks_to_wait_loses_nothing_and_leaves_the_others_alone(
    client: Client, settings: Settings, media_folder: Path
):
    settings.ORGANISATION_LIMIT = 2
    organisation, _ = published(SLUG), published("klassepro")
    sent = typed(definition(SLUG), nonce="n" * 43)
    for number in range(2):
        flood = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert flood.post(f"/{SLUG}/indienen/", sent | {"nonce": f"{number}" * 43}).status_code == 201
    page = client.post(f"/{SLUG}/indienen/", sent | {"files": txt(), "description": "Het ging zo."})
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 60
    assert "Het is nu erg druk" in text_of(page)
    assert "Kies de bestanden die u net meestuurde daarna opnieuw." in text_of(page)
    again = hidden(page.content.decode())
    assert (again["nonce"], "Het ging zo." in page.content.decode()) == ([sent["nonce"]], True)
    replayed = client.post(f"/{SLUG}/indienen/", sent | {"nonce": "0" * 43})
    assert replayed.status_code == 200, "what was filed is shown, however busy it is"
    assert client.get(f"/{SLUG}/indienen/").status_code == 200
    other = typed(definition("klassepro"), nonce="m" * 43)
    assert client.post("/klassepro/indienen/", other).status_code == 201
    with scope(organisation.pk):
        assert Case.objects.count() == 2
        Attempt.objects.filter(what="form").update(forget_at=timezone.now())
    assert client.post(f"/{SLUG}/indienen/", sent).status_code == 201
