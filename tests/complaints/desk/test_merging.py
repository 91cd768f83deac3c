"""Merging at the desk: both cases side by side, who may, what the pages and the worklist show then, and undoing it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import THE_COMPLAINANT, send_message
from complaints.models import Assignment, Case, Document, Event, Membership, Party, Reading
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.test_pages import WORKLIST_QUERIES
from tests.complaints.factories import SLUGS, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]
EMAIL, ELSEWHERE = "j.verweij@wilgenroos.example", "kees@elders.example"
CASES = "/beheer/zaken/"


def words(response: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())  # type: ignore[attr-defined]


def filed(
    organisation: Organisation,
    *,
    days: int,
    email: str = EMAIL,
    name: str = "Jolanda Verweij",
    subject: str = "Geen les",
) -> Case:
    at = timezone.now() - timedelta(days=days)
    return filed_case(organisation, at=at, recorded_at=at, email=email, name=name, subject=subject)


@pytest.fixture
def pair(organisation: Organisation, people: dict[str, Membership]) -> tuple[Case, Case]:
    """The younger case and the older one, of one complainant."""
    main = filed(organisation, days=1, subject="Training ging niet door")
    return filed(organisation, days=0, subject="Weer geen training"), main


def address(case: Case, what: str = "samenvoegen/") -> str:
    return f"{CASES}{case.reference}/{what}"


def hidden(page: str) -> dict[str, str]:
    """What the form sends along by itself."""
    form = page.partition('<form class="box" method="post"')[2]
    return dict(re.findall(r'<input type="hidden" name="(other|revision|main_revision)" value="([^"]*)"', form))


def asked(client: Client, case: Case, other: Case) -> dict[str, str]:
    page = client.get(address(case), {"other": other.reference.lower()})
    assert page.status_code == 200
    return hidden(page.content.decode())


def merged(client: Client, case: Case, other: Case, reason: str = "") -> None:
    done = client.post(address(case), {**asked(client, case, other), "reason": reason})
    assert done.status_code == 302, words(done)


def into(case: Case) -> int | None:
    with scope(case.organisation_id):
        return Case.objects.values_list("merged_into", flat=True).get(pk=case.pk)


# --- Before -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begins_with", [0, 1])
def test_both_cases_stand_side_by_side_with_what_will_happen(
    begins_with: int, pair: tuple[Case, Case], people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    desk = signed_in(people["csm"])
    page = words(desk.get(address(pair[begins_with]), {"other": pair[1 - begins_with].reference}))
    assert f"Deze zaak eindigt {younger.reference} Deze zaak gaat door {main.reference}" in page
    assert "Onderwerp Weer geen training Training ging niet door" in page
    assert page.count(EMAIL) == 2
    assert f"{younger.reference} eindigt nu, als samengevoegd met {main.reference}." in page
    assert f"Deze termijnen van {younger.reference} vervallen: " in page
    assert "De indiener krijgt een brief: wij kregen de klacht" in page
    assert "U kunt dit zelf terugdraaien, met een reden" in page
    assert "De indiener is in beide zaken dezelfde." in page
    assert 'name="reason"' not in page
    merged(desk, pair[begins_with], pair[1 - begins_with])
    assert into(younger) == main.pk


def test_way_to_it_stands_on_the_case_page_and_offers_what_looks_alike(
    pair: tuple[Case, Case], people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    desk = signed_in(people["csm"])
    assert f'href="{address(younger)}"' in desk.get(address(younger, "")).content.decode()
    page = desk.get(address(younger))
    assert f'href="{address(younger)}?other={main.reference}"' in page.content.decode()
    assert "dezelfde indiener" in words(page)


@pytest.mark.parametrize(
    ("other", "said"), [("KO-1999-0001", "Wij vinden geen zaak"), (None, "Dat is deze zaak zelf"), ("\x00", "Nummer")]
)
def test_number_that_leads_nowhere_is_told(
    other: str | None, said: str, pair: tuple[Case, Case], people: dict[str, Membership], signed_in: SignedIn
):
    page = signed_in(people["csm"]).get(address(pair[0]), {"other": other or pair[0].reference})
    assert said in words(page)
    assert page.status_code == (200 if other == "\x00" else 422)


def test_other_complainant_needs_a_reason_and_what_was_typed_stays(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    main = filed(organisation, days=1)
    younger = filed(organisation, days=0, email=ELSEWHERE, name="Kees Bos")
    desk = signed_in(people["csm"])
    sent = asked(desk, younger, main)
    empty = desk.post(address(younger), {**sent, "reason": " "})
    assert empty.status_code == 422
    assert "Vul dit in. Eén zin is genoeg." in words(empty)
    stale = desk.post(address(younger), {**sent, "revision": "0", "reason": "Ouders van een kind."})
    assert stale.status_code == 409
    assert "Er is niets samengevoegd." in words(stale)
    assert "Ouders van een kind." in words(stale)
    assert into(younger) is None
    again = {**hidden(stale.content.decode()), "reason": "Ouders van een kind."}
    assert desk.post(address(younger), again).status_code == 302
    page = words(desk.get(address(main, "")))
    assert "Een andere indiener. Die krijgt de brieven van deze zaak niet." in page
    assert "Waarom: Ouders van een kind." in page


def test_what_stands_in_the_way_is_told_and_nothing_can_be_sent(
    pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    desk = signed_in(people["csm"])
    sent = asked(desk, younger, main)
    merged(desk, younger, main)
    page = desk.get(address(younger), {"other": main.reference})
    assert f"{younger.reference} is al samengevoegd met een andere zaak." in words(page)
    assert "Ja, voeg deze zaken samen" not in words(page)
    again = desk.post(address(younger), {**sent, "reason": "Mijn woorden"})
    assert again.status_code == 409
    assert "Mijn woorden" in words(again)


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", SLUGS)
def test_who_sorts_out_or_handles_may_merge_and_others_may_not(slug: str, signed_in: SignedIn):
    organisation, procedure = published(slug), definition(slug)
    people = staffed(organisation)
    main, younger = filed(organisation, days=1), filed(organisation, days=0)
    allowed = {role.name for role in procedure.roles if role.is_handler or role.is_administrator}
    for name, person in people.items():
        with scope(organisation.pk):
            for case in (main, younger):
                Assignment.objects.create(case=case, membership=person, role=name)
        page = signed_in(person).get(address(younger), {"other": main.reference})
        assert page.status_code == 200 if name in allowed else page.status_code in (200, 403, 404), name
        if procedure.role(name).is_outside:
            assert page.status_code == 404, name
            sent = {"other": main.reference, "revision": younger.revision, "main_revision": main.revision}
            assert signed_in(person).post(address(younger), sent).status_code == 404
            assert address(younger) not in signed_in(person).get(address(younger, "")).content.decode()
    assert into(younger) is None


def test_manager_without_a_part_in_the_cases_may_not(
    pair: tuple[Case, Case], people: dict[str, Membership], signed_in: SignedIn
):
    page = signed_in(people["manager"]).get(address(pair[0]), {"other": pair[1].reference})
    assert page.status_code == 403
    assert "Dat hoort niet bij uw rol." in words(page)


@pytest.mark.parametrize("about", [0, 1])
def test_respondent_of_either_case_and_another_organisation_merge_nothing(
    about: int, pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    piet = member(organisation, "Piet Bakker", "csm")
    with scope(organisation.pk):
        Party.objects.create(case=pair[about], kind=Party.Kind.RESPONDENT, name="Piet Bakker", membership=piet)
    seen = pair[1 - about]
    sent = {"revision": pair[0].revision, "main_revision": pair[1].revision, "reason": "Hetzelfde."}
    tried = signed_in(piet).post(address(seen), {**sent, "other": pair[about].reference})
    unknown = signed_in(piet).post(address(seen), {**sent, "other": "KO-1999-0001"})
    assert tried.status_code == unknown.status_code == 422
    assert pair[about].subject not in words(tried)
    assert words(tried).replace(pair[about].reference, "N") == words(unknown).replace("KO-1999-0001", "N")
    assert signed_in(piet).get(address(pair[about])).status_code == 404
    stranger = member(published("o21"), "Tom Rietveld", *[role.name for role in definition("o21").roles])
    for each in pair:
        assert signed_in(stranger).post(address(each), {**sent, "other": seen.reference}).status_code == 404
        assert signed_in(stranger).post(address(each, "losmaken/"), {"reason": "x"}).status_code == 404
    assert into(pair[0]) is None


def test_respondent_of_one_finds_neither_once_they_are_merged(
    pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    piet = member(organisation, "Piet Bakker", "csm")
    with scope(organisation.pk):
        Party.objects.create(case=younger, kind=Party.Kind.RESPONDENT, name="Piet Bakker", membership=piet)
    client = signed_in(piet)
    assert main.reference in words(client.get(CASES))
    merged(signed_in(people["csm"]), younger, main)
    for case in pair:
        assert client.get(address(case, "")).status_code == 404
        assert f"/zaken/{case.reference}/" not in client.get(CASES, {"q": case.reference}).content.decode()
    assert "0 alle open zaken" in words(client.get(CASES))


# --- Afterwards -------------------------------------------------------------------------------------------------------


def test_merged_case_says_where_it_went_and_the_main_one_shows_what_is_in_it(
    pair: tuple[Case, Case],
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    media_folder: Path,
):
    younger, main = pair
    with scope(organisation.pk):
        send_message(
            younger,
            "Ik heb nog een offerte.",
            actor=THE_COMPLAINANT,
            at=timezone.now(),
            files=[SimpleUploadedFile("offerte.pdf", files.pdf())],
        )
        document = Document.objects.get(case=younger)
    desk = signed_in(people["csm"])
    merged(desk, younger, main)
    page = desk.get(address(younger, ""))
    assert f"Samengevoegd met {main.reference}" in words(page)
    assert "Wat er te doen is, doet u in de andere zaak." in words(page)
    assert "voegde deze zaak samen met een oudere zaak" in words(page)
    assert f'href="{address(younger, "losmaken/")}"' in page.content.decode()
    for what in ("handeling/", "gesprek/", "verzoek/", "samenvoegen/"):
        assert f'href="{address(younger, what)}' not in page.content.decode()
    assert desk.get(address(younger, "handeling/acknowledge/")).status_code == 409
    assert desk.get(address(younger, "gesprek/")).status_code == 409
    page = desk.get(address(main, ""))
    assert f"Samengevoegd met deze zaak {younger.reference} Weer geen training" in words(page)
    assert "Ik heb nog een offerte." in words(page)
    assert f'href="{address(younger, f"stuk/{document.pk}/")}"' in page.content.decode()
    assert "voegde een andere zaak met deze samen" in words(page)
    with scope(organisation.pk):
        assert Reading.objects.filter(case=younger, member=people["csm"], what=Reading.What.PAGE).exists()
    assert "offerte.pdf" in words(desk.get(address(main, "wederhoor/")))


def test_who_plays_a_part_in_the_main_case_alone_reads_the_merged_one_too(
    pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    handler = signed_in(people["handler"])
    with scope(organisation.pk):
        Assignment.objects.create(case=main, membership=people["handler"], role="handler")
    assert handler.get(address(younger, "")).status_code == 404
    merged(signed_in(people["csm"]), younger, main)
    assert f"Samengevoegd met {main.reference}" in words(handler.get(address(younger, "")))
    assert younger.reference in words(handler.get(address(main, "")))


def test_who_plays_a_part_in_the_merged_case_alone_is_not_led_on(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    main = filed(organisation, days=1, subject="Training ging niet door")
    younger = filed(organisation, days=0, email=ELSEWHERE)
    with scope(organisation.pk):
        Assignment.objects.create(case=younger, membership=people["handler"], role="handler")
    merged(signed_in(people["csm"]), younger, main, "Ouders van een kind.")
    handler = signed_in(people["handler"])
    page = words(handler.get(address(younger, "")))
    assert "Samengevoegd met een andere zaak" in page
    found = words(handler.get(CASES, {"q": younger.reference}))
    assert "samengevoegd met een andere zaak" in found
    for each in (page, found):
        assert main.reference not in each, each
    assert handler.get(address(younger, "losmaken/")).status_code == 404


@pytest.mark.parametrize("number", [1, 10])
def test_worklist_counts_merged_cases_as_closed_and_search_says_where_they_went(
    number: int,
    pair: tuple[Case, Case],
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    younger, main = pair
    desk = signed_in(people["csm"])
    merged(desk, younger, main)
    for _ in range(number - 1):
        merged(desk, filed(organisation, days=0, subject="Weer geen training"), main)
    desk.get(CASES)  # says what was done
    page = words(desk.get(CASES))
    assert "1 alle open zaken" in page
    assert f"{number} afgesloten" in page
    assert "0 bericht of brief wacht" in page
    assert younger.reference not in page
    with django_assert_num_queries(WORKLIST_QUERIES + 2):
        found = words(desk.get(CASES, {"q": "weer"}))
    assert found.count(f"samengevoegd met {main.reference}") == number
    assert f"samengevoegd met {main.reference}" in words(desk.get(CASES, {"pile": "closed"}))
    register = words(desk.get("/beheer/register/"))
    assert register.count("samengevoegd met een andere zaak") == (number if "Afloop" in register else 0)


@pytest.mark.parametrize("number", [1, 5])
def test_page_of_the_main_case_costs_little_more_with_merged_ones(
    number: int,
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    main = filed(organisation, days=1)
    desk = signed_in(people["csm"])
    for _ in range(number):
        merged(desk, filed(organisation, days=0), main)
    desk.get(address(main, ""))  # reading each of them is noted once
    with django_assert_num_queries(57 + 2 * number):
        desk.get(address(main, ""))


# --- Undoing it -------------------------------------------------------------------------------------------------------


def test_merging_is_undone_with_a_reason(
    pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    desk = signed_in(people["csm"])
    merged(desk, younger, main)
    page = desk.get(address(younger, "losmaken/"))
    assert "gaat weer apart verder" in words(page)
    sent = {"revision": hidden(page.content.decode())["revision"]}
    assert desk.post(address(younger, "losmaken/"), sent).status_code == 422
    stale = desk.post(address(younger, "losmaken/"), {"revision": "0", "reason": "Toch niet hetzelfde."})
    assert stale.status_code == 409
    assert "Toch niet hetzelfde." in words(stale)
    done = desk.post(address(younger, "losmaken/"), {**sent, "reason": "Toch niet hetzelfde."}, follow=True)
    assert "Deze zaak gaat weer apart verder." in words(done)
    assert "haalde deze zaak weer los van de andere zaak" in words(done)
    assert into(younger) is None
    assert "2 alle open zaken" in words(desk.get(CASES))
    assert younger.reference not in words(desk.get(address(main, ""))).partition("Andere zaken")[0]
    with scope(organisation.pk):
        assert "Toch" not in str(Event.objects.get(case=younger, occurrence="beside:parted").facts)


def test_colleague_who_did_not_merge_them_is_told_so(
    pair: tuple[Case, Case], organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    younger, main = pair
    merged(signed_in(people["csm"]), younger, main)
    other = signed_in(member(organisation, "Andere Collega", "csm"))
    assert "Draai het samenvoegen terug" not in words(other.get(address(younger, "")))
    tried = other.post(address(younger, "losmaken/"), {"revision": 1, "reason": "Nee."})
    assert tried.status_code == 409
    assert "Alleen wie de zaken samenvoegde" in words(tried)
