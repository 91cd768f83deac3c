"""What the rules demand of letters: for each rule the letter of a real case, to whom, and what must stand in it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from complaints.actions.composing import rule_of
from complaints.actions.correspondence import way_beside
from complaints.letters.invitation import REQUEST
from complaints.letters.writing import Recipient, write
from complaints.models import Letter
from procedures.definition import Channel
from tests.complaints.factories import definition
from tests.complaints.letters.told import told
from tests.procedures import stories

# The bodies that look again, as they must be told: name, and where to find them.
DOLDER = ("De geschillencommissie", "R. van den Dolder", "Meteoorplein 11", "7771 ED Hardenberg", "0523-272719")
KETS = ("De onafhankelijke derde", "J. Kets", "Bureau InterZin", "Leemzeulder 27", "1251 AM Laren")
MAKARAWUNG = ("De beroepscommissie", "C.R. Makarawung", "Stadswal 61a", "6851 CZ Huissen")
PORTAL = ("Klachtenportaal Zorg", "info@klachtenportaalzorg.nl", "www.klachtenportaalzorg.nl")
NAMED = "Schrijf er altijd bij dat Stichting Klimkoord de zorgaanbieder is"
BINDING = "Het oordeel is bindend: wij moeten doen wat erin staat"
COURT = "burgerlijke rechter"
MORE_TIME = "Waarom is meer tijd nodig?"


class Demand(NamedTuple):
    """The rules that ask it, in which story, of which letter, to whom, and what stands in it. Without a rule it is what
    we promise about the file; that it is erased in time is proved elsewhere."""

    rules: tuple[str, ...]
    story: str
    letter: str
    to: str
    words: tuple[str, ...]


C, R, H = "complainant", "respondent", "handler"
DEMANDS = [
    # -------------------------------------------------------------------------------------------------- Klik Onderwijs
    Demand(
        ("KO-08",),
        "klik-onderwijs-straight",
        "acknowledgement",
        C,
        (
            "Op vrijdag 20 november 2026 kregen wij uw klacht",
            "Een onafhankelijke klachtenfunctionaris onderzoekt uw klacht",
            "praten wij ook met de medewerker om wie het gaat",
            "vrijdag 18 december 2026: Uiterlijk deze dag krijgt u ons besluit",
            "20 werkdagen na 20 november",
            "10 werkdagen: Tot en met deze dag kunt u bezwaar maken",
        ),
    ),
    Demand(
        ("KO-12",),
        "klik-onderwijs-extended",
        "extension",
        C,
        (
            "uiterlijk op maandag 8 juni 2026",
            "De nieuwe laatste dag is vrijdag 26 juni 2026",
            MORE_TIME,
            "De trainer is",
        ),
    ),
    Demand(
        ("KO-13", "KO-15", "KO-16", "KO-19"),
        "klik-onderwijs-straight",
        "decision",
        C,
        (
            "U krijgt gelijk (gegrond)",
            "Dit is waarom",
            "Wat wij gaan doen",
            "schriftelijk bezwaar maken",
            "De externe geschillencommissie",
            "drie beoordelaars die niet bij Klik Onderwijs horen",
            "dinsdag 5 januari 2027: Tot en met deze dag kunt u bezwaar maken",
            "Hun oordeel is bindend",
        ),
    ),
    Demand(
        ("KO-17",),
        "klik-onderwijs-objection",
        "objection_received",
        C,
        ("Op maandag 24 januari 2028 kregen wij uw bezwaar", "donderdag 24 februari 2028", "maandag 21 februari 2028"),
    ),
    Demand(
        ("KO-17",),
        "klik-onderwijs-late-objection-admitted",
        "late_objection_admitted",
        C,
        ("na de laatste dag, donderdag 5 november 2026", "dinsdag 8 december 2026", "donderdag 10 december 2026"),
    ),
    Demand(
        ("KO-15",),
        "klik-onderwijs-late-objection-refused",
        "late_objection_refused",
        C,
        ("na de laatste dag, maandag 11 mei 2026", "Dit is waarom"),
    ),
    Demand(
        ("KO-17",),
        "klik-onderwijs-objection",
        "delay",
        C,
        ("donderdag 24 februari 2028", "De nieuwe datum is vrijdag 10 maart 2028", MORE_TIME),
    ),
    Demand(
        ("KO-18", "KO-19"),
        "klik-onderwijs-objection",
        "judgement",
        C,
        (
            "uw bezwaar is gegrond",
            "Dit is waarom",
            "Dit oordeel is bindend",
            "maandag 20 maart 2028: Uiterlijk deze dag hebben wij gedaan wat de beoordelaars zeggen",
        ),
    ),
    Demand(("KO-19",), "klik-onderwijs-objection", "carried_out_notice", C, ("Dit hebben wij gedaan", "1 jaar")),
    Demand((), "klik-onderwijs-extended", "closed_notice", C, ("Wij bewaren het dossier 1 jaar",)),
    # ------------------------------------------------------------------------------------------------------- Klassepro
    Demand(
        ("KP-06", "KP-07", "KP-02"),
        "klassepro-straight",
        "acknowledgement",
        C,
        (
            "Op maandag 2 november 2026 kregen wij uw klacht",
            "Farida el Amrani, klachtbehandelaar van Klassepro",
            "Wij gaan vertrouwelijk om met wat u ons vertelt",
            "maandag 16 november 2026: Uiterlijk deze dag krijgt u ons besluit",
            BINDING,
            *DOLDER,
        ),
    ),
    Demand(
        ("KP-08", "KP-10", "KP-15"),
        "klassepro-straight",
        "decision",
        C,
        ("U krijgt voor een deel gelijk (deels gegrond)", "Dit is waarom", "Wat wij gaan doen", BINDING, *DOLDER),
    ),
    Demand(
        ("KP-11",),
        "klassepro-straight",
        "decision",
        C,
        ("Farida el Amrani belt u", "vrijdag 27 november 2026: Uiterlijk deze dag bellen wij u"),
    ),
    Demand(
        ("KP-09",),
        "klassepro-extended",
        "extension",
        C,
        ("woensdag 8 april 2026", "maandag 27 april 2026", MORE_TIME, "De behandelaar is pas na Pasen terug."),
    ),
    Demand(
        ("KP-09",),
        "klassepro-late",
        "lateness",
        C,
        ("dinsdag 29 december 2026", "naar verwachting op dinsdag 5 januari 2027", "te weinig mensen", "Dat spijt ons"),
    ),
    Demand(("KP-15",), "klassepro-silent", "closed_unanswered_notice", C, ("geen laatste dag", "5 jaar", *DOLDER)),
    Demand(("KP-15",), "klassepro-dispute", "dispute_received", C, ("het hele dossier", BINDING, *DOLDER)),
    Demand(
        ("KP-15",),
        "klassepro-dispute",
        "dossier_to_committee",
        "appeal:disputes",
        ("klacht KP-2026-0042", "Het dossier zit bij deze brief", "Uw oordeel is bindend", "Stuur uw oordeel naar ons"),
    ),
    Demand(("KP-15",), "klassepro-dispute", "judgement", C, ("De commissie geeft u gelijk", "Dit oordeel is bindend")),
    Demand((), "klassepro-straight", "closed_notice", C, ("Het dossier bewaren wij 5 jaar",)),
    # ------------------------------------------------------------------------------------------------------- Klikklaar
    Demand(
        ("KK-07", "KK-08", "KK-12", "KK-16"),
        "klikklaar-straight",
        "acknowledgement",
        C,
        (
            "Op vrijdag 20 november 2026 kregen wij uw klacht",
            "vertrouwelijk",
            "Wij behandelen uw klacht binnen 4 weken",
            "vrijdag 18 december 2026: Uiterlijk deze dag krijgt u ons besluit",
            "Tot die tijd kunt u uw gegevens bij ons opvragen",
            COURT,
        ),
    ),
    Demand(
        ("KK-09",),
        "klikklaar-extended",
        "extension",
        C,
        ("dinsdag 5 januari 2027", "De nieuwe laatste dag is vrijdag 22 januari 2027", MORE_TIME),
    ),
    Demand(
        ("KK-10", "KK-13", "KK-14", "KK-15", "KK-16"),
        "klikklaar-straight",
        "decision",
        C,
        (
            "U krijgt gelijk (gegrond)",
            "Dit is waarom",
            "Onze oplossing",
            "onafhankelijke voorzitter",
            "meestal binnen 8 weken",
            "bindend voor Klikklaar",
            COURT,
            *MAKARAWUNG,
        ),
    ),
    Demand(
        ("KK-14", "KK-16"),
        "klikklaar-appeal",
        "objection_received",
        C,
        ("Op maandag 30 maart 2026 kregen wij uw bezwaar", "maandag 25 mei 2026", "bindend", COURT, *MAKARAWUNG),
    ),
    Demand(
        ("KK-14",),
        "klikklaar-appeal",
        "dossier_to_committee",
        "appeal:committee",
        ("klacht KK-2026-0042", "binnen 8 weken", "uiterlijk maandag 25 mei 2026", "Stuur uw oordeel naar ons"),
    ),
    Demand(("KK-14",), "klikklaar-appeal", "delay", C, ("maandag 25 mei 2026", "vrijdag 19 juni 2026", MORE_TIME)),
    Demand(("KK-15", "KK-16"), "klikklaar-appeal", "judgement", C, ("Dit is waarom", "bindend voor Klikklaar", COURT)),
    Demand(
        ("KK-05",),
        "klikklaar-window-leap-day",
        "late_filing",
        C,
        ("donderdag 1 maart 2029", "dinsdag 29 februari 2028", "twaalf maanden"),
    ),
    Demand(("KK-05", "KK-16"), "klikklaar-window-leap-day", "late_refused", C, ("Dit is waarom", COURT)),
    Demand(("KK-02", "KK-16"), "klikklaar-outside", "dismissal", C, ("Dit is waarom", COURT)),
    Demand(("KK-12",), "klikklaar-straight", "data_request_received", C, ("binnen één maand", "woensdag 25 november")),
    Demand(
        ("KK-12", "KK-13", "KK-16"),
        "klikklaar-straight",
        "closed_notice",
        C,
        ("1 jaar na ons besluit", "uw gegevens opvragen", "geen laatste dag", COURT, *MAKARAWUNG),
    ),
    Demand(("KK-17",), "klikklaar-straight", "decision_to_director", "director", ("dit nog eens gebeurt",)),
    # ------------------------------------------------------------------------------------------------------- Klimkoord
    Demand(
        ("KC-06", "KC-07", "KC-09", "KC-11"),
        "klimkoord-straight",
        "acknowledgement",
        C,
        (
            "vertrouwelijk",
            "vrijdag 4 december 2026: Uiterlijk deze dag neemt iemand contact met u op",
            "zondag 20 december 2026: Uiterlijk deze dag leest u wat wij hebben gedaan",
            "Dan delen wij het niet, en is ons antwoord algemeen",
            NAMED,
            *PORTAL,
        ),
    ),
    Demand(
        ("KC-06", "KC-11"),
        "klimkoord-straight",
        "answer",
        C,
        ("Wat wij hebben gedaan en nog gaan doen", "donderdag 7 januari 2027", "onafhankelijk", NAMED, *PORTAL),
    ),
    Demand(
        ("KC-07",),
        "klimkoord-limited",
        "limited_answer",
        C,
        ("niet te delen", "Daarom is ons antwoord algemeen", *PORTAL),
    ),
    Demand(("KC-07",), "klimkoord-limited", "handover_limited", H, ("Praat er niet met hen over",)),
    Demand(
        ("KC-08",),
        "klimkoord-line-manager",
        "invitation",
        C,
        ("maandag 20 april 2026 om 15.00 uur", "De medewerker om wie het gaat, nodig ik ook uit"),
    ),
    Demand(
        ("KC-08",),
        "klimkoord-line-manager",
        "invitation_employee",
        R,
        ("maandag 20 april 2026 om 15.00 uur", "samen met de klager"),
    ),
    Demand(("KC-08",), "klimkoord-line-manager", "agreements", C, ("Dit hebben wij afgesproken",)),
    Demand(("KC-08",), "klimkoord-line-manager", "agreements_employee", R, ("Dit is afgesproken",)),
    Demand(("KC-11",), "klimkoord-external", "external_information", C, (NAMED, "bemiddelen", *PORTAL)),
    Demand(("KC-12",), "klimkoord-formal", "formal_notice", "director", ("KC-2026-0042",)),
    Demand(("KC-15",), "klimkoord-unwanted-behaviour", "improvements_done", C, ("Dat is nu gebeurd",)),
    # ------------------------------------------------------------------------------------------------------------- O21
    Demand(
        ("O21-05", "O21-12", "O21-17", "O21-22"),
        "o21-straight",
        "acknowledgement",
        C,
        (
            "De directie neemt uw klacht in behandeling",
            "vrijdag 11 december 2026: Uiterlijk deze dag weet u wat er met uw klacht is gedaan",
            "dinsdag 5 januari 2027: Duurt het langer?",
            "Wij gaan vertrouwelijk met uw klacht om",
        ),
    ),
    Demand(
        ("O21-13",), "o21-straight", "employee_notice", R, ("Een klacht is geen oordeel", "vrijdag 11 december 2026")
    ),
    Demand(
        ("O21-13",),
        "o21-straight",
        "third_party_notice",
        "appeal:third_party",
        ("nummer O21-2026-0042", "vrijdag 11 december 2026", "het hele dossier"),
    ),
    Demand(
        ("O21-01", "O21-15", "O21-23"),
        "o21-straight",
        "outcome",
        C,
        (
            "voor een deel terecht (deels gegrond)",
            "Wat wij gaan doen",
            "woensdag 20 januari 2027: Tot en met deze dag kunt u in beroep gaan",
            BINDING,
            *KETS,
        ),
    ),
    Demand(
        ("O21-15",),
        "o21-straight",
        "outcome_to_employee",
        R,
        ("voor een deel terecht (deels gegrond)", "Wat wij gaan doen", "in beroep gaan"),
    ),
    Demand(
        ("O21-01", "O21-19"),
        "o21-rejected",
        "rejection",
        C,
        ("De klacht gaat over een opleiding van een andere aanbieder.", "vrijdag 7 mei 2027", *KETS),
    ),
    Demand(
        ("O21-22",),
        "o21-extended",
        "extension",
        C,
        ("vrijdag 8 januari 2027", "uiterlijk op vrijdag 5 maart 2027", MORE_TIME),
    ),
    Demand(("O21-18",), "o21-light", "light_outcome", C, ("Dit hebben wij afgesproken", "formele klacht")),
    Demand(("O21-18",), "o21-light", "light_to_employee", R, ("in overleg met de klager direct opgelost",)),
    Demand(("O21-23",), "o21-appealed", "appeal_received", C, ("maandag 2 november 2026", "J. Kets", BINDING)),
    Demand(("O21-23",), "o21-appealed", "appeal_request", "third_party", ("Uw oordeel is bindend", "O21-2026-0042")),
    Demand(
        ("O21-23",),
        "o21-appealed",
        "judgement",
        C,
        (
            "Het beroep is terecht (gegrond)",
            "bindend",
            "donderdag 24 december 2026: Uiterlijk deze dag hebben wij gedaan",
        ),
    ),
    Demand(("O21-02",), "o21-referred", "referral_abuse", C, ("vertrouwenspersoon", "0800-0188", "Bel dan 112")),
    Demand(("O21-02",), "o21-referred-results", "referral_results", C, ("een andere manier in beroep", "BackOffice")),
    Demand(("O21-06",), "o21-own-work", "directie_demand", "directie", ("wil dat u iets weet",)),
    Demand((), "o21-straight", "closed_notice", C, ("Wij bewaren het dossier 2 jaar",)),
]


@cache
def texts_of(story: str) -> dict[tuple[str, str], list[str]]:
    """The Dutch letters of a story on one line each, by name and recipient."""
    found: dict[tuple[str, str], list[str]] = {}
    for letter, to, occasion in told(stories.read(stories.STORIES / f"{story}.toml")):
        text = " ".join(write(letter, to=to, occasion=occasion).text.split())
        found.setdefault((letter.name, to.kind), []).append(text.casefold())
    return found


@pytest.mark.parametrize(
    "demand",
    [
        pytest.param(
            each,
            id=f"{each.story}-{each.letter}-{each.to}",
            marks=[pytest.mark.rule(*each.rules)] if each.rules else [],
        )
        for each in DEMANDS
    ],
)
def test_letter_says_what_its_rules_demand(demand: Demand):
    letters = texts_of(demand.story)[demand.letter, demand.to]
    lacking = [[words for words in demand.words if words.casefold() not in text] for text in letters]
    assert [] in lacking, lacking


@pytest.mark.rule("O21-16")
def test_people_inside_are_written_to_in_a_closed_envelope():
    procedure = definition("o21")
    for letter in procedure.letters:
        if "respondent" in letter.to or "appeal:third_party" in letter.to:
            assert letter.channels == (Channel.SEALED,), letter.name
    employee = Recipient(kind="respondent", name="Sanne Postma", email="s.postma@example.org")
    assert way_beside(procedure, employee) is Channel.SEALED
    complainant = Recipient(kind="complainant", name="J. Verweij", email="j.verweij@example.org")
    assert way_beside(procedure, complainant) is Channel.EMAIL
    assert way_beside(definition("klik-onderwijs"), employee) is Channel.EMAIL
    assert way_beside(definition("klimkoord"), Recipient(kind="respondent", name="Sanne")) is Channel.POST
    question = Letter(name=REQUEST, channel=Channel.SEALED.value)
    assert rule_of(question, procedure).channels == (Channel.SEALED,)  # so that its page says so in the window


@pytest.mark.rule("KC-07")
def test_nobody_concerned_is_written_to_where_the_story_may_not_be_shared():
    procedure = definition("klimkoord")
    facts = {"confidentiality": "limited"}
    for letter in procedure.letters:
        if "respondent" not in letter.to:
            continue
        for occurrence in letter.on:
            asked = (*letter.when, *procedure.act(occurrence.name).when)
            assert not all(each.holds(facts, frozenset()) for each in asked if each.fact == "confidentiality"), (
                letter.name
            )
    assert "respondent" not in {to for _letter, to in texts_of("klimkoord-limited")}
