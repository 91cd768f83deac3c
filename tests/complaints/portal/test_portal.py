"""The complainant's page: who gets in, what it shows, what may be done."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import perform, send_waiting, tick_check
from complaints.models import Case, Letter, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, published, staffed
from tests.complaints.intake.test_public_pages import nonce_of, typed
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


def words(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def filed(client: Client, slug: str = SLUG) -> tuple[str, str]:
    """Files a complaint on the web; its number and code, as read from the receipt."""
    page = client.post(f"/{slug}/indienen/", typed(definition(slug), nonce=nonce_of(client, slug))).content.decode()
    reference = re.search(r'class="big-ref ref">([^<]+)<', page)
    code = re.findall(r"<span>([0-9A-Z]{2,4})</span>", page.partition('class="code"')[2])
    assert reference
    return reference[1], " ".join(code)


def entered(client: Client, reference: str, code: str, slug: str = SLUG):
    return client.post(f"/{slug}/volgen/", {"reference": reference, "code": code})


def decided(organisation: Organisation, people: dict[str, Membership]) -> Case:
    with scope(organisation.pk):
        case = Case.objects.get()
        at = timezone.now()
        procedure = definition(SLUG)

        def do(act: str, by: str) -> None:
            case.refresh_from_db()
            perform(
                case,
                act,
                answers=act_answers(procedure, case, act, people, at=at),
                actor=actor_of(people[by], case),
                at=at,
            )

        do("acknowledge", "csm")
        do("assign", "csm")
        for check in procedure.checks:
            tick_check(case, check.name, actor=actor_of(people["handler"], case), at=at)
        do("decide", "handler")
    while send_waiting(organisation.pk, at=timezone.now() + timedelta(seconds=1)):
        pass
    return case


def test_number_and_code_open_the_page(client: Client, organisation: Organisation):
    reference, code = filed(client)
    assert entered(client, reference.lower(), code.lower().replace(" ", "-")).status_code == 302
    page = client.get(f"/{SLUG}/volgen/zaak/")
    assert reference in words(page)
    assert "Wij hebben uw klacht." in words(page)
    assert "Trek de klacht in" in words(page)
    assert "no-store" in page["Cache-Control"]


def test_wrong_number_and_wrong_code_get_the_same_answer(client: Client, organisation: Organisation):
    reference, code = filed(client)
    wrong_code = entered(client, reference, code[::-1])
    wrong_number = entered(client, "KO-2026-9999", code)
    assert wrong_code.status_code == wrong_number.status_code == 422
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", wrong_code.content.decode()) == strip.sub("", wrong_number.content.decode())
    assert client.get(f"/{SLUG}/volgen/zaak/").status_code == 302


def test_code_of_one_organisation_opens_nothing_at_another(client: Client, organisation: Organisation):
    published("klassepro")
    reference, code = filed(client)
    assert entered(client, reference, code, slug="klassepro").status_code == 422
    entered(client, reference, code)
    assert client.get("/klassepro/volgen/zaak/")["Location"] == "/klassepro/volgen/"


def test_page_is_closed_by_leaving(client: Client, organisation: Organisation):
    entered(client, *filed(client))
    client.post(f"/{SLUG}/volgen/afsluiten/")
    assert client.get(f"/{SLUG}/volgen/zaak/").status_code == 302


@pytest.mark.rule("KO-15")
def test_objection_is_made_on_the_page_within_its_window(
    client: Client,
    organisation: Organisation,
    people: dict[str, Membership],
    smtp_server: MailServer,
    media_folder: Path,
):
    entered(client, *filed(client))
    assert client.get(f"/{SLUG}/volgen/handeling/object/").status_code == 404
    case = decided(organisation, people)
    page = client.get(f"/{SLUG}/volgen/zaak/")
    assert "Ik maak bezwaar" in words(page)
    assert "Tot en met deze dag kunt u bezwaar maken." in words(page)
    form = client.get(f"/{SLUG}/volgen/handeling/object/")
    revision = re.search(r'name="revision" value="(\d+)"', form.content.decode())
    assert revision
    empty = client.post(f"/{SLUG}/volgen/handeling/object/", {"revision": revision[1]})
    assert empty.status_code == 422
    stale = client.post(f"/{SLUG}/volgen/handeling/object/", {"revision": "1", "objection": "Mijn lange verhaal"})
    assert stale.status_code == 409
    assert "intussen veranderd" in words(stale)
    assert "Mijn lange verhaal" in words(stale)
    done = client.post(
        f"/{SLUG}/volgen/handeling/object/", {"revision": revision[1], "objection": "Mijn verhaal"}, follow=True
    )
    assert "Wij hebben uw bezwaar ontvangen." in words(done)
    with scope(organisation.pk):
        case.refresh_from_db()
        assert case.phase == "objection"


def test_letters_are_read_by_their_complainant_only(
    client: Client,
    organisation: Organisation,
    people: dict[str, Membership],
    smtp_server: MailServer,
    media_folder: Path,
):
    reference, code = filed(client)
    case = decided(organisation, people)
    with scope(organisation.pk):
        own = Letter.objects.get(case=case, name="decision").pk
        internal = Letter.objects.get(case=case, name="handover").pk
    path = f"/{SLUG}/volgen/brief/{own}/"
    assert client.get(path).status_code == 302  # a stranger is asked for number and code
    entered(client, reference, code)
    pdf = client.get(path)
    assert pdf.getvalue().startswith(b"%PDF")
    assert pdf["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/{SLUG}/volgen/brief/{internal}/").status_code == 404
    other = Client()
    entered(other, *filed(other))
    assert other.get(path).status_code == 404


def test_acts_of_staff_are_not_there_for_the_complainant(client: Client, organisation: Organisation):
    entered(client, *filed(client))
    for act in ("assign", "decide", "lapse", "file", "bestaat_niet"):
        assert client.post(f"/{SLUG}/volgen/handeling/{act}/", {"revision": 1}).status_code == 404
