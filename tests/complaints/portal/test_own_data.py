"""A copy of one's own data: whole for who complains, and nothing of anybody else (KK-12)."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from complaints.actions import THE_COMPLAINANT, perform, send_message, tick_check
from complaints.models import Case, Event, Membership, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, member, published, staffed
from tests.complaints.intake.test_filing import txt
from tests.complaints.intake.test_public_pages import nonce_of, typed
from tests.complaints.portal.test_portal import decided, entered, words
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
ABOUT, COLLEAGUE = "Piet Planter", "Saskia Staf"
LEFT_OUT = "[weggelaten: gegevens van een ander]"


def filed_about(client: Client, slug: str) -> Case:
    """A complaint about somebody, filed on the web, with the complainant's page open."""
    fields = {each.name for each in definition(slug).intake.fields}
    about = {name: value for name, value in {"about": ABOUT, "about_someone": "yes"}.items() if name in fields}
    sent = typed(definition(slug), nonce=nonce_of(client, slug), **about)
    receipt = client.post(f"/{slug}/indienen/", sent).content.decode()
    reference = re.search(r'class="big-ref ref">([^<]+)<', receipt)
    assert reference
    entered(
        client,
        reference[1],
        " ".join(re.findall(r"<span>([0-9A-Z]{2,4})</span>", receipt.partition('class="code"')[2])),
        slug,
    )
    with scope(Organisation.objects.get(slug=slug).pk):
        return Case.objects.get()


def copies(client: Client, slug: str) -> tuple[dict[str, Any], str, str]:
    """What is told, the same as one text, and the words of the PDF on one line."""
    answer = client.post(f"/{slug}/volgen/gegevens/", {"form": "json"})
    pdf = client.post(f"/{slug}/volgen/gegevens/", {"form": "pdf"})
    assert (answer["Content-Type"], pdf["Content-Type"]) == ("application/json", "application/pdf")
    for each in (answer, pdf):
        assert each["Content-Disposition"].startswith("attachment; ")
        assert each["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in each["Cache-Control"]
    pages = PdfReader(BytesIO(pdf.content)).pages
    read = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert f"1 / {len(pages)}" in read
    return json.loads(answer.content), answer.content.decode(), read


@pytest.mark.rule("KK-12")
@pytest.mark.parametrize("slug", ["klikklaar", "klik-onderwijs", "klassepro", "klimkoord", "o21"])
def test_copy_is_whole_and_names_nobody_else(client: Client, slug: str, media_folder: Path):
    organisation = published(slug)
    people = staffed(organisation)
    writer = next(iter(people.values()))
    member(organisation, COLLEAGUE, *writer.roles)
    case = filed_about(client, slug)
    with scope(organisation.pk):
        words_of_staff = f"{ABOUT.upper()} en Saskia\n Staf bellen u. Groet, {writer.name}, {writer.user.email}"
        files = [txt(f"verslag {COLLEAGUE}.txt")]
        send_message(case, words_of_staff, actor=actor_of(writer, case), at=timezone.now(), files=files)
        send_message(
            case, f"Ik sprak {COLLEAGUE} al.", actor=THE_COMPLAINANT, at=timezone.now(), files=[txt("mijn.txt")]
        )
    told, raw, read = copies(client, slug)
    for whole in (raw, read):
        assert "Antwoord op description <b>&" in whole
        assert "j.verweij@wilgenroos.example" in whole
        assert f"Ik sprak {COLLEAGUE} al." in whole, "their own words stay whole"
        assert "bellen u. Groet," in whole
        others = whole.replace(f"Ik sprak {COLLEAGUE} al.", "")
        for name in (ABOUT, ABOUT.upper(), COLLEAGUE, writer.name, writer.user.email):
            assert name not in others, name
    assert told["reference"] == case.reference
    assert told["person"]["email"] == "j.verweij@wilgenroos.example"
    assert LEFT_OUT in [each["answer"] for each in told["complaint"]]
    assert told["messages"][0]["text"] == f"{LEFT_OUT} en {LEFT_OUT} bellen u. Groet, {LEFT_OUT}, {LEFT_OUT}"
    assert [(each["name"], len(each["sha256"])) for each in told["files"]] == [
        (f"verslag {LEFT_OUT}.txt", 64),
        ("mijn.txt", 64),
    ]
    assert all(each["by"] and each["counting"] for each in told["deadlines"])
    with scope(organisation.pk):
        taken = Event.objects.filter(occurrence="beside:own_data")
        assert [(each.by, each.facts["form"]["value"]) for each in taken] == [
            ("complainant", "json"),
            ("complainant", "pdf"),
        ]


@pytest.mark.rule("KK-12")
def test_letters_are_told_without_who_wrote_them(client: Client, smtp_server: MailServer, media_folder: Path):
    organisation = published("klik-onderwijs")
    people = staffed(organisation)
    filed_about(client, "klik-onderwijs")
    case = decided(organisation, people)
    assert "Medewerker handler onderzoekt uw klacht" in words(client.get("/klik-onderwijs/volgen/zaak/"))
    told, raw, read = copies(client, "klik-onderwijs")
    assert [each["subject"] for each in told["letters"]] == [
        "Wij hebben uw klacht ontvangen",
        f"{LEFT_OUT} onderzoekt uw klacht",
        "Ons besluit op uw klacht",
    ]
    assert told["handler"] == "klachtenfunctionaris"
    decision = told["letters"][-1]["text"]
    assert decision.startswith("Beste Antwoord op name <b>&,")
    assert len(decision) > 400
    assert "Ons besluit op uw klacht" in read
    for whole in (raw, read):
        assert not any(each.name in whole for each in people.values())
    with scope(organisation.pk):
        assert case.letters.filter(name="handover").exists(), "there is a letter to somebody else"
    assert "u onderzoekt deze klacht" not in raw


@pytest.mark.rule("KK-12")
def test_what_staff_answered_and_wrote_among_themselves_is_left_out(client: Client):
    """Of acts of the complainant that staff wrote down for them, the complainant's words are told."""
    organisation = published("klik-onderwijs")
    people = staffed(organisation)
    case = filed_about(client, "klik-onderwijs")
    now = timezone.now()
    with scope(organisation.pk):

        def do(act: str, by: Membership, **given: object) -> None:
            case.refresh_from_db()
            answers = act_answers(definition("klik-onderwijs"), case, act, people, at=now, **given)
            perform(case, act, answers=answers, actor=actor_of(by, case), at=now)

        do("acknowledge", people["csm"])
        do("assign", people["csm"])
        do("request_information", people["handler"])
        do("answer", people["handler"], answer="Zij belde en zei: het was dinsdag.")
        check = definition("klik-onderwijs").checks[0]
        tick_check(case, check.name, actor=actor_of(people["handler"], case), at=now, not_applicable="")
        Party.objects.filter(kind="respondent").update(membership=people["manager"])
    told, raw, _read = copies(client, "klik-onderwijs")
    assert [each["answers"][0]["answer"] for each in told["later"]] == ["Zij belde en zei: het was dinsdag."]
    assert check.title.nl not in raw


def test_nothing_is_handed_over_by_looking(client: Client):
    organisation = published("klikklaar")
    filed_about(client, "klikklaar")
    address = "/klikklaar/volgen/gegevens/"
    for method in ("get", "head"):
        seen = getattr(client, method)(address, {"form": "pdf"})
        assert (seen.status_code, seen["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert client.post(address, {"form": "exe"}).status_code == 422
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(address, {"form": "pdf"}).status_code == 403
    with scope(organisation.pk):
        assert not Event.objects.filter(occurrence="beside:own_data").exists()
    client.post(address, {"form": "json"})
    assert "U vroeg eerder een kopie op:" in words(client.get(address))
    page = words(client.get("/klikklaar/volgen/zaak/"))
    assert "U kreeg een kopie van uw eigen gegevens." in page
    assert "U vroeg een kopie van uw eigen gegevens." in page
