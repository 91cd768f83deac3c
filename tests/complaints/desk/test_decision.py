"""The decision: a verdict with reasons, and where a complaint has several points, a finding and a verdict on each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import explaining, perform, send_waiting, tick_check
from complaints.models import Answer, Case, Event, Letter, Membership
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures import engine
from procedures.definition import Point
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import actor_of, definition, filed_case
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A case that is ready for its decision."""
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    procedure = definition(organisation.slug)
    with scope(organisation.pk):
        csm, handler = people["csm"], people["handler"]
        perform(case, "acknowledge", answers={}, actor=actor_of(csm, case), at=now)
        perform(case, "assign", answers={"handler": str(handler.pk)}, actor=actor_of(csm, case), at=now)
        case.refresh_from_db()
        for check in engine.waits_for(procedure, state_of(case, procedure), procedure.act("decide")):
            tick_check(case, check.name, actor=actor_of(handler, case), at=now)
        case.refresh_from_db()
    return case


def typed(case: Case, *points: tuple[str, str, str], verdict: str = "partly_upheld") -> dict[str, object]:
    found: dict[str, object] = {
        "revision": case.revision,
        "verdict": verdict,
        "reasons": "Wij hebben met beide kanten gesproken.",
    }
    for number, (what, finding, verdict) in enumerate(points):
        found |= {
            f"points-{number}-what": what,
            f"points-{number}-finding": finding,
            f"points-{number}-verdict": verdict,
        }
    return found


TRAINING = ("De training ging niet door", "Er was geen vervanger geregeld.", "upheld")
TONE = ("De toon aan de telefoon", "Wij kunnen niet vaststellen wat er is gezegd.", "no_finding")


def test_each_point_has_its_finding_and_verdict_in_the_letter_and_on_the_page(
    case: Case,
    people: dict[str, Membership],
    signed_in: SignedIn,
    smtp_server: MailServer,
    media_folder: Path,
):
    desk = signed_in(people["handler"])
    address = f"/beheer/zaken/{case.reference}/handeling/decide/"
    assert 'name="points-3-verdict"' in desk.get(address).content.decode()
    done = desk.post(address, typed(case, TRAINING, TONE), follow=True)
    assert done.redirect_chain
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", done.content.decode()))
    assert "De training ging niet door: Gegrond. Er was geen vervanger geregeld." in page
    with scope(case.organisation_id):
        case = Case.objects.select_related("version").get(pk=case.pk)
        procedure = definition("klik-onderwijs")
        state = state_of(case, procedure)
        assert state.facts["points"] == (Point(*TRAINING), Point(*TONE))
        assert replayed(case).phase == state.phase == "decided"
        event = Event.objects.get(case=case, occurrence="decide")
        assert set(event.facts["points"]) == {"hmac"}, "what was found about people is not in the history"
        assert Answer.objects.get(case=case, name="points").is_personal
        while send_waiting(case.organisation_id, at=timezone.now()):
            pass
        assert Letter.objects.get(case=case, name="decision").state == Letter.State.SENT
    mail = next(each for each in smtp_server.messages if "Ons besluit op uw klacht" in str(each["Subject"]))
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "- De training ging niet door: Gegrond. Er was geen vervanger geregeld." in text
    assert "- De toon aan de telefoon: Geen oordeel. Wij kunnen niet vaststellen" in text


def test_half_a_point_is_refused_and_stays_as_it_was_typed(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    desk = signed_in(people["handler"])
    address = f"/beheer/zaken/{case.reference}/handeling/decide/"
    for half in (("De training", "", "upheld"), ("De training", "Klopt.", ""), ("De training", "Klopt.", "verzonnen")):
        page = desk.post(address, typed(case, TONE, half))
        assert page.status_code == 422
        said = page.content.decode()
        assert "Vul bij elk punt in: het punt, wat u vond en het oordeel." in said
        assert 'value="De training"' in said
        assert "Wij kunnen niet vaststellen wat er is gezegd." in said
        assert '<option value="no_finding" selected>' in said
    with scope(case.organisation_id):
        assert not Event.objects.filter(case=case, occurrence="decide").exists()


def test_complaint_of_one_point_needs_no_table(
    case: Case, people: dict[str, Membership], signed_in: SignedIn, media_folder: Path, smtp_server: MailServer
):
    desk = signed_in(people["handler"])
    done = desk.post(f"/beheer/zaken/{case.reference}/handeling/decide/", typed(case))
    assert done.status_code == 302
    with scope(case.organisation_id):
        while send_waiting(case.organisation_id, at=timezone.now()):
            pass
        assert Letter.objects.get(case=case, name="decision").state == Letter.State.SENT
    mail = next(each for each in smtp_server.messages if "Ons besluit op uw klacht" in str(each["Subject"]))
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    after = text.partition("Wij hebben met beide kanten gesproken.")[2]
    assert after.split()[0].lower() == "wat", "the next heading follows at once"


def test_verdict_that_is_not_what_the_points_say_is_mended_or_confirmed(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    desk = signed_in(people["handler"])
    address = f"/beheer/zaken/{case.reference}/handeling/decide/"
    no = ("De toon aan de telefoon", "Er is netjes gesproken.", "not_upheld")
    wrong = typed(case, TRAINING, verdict="not_upheld")
    refused = desk.post(address, wrong)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Dit oordeel past niet bij de punten. Het is “Ongegrond”, maar u vond 1 punt “Gegrond”." in page
    assert "Er was geen vervanger geregeld." in page
    sign = re.search(r'name="verdict_meant" value="([^"]+)"', page)
    assert sign
    elsewhere = {**typed(case, no, verdict="upheld"), "verdict_meant": sign[1]}
    again = desk.post(address, elsewhere)
    assert again.status_code == 422, "confirmed for other answers"
    assert "U hebt het oordeel veranderd." in again.content.decode()
    with scope(case.organisation_id):
        assert not Event.objects.filter(case=case, occurrence="decide").exists()
    assert desk.post(address, {**wrong, "verdict_meant": sign[1]}).status_code == 302
    with scope(case.organisation_id):
        event = Event.objects.get(case=case, occurrence=explaining.CONFIRMED)
        assert (event.facts, event.member) == ({"act": {"value": "decide"}}, people["handler"])
        case.refresh_from_db()
        assert replayed(case).phase == case.phase == "decided"
    assert "bevestigde een oordeel dat anders is" in desk.get(f"/beheer/zaken/{case.reference}/").content.decode()


def test_verdict_that_is_mended_asks_nothing_more(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    desk = signed_in(people["handler"])
    address = f"/beheer/zaken/{case.reference}/handeling/decide/"
    assert desk.post(address, typed(case, TRAINING, verdict="partly_upheld")).status_code == 422
    assert desk.post(address, typed(case, TRAINING, verdict="upheld")).status_code == 302
    with scope(case.organisation_id):
        assert not Event.objects.filter(case=case, occurrence=explaining.CONFIRMED).exists()
