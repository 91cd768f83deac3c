"""The pages about keeping and erasing: who sees them, what they show, and that two people are needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import watching
from complaints.actions.retaining import carry_out
from complaints.actions.sweeping import sweep
from complaints.actions.watching import waiting_for, watch
from complaints.models import Case, ErasureList, ListedCase, Membership, Party, RetentionHold, RetentionWatch
from complaints.retention import ledger
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, filed_case, member, published, staffed
from tests.complaints.retention.filled import closed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
PAGE = "/beheer/bewaartermijnen/"
HOLD = f"{PAGE}vasthouden/"
QUERIES = 34
MORNING = datetime(2027, 11, 23, 8, tzinfo=UTC)  # a Tuesday


@pytest.fixture(autouse=True)
def ledger_file(settings: object, tmp_path: Path, media_folder: Path) -> None:
    settings.ERASURE_LEDGER = tmp_path / "erasures.jsonl"  # type: ignore[attr-defined]
    watching._looked.clear()


def kept_case(organisation: Organisation, *, days: int, **given: object) -> Case:
    """A case of which the term ends so many days from now (days ago, where negative). Of one year."""
    now = timezone.now()
    case = closed(filed_case(organisation, at=now, **given), at=now)  # type: ignore[arg-type]
    with scope(organisation.pk):
        Case.objects.filter(pk=case.pk).update(closed_at=now - timedelta(days=365 - days))
        case.refresh_from_db()
    return case


def shown(answer: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("slug", SLUGS)
def test_only_who_administers_or_publishes_comes_in(slug: str, signed_in: SignedIn):
    organisation = published(slug)
    procedure = definition(slug)
    allowed = {procedure.publisher, *(role.name for role in procedure.roles if role.is_administrator)}
    outside = {role.name for role in procedure.roles if role.is_outside}
    for name, person in staffed(organisation).items():
        client = signed_in(person)
        assert client.get(PAGE).status_code == (200 if name in allowed else 403), name
        for address in (PAGE, HOLD, f"{PAGE}lijst/1/"):
            if name not in allowed:
                is_hidden = name in outside and address not in (PAGE, HOLD)  # from outside no list is known to be there
                assert client.get(address).status_code == (404 if is_hidden else 403), address
        assert client.post(f"{PAGE}lijst/").status_code == (302 if name in allowed else 403)


@pytest.mark.rule("KC-16")
@pytest.mark.parametrize("slug", SLUGS)
def test_chosen_term_is_called_so(slug: str, signed_in: SignedIn):
    people = staffed(published(slug))
    client = signed_in(people[definition(slug).publisher])
    is_choice = slug == "klimkoord"
    assert ("zelf gekozen" in shown(client.get(PAGE))) is is_choice
    for address in (f"/{slug}/versies/1/", f"/{slug}/privacy/"):
        assert ("onze eigen keuze" in shown(Client().get(address))) is is_choice, address


def test_overview_shows_what_is_due_what_comes_and_what_is_kept(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    due, soon = kept_case(organisation, days=-2), kept_case(organisation, days=60)
    late, held = kept_case(organisation, days=200), kept_case(organisation, days=-3)
    client = signed_in(people["csm"])
    answer = client.post(HOLD, {"reference": held.reference.lower(), "reason": "Er loopt een rechtszaak."})
    assert answer.status_code == 302
    page = client.get(PAGE).content.decode()
    sections = {
        name: page.partition(f'id="{name}"')[2].partition("</section>")[0] for name in ("h-nu", "h-komend", "h-vast")
    }
    found = {name: set(re.findall(r"KO-\d{4}-\d{4}(?=</span></th>)", part)) for name, part in sections.items()}
    assert found == {"h-nu": {due.reference}, "h-komend": {soon.reference}, "h-vast": {held.reference}}
    assert late.reference not in page
    assert "Er loopt een rechtszaak." in sections["h-vast"]
    with scope(organisation.pk):
        hold = RetentionHold.objects.get()
    refused = client.post(f"{HOLD}{hold.pk}/", {"reason": ""})
    assert refused.status_code == 422
    assert client.post(f"{HOLD}{hold.pk}/", {"reason": "De zaak is voorbij."}).status_code == 302
    assert client.get(f"{HOLD}{hold.pk}/").status_code == 404


def test_hold_needs_a_case_and_a_reason_and_says_nothing_of_others(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    about = member(organisation, "Piet Bakker", "csm")
    case = kept_case(organisation, days=-2, about="Piet Bakker")
    client = signed_in(about)
    told = client.post(HOLD, {"reference": case.reference, "reason": "Bewaar dit."})
    unknown = client.post(HOLD, {"reference": "KO-2026-9999", "reason": "Bewaar dit."})
    assert (told.status_code, unknown.status_code) == (422, 422)
    assert shown(told).replace(case.reference, "") == shown(unknown).replace("KO-2026-9999", "")
    assert "Bewaar dit." in told.content.decode(), "what was typed stays"
    assert case.reference not in client.get(PAGE).content.decode()


def test_list_is_made_by_one_and_approved_by_another_after_the_step_up(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case, other = kept_case(organisation, days=-2), kept_case(organisation, days=-1)
    maker, second = signed_in(people["csm"]), signed_in(people["general_director"])
    made = maker.post(f"{PAGE}lijst/", follow=True)
    assert people["general_director"].name in shown(made)
    with scope(organisation.pk):
        erasure = ErasureList.objects.get()
        keys = {each.case_id: each.pk for each in erasure.cases.all()}
    page = f"{PAGE}lijst/{erasure.pk}/"
    assert maker.post(f"{page}goedkeuren/", {"seen": list(keys.values())}).status_code == 409
    unsure = Client()
    unsure.force_login(people["general_director"].user)
    asked = unsure.post(f"{page}goedkeuren/", {"seen": list(keys.values())})
    assert (asked.status_code, "Uw wachtwoord" in shown(asked)) == (403, True)
    assert second.post(f"{page}eruit/", {"case": "", "reason": "Nog nodig."}).status_code == 422
    assert second.post(f"{page}eruit/", {"case": keys[other.pk], "reason": "Nog nodig."}).status_code == 302
    assert second.post(f"{page}goedkeuren/", {"seen": list(keys.values())}).status_code == 409, "it changed"
    assert second.post(f"{page}goedkeuren/", {"seen": [keys[case.pk]]}).status_code == 302
    assert second.get(f"{page}bewijs/").status_code == 404
    assert carry_out(organisation.pk, at=timezone.now()) == 1
    answer = second.get(f"{page}bewijs/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert case.reference in shown(second.get(page))
    with scope(organisation.pk):
        assert [each.name for each in Party.objects.filter(case=other)] == ["Jolanda Verweij"]
        assert ListedCase.objects.get(case=other).reason == "Nog nodig."
    assert other.reference in shown(maker.get(PAGE))
    for address in ("zaken/?pile=closed", "register/", f"zaken/?pile=closed&q={case.reference}"):
        assert f'href="/beheer/zaken/{case.reference}/"' not in maker.get(f"/beheer/{address}").content.decode()
    assert f'href="/beheer/zaken/{other.reference}/"' in maker.get("/beheer/zaken/?pile=closed").content.decode()
    assert maker.get(f"/beheer/zaken/{case.reference}/").status_code == 404


def test_list_can_be_withdrawn_until_it_is_approved(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    kept_case(organisation, days=-2)
    maker = signed_in(people["csm"])
    maker.post(f"{PAGE}lijst/")
    with scope(organisation.pk):
        erasure = ErasureList.objects.get()
    assert maker.post(f"{PAGE}lijst/{erasure.pk}/intrekken/").status_code == 302
    assert maker.post(f"{PAGE}lijst/{erasure.pk}/intrekken/").status_code == 409
    assert maker.post(f"{PAGE}lijst/").status_code == 302
    with scope(organisation.pk):
        assert ErasureList.objects.count() == 2


def test_list_of_another_organisation_is_no_list(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    theirs = published("klassepro")
    strangers = staffed(theirs)
    kept_case(organisation, days=-2)
    signed_in(people["csm"]).post(f"{PAGE}lijst/")
    with scope(organisation.pk):
        erasure = ErasureList.objects.get()
    client = signed_in(strangers["director"])
    for part in ("", "bewijs/"):
        assert client.get(f"{PAGE}lijst/{erasure.pk}/{part}").status_code == 404
    for part in ("eruit/", "goedkeuren/", "intrekken/"):
        assert client.post(f"{PAGE}lijst/{erasure.pk}/{part}").status_code == 404
    assert not re.search(r"KO-\d{4}", client.get(PAGE).content.decode())


@pytest.mark.parametrize("count", [1, 30])
def test_overview_takes_as_many_queries_for_many_cases(
    count: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    case = kept_case(organisation, days=-2)
    with scope(organisation.pk):
        for number in range(count - 1):
            case.pk, case.reference, case.nonce = None, f"KO-2020-{number:04d}", None
            case._state.adding = True
            case.save()
    client = signed_in(people["csm"])
    client.get(PAGE)
    with django_assert_num_queries(QUERIES):
        page = client.get(PAGE).content.decode()
    assert len(re.findall(r'<tr>\s*<th scope="row">', page)) == count


# --- Mails ------------------------------------------------------------------------------------------------------------


def test_who_administers_is_told_once_a_working_day_and_the_publisher_after_a_week(
    organisation: Organisation, people: dict[str, Membership]
):
    case = closed(filed_case(organisation, at=MORNING - timedelta(days=400)), at=MORNING - timedelta(days=380))
    mail.outbox.clear()
    assert watch(organisation.pk, at=MORNING - timedelta(hours=4)) == 0, "before seven"
    assert watch(organisation.pk, at=MORNING) == 1
    watching._looked.clear()  # another process
    assert watch(organisation.pk, at=MORNING + timedelta(hours=1)) == 0
    (told,) = mail.outbox
    assert told.to == [people["csm"].user.email]
    assert "Van 1 zaak is de bewaartermijn voorbij" in told.body
    assert case.reference not in f"{told.subject} {told.body}"
    assert watch(organisation.pk, at=MORNING + timedelta(days=4)) == 0, "a Saturday"
    assert watch(organisation.pk, at=MORNING + timedelta(days=7)) == 2
    assert {each.to[0] for each in mail.outbox[1:]} == {
        people["csm"].user.email,
        people["general_director"].user.email,
    }
    with scope(organisation.pk):
        assert RetentionWatch.objects.get().waits_since == MORNING.date()
        Case.objects.update(closed_at=None)
    assert watch(organisation.pk, at=MORNING + timedelta(days=8)) == 0
    with scope(organisation.pk):
        assert RetentionWatch.objects.get().waits_since is None


def test_who_is_in_a_case_is_told_nothing_of_it(organisation: Organisation, people: dict[str, Membership]):
    about = member(organisation, "Piet Bakker", "csm")
    long_ago = MORNING - timedelta(days=400)
    closed(filed_case(organisation, at=long_ago, about="Piet Bakker"), at=long_ago + timedelta(days=3))
    with scope(organisation.pk):
        assert not waiting_for(about, at=MORNING).is_any
        assert waiting_for(people["csm"], at=MORNING).due == 1


def test_sweep_sends_nothing_while_erased_cases_are_back(organisation: Organisation, people: dict[str, Membership]):
    case = filed_case(organisation, at=MORNING)
    with scope(organisation.pk):
        ledger.add(organisation.slug, [case], at=MORNING)
    assert sweep(at=MORNING) == 0
    with scope(organisation.pk):
        assert case.letters.filter(sent_at=None, try_at__lte=MORNING).exists(), "not sent"
        Case.objects.filter(pk=case.pk).update(erased_at=MORNING)
    assert sweep(at=MORNING) > 0
