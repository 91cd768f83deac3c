"""Letters before they leave: seen as they will look, put in other words, read by a second person, or gone in time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import models
from django.test import Client
from django.utils import timezone

from complaints.actions import (
    NotReleased,
    OwnLetter,
    expire_due,
    fingerprint,
    perform,
    release_letter,
    retry_letter,
    return_letter,
    reword_letter,
    send_waiting,
    tick_check,
)
from complaints.models import Answer, Assignment, Case, Deadline, Event, Letter, Membership, Note, Notice
from procedures import wording
from procedures.catalogue import establish, publish
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import PUBLISHED_AT, actor_of, definition, filed_case, member
from tests.complaints.letters.frozen import is_frozen
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
BASE = (Path(__file__).parents[2] / "procedures" / "broken" / "base.toml").read_text(encoding="utf-8")
WORDS = """\
Beste woorden van {organisation}.

## Ons oordeel: {fact.verdict}

U kunt bezwaar maken. Of ga naar de burgerlijke rechter.

{terms}

{appeal.committee}"""
KEYS = """
editable = true
second_reader = ["director"]
must_hold = ["fact.verdict", "terms", "appeal.committee", "burgerlijke rechter"]
deadlines = ["objection"]
subject = "Ons besluit over klacht {reference}\""""
FRIDAY = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def document(keys: str = KEYS, reminded: str = '["handler", "director"]') -> str:
    """A procedure in which somebody reads the decision before it goes."""
    text = BASE.replace('\nsubject = "Ons besluit over klacht {reference}"', keys)
    text = text.replace(
        "- U kunt bezwaar maken binnen {term.objection}.",
        "- U kunt bezwaar maken, of naar de burgerlijke rechter gaan.\n\n{terms}",
    )
    text = text.replace("## Our judgement: {fact.verdict}", "## Our judgement: {fact.verdict}\n\n{terms}")
    old = 'on = ["before:decision:5 working days"]\nto = ["handler"]'
    assert text != BASE
    assert old in text
    return text.replace(old, f'on = ["before:decision:5 working days"]\nto = {reminded}')


@dataclass
class House:
    organisation: Organisation
    director: Membership
    handler: Membership
    both: Membership  # who may handle, and may read what others wrote
    case: Case

    def decide(self, who: Membership, *, at: datetime) -> Letter:
        """The decision by this person, held until another has read it."""
        with scope(self.organisation.pk):
            director = actor_of(self.director, self.case)
            perform(self.case, "assign", answers={"handler": str(who.pk)}, actor=director, at=at)
            actor = actor_of(who, self.case)
            tick_check(self.case, "dossier_read", actor=actor, at=at)
            perform(self.case, "decide", answers={"verdict": "upheld"}, actor=actor, at=at)
            return self.letter()

    def letter(self) -> Letter:
        with scope(self.organisation.pk):
            return Letter.objects.select_related("case__version", "event").get(case=self.case, name="decision")

    def address(self, verb: str = "") -> str:
        return f"/beheer/zaken/{self.case.reference}/brief/{self.letter().pk}/{verb}"

    def happened(self) -> list[str]:
        with scope(self.organisation.pk):
            events = Event.objects.filter(case=self.case, occurrence__startswith="beside:letter")
            return [event.occurrence.removeprefix("beside:letter_") for event in events.order_by("number")]

    def mailed(self) -> list[Membership | None]:
        with scope(self.organisation.pk):
            rows = Notice.objects.filter(case=self.case, kind=Notice.Kind.LETTER).order_by("pk")
            return [each.member for each in rows.select_related("member")]


def house_of(text: str, *, at: datetime) -> House:
    organisation = establish(text, at=PUBLISHED_AT)
    publish(text, by="De directie", roles={"director"}, at=PUBLISHED_AT)
    director = member(organisation, "Roos Blom", "director")
    handler = member(organisation, "Tom Rietveld", "handler")
    both = member(organisation, "Nadia Brouwer", "director", "handler")
    return House(organisation, director, handler, both, filed_case(organisation, at=at))


@pytest.fixture
def house() -> House:
    return house_of(document(), at=timezone.now())


def text_of(client: Client, address: str, **sent: str) -> str:
    answer = client.post(address, sent, follow=True) if sent else client.get(address)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# ------------------------------------------------------------------------------------------------ a second reader


def test_letter_waits_until_somebody_else_has_read_it(
    house: House, signed_in: SignedIn, smtp_server: MailServer, media_folder: Path
):
    letter = house.decide(house.handler, at=timezone.now())
    assert letter.state == Letter.State.HELD
    assert house.mailed() == [house.both, house.director] or house.mailed() == [house.director, house.both]
    seen = {"seen": fingerprint(letter)}

    writer = signed_in(house.handler)
    assert "U schreef deze brief. Een ander leest hem na." in text_of(writer, house.address("bekijken/"))
    assert writer.post(house.address("vrijgeven/"), seen).status_code == 403
    assert writer.post(house.address("terug/"), {**seen, "remark": "Nee"}).status_code == 403

    reader = signed_in(house.director)
    page = text_of(reader, house.address("bekijken/"))
    for said in ("Wie schreef hem Tom Rietveld", "Wacht op directeur", "ONS OORDEEL: GEGROND", "rechter gaan"):
        assert said in page
    printed = reader.get(house.address("voorbeeld/"))
    assert printed.content.startswith(b"%PDF-")
    assert printed["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert reader.get(house.address("tekst/")).status_code == 403  # the words are the writer's
    assert house.letter().pdf.name == ""

    assert reader.post(house.address("vrijgeven/"), seen).status_code == 302
    assert house.happened() == ["released"]
    send_waiting(house.organisation.pk, at=timezone.now() + timedelta(minutes=1))
    with scope(house.organisation.pk):
        sent = house.letter()
        assert sent.state == Letter.State.SENT
        assert is_frozen(sent, definition("klik-onderwijs"))
        assert Deadline.objects.get(case=house.case, rule="decision").status == "met"
    assert reader.get(house.address("bekijken/")).status_code == 404
    assert "las een brief na en liet hem weggaan" in text_of(reader, f"/beheer/zaken/{house.case.reference}/")


def test_who_wrote_it_is_never_its_second_reader_whatever_roles_they_have(house: House, signed_in: SignedIn):
    letter = house.decide(house.both, at=timezone.now())
    assert house.mailed() == [house.director]
    client = signed_in(house.both)
    assert client.post(house.address("vrijgeven/"), {"seen": fingerprint(letter)}).status_code == 403
    with scope(house.organisation.pk):
        me = actor_of(house.both, house.case)
        with pytest.raises(OwnLetter):
            release_letter(letter, actor=me, at=timezone.now())
        with pytest.raises(OwnLetter):
            return_letter(letter, "Nee", actor=me, at=timezone.now(), seen=fingerprint(letter))
    assert house.letter().state == Letter.State.HELD


def test_who_changed_the_words_is_not_its_second_reader_either(house: House):
    letter = house.decide(house.handler, at=timezone.now())
    with scope(house.organisation.pk):
        other = actor_of(house.both, house.case)
        reword_letter(letter, WORDS, actor=other, at=timezone.now(), seen=fingerprint(letter))
        with pytest.raises(OwnLetter):
            release_letter(letter, actor=other, at=timezone.now())
        release_letter(letter, actor=actor_of(house.director, house.case), at=timezone.now())


def test_letter_sent_back_is_changed_by_its_writer_and_offered_again(
    house: House, signed_in: SignedIn, smtp_server: MailServer, media_folder: Path
):
    first = house.decide(house.handler, at=timezone.now())
    reader, writer = signed_in(house.director), signed_in(house.handler)
    empty = reader.post(house.address("terug/"), {"seen": fingerprint(first), "remark": " "})
    assert (empty.status_code, "Schrijf op wat er anders moet" in empty.content.decode()) == (422, True)
    remark = {"seen": fingerprint(first), "remark": "Leg het oordeel beter uit."}
    assert reader.post(house.address("terug/"), remark).status_code == 302
    again = reader.post(house.address("terug/"), remark)
    assert again.status_code == 403
    assert house.mailed()[-1] == house.handler
    with scope(house.organisation.pk):
        note = Note.objects.select_related("member").get(case=house.case)
    assert (note.text, note.member) == ("Over de brief “Besluit”: Leg het oordeel beter uit.", house.director)
    assert "teruggestuurd" in text_of(writer, f"/beheer/zaken/{house.case.reference}/")

    form = writer.get(house.address("tekst/")).content.decode()
    assert "## Ons oordeel: {fact.verdict}" in form
    assert "<code>{appeal.committee}</code> de commissie <strong>(moet blijven staan)</strong>" in form
    kept = writer.post(house.address("tekst/"), {"seen": fingerprint(first), "words": WORDS})
    assert kept["Location"] == house.address("bekijken/")
    assert "Beste woorden van De Dotterbloem." in text_of(writer, house.address("bekijken/"))
    stale = text_of(reader, house.address("vrijgeven/"), seen=fingerprint(first))
    assert "intussen al iets anders" in stale

    assert reader.post(house.address("aanbieden/")).status_code == 403
    assert writer.post(house.address("aanbieden/")).status_code == 302
    assert set(house.mailed()[-2:]) == {house.director, house.both}
    reader.post(house.address("vrijgeven/"), {"seen": fingerprint(house.letter())})
    send_waiting(house.organisation.pk, at=timezone.now() + timedelta(minutes=1))
    with scope(house.organisation.pk):
        letter = house.letter()
        assert letter.state == Letter.State.SENT
        assert "Beste woorden van De Dotterbloem." in letter.text
        assert is_frozen(letter, definition("klik-onderwijs"))
        assert house.happened() == ["returned", "reworded", "offered", "released"]
        told = str(list(Event.objects.filter(case=house.case).values("facts", "decision")))
        assert "Beste woorden" not in told
        assert "Leg het oordeel" not in told
        change = Event.objects.get(case=house.case, occurrence="beside:letter_reworded")
        assert change.member == house.handler
        assert change.facts["before"] != change.facts["after"]
    message = next(each for each in smtp_server.messages if each["Message-ID"] == letter.message_id)
    body = message.get_body(("plain",))
    assert body is not None
    assert "Beste woorden" in body.get_content()
    page = text_of(writer, f"/beheer/zaken/{house.case.reference}/")
    assert "veranderde de tekst van een brief" in page


# ------------------------------------------------------------------------------------------------ other words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{fact.verdict}", "ja", "Dit moet in de brief blijven: {fact.verdict} “Wat is het oordeel?”."),
        ("{terms}", "1 mei", "Dit moet in de brief blijven: {terms} “de data op een rij”."),
        ("{appeal.committee}", "", "Dit moet in de brief blijven: {appeal.committee} “de commissie”."),
        ("burgerlijke rechter", "rechter", "Dit moet in de brief blijven: “burgerlijke rechter”."),
        ("\n{appeal.committee}", " Of: {appeal.committee}", "Zet {appeal.committee} alleen in een alinea"),
        ("Beste", "Beste {complainant}", "{complainant} kan in deze brief niet. Kies uit de lijst."),
        ("Beste", "Beste {naam}", "{naam} kennen wij niet."),
        ("Beste", "**Beste", "begint vette tekst die niet ophoudt"),
        ("Beste", "Beste}", "staat een accolade die er niet hoort"),
        (WORDS, " ", "Schrijf de tekst van de brief."),
    ],
)
def test_what_a_letter_must_hold_cannot_be_taken_out(house: House, signed_in: SignedIn, old: str, new: str, said: str):
    letter = house.decide(house.handler, at=timezone.now())
    wrong = WORDS.replace(old, new)
    assert wrong != WORDS
    answer = signed_in(house.handler).post(house.address("tekst/"), {"seen": fingerprint(letter), "words": wrong})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page.replace("&#x27;", "'")
    assert wrong.splitlines()[-1] in page  # what was typed is still there
    assert house.letter().text == letter.text


def test_words_that_lack_something_after_all_do_not_leave(
    house: House, signed_in: SignedIn, smtp_server: MailServer, media_folder: Path
):
    letter = house.decide(house.handler, at=timezone.now())
    with scope(house.organisation.pk):
        Letter.objects.filter(pk=letter.pk).update(wording="Wij vinden iets.")
    reader = signed_in(house.director)
    said = (
        "In deze brief ontbreekt: “Wat is het oordeel?”, “de data op een rij”, “de commissie” en “burgerlijke rechter”."
    )
    assert said in text_of(reader, house.address("bekijken/"))
    assert said in text_of(reader, house.address("vrijgeven/"), seen=fingerprint(letter))
    assert house.letter().state == Letter.State.HELD
    with scope(house.organisation.pk):
        Letter.objects.filter(pk=letter.pk).update(state=Letter.State.WAITING, try_at=timezone.now())
    send_waiting(house.organisation.pk, at=timezone.now())
    failed = house.letter()
    assert (failed.state, failed.attempts) == (Letter.State.FAILED, 1)
    assert said in text_of(reader, f"/beheer/zaken/{house.case.reference}/")
    assert smtp_server.messages == []


def test_dates_in_other_words_are_right_on_the_day_of_sending(smtp_server: MailServer, media_folder: Path):
    house = house_of(document(), at=FRIDAY)
    letter = house.decide(house.handler, at=FRIDAY)
    with scope(house.organisation.pk):
        actor = actor_of(house.handler, house.case)
        reword_letter(letter, WORDS, actor=actor, at=FRIDAY, seen=fingerprint(letter))
        letter = house.letter()
        assert "- tot en met maandag 4 januari 2027: Bezwaar maken" in letter.text  # 1 January is no working day
        tuesday = MONDAY + timedelta(days=1)
        release_letter(letter, actor=actor_of(house.director, house.case), at=tuesday, seen=fingerprint(letter))
    send_waiting(house.organisation.pk, at=tuesday)
    sent = house.letter()
    assert sent.state == Letter.State.SENT
    assert "- tot en met dinsdag 5 januari 2027: Bezwaar maken" in sent.text
    with scope(house.organisation.pk):
        assert str(Deadline.objects.get(case=house.case, rule="objection").due_on) == "2027-01-05"


def test_words_of_the_procedure_come_back(house: House, signed_in: SignedIn):
    first = house.decide(house.handler, at=timezone.now())
    client = signed_in(house.handler)
    client.post(house.address("tekst/"), {"seen": fingerprint(first), "words": WORDS})
    changed = house.letter()
    assert changed.text != first.text
    client.post(house.address("tekst/"), {"seen": fingerprint(changed), "words": "weg", "original": "1"})
    assert (house.letter().text, house.letter().wording) == (first.text, "")
    stale = client.post(house.address("tekst/"), {"seen": fingerprint(changed), "words": WORDS})
    assert stale.status_code == 409
    assert "Beste woorden van" in stale.content.decode()


def test_words_are_changed_only_where_the_document_says_so(signed_in: SignedIn):
    house = house_of(document(KEYS.replace("editable = true\n", "")), at=timezone.now())
    letter = house.decide(house.handler, at=timezone.now())
    client = signed_in(house.handler)
    assert client.get(house.address("tekst/")).status_code == 403
    assert "Verander de tekst" not in text_of(client, house.address("bekijken/"))
    with scope(house.organisation.pk):
        actor = actor_of(house.handler, house.case)
        with pytest.raises(NotReleased):
            reword_letter(letter, WORDS, actor=actor, at=timezone.now(), seen=fingerprint(letter))


def test_who_looks_may_change_the_words_where_no_second_reader_is_asked(signed_in: SignedIn):
    looked_at = KEYS.replace('second_reader = ["director"]', 'release = "after_look"\nrelease_by = "director"')
    house = house_of(document(looked_at), at=timezone.now())
    letter = house.decide(house.both, at=timezone.now())
    assert house.mailed() == []  # who may let it go, wrote it
    assert signed_in(house.handler).get(house.address("tekst/")).status_code == 404  # another's case
    client = signed_in(house.both)
    client.post(house.address("tekst/"), {"seen": fingerprint(letter), "words": WORDS})
    client.post(house.address("vrijgeven/"), {"seen": fingerprint(house.letter())})
    assert house.letter().state == Letter.State.WAITING


# ------------------------------------------------------------------------------------------------ in time


def test_who_must_read_is_reminded_and_told_when_the_term_has_passed():
    house = house_of(document(), at=FRIDAY)
    house.decide(house.handler, at=FRIDAY)
    for days in range(40):
        with scope(house.organisation.pk):
            expire_due(at=FRIDAY + timedelta(days=days))
    with scope(house.organisation.pk):
        told = Letter.objects.filter(case=house.case, name__in=("reminder", "escalation")).order_by("pk")
        assert {(each.name, each.member) for each in told} == {
            ("reminder", house.handler),
            ("reminder", house.director),
            ("reminder", house.both),
            ("escalation", house.director),
            ("escalation", house.both),
        }
    assert house.letter().state == Letter.State.HELD


def test_letter_leaves_by_itself_when_the_document_says_so(
    signed_in: SignedIn, smtp_server: MailServer, media_folder: Path
):
    keys = f'\nelse_send = ["before:decision:1 working day"]{KEYS}'
    house = house_of(document(keys, reminded='["handler"]'), at=FRIDAY)
    letter = house.decide(house.handler, at=FRIDAY)
    with scope(house.organisation.pk):
        reader = actor_of(house.director, house.case)
        return_letter(letter, "Nog niet.", actor=reader, at=FRIDAY, seen=fingerprint(letter))
        due = Deadline.objects.get(case=house.case, rule="decision").due_on
        assert str(due) == "2026-12-18"
        expire_due(at=datetime(2026, 12, 17, 6, 59, tzinfo=UTC))
        assert house.letter().state == Letter.State.HELD
        eight = datetime(2026, 12, 17, 7, 0, tzinfo=UTC)
        expire_due(at=eight)
    assert house.letter().state == Letter.State.WAITING
    send_waiting(house.organisation.pk, at=eight)
    with scope(house.organisation.pk):
        assert house.letter().state == Letter.State.SENT
        assert Deadline.objects.get(case=house.case, rule="decision").status == "met"
    page = text_of(signed_in(house.director), f"/beheer/zaken/{house.case.reference}/")
    assert "Niemand had de brief “Besluit” nagelezen. Hij ging vanzelf weg." in page


# ------------------------------------------------------------------------------------------------ before the act


def rows() -> dict[str, int]:
    tables: tuple[type[models.Model], ...] = (Event, Letter, Answer, Assignment, Deadline, Notice, Note)
    return {each.__name__: each.objects.count() for each in tables}  # type: ignore[attr-defined]


def test_form_of_an_act_shows_the_letters_that_it_will_send(house: House, signed_in: SignedIn, media_folder: Path):
    now = timezone.now()
    with scope(house.organisation.pk):
        chosen = {"handler": str(house.handler.pk)}
        perform(house.case, "assign", answers=chosen, actor=actor_of(house.director, house.case), at=now)
        tick_check(house.case, "dossier_read", actor=actor_of(house.handler, house.case), at=now)
        house.case.refresh_from_db()
        before = rows()
    client = signed_in(house.handler)
    act = f"/beheer/zaken/{house.case.reference}/handeling/decide/"
    assert 'name="preview"' in client.get(act).content.decode()
    sent = {"revision": house.case.revision, "verdict": "not_upheld"}

    shown = client.post(act, {**sent, "preview": "1"})
    page = " ".join(re.sub(r"<[^>]+>", " ", shown.content.decode()).split())
    assert shown.status_code == 200
    assert "ONS OORDEEL: ONGEGROND" in page
    assert "Jolanda Verweij" in page
    assert "Deze brief gaat pas weg als iemand hem heeft nagelezen." in page
    assert re.search(r'value="not_upheld"[^>]*checked', shown.content.decode())
    printed = client.post(act, {**sent, "print": "0"})
    assert (printed.content[:5], printed["Content-Type"]) == (b"%PDF-", "application/pdf")
    assert client.post(act, {**sent, "print": "7"}).status_code == 200  # no such letter: the page, with those there are

    empty = client.post(act, {"revision": house.case.revision, "preview": "1"})
    page = " ".join(re.sub(r"<[^>]+>", " ", empty.content.decode()).split())
    assert empty.status_code == 200
    assert "Nog niet ingevuld: “Wat is het oordeel?”" in page
    assert "Hierin ontbreekt nog: “Wat is het oordeel?”." in page
    with scope(house.organisation.pk):
        assert rows() == before
        assert Case.objects.get(pk=house.case.pk).phase == "investigation"
    assert client.post(act, sent).status_code == 302
    assert "ONGEGROND" in house.letter().text


def test_preview_knows_whom_the_act_would_choose_and_keeps_nobody(house: House, signed_in: SignedIn):
    organisation_case = f"/beheer/zaken/{house.case.reference}/handeling"
    with scope(house.organisation.pk):
        before = rows()
        revision = house.case.revision
    client = signed_in(house.director)
    shown = client.post(
        f"{organisation_case}/assign/", {"revision": revision, "handler": house.handler.pk, "preview": "1"}
    )
    assert "Met deze antwoorden gaat er geen brief weg." in shown.content.decode()
    assert 'name="preview"' not in shown.content.decode()  # no letter hangs on this act
    assert client.post(f"{organisation_case}/decide/", {"revision": revision, "preview": "1"}).status_code == 409
    assert signed_in(house.handler).post(f"{organisation_case}/assign/", {"preview": "1"}).status_code == 404
    with scope(house.organisation.pk):
        assert rows() == before


def test_preview_is_written_to_whom_the_answers_choose_and_on_the_day_that_they_set(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    with scope(organisation.pk):
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=now)
        case.refresh_from_db()
        before = rows()
    act = f"/beheer/zaken/{case.reference}/handeling/assign/"
    client = signed_in(people["csm"])
    sent = {"revision": case.revision, "handler": people["handler"].pk, "preview": "1"}
    page = text_of(client, act, **{name: str(value) for name, value in sent.items()})
    assert "aan Medewerker handler (e-mail)" in page  # a mail to who would handle it, who does not handle it yet
    assert "aan Jolanda Verweij (e-mail)" in page
    with scope(organisation.pk):
        assert rows() == before
        perform(case, "assign", answers={"handler": sent["handler"]}, actor=actor_of(people["csm"], case), at=now)
        case.refresh_from_db()
        due = Deadline.objects.get(case=case, rule="decision").due_on
    assert due is not None
    until = due + timedelta(days=3)
    asked = {"revision": str(case.revision), "preview": "1", "extension_reason": "Er is nog een gesprek."}
    extend = f"/beheer/zaken/{case.reference}/handeling/extend/"
    handler = signed_in(people["handler"])
    page = text_of(handler, extend, **asked, until=f"{until.day}-{until.month}-{until.year}")
    assert "Er is nog een gesprek." in page
    assert wording.day(until) in page
    with scope(organisation.pk):
        assert Deadline.objects.get(case=case, rule="decision").due_on == due


def test_retried_letter_keeps_the_words_that_it_was_given(house: House, smtp_server: MailServer, media_folder: Path):
    letter = house.decide(house.handler, at=timezone.now())
    with scope(house.organisation.pk):
        actor = actor_of(house.handler, house.case)
        reword_letter(letter, WORDS, actor=actor, at=timezone.now(), seen=fingerprint(letter))
        release_letter(letter, actor=actor_of(house.director, house.case), at=timezone.now())
    smtp_server.answer = "550 no"
    send_waiting(house.organisation.pk, at=timezone.now() + timedelta(minutes=1))
    failed = house.letter()
    smtp_server.answer = "250 OK"
    with scope(house.organisation.pk):
        retry_letter(failed, at=timezone.now() + timedelta(days=3))
    send_waiting(house.organisation.pk, at=timezone.now() + timedelta(days=3))
    sent = house.letter()
    assert (sent.state, sent.sha256, sent.text) == (Letter.State.SENT, failed.sha256, failed.text)
