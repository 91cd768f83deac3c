"""What a person at the desk does for letters: look and let go, post, try again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import fingerprint
from complaints.models import Case, Letter, Membership
from procedures.definition import Channel
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, filed_case, member, published

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now)


def letter_in(case: Case, state: Letter.State, **columns: object) -> Letter:
    """A letter of the case that stands like this."""
    with scope(case.organisation_id):
        letter = Letter.objects.filter(case=case).order_by("pk").first()
        assert letter is not None
        Letter.objects.filter(pk=letter.pk).update(state=state, **columns)
        return Letter.objects.get(pk=letter.pk)


def fresh(letter: Letter) -> Letter:
    with scope(letter.organisation_id):
        return Letter.objects.get(pk=letter.pk)


def address(case: Case, letter: Letter, verb: str) -> str:
    return f"/beheer/zaken/{case.reference}/brief/{letter.pk}/{verb}/"


def test_held_letter_is_read_and_let_go(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    letter = letter_in(case, Letter.State.HELD, try_at=None)
    client = signed_in(people["csm"])
    page = client.get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert "Verstuur deze brief" in page
    assert "Lees de tekst" in page
    assert "intussen al iets anders" in client.post(address(case, letter, "vrijgeven"), follow=True).content.decode()
    assert fresh(letter).state == Letter.State.HELD  # who looked at other words, looks again
    seen = {"seen": fingerprint(letter)}
    assert client.post(address(case, letter, "vrijgeven"), seen).status_code == 302
    assert fresh(letter).state == Letter.State.WAITING
    again = client.post(address(case, letter, "vrijgeven"), seen, follow=True)
    assert "intussen al iets anders gedaan" in again.content.decode()


def test_letter_is_let_go_only_by_the_role_that_looks(signed_in: SignedIn):
    organisation = published("o21")
    rule = next(each for each in definition("o21").letters if each.release_by)
    others = [role.name for role in definition("o21").roles if role.name != rule.release_by and not role.is_outside]
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    letter = letter_in(case, Letter.State.HELD, name=rule.name, try_at=None)
    other = signed_in(member(organisation, "Tom Rietveld", *others))
    assert "Verstuur deze brief" not in other.get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert other.post(address(case, letter, "vrijgeven")).status_code == 403
    assert fresh(letter).state == Letter.State.HELD
    looker = signed_in(member(organisation, "Nadia Brouwer", rule.release_by))
    assert looker.post(address(case, letter, "vrijgeven"), {"seen": fingerprint(letter)}).status_code == 302
    assert fresh(letter).state == Letter.State.WAITING


def test_posted_letter_counts_from_the_day_it_was_posted(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    letter = letter_in(case, Letter.State.TO_POST, channel=Channel.POST.value, try_at=None)
    client = signed_in(people["csm"])
    tomorrow = timezone.localdate() + timedelta(days=1)
    for wrong, said in (
        ("", "Vul in op welke dag"),
        ("31-11-2026", "31 november bestaat niet"),
        (f"{tomorrow.day}-{tomorrow.month}-{tomorrow.year}", "Deze dag moet nog komen"),
        ("1-1-2020", "is pas op"),
    ):
        answer = client.post(address(case, letter, "gepost"), {"posted_on": wrong}, follow=True)
        assert said in answer.content.decode(), wrong
        assert fresh(letter).state == Letter.State.TO_POST
    today = timezone.localdate()
    client.post(address(case, letter, "gepost"), {"posted_on": f"{today.day}-{today.month}-{today.year}"})
    now = fresh(letter)
    assert now.state == Letter.State.SENT
    assert now.sent_at is not None
    assert timezone.localtime(now.sent_at).date() == today


def test_failed_letter_goes_to_another_address_or_on_paper(
    case: Case, people: dict[str, Membership], signed_in: SignedIn
):
    letter = letter_in(case, Letter.State.FAILED, error="smtp_550", try_at=None)
    client = signed_in(people["csm"])
    assert "De mailserver weigert dit adres (550)" in client.get(f"/beheer/zaken/{case.reference}/").content.decode()
    refused = client.post(address(case, letter, "opnieuw"), {"email": "geen adres"}, follow=True)
    assert "Dit is geen e-mailadres" in refused.content.decode()
    client.post(address(case, letter, "opnieuw"), {"email": "nieuw@wilgenroos.example"})
    now = fresh(letter)
    assert (now.state, now.to_email, now.error) == (Letter.State.WAITING, "nieuw@wilgenroos.example", "")
    letter_in(case, Letter.State.FAILED, error="incomplete:fact.verdict,fact.reasons")
    page = client.get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert "ontbreekt: “Wat is het oordeel?” en “Waarom?”." in page
    client.post(address(case, letter, "opnieuw"), {"paper": "1"})
    assert (fresh(letter).state, fresh(letter).channel) == (Letter.State.WAITING, Channel.POST.value)
