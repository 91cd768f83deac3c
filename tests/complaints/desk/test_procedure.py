"""The organisation's own procedure at the desk: who may, what is kept, what is shown, and what is published."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import publishing
from complaints.desk.procedure import PARTS
from complaints.models import Membership
from procedures import wording
from procedures.catalogue import publish, version_in_force
from procedures.definition import Procedure
from procedures.models import Organisation, ProcedureVersion
from procedures.scoping import scope
from tests.complaints.factories import DEFINITIONS, filed_case, member, published, staffed

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]
PAGE = "/beheer/procedure/"
BEGIN, DISCARD, TEXT, FORM, DIFFERENCE, TRY, PUBLISH = (
    f"{PAGE}{name}/" for name in ("nieuw", "weg", "tekst", "formulier", "verschil", "proberen", "publiceren")
)


def source(slug: str = "klik-onderwijs") -> str:
    return (DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8")


def draft(organisation: Organisation) -> ProcedureVersion:
    with scope(organisation.pk):
        found = publishing.draft_version()
    assert found
    return found


def today() -> date:
    return timezone.localdate()


def shown(answer: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())  # type: ignore[attr-defined]


@pytest.fixture
def director(people: dict[str, Membership], signed_in: SignedIn) -> Client:
    """A browser of who may publish, with a draft that was just begun."""
    client = signed_in(people["general_director"])
    assert client.post(BEGIN)["Location"] == FORM
    return client


def save(client: Client, organisation: Organisation, text: str) -> object:
    return client.post(TEXT, {"text": text.replace("\n", "\r\n"), "seen": draft(organisation).sha256})


def filled_in(page: str) -> dict[str, str]:
    """What a browser would send of the form on a page, unchanged."""
    found = {name: unescape(value) for name, value in re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', page)}
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)".*?>\n(.*?)</textarea>', page, re.DOTALL):
        found[name] = unescape(inner)
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    empty = re.findall(r'<(?:input type="(?:text|email)")[^>]*name="([^"]+)"(?![^>]*value=)', page)
    return {**dict.fromkeys(empty, ""), **found}


# ------------------------------------------------------------------------------------------------ who


def test_every_member_reads_the_procedure_in_force(people: dict[str, Membership], signed_in: SignedIn):
    answer = signed_in(people["csm"]).get(PAGE)
    page = shown(answer)
    assert answer.status_code == 200
    assert "Nu geldt versie 1" in page
    assert "20 werkdagen" in page
    assert "Gepubliceerd door De directie" in page
    assert "Een nieuwe versie maakt en publiceert alleen: algemeen directeur" in page
    assert "Begin een nieuwe versie" not in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_publish_is_told_who_may(
    method: str, organisation: Organisation, people: dict[str, Membership], director: Client, signed_in: SignedIn
):
    kept = draft(organisation)
    for role in ("csm", "handler"):
        client = signed_in(people[role])
        assert "concept" not in shown(client.get(TRY))
        for address in (BEGIN, DISCARD, TEXT, FORM, DIFFERENCE, PUBLISH):
            answer = getattr(client, method)(address, {"seen": kept.sha256, "text": "leeg"})
            if answer.status_code != 405:
                assert answer.status_code == 403
                assert "algemeen directeur" in shown(answer)
    assert draft(organisation).source == kept.source


@pytest.mark.rule("KC-02")
def test_only_the_director_publishes_where_the_procedure_says_so(signed_in: SignedIn):
    organisation = published("klimkoord")
    people = staffed(organisation)
    others = [each for role, each in people.items() if role != "director"]
    administrator = signed_in(people["quality_manager"])  # manages people and settings, and yet may not
    assert administrator.post(BEGIN).status_code == 403
    director = signed_in(people["director"])
    director.post(BEGIN)
    seen = draft(organisation).sha256
    for each in others:
        answer = signed_in(each).post(PUBLISH, {"seen": seen})
        assert answer.status_code == 403
        with scope(organisation.pk), pytest.raises(publishing.NotYours):
            publishing.publish_version(member=each, seen=seen, at=timezone.now())
    assert director.post(PUBLISH, {"seen": seen})["Location"] == PAGE


def test_draft_is_of_one_organisation(director: Client, organisation: Organisation, signed_in: SignedIn):
    other = published("klassepro")
    theirs = signed_in(member(other, "Ander Mens", "director"))
    assert theirs.get(TEXT).status_code == 409
    theirs.post(BEGIN)
    assert 'organisation = "klassepro"' in draft(other).source
    assert 'organisation = "klik-onderwijs"' in draft(organisation).source


# ------------------------------------------------------------------------------------------------ the draft


def test_draft_begins_with_the_version_in_force(organisation: Organisation, director: Client):
    kept = draft(organisation)
    assert [line for line in kept.source.splitlines() if line not in source().splitlines()] == [
        "version = 2",
        f"in_force_from = {today() + timedelta(days=1)}",
    ]
    assert "Werk verder aan het concept" in shown(director.get(PAGE))
    assert "De tekst is in orde" in shown(director.get(PAGE))


def test_there_is_one_draft_at_a_time(organisation: Organisation, director: Client):
    kept = draft(organisation)
    answer = director.post(BEGIN)
    assert (answer.status_code, "Er is al een concept" in shown(answer)) == (409, True)
    assert draft(organisation).pk == kept.pk


def test_draft_is_thrown_away_only_as_it_was_seen(organisation: Organisation, director: Client):
    assert director.post(DISCARD, {"seen": "an older one"}).status_code == 409
    assert director.post(DISCARD, {"seen": draft(organisation).sha256})["Location"] == PAGE
    for address in (TEXT, FORM, DIFFERENCE, PUBLISH):
        answer = director.get(address)
        assert (answer.status_code, "Er is geen concept" in shown(answer)) == (409, True)


def test_draft_is_nowhere_on_the_public_side(organisation: Organisation, director: Client):
    assert "Versie 2" not in shown(Client().get("/klik-onderwijs/versies/"))
    for number in (0, 2):
        assert Client().get(f"/klik-onderwijs/versies/{number}/").status_code == 404


# ------------------------------------------------------------------------------------------------ as text


def test_sound_text_is_kept(organisation: Organisation, director: Client):
    text = draft(organisation).source.replace('term = "20 working days"', 'term = "15 working days"')
    answer = save(director, organisation, text)
    assert answer["Location"] == TEXT  # type: ignore[index]
    assert draft(organisation).source == text
    assert "De tekst is bewaard, en in orde" in shown(director.get(TEXT))


def test_unsound_text_is_kept_and_its_lines_are_quoted(organisation: Organisation, director: Client):
    text = draft(organisation).source.replace('term = "20 working days"', 'term = "twintig dagen"')
    number = text.split("\n").index('term = "twintig dagen"') + 1
    answer = save(director, organisation, text)
    page = shown(answer)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "De tekst is bewaard, maar nog niet in orde" in page
    assert f'Regel {number} · deadline "decision".term' in page
    assert '"twintig dagen" is not a term' in page
    assert page.count('term = "twintig dagen"') == 2  # quoted, and in the text
    assert draft(organisation).source == text
    assert f"Regel {number}" in shown(director.get(TEXT))
    assert "Er is 1 punt dat nog niet klopt" in shown(director.get(PAGE))


@pytest.mark.parametrize("typed", ["dit is geen TOML <b>\n", "a = " + "[" * 3000 + "\n", "a = " + "9" * 5000 + "\n"])
def test_text_that_is_no_toml_is_kept_too(typed: str, organisation: Organisation, director: Client):
    answer = save(director, organisation, typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "this is no TOML" in shown(answer)
    assert draft(organisation).source == typed
    assert unescape(director.get(TEXT).content.decode()).count(typed.strip()) >= 1
    for address in (DIFFERENCE, PUBLISH, PAGE):
        assert director.get(address).status_code == 200
    assert (director.get(FORM).status_code, director.get(TRY).status_code) == (409, 409)


@pytest.mark.parametrize(
    ("typed", "said"), [("", "De tekst is leeg"), ("a\0b", "onzichtbaar teken"), ("x" * 400_001, "te lang")]
)
def test_text_that_cannot_be_kept_is_still_there(typed: str, said: str, organisation: Organisation, director: Client):
    kept = draft(organisation)
    answer = director.post(TEXT, {"text": typed, "seen": kept.sha256})
    assert answer.status_code == 422
    assert said in shown(answer)
    assert typed in answer.content.decode()
    assert draft(organisation).source == kept.source


def test_text_of_a_colleague_is_not_overwritten_unseen(organisation: Organisation, director: Client):
    first = draft(organisation)
    theirs, mine = first.source + "\n# van een ander\n", first.source + "\n# van mij\n"
    save(director, organisation, theirs)
    answer = director.post(TEXT, {"text": mine, "seen": first.sha256})
    assert answer.status_code == 409
    assert "Iemand anders heeft het concept intussen veranderd" in shown(answer)
    assert "# van mij" in answer.content.decode()
    assert draft(organisation).source == theirs
    sent_again = filled_in(answer.content.decode())
    assert director.post(TEXT, sent_again)["Location"] == TEXT
    assert "# van mij" in draft(organisation).source


def test_text_outlives_a_draft_that_is_gone(organisation: Organisation, director: Client):
    kept = draft(organisation)
    director.post(DISCARD, {"seen": kept.sha256})
    answer = director.post(TEXT, {"text": "# lang werk\n", "seen": kept.sha256})
    assert answer.status_code == 409
    assert "# lang werk" in answer.content.decode()


# ------------------------------------------------------------------------------------------------ in a form


def test_form_sent_unchanged_changes_nothing(organisation: Organisation, director: Client):
    kept = draft(organisation)
    answer = director.post(FORM, filled_in(director.get(FORM).content.decode()))
    assert answer["Location"] == FORM
    assert draft(organisation).source == kept.source


def test_form_writes_into_the_text(organisation: Organisation, director: Client):
    before = draft(organisation).source
    page = director.get(FORM).content.decode()
    sent = filled_in(page) | {
        "term-decision-amount": "15",
        "phone": "070 123 45 67",
        "letter-acknowledgement-en-subject": "We have your complaint",
    }
    assert director.post(FORM, sent)["Location"] == FORM
    after = draft(organisation).source
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [
        'phone = "070 123 45 67"',
        'term = "15 working days"',
        'subject.en = "We have your complaint"',
    ]
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]


def test_form_says_what_is_wrong_beside_the_field(organisation: Organisation, director: Client):
    kept = draft(organisation)
    sent = filled_in(director.get(FORM).content.decode())
    wrong = {"term-decision-amount": "veel", "email": "geen adres", "in_force_from": "31-2-2030"}
    answer = director.post(FORM, sent | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert [
        said in shown(answer) for said in ("Schrijf een heel getal", "Dit is geen e-mailadres", "bestaat niet")
    ] == [True] * 3
    assert [f'value="{typed}"' in page for typed in wrong.values()] == [True] * 3
    assert draft(organisation).source == kept.source


def test_form_keeps_what_the_checker_refuses(organisation: Organisation, director: Client):
    sent = filled_in(director.get(FORM).content.decode())
    answer = director.post(FORM, sent | {"letter-acknowledgement-nl-body": "Beste {onbekend}"})
    assert answer.status_code == 422
    assert "Het concept is bewaard, maar de tekst is nog niet in orde" in shown(answer)
    assert 'body.nl = "Beste {onbekend}"' in draft(organisation).source
    mended = filled_in(answer.content.decode()) | {
        "letter-acknowledgement-nl-body": sent["letter-acknowledgement-nl-body"]
    }
    assert director.post(FORM, mended)["Location"] == FORM


def test_form_of_an_older_text_is_shown_again(organisation: Organisation, director: Client):
    sent = filled_in(director.get(FORM).content.decode()) | {"phone": "070"}
    save(director, organisation, draft(organisation).source + "\n# van een ander\n")
    answer = director.post(FORM, sent)
    assert answer.status_code == 409
    assert 'value="070"' in answer.content.decode()
    assert 'phone = "070"' not in draft(organisation).source
    assert director.post(FORM, filled_in(answer.content.decode()))["Location"] == FORM
    assert 'phone = "070"' in draft(organisation).source


# ------------------------------------------------------------------------------------------------ comparing, trying


def test_difference_is_said_in_words(organisation: Organisation, director: Client):
    save(director, organisation, draft(organisation).source.replace('"20 working days"', '"15 working days"'))
    page = shown(director.get(DIFFERENCE))
    assert "3 regels erbij, 3 regels weg" in page
    assert 'weg term = "20 working days"' in page
    assert 'erbij term = "15 working days"' in page
    assert "anders Termijn: Besluit, met uitleg (van 20 werkdagen naar 15 werkdagen)" in page


def test_every_part_of_a_procedure_has_words():
    assert {each.name for each in fields(Procedure)} - {"version", "in_force_from"} == set(PARTS)


def test_made_up_case_shows_phases_deadlines_and_letters(people: dict[str, Membership], signed_in: SignedIn):
    client = signed_in(people["csm"])
    asked = {"received": "20-11-2026 10.15", "act-1": "acknowledge", "at-1": "23-11-2026 9.00", "until": "24-11-2026"}
    answer = client.get(TRY, asked)
    page = shown(answer)
    assert answer.status_code == 200
    assert "vr 18 dec Besluit, met uitleg" in page
    assert "De stand op dinsdag 24 november 2026" in page
    assert "20 werkdagen" in page
    assert "Brief: “Ontvangstbevestiging” aan de indiener (e-mail)" in page
    assert "Wat er daarna kan" in page


def test_draft_is_tried_with_its_own_terms(organisation: Organisation, director: Client):
    save(director, organisation, draft(organisation).source.replace('"20 working days"', '"15 working days"'))
    asked = {"received": "20-11-2026 10.15"}
    assert "vr 11 dec" in shown(director.get(TRY, asked))
    assert "vr 18 dec" in shown(director.get(TRY, asked | {"which": "in_force"}))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"received": "gisteren"}, "Schrijf de datum en de tijd zo"),
        ({"received": "20-11-2026 10.15", "act-1": "decide"}, "Vul in wanneer dit gebeurt"),
        ({"received": "20-11-2026 10.15", "act-1": "judge", "at-1": "23-11-2026 9.00"}, "Dit kan zo nog niet"),
        ({"received": "20-11-2026 10.15", "until": "1-1-2080"}, "binnen tien jaar"),
        ({"received": "20-12-2100 10.15"}, "Zo ver kan Gehoor niet tellen"),
    ],
)
def test_story_that_cannot_be_told_says_why(
    asked: dict[str, str], said: str, people: dict[str, Membership], signed_in: SignedIn
):
    answer = signed_in(people["csm"]).get(TRY, asked)
    assert answer.status_code == 422
    assert said in shown(answer)
    assert asked["received"] in answer.content.decode()


# ------------------------------------------------------------------------------------------------ publishing


def test_confirmation_names_what_changes_and_open_cases_keep_their_version(
    organisation: Organisation, director: Client
):
    now = timezone.now()
    case = filed_case(organisation, at=now, recorded_at=now)
    text = draft(organisation).source.replace('"20 working days"', '"15 working days"')
    save(director, organisation, text.replace(f"{today() + timedelta(days=1)}", f"{today()}"))
    page = director.get(PUBLISH)
    assert "anders Termijn: Besluit, met uitleg (van 20 werkdagen naar 15 werkdagen)" in shown(page)
    assert f"Geldt vanaf {wording.day(today())}" in shown(page)
    assert "Let op" not in shown(page)
    assert director.post(PUBLISH, {"seen": draft(organisation).sha256})["Location"] == PAGE
    assert "Nu geldt versie 2" in shown(director.get(PAGE))
    with scope(organisation.pk):
        assert publishing.draft_version() is None
        version = version_in_force(today())
        assert (version.number, version.published_by, version.published_as) == (
            2,
            "Medewerker general_director",
            ["general_director"],
        )
        case.refresh_from_db()
        assert case.version.number == 1
        assert filed_case(organisation, at=now, recorded_at=now).version.number == 2
    assert director.post(BEGIN)["Location"] == FORM
    assert "\nversion = 3\n" in draft(organisation).source


def replaced(before: str, after: str) -> Callable[[str], str]:
    return lambda text: text.replace(before, after)


def dated(day: date) -> Callable[[str], str]:
    return lambda text: re.sub(r"in_force_from = [-\d]+", f"in_force_from = {day}", text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (replaced('"20 working days"', '"veel"'), "De tekst is nog niet in orde"),
        (dated(date(2026, 1, 1)), "Kies vandaag of later"),
        (replaced("version = 2", "version = 1"), "Schrijf bij “version” minstens 2"),
        (replaced('organisation = "klik-onderwijs"', 'organisation = "klassepro"'), "een andere organisatie"),
        (replaced('prefix = "KO"', 'prefix = "KP"'), "andere letters"),
    ],
)
def test_what_cannot_be_published_says_why(
    change: Callable[[str], str], said: str, organisation: Organisation, director: Client
):
    published("klassepro")
    text = change(draft(organisation).source)
    assert text != draft(organisation).source
    save(director, organisation, text)
    assert said in shown(director.get(PUBLISH))
    answer = director.post(PUBLISH, {"seen": draft(organisation).sha256})
    assert (answer.status_code, said in shown(answer)) == (422, True)
    assert draft(organisation).source == text
    for slug in ("klik-onderwijs", "klassepro"):
        assert "Versie 2" not in shown(Client().get(f"/{slug}/versies/"))


def test_draft_that_changed_after_the_confirmation_is_not_published(organisation: Organisation, director: Client):
    seen = draft(organisation).sha256
    save(director, organisation, draft(organisation).source.replace('"20 working days"', '"15 working days"'))
    answer = director.post(PUBLISH, {"seen": seen})
    assert answer.status_code == 409
    assert "Er is niets gepubliceerd" in shown(answer)
    assert "van 20 werkdagen naar 15 werkdagen" in shown(answer)
    assert "15 working days" in draft(organisation).source


def test_version_that_is_published_meanwhile_finds_its_number_free(organisation: Organisation, director: Client):
    text = draft(organisation).source
    publish(text, by="De directie", roles={"general_director"}, at=timezone.now())
    answer = director.post(PUBLISH, {"seen": draft(organisation).sha256})
    assert (answer.status_code, "Schrijf bij “version” minstens 3" in shown(answer)) == (422, True)
    assert "Let op: versie 2" not in shown(director.get(PAGE))


def test_publisher_whom_nobody_is_gets_a_warning(organisation: Organisation, director: Client):
    with scope(organisation.pk):
        Membership.objects.filter(roles__contains=["csm"]).update(is_active=False)
    save(
        director,
        organisation,
        draft(organisation).source.replace('publisher = "general_director"', 'publisher = "csm"'),
    )
    assert "niemand heeft nu die rol" in shown(director.get(PUBLISH))
