"""The worklist: its order, its piles, its filters, what is kept of them, and how deadlines explain themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_COMPLAINANT, perform, send_message, staff
from complaints.actions.choices import MOST
from complaints.models import Case, Letter, Membership, SavedFilter
from complaints.queries import worklist as query
from procedures.calendars import Calendar
from procedures.definition import CalendarPolicy
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]


def filed(organisation: Organisation, *, days: int, subject: str, name: str = "Jolanda Verweij") -> Case:
    """A case that came in so many days ago."""
    at = timezone.now() - timedelta(days=days)
    return filed_case(organisation, at=at, recorded_at=at, subject=subject, name=name)


def acknowledge_and_assign(case: Case, people: dict[str, Membership], *, at: datetime) -> None:
    with scope(case.organisation_id):
        actor = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=actor, at=at)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=actor, at=at)


def references(client: Client, asked: str = "") -> list[str]:
    page = client.get(f"/beheer/zaken/{asked}").content.decode()
    return re.findall(r'class="ref">(.*?)</a>', page)


def group(page: str, title: str) -> dict[str, int]:
    """What one filter beside the list offers, with its counts."""
    found = re.search(rf"<summary>{re.escape(title)}</summary>(.*?)</details>", page, re.DOTALL)
    assert found, title
    return {words: int(n) for words, n in re.findall(r'>([^<]+) <span class="n">(\d+)</span>', found[1])}


def fresh(case: Case) -> Case:
    with scope(case.organisation_id):
        return Case.objects.get(pk=case.pk)


def counts(client: Client) -> dict[str, int]:
    page = client.get("/beheer/zaken/").content.decode()
    return {words: int(n) for n, words in re.findall(r"<b>(\d+)</b> ([^<]+)</a>", page)}


@pytest.fixture
def three(organisation: Organisation, people: dict[str, Membership]) -> list[Case]:
    """A new one, one that is far too late, and one with a handler."""
    new = filed(organisation, days=0, subject="Training ging niet door", name="Samir Kaya")
    late = filed(organisation, days=30, subject="Factuur dubbel")
    assigned = filed(organisation, days=1, subject="Bejegening")
    acknowledge_and_assign(assigned, people, at=timezone.now())
    return [new, late, assigned]


def test_overdue_cases_come_first(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    by_due_moment = sorted(three, key=lambda case: (fresh(case).next_due_at, case.received_at))
    found = references(signed_in(people["csm"]))
    assert found == [case.reference for case in by_due_moment]
    assert found[0] == three[1].reference


def test_piles_count_what_they_hold(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    found = counts(signed_in(people["csm"]))
    assert found["te laat"] == 1
    assert found["niet toegewezen"] == 2
    assert found["alle open zaken"] == 3
    assert found["afgesloten"] == 0


def test_filters_and_search_narrow_the_list(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    new, late, assigned = (case.reference for case in three)
    csm, handler = signed_in(people["csm"]), signed_in(people["handler"])
    assert references(csm, "?pile=late") == [late]
    assert references(csm, "?handler=none") == [late, new]
    assert references(csm, f"?handler={people['handler'].pk}") == [assigned]
    assert references(handler, "?handler=me") == [assigned]
    assert references(csm, "?q=FACTUUR") == [late]
    assert references(csm, "?q=kaya") == [new]
    assert references(csm, f"?q={assigned}") == [assigned]
    assert references(csm, "?track=no-such") == []
    assert references(csm, f"?phase={fresh(three[2]).phase}") == [assigned]
    assert references(csm, f"?phase={fresh(three[2]).phase}&q=niets") == []
    assert set(references(csm, "?handler=99999999999999999999&pile=x&p=zz")) == {new, late, assigned}


def test_letters_that_wait_for_a_person_are_flagged(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    with scope(three[0].organisation_id):
        letter = Letter.objects.filter(case=three[0]).first()
        assert letter is not None
        Letter.objects.filter(pk=letter.pk).update(state=Letter.State.FAILED)
    page = signed_in(people["csm"]).get("/beheer/zaken/").content.decode()
    assert page.count("1 brief is niet aangekomen") == 1


def test_long_list_has_pages(
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(query, "PER_PAGE", 2)
    for number in range(3):
        filed(organisation, days=number, subject=f"Zaak {number}")
    client = signed_in(people["csm"])
    assert len(references(client)) == 2
    assert len(references(client, "?p=2")) == 1
    assert 'href="?p=2"' in client.get("/beheer/zaken/").content.decode()


def test_messages_without_an_answer_and_letters_that_wait_are_found(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    asked, answered, letter = three
    now, client = timezone.now(), signed_in(people["csm"])
    with scope(asked.organisation_id):
        for case in (asked, answered):
            send_message(case, "Wanneer hoor ik iets?", actor=THE_COMPLAINANT, at=now)
        send_message(answered, "Morgen.", actor=actor_of(people["csm"], answered), at=now)
        Letter.objects.filter(case__in=[asked, answered]).update(state=Letter.State.SENT)
        Letter.objects.filter(case=letter).update(state=Letter.State.HELD)
    assert references(client, "?need=message&q=kaya") == [asked.reference]
    answered_but_not_opened = {asked.reference, answered.reference}
    assert set(references(client, "?need=message")) == answered_but_not_opened
    assert references(client, "?need=letter") == [letter.reference]
    assert set(references(client, "?pile=waiting")) == {each.reference for each in three}
    for case in (asked, answered):
        client.get(f"/beheer/zaken/{case.reference}/")
    page = client.get("/beheer/zaken/").content.decode()
    assert group(page, "Wat op u wacht") == {
        "bericht zonder antwoord": 1,
        "brief die wacht": 1,
        "streefdatum voorbij": 0,
    }
    assert page.count("</svg>bericht zonder antwoord</span>") == 1
    assert counts(client)["bericht of brief wacht"] == 2
    assert references(client, "?need=message") == [asked.reference]


def test_missed_target_is_found_until_it_is_met_though_it_makes_no_case_late(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now, client = timezone.now(), signed_in(people["csm"])
    actor = staff(people["csm"], definition("klik-onderwijs"))
    talk, __ = (
        filed_case(organisation, at=now - timedelta(days=days), recorded_at=now, act="report_informal", actor=actor)
        for days in (30, 1)
    )
    assert references(client, "?need=target") == [talk.reference]
    page = client.get("/beheer/zaken/").content.decode()
    assert group(page, "Wat op u wacht")["streefdatum voorbij"] == 1
    assert page.count("streefdatum voorbij: Samen opgelost") == 1
    assert counts(client)["te laat"] == 0
    with scope(organisation.pk):
        answers = act_answers(definition("klik-onderwijs"), talk, "go_formal", people, at=now)
        perform(talk, "go_formal", answers=answers, actor=actor_of(people["csm"], talk), at=now)
    assert references(client, "?need=target") == []


def test_terms_of_this_week_are_found(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    new, late, assigned = three
    when = query.marks(
        Calendar.for_policy(CalendarPolicy()), ZoneInfo("Europe/Amsterdam"), at=timezone.now() + timedelta(seconds=1)
    )
    with scope(new.organisation_id):
        Case.objects.filter(pk=new.pk).update(next_due_at=when.end_of_week)
        Case.objects.filter(pk=assigned.pk).update(next_due_at=when.end_of_week + timedelta(seconds=1))
    client = signed_in(people["csm"])
    assert references(client, "?due=week") == [new.reference]
    assert references(client, "?due=late") == [late.reference]
    assert references(client, "?due=later") == [assigned.reference]
    found = group(client.get("/beheer/zaken/").content.decode(), "Eerstvolgende termijn")
    assert (found["te laat"], found["deze week"], found["na deze week"]) == (1, 1, 1)


def test_week_ends_with_its_sunday():
    zone = ZoneInfo("Europe/Amsterdam")
    for day in (16, 20, 22):  # Monday, Friday, Sunday
        when = query.marks(Calendar.for_policy(CalendarPolicy()), zone, at=datetime(2026, 11, day, 12, tzinfo=zone))
        assert when.end_of_week == datetime(2026, 11, 23, tzinfo=zone)


def test_each_filter_counts_what_the_others_leave(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    phase = fresh(three[2]).phase
    page = signed_in(people["csm"]).get(f"/beheer/zaken/?phase={phase}").content.decode()
    assert sum(group(page, "Fase").values()) == 3
    assert group(page, "Behandelaar") == {"Ik": 0, "Medewerker handler": 1, "Niemand": 0}


def test_what_it_is_about_is_a_filter_where_the_intake_asks_it(signed_in: SignedIn):
    organisation = published("o21")
    people = staffed(organisation)
    cases = [
        filed_case(organisation, at=timezone.now(), recorded_at=timezone.now(), nature=nature)
        for nature in ("trainer", "trainer", "planning")
    ]
    client = signed_in(people["directie"])
    page = client.get("/beheer/zaken/?nature=trainer").content.decode()
    assert group(page, "Waar gaat het over?") == {
        "Hoe een trainer, begeleider of adviseur werkte": 2,
        "Planning, zaal of materiaal": 1,
    }
    assert references(client, "?nature=planning") == [cases[2].reference]


def test_no_such_filter_where_the_intake_does_not_ask(
    three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    assert "Waar gaat het over?" not in signed_in(people["csm"]).get("/beheer/zaken/").content.decode()


def test_deadline_explains_how_it_was_counted(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    page = signed_in(people["csm"]).get("/beheer/zaken/?q=kaya").content.decode()
    assert page.count("<summary>Zo is geteld") == 1
    assert "3 werkdagen: dag 1 is " in page
    assert "procedure versie 1." in page


KEEP = "/beheer/zaken/keuzes/"


def test_choice_is_kept_counted_and_thrown_away(three: list[Case], people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    there = client.post(KEEP, {"chosen-list": "?handler=none&q=factuur", "name": "  Over   facturen "})
    assert (there.status_code, there["Location"]) == (302, "/beheer/zaken/?handler=none&q=factuur")
    page = client.get("/beheer/zaken/").content.decode()
    assert 'href="?handler=none&amp;q=factuur">Over facturen <span class="n">1</span></a>' in page
    with scope(three[0].organisation_id):
        kept = SavedFilter.objects.get()
    assert (kept.member_id, kept.name, kept.query) == (people["csm"].pk, "Over facturen", "?handler=none&q=factuur")
    assert "Over facturen" not in signed_in(people["handler"]).get("/beheer/zaken/").content.decode()
    signed_in(people["handler"]).post(f"{KEEP}{kept.pk}/weg/")
    gone = client.post(f"{KEEP}{kept.pk}/weg/", {"chosen-list": "?pile=late"}, follow=True)
    assert gone.redirect_chain == [("/beheer/zaken/?pile=late", 302)]
    assert "Weggehaald: Over facturen." in gone.content.decode()
    with scope(three[0].organisation_id):
        assert not SavedFilter.objects.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (" ", "Geef deze keuze een naam"),
        ("a\x07b", "Geef deze keuze een naam"),
        ("x" * 61, "hoogstens 60 tekens"),
        ("VAN MIJ", "U hebt al een keuze met deze naam"),
    ],
)
def test_name_that_cannot_be_kept_is_told_and_not_lost(
    name: str, why: str, three: list[Case], people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    client.post(KEEP, {"chosen-list": "?handler=me", "name": "Van mij"})
    answer = client.post(KEEP, {"chosen-list": "?pile=late", "name": name})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    assert f'value="{name}"' in page
    assert re.findall(r'class="ref">(.*?)</a>', page) == [three[1].reference]


def test_twenty_choices_are_kept_and_no_more(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    for number in range(MOST):
        assert client.post(KEEP, {"chosen-list": f"?q={number}", "name": f"Keuze {number}"}).status_code == 302
    assert client.post(KEEP, {"chosen-list": "?q=x", "name": "Nog een"}).status_code == 422
    assert client.post(KEEP, {"chosen-list": "?q=" + "%F0%9F%90%9D" * 100, "name": "Bijen"}).status_code == 422


def test_kept_choice_counts_only_what_the_viewer_may_know_of(organisation: Organisation, signed_in: SignedIn):
    colleague = member(organisation, "Tom Rietveld", "csm")
    now = timezone.now()
    filed_case(organisation, at=now, recorded_at=now, subject="Bejegening", about="Tom Rietveld")
    client = signed_in(colleague)
    client.post(KEEP, {"chosen-list": "?q=bejegening", "name": "Bejegening"})
    assert 'Bejegening <span class="n">0</span>' in client.get("/beheer/zaken/").content.decode()
