"""Printing letters on paper in one go, and saying that they were posted."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import link_respondent, perform, send_waiting, staff, tick_check
from complaints.actions.batches import BatchMovedOn, LettersTaken, confirm_batch, make_batch, take_out
from complaints.actions.deputies import arrange_deputy
from complaints.models import Assignment, Batch, BatchedLetter, Case, Deadline, Letter, Membership, Party, Reading
from procedures.catalogue import procedure_of
from procedures.definition import Channel
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import act_answers, actor_of, definition, filed_case, member, published
from tests.complaints.letters.measuring import Area, lines_within

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
TO_POST = "/beheer/te-posten/"
QUERIES = 30
Fate = BatchedLetter.Fate


@pytest.fixture(autouse=True)
def _stored_here(media_folder: Path) -> None:
    """Letters and batches are files."""


def on_paper(case: Case, *, address: tuple[str, ...] = ("Kerkstraat 1", "1234 AB Bergen"), **columns: object) -> Letter:
    """The first letter of the case, printed and waiting to be posted."""
    with scope(case.organisation_id):
        letter = Letter.objects.filter(case=case).order_by("pk")[0]
        given = {"channel": Channel.POST.value, "to_address": list(address), "state": Letter.State.WAITING} | columns
        Letter.objects.exclude(pk=letter.pk).filter(state=Letter.State.WAITING).update(
            state=Letter.State.HELD, try_at=None
        )
        Letter.objects.filter(pk=letter.pk).update(**given, try_at=timezone.now())
    send_waiting(case.organisation_id, at=timezone.now())
    return fresh(letter)


def fresh(letter: Letter) -> Letter:
    with scope(letter.organisation_id):
        return Letter.objects.select_related("case").get(pk=letter.pk)


def new_case(organisation: Organisation, **given: object) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now, **given)  # type: ignore[arg-type]


@pytest.fixture
def letters(organisation: Organisation, people: dict[str, Membership]) -> list[Letter]:
    """Three letters of three cases, waiting to be posted."""
    return [on_paper(new_case(organisation, name=f"Indiener {number}")) for number in range(3)]


def batch_of(letters: list[Letter], by: Membership, *, at: datetime | None = None) -> Batch:
    with scope(by.organisation_id):
        procedure = procedure_of(Case.objects.select_related("version").get(pk=letters[0].case_id).version)
        return make_batch([each.pk for each in letters], member=by, procedure=procedure, at=at or timezone.now()).batch


def fates(batch: Batch) -> list[str]:
    with scope(batch.organisation_id):
        return list(BatchedLetter.objects.filter(batch=batch).order_by("place").values_list("fate", flat=True))


def file_of(client: Client, batch: Batch) -> bytes:
    answer = client.get(f"{TO_POST}{batch.pk}/bestand/")
    assert answer.status_code == 200
    return b"".join(answer)


def in_words(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"


def pages_of(content: bytes) -> list[str]:
    return [" ".join(each.extract_text().split()) for each in pypdf.PdfReader(io.BytesIO(content)).pages]


# ------------------------------------------------------------------------------------------------------------ the way


def test_what_waits_is_printed_in_one_go_and_confirmed_for_a_day(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    client = signed_in(people["csm"])
    page = client.get(TO_POST).content.decode()
    assert "Maak een stapel van 3 brieven" in page
    assert all(each.case.reference in page for each in letters)
    made = client.post(f"{TO_POST}maken/", {"letter": [each.pk for each in letters]})
    with scope(letters[0].organisation_id):
        batch = Batch.objects.get()
    assert made["Location"] == f"{TO_POST}{batch.pk}/"
    assert "Er ligt niets om te posten" in client.get(TO_POST).content.decode()
    content = file_of(client, batch)
    assert hashlib.sha256(content).hexdigest() == batch.sha256
    assert file_of(client, batch) == content
    today = timezone.localdate()
    answer = client.post(
        f"{TO_POST}{batch.pk}/", {"posted_on": in_words(today), "letter": [letters[0].pk, letters[2].pk]}, follow=True
    )
    assert "2 brieven gepost op" in answer.content.decode()
    assert "1 brief blijft liggen." in answer.content.decode()
    assert fates(batch) == [Fate.POSTED, Fate.HELD_BACK, Fate.POSTED]
    assert [fresh(each).state for each in letters] == [Letter.State.SENT, Letter.State.TO_POST, Letter.State.SENT]
    assert "Maak een stapel van 1 brief" in client.get(TO_POST).content.decode()
    assert file_of(client, batch) == content
    assert "achtergehouden" in client.get(f"{TO_POST}{batch.pk}/").content.decode()


def test_the_day_of_posting_is_the_day_that_counts(organisation: Organisation, people: dict[str, Membership]):
    """A decision that is posted three days after it was printed: the term to object counts from then."""
    printed_at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    posted_on, confirmed_at = date(2026, 11, 23), datetime(2026, 11, 24, 8, tzinfo=UTC)
    procedure = definition("klik-onderwijs")
    case = filed_case(organisation, at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    with scope(organisation.pk):
        for act in ("acknowledge", "assign", "decide"):
            actor = actor_of(people["handler" if act == "decide" else "csm"], case)
            for check in procedure.checks:
                if act in check.before:
                    tick_check(case, check.name, actor=actor, at=printed_at)
            perform(
                case, act, answers=act_answers(procedure, case, act, people, at=printed_at), actor=actor, at=printed_at
            )
            case.refresh_from_db()
        letter = Letter.objects.get(case=case, name="decision", recipient="complainant")
        Letter.objects.filter(state=Letter.State.WAITING).exclude(pk=letter.pk).delete()
        Letter.objects.filter(pk=letter.pk).update(channel=Channel.POST.value)
    send_waiting(organisation.pk, at=printed_at)
    batch = batch_of([letter], people["csm"], at=printed_at)
    with scope(organisation.pk):
        confirm_batch(batch, {letter.pk}, on=posted_on, member=people["csm"], at=confirmed_at)
        sent = fresh(letter).sent_at
        assert sent is not None
        assert timezone.localtime(sent).date() == posted_on
        clock = Deadline.objects.filter(case=case).order_by("-pk")[0]
        assert clock.overdue_at > datetime(2026, 12, 7, 12, tzinfo=UTC)  # ten working days after the 23rd


# ----------------------------------------------------------------------------------------------------------- on paper


def test_every_letter_begins_on_a_right_hand_page_after_the_list(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch = batch_of(letters, people["csm"])
    pages = pages_of(file_of(signed_in(people["csm"]), batch))
    assert "Dit blad gaat niet in een envelop." in pages[0]
    assert all(each.case.reference in pages[0] for each in letters)
    first = [next(at for at, words in enumerate(pages) if at and each.case.reference in words) for each in letters]
    assert first == [2, 4, 6]  # pages 3, 5 and 7
    assert pages[1] == pages[3] == ""
    assert batch.sheets == 4
    with scope(batch.organisation_id):
        assert [each.sheets for each in batch.letters.all()] == [1, 1, 1]


def test_batch_keeps_tags_and_languages_and_claims_nothing(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    content = file_of(signed_in(people["csm"]), batch_of(letters, people["csm"]))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert str(document.Root.Lang) == "nl"
        assert bool(document.Root.MarkInfo.Marked)
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        assert str(document.docinfo["/Title"]).startswith("Brieven om te posten")
        numbers = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
        marked = [page for page in document.pages if "/StructParents" in page]
        assert len({int(page.StructParents) for page in marked}) == len(marked) == 4
        for page in marked:
            for parent in numbers[int(page.StructParents)]:
                assert parent.Pg.objgen == page.objgen
        (whole,) = document.Root.StructTreeRoot.K
        parts: list[Any] = [each for each in whole.K if each.S == "/Document"]
        assert [str(each.Lang) for each in parts] == ["nl", "nl", "nl"]
        with document.open_metadata() as metadata:
            assert "pdfaid:part" not in metadata
            assert "pdfuaid:part" not in metadata


@pytest.mark.rule("O21-16")
def test_sealed_letter_has_an_address_sheet_that_says_so_in_the_window(signed_in: SignedIn):
    organisation = published("o21")
    secretary = member(organisation, "Sanne Kok", *(role.name for role in definition("o21").roles))
    sealed = next(each for each in definition("o21").letters if each.channels == (Channel.SEALED,))
    case = new_case(organisation)
    letter = on_paper(case, channel=Channel.SEALED.value)
    with scope(organisation.pk):
        Letter.objects.filter(pk=letter.pk).update(name=sealed.name)
    client = signed_in(secretary)
    assert "Gesloten envelop: Vertrouwelijk en Persoonlijk" in client.get(TO_POST).content.decode()
    content = file_of(client, batch_of([letter], secretary))
    pages = pages_of(content)
    assert "Gesloten envelop, Vertrouwelijk en Persoonlijk" in pages[0]
    assert "Vertrouwelijk en Persoonlijk" in pages[2]
    assert "Kerkstraat 1" in pages[2]
    assert "Beste" not in pages[2]  # the letter itself is on the next sheet
    assert "Beste" in pages[4]
    lines = lines_within(content, Area(20, 45, 105, 90), page=2)
    window = Area(20, 50, 105, 90)
    assert len(lines) >= 4
    assert [each for each in lines if not window.holds(each)] == []


def test_letter_without_an_address_gets_a_sheet_to_write_it_on(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    letter = on_paper(new_case(organisation), address=())
    client = signed_in(people["csm"])
    assert "Geen adres bekend" in client.get(TO_POST).content.decode()
    pages = pages_of(file_of(client, batch_of([letter], people["csm"])))
    assert "Geen adres bekend" in pages[0]
    assert letter.to_name in pages[2]
    assert "1 van 1" not in pages[2]
    assert "Beste" in pages[4]


def test_letter_whose_file_was_changed_stays_behind(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    with scope(letters[0].organisation_id):
        letter = fresh(letters[0])
        letter.pdf.save("anders.pdf", ContentFile(b"%PDF-1.7 iets anders"))
    client = signed_in(people["csm"])
    keys = [each.pk for each in letters]
    answer = client.post(f"{TO_POST}maken/", {"letter": keys}, follow=True).content.decode()
    assert "1 brief kan niet worden afgedrukt en blijft liggen." in answer
    assert letters[0].case.reference not in answer
    assert client.post(f"{TO_POST}maken/", {"letter": keys[:1]}).status_code == 409


# ------------------------------------------------------------------------------------------------- two people at once


def test_letter_is_in_one_batch_and_the_second_person_is_told(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    first, second = signed_in(people["csm"]), signed_in(member(people["csm"].organisation, "Tom Vos", "csm"))
    keys = [each.pk for each in letters]
    assert first.post(f"{TO_POST}maken/", {"letter": keys}).status_code == 302
    answer = second.post(f"{TO_POST}maken/", {"letter": keys})
    assert answer.status_code == 409
    assert "Iemand was u net voor" in answer.content.decode()
    with scope(letters[0].organisation_id):
        batch = Batch.objects.get()
        with pytest.raises(LettersTaken):
            batch_of(letters[:1], people["csm"])
        with pytest.raises(IntegrityError), transaction.atomic():  # the database holds it too
            BatchedLetter.objects.create(batch=Batch.objects.create(
                made_by=people["csm"], made_at=timezone.now(), sheets=1, sha256="x"
            ), letter=letters[0], place=1, sheets=1)  # fmt: skip
    assert fates(batch) == [Fate.WAITING] * 3


def test_batch_is_confirmed_once(letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn):
    batch, client = batch_of(letters, people["csm"]), signed_in(people["csm"])
    posted = {"posted_on": in_words(timezone.localdate()), "letter": [each.pk for each in letters]}
    assert client.post(f"{TO_POST}{batch.pk}/", posted).status_code == 302
    for verb in ("", "terug/"):
        answer = client.post(f"{TO_POST}{batch.pk}/{verb}", posted)
        assert answer.status_code == 409
        assert "Met deze stapel is intussen al iets gedaan" in answer.content.decode()
    with scope(letters[0].organisation_id):
        assert Letter.objects.filter(state=Letter.State.SENT, pk__in=[each.pk for each in letters]).count() == 3


def test_batch_that_is_taken_back_leaves_its_letters_waiting(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch, client = batch_of(letters, people["csm"]), signed_in(people["csm"])
    assert "De stapel is teruggehaald" in client.post(f"{TO_POST}{batch.pk}/terug/", follow=True).content.decode()
    assert fates(batch) == [Fate.TAKEN_BACK] * 3
    assert fates(batch_of(letters, people["csm"])) == [Fate.WAITING] * 3


def test_letter_that_was_posted_alone_meanwhile_is_not_posted_twice(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch, client = batch_of(letters, people["csm"]), signed_in(people["csm"])
    today = in_words(timezone.localdate())
    alone = f"/beheer/zaken/{letters[0].case.reference}/brief/{letters[0].pk}/gepost/"
    assert client.post(alone, {"posted_on": today}).status_code == 302
    sent_at = fresh(letters[0]).sent_at
    assert "al eerder gepost" in client.get(f"{TO_POST}{batch.pk}/").content.decode()
    posted = {"posted_on": today, "letter": [each.pk for each in letters]}
    answer = client.post(f"{TO_POST}{batch.pk}/", posted, follow=True).content.decode()
    assert "2 brieven gepost op" in answer
    assert "1 brief was al gepost." in answer
    assert fates(batch) == [Fate.ELSEWHERE, Fate.POSTED, Fate.POSTED]
    assert fresh(letters[0]).sent_at == sent_at


def test_colleague_takes_letters_out_when_who_printed_them_is_away(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch = batch_of(letters, people["csm"])
    other = signed_in(member(people["csm"].organisation, "Tom Vos", "csm"))
    assert other.get(f"{TO_POST}{batch.pk}/").status_code == 404
    assert other.get(f"{TO_POST}{batch.pk}/bestand/").status_code == 404
    assert "Afgedrukt door Medewerker csm" in other.get(TO_POST).content.decode()
    taken = other.post(f"{TO_POST}eruit/", {"letter": [letters[0].pk]}, follow=True)
    assert "1 brief ligt weer klaar." in taken.content.decode()
    assert other.post(f"{TO_POST}eruit/", {"letter": [letters[0].pk]}).status_code == 409
    # Who made it is told that one is gone, also when they ticked it.
    posted = {"posted_on": in_words(timezone.localdate()), "letter": [each.pk for each in letters]}
    answer = signed_in(people["csm"]).post(f"{TO_POST}{batch.pk}/", posted)
    assert answer.status_code == 409
    assert "teruggehaald" in answer.content.decode()
    with scope(batch.organisation_id):
        assert take_out([each.pk for each in letters], member=people["csm"], at=timezone.now()) == 2
        batch.refresh_from_db()
        assert batch.ended_at is not None
        with pytest.raises(BatchMovedOn):
            confirm_batch(batch, set(), on=timezone.localdate(), member=people["csm"], at=timezone.now())


# ------------------------------------------------------------------------------------------------- what may be wrong


def test_confirming_says_what_is_wrong_and_keeps_what_was_typed(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch, client = batch_of(letters, people["csm"]), signed_in(people["csm"])
    today = timezone.localdate()
    keys = [letters[0].pk]
    for typed, said in (
        ("", "Vul in op welke dag"),
        ("31-11-2026", "31 november bestaat niet"),
        (in_words(today + timedelta(days=1)), "Deze dag moet nog komen"),
        (in_words(today - timedelta(days=1)), "De stapel is pas op"),
    ):
        answer = client.post(f"{TO_POST}{batch.pk}/", {"posted_on": typed, "letter": keys})
        page = answer.content.decode()
        assert answer.status_code == 422, typed
        assert said in page
        assert f'value="{typed}"' in page
        assert page.count(" checked") == 1
    answer = client.post(f"{TO_POST}{batch.pk}/", {"posted_on": in_words(today)})
    assert answer.status_code == 422
    assert "Zet een vinkje bij wat gepost is" in answer.content.decode()
    assert client.post(f"{TO_POST}maken/").status_code == 422
    assert fates(batch) == [Fate.WAITING] * 3


# --------------------------------------------------------------------------------------------------- who may see what


def test_reading_a_batch_is_reading_each_case_in_it(
    letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    batch, client = batch_of(letters, people["csm"]), signed_in(people["csm"])
    with scope(batch.organisation_id):
        assert Reading.objects.count() == 0
    file_of(client, batch)
    with scope(batch.organisation_id):
        read = Reading.objects.filter(member=people["csm"], what=Reading.What.LETTER).values_list("case_id", flat=True)
        assert sorted(read) == sorted(each.case_id for each in letters)


def test_person_complained_about_never_meets_the_letter(
    organisation: Organisation, letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    """Their queue and batches hold the other letters, and look the same as if the case did not exist."""
    pieter = member(organisation, "Pieter Hoekstra", "csm", "handler", "general_director")
    about = new_case(organisation, about="Pieter Hoekstra", subject="Geheim onderwerp")
    secret = on_paper(about)
    client = signed_in(pieter)
    without = client.get(TO_POST).content.decode()
    assert about.reference not in without
    assert "Maak een stapel van 3 brieven" in without
    assert client.post(f"{TO_POST}maken/", {"letter": [secret.pk]}).status_code == 409
    # A batch of a colleague that holds it, beside letters that are open: no size, and no way in.
    batch = batch_of([*letters, secret], people["csm"])
    page = client.get(TO_POST).content.decode()
    assert about.reference not in page
    assert "4 brieven" not in page
    assert all(each.case.reference in page for each in letters)
    for address in ("", "bestand/"):
        assert client.get(f"{TO_POST}{batch.pk}/{address}").status_code == 404
    for address in ("", "terug/"):
        assert client.post(f"{TO_POST}{batch.pk}/{address}", {"letter": [secret.pk]}).status_code == 404
    assert client.post(f"{TO_POST}eruit/", {"letter": [secret.pk]}).status_code == 409
    assert fates(batch) == [Fate.WAITING] * 4
    # A batch that holds nothing but open letters looks the same to them: they cannot tell the two apart.
    client.post(f"{TO_POST}eruit/", {"letter": [each.pk for each in letters]})
    again = batch_of(letters, people["csm"])
    assert client.get(f"{TO_POST}{again.pk}/").status_code == 404
    numbers = {str(batch.pk): "N", str(again.pk): "N"}
    assert _without(page, numbers) == _without(client.get(TO_POST).content.decode(), numbers)


def test_who_becomes_the_person_complained_about_loses_the_batch(
    organisation: Organisation, letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    tom = member(organisation, "Tom Vos", "csm")
    batch = batch_of(letters, tom)
    client = signed_in(tom)
    assert client.get(f"{TO_POST}{batch.pk}/bestand/").status_code == 200
    with scope(organisation.pk):
        case = letters[0].case
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Tom")
        link_respondent(case, party, tom, actor=actor_of(people["csm"], case), at=timezone.now())
    assert client.get(f"{TO_POST}{batch.pk}/").status_code == 404
    assert client.get(f"{TO_POST}{batch.pk}/bestand/").status_code == 404
    page = client.get(TO_POST).content.decode()
    assert case.reference not in page
    assert letters[1].case.reference in page
    # The others can still be printed by somebody, the closed one too.
    other = signed_in(people["csm"])
    other.post(f"{TO_POST}eruit/", {"letter": [each.pk for each in letters]})
    assert "Maak een stapel van 3 brieven" in other.get(TO_POST).content.decode()


def test_who_plays_a_role_per_case_posts_the_letters_of_those_cases(
    organisation: Organisation, letters: list[Letter], people: dict[str, Membership], signed_in: SignedIn
):
    procedure = definition(organisation.slug)
    role = next(each for each in procedure.roles if each.is_handler)
    assert role.per_case
    handler = signed_in(people[role.name])
    assert "Er ligt niets om te posten" in handler.get(TO_POST).content.decode()
    with scope(organisation.pk):
        Assignment.objects.create(case=letters[0].case, membership=people[role.name], role=role.name)
    assert "Maak een stapel van 1 brief" in handler.get(TO_POST).content.decode()
    deputy = member(organisation, "Tom Vos", role.name)
    today = timezone.localdate()
    with scope(organisation.pk):
        arrange_deputy(
            people[role.name], deputy, first_on=today, last_on=today, by=people[role.name], procedure=procedure,
            today=today, at=timezone.now(),
        )  # fmt: skip
    assert "Maak een stapel van 1 brief" in signed_in(deputy).get(TO_POST).content.decode()
    assert staff(deputy, procedure, at=timezone.now()).roles == frozenset()


def test_outsiders_and_other_organisations_post_nothing(letters: list[Letter], signed_in: SignedIn):
    organisation = letters[0].case.organisation
    outside = [role.name for role in definition(organisation.slug).roles if role.is_outside]
    outsider = signed_in(member(organisation, "Ada Buiten", *outside))
    stranger = signed_in(member(published("o21"), "Tom Rietveld", *[role.name for role in definition("o21").roles]))
    batch = batch_of(letters, member(organisation, "Tom Vos", "csm"))
    assert outsider.get(TO_POST).status_code == 403
    for address in (f"{batch.pk}/", f"{batch.pk}/bestand/"):
        assert outsider.get(TO_POST + address).status_code == 404
    for address, status in (("maken/", 403), ("eruit/", 403), (f"{batch.pk}/", 404), (f"{batch.pk}/terug/", 404)):
        assert outsider.post(TO_POST + address, {"letter": [letters[0].pk]}).status_code == status
    assert letters[0].case.reference not in stranger.get(TO_POST).content.decode()
    for address in (f"{batch.pk}/", f"{batch.pk}/bestand/"):
        assert stranger.get(TO_POST + address).status_code == 404
    assert stranger.post(f"{TO_POST}maken/", {"letter": [letters[0].pk]}).status_code == 409
    assert stranger.post(f"{TO_POST}eruit/", {"letter": [letters[0].pk]}).status_code == 409
    assert fates(batch) == [Fate.WAITING] * 3


@pytest.mark.parametrize("count", [1, 30])
def test_list_asks_as_often_for_one_letter_as_for_thirty(
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
):
    cases = [new_case(organisation, name=f"Indiener {number}") for number in range(count)]
    with scope(organisation.pk):
        now = timezone.now()
        for case in cases:
            Letter.objects.filter(pk=Letter.objects.filter(case=case)[0].pk).update(state=Letter.State.TO_POST)
        for number in range(count):
            other = Letter.objects.filter(case=cases[number], state=Letter.State.WAITING).first()
            for by in (people["csm"], people["manager"]):
                batch = Batch.objects.create(made_by=by, made_at=now, sheets=1, sha256="x")
                if other and by != people["csm"]:
                    Letter.objects.filter(pk=other.pk).update(state=Letter.State.TO_POST)
                    BatchedLetter.objects.create(batch=batch, letter=other, place=1, sheets=1)
    client = signed_in(people["csm"])
    client.get(TO_POST)
    with django_assert_num_queries(QUERIES):
        assert client.get(TO_POST).status_code == 200


def _without(page: str, parts: dict[str, str]) -> str:
    """The page without what differs by itself: tokens, and the numbers of batches."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    for part, other in parts.items():
        page = page.replace(f"elders-{part}", f"elders-{other}")
    return page[page.index('id="content"') :].replace("ligt weer klaar", "").strip()
