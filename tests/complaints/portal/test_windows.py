"""What can be done until a day, or after it: said on the page, and nothing that was typed gets lost on the way."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, Opened, open_case, perform, send_waiting, tick_check
from complaints.models import Case, Membership, Message
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, intake_answers, published, staffed
from tests.complaints.portal.test_portal import entered, words
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SLUG = "klik-onderwijs"
CASE = f"/{SLUG}/volgen/zaak/"


@pytest.fixture
def organisation() -> Organisation:
    return published(SLUG)


def opened(organisation: Organisation, at: datetime) -> Opened:
    with scope(organisation.pk):
        return open_case(
            answers=intake_answers(definition(organisation.slug), at=at, email="j.verweij@wilgenroos.example"),
            actor=THE_COMPLAINANT,
            received_at=at,
            recorded_at=at,
        )


def decide(case: Case, people: dict[str, Membership], at: datetime) -> None:
    """Decides at this instant, and sends the letter."""
    procedure = definition(SLUG)
    with scope(case.organisation_id):
        for act, by in (("acknowledge", "csm"), ("assign", "csm"), ("decide", "handler")):
            if act == "decide":
                for check in procedure.checks:
                    tick_check(case, check.name, actor=actor_of(people["handler"], case), at=at)
            case.refresh_from_db()
            answers = act_answers(procedure, case, act, people, at=at)
            perform(case, act, answers=answers, actor=actor_of(people[by], case), at=at)
    while send_waiting(case.organisation_id, at=at + timedelta(seconds=1)):
        pass


@pytest.mark.rule("KO-15")
def test_who_is_late_is_told_and_comes_before_a_person(
    client: Client, organisation: Organisation, smtp_server: MailServer, media_folder: object
):
    filed = opened(organisation, timezone.now() - timedelta(days=40))
    decide(filed.case, staffed(organisation), timezone.now() - timedelta(days=39))
    entered(client, filed.case.reference, filed.access_code)
    page = words(client.get(CASE))
    assert "Ik maak bezwaar" not in page
    assert "Ik wil alsnog bezwaar maken" in page, "also before the sweeper has come by"
    refused = client.post(f"/{SLUG}/volgen/handeling/object/", {"objection": "Mijn lange verhaal", "revision": "3"})
    assert refused.status_code == 409
    assert "Uw klacht is intussen verder gegaan." in words(refused)
    carried = re.search(r'<form method="post" action="([^"]+/object_late/)".*?</form>', str(refused.content.decode()))
    assert carried
    assert 'name="objection" value="Mijn lange verhaal"' in carried[0]
    sent = dict(re.findall(r'name="(objection|revision)" value="([^"]*)"', carried[0]))
    asked = client.post(carried[1], sent)
    assert asked.status_code == 422
    assert "De laatste dag hiervoor was" in words(asked)
    assert "Een mens beslist dan of het nog kan." in words(asked)
    assert "Mijn lange verhaal" in words(asked)
    done = client.post(carried[1], sent | {"late_reason": "Ik lag in het ziekenhuis"}, follow=True)
    assert "De algemeen directeur kijkt of het toch kan." in words(done)
    assert re.search(r"om \d+\.\d\d uur", words(done)), "with the time"
    with scope(organisation.pk):
        assert Case.objects.get().phase == "late_objection"


def test_window_that_is_open_hides_what_is_for_latecomers(
    client: Client, organisation: Organisation, smtp_server: MailServer, media_folder: object
):
    filed = opened(organisation, timezone.now() - timedelta(minutes=2))
    decide(filed.case, staffed(organisation), timezone.now() - timedelta(minutes=1))
    entered(client, filed.case.reference, filed.access_code)
    page = words(client.get(CASE))
    assert "Ik maak bezwaar" in page
    assert "Ik wil alsnog bezwaar maken" not in page
    early = client.get(f"/{SLUG}/volgen/handeling/object_late/")
    assert early.status_code == 409
    assert "Dit kan pas na" in words(early)
    client.post(f"/{SLUG}/volgen/handeling/accept/", {})
    closed = words(client.get(CASE))
    assert "Ik wil alsnog bezwaar maken Dit kan pas na" in closed
    assert "Wilt u het toch nu vertellen? Stuur ons een bericht." in closed
    assert "Medewerker handler behandelde uw klacht." in closed


def test_words_for_an_act_that_is_gone_go_to_a_person(client: Client, organisation: Organisation):
    filed = opened(organisation, timezone.now() - timedelta(minutes=2))
    with scope(organisation.pk):
        perform(filed.case, "withdraw", answers={"withdraw_reason": "x"}, actor=THE_COMPLAINANT, at=timezone.now())
    entered(client, filed.case.reference, filed.access_code)
    assert client.get(f"/{SLUG}/volgen/handeling/object/").status_code == 404
    gone = client.post(f"/{SLUG}/volgen/handeling/object/", {"objection": "Mijn <i>lange</i> verhaal"})
    assert gone.status_code == 409
    carried = re.search(r'<input type="hidden" name="text" value="([^"]*)">', gone.content.decode())
    assert carried
    client.post(f"/{SLUG}/volgen/bericht/", {"text": "Ik maak bezwaar\n\nMijn <i>lange</i> verhaal"})
    assert carried[1] == "Ik maak bezwaar\n\nMijn &lt;i&gt;lange&lt;/i&gt; verhaal"
    with scope(organisation.pk):
        assert "lange" in Message.objects.get().text


@pytest.mark.parametrize("slug", ["klassepro", "klikklaar"])
def test_acts_of_staff_that_wait_for_a_day_are_not_told(client: Client, slug: str):
    organisation = published(slug)
    filed = opened(organisation, timezone.now() - timedelta(minutes=2))
    entered(client, filed.case.reference, filed.access_code, slug)
    title = definition(slug).act("report_lateness").title.nl
    assert title not in words(client.get(f"/{slug}/volgen/zaak/"))
    for method in ("get", "post"):
        assert getattr(client, method)(f"/{slug}/volgen/handeling/report_lateness/").status_code == 404


def test_term_that_we_missed_is_shown_with_its_day(
    client: Client, organisation: Organisation, smtp_server: MailServer, media_folder: object
):
    staffed(organisation)
    filed = opened(organisation, timezone.now() - timedelta(days=60))
    entered(client, filed.case.reference, filed.access_code)
    page = words(client.get(CASE))
    assert page.count("Dat was niet op tijd. Dat spijt ons. Wij moeten het nog doen.") == 2
    assert re.search(r"\d+ werkdagen te laat", page)


def test_form_is_asked_for_by_head_too(client: Client, organisation: Organisation):
    filed = opened(organisation, timezone.now() - timedelta(minutes=2))
    entered(client, filed.case.reference, filed.access_code)
    for path in ("zaak", "bericht", "adres", "gegevens", "handeling/withdraw"):
        assert client.head(f"/{SLUG}/volgen/{path}/").status_code == 200, path
