"""Days, terms and countings in words, in both languages."""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from procedures import wording
from procedures.calendars import Calendar
from procedures.deadlines import Due, Skipped, compute
from procedures.definition import (
    CalendarPolicy,
    Channel,
    DeadlineKind,
    OwedBy,
    Procedure,
    Roll,
    Term,
)
from procedures.engine import Deadline, Status
from procedures.loading import load
from procedures.simulation import Rehearsal
from procedures.wording import Left
from tests.procedures import test_engine as proef

ZONE = ZoneInfo("Europe/Amsterdam")
CALENDAR = Calendar.for_policy(CalendarPolicy())
LOCALE = Path(wording.__file__).parent / "locale" / "en" / "LC_MESSAGES"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


# ---------------------------------------------------------------------------------------------- days and terms


def test_days_and_moments_in_both_languages() -> None:
    day, instant = date(2026, 11, 25), at("2026-11-20T14:32")
    assert [
        (
            wording.day(day, language=language),
            wording.day(day, year=False, language=language),
            wording.short_day(day, language=language),
            wording.moment(instant, zone=ZONE, language=language),
            wording.end(day, zone=ZONE, language=language),
            wording.end(at("2026-03-29T17:00"), zone=ZONE, language=language),
            wording.short_end(at("2026-03-29T09:05"), zone=ZONE, language=language),
        )
        for language in ("nl", "en")
    ] == [
        (
            "woensdag 25 november 2026",
            "woensdag 25 november",
            "wo 25 nov",
            "vrijdag 20 november 2026 om 14.32 uur",
            "woensdag 25 november 2026",
            "zondag 29 maart 2026 om 17.00 uur",
            "zo 29 mrt 9.05 uur",
        ),
        (
            "Wednesday 25 November 2026",
            "Wednesday 25 November",
            "Wed 25 Nov",
            "Friday 20 November 2026 at 14:32",
            "Wednesday 25 November 2026",
            "Sunday 29 March 2026 at 17:00",
            "Sun 29 Mar 9:05",
        ),
    ]


def test_the_active_language_is_spoken() -> None:
    with override("en"):
        assert wording.day(date(2026, 5, 1)) == "Friday 1 May 2026"
    with override("nl"):
        assert wording.day(date(2026, 5, 1)) == "vrijdag 1 mei 2026"


def test_every_month_and_weekday_has_its_name() -> None:
    days = [date(2026, month, month) for month in range(1, 13)]
    assert [wording.month(day, language="nl") for day in days] == [
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ]
    week = [date(2026, 11, 2 + n) for n in range(7)]
    assert [wording.short_day(day, language="nl")[:2] for day in week] == ["ma", "di", "wo", "do", "vr", "za", "zo"]


@pytest.mark.parametrize(
    ("text", "dutch", "english"),
    [
        ("20 working days", "20 werkdagen", "20 working days"),
        ("1 working day", "1 werkdag", "1 working day"),
        ("1 month", "1 maand", "1 month"),
        ("12 months", "12 maanden", "12 months"),
        ("48 hours", "48 uur", "48 hours"),
        ("3 working weeks", "3 werkweken", "3 working weeks"),
        ("1 week", "1 week", "1 week"),
        ("14 days", "14 dagen", "14 days"),
        ("5 years", "5 jaar", "5 years"),
    ],
)
def test_terms_in_words(text: str, dutch: str, english: str) -> None:
    term = Term.parse(text)
    assert (wording.term(term, language="nl"), wording.term(term, language="en")) == (dutch, english)


def test_lists_in_words() -> None:
    assert [wording.joined(list(parts), language="nl") for parts in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a en b",
        "a, b en c",
    ]
    assert wording.joined(["a", "b", "c"], language="en") == "a, b and c"


def test_single_words_in_both_languages() -> None:
    assert [
        (
            wording.kind(DeadlineKind.TARGET, language=language),
            wording.owed_by(OwedBy.COMPLAINANT, language=language),
            wording.channel(Channel.POST, language=language),
            wording.status(Status.MISSED, language=language),
        )
        for language in ("nl", "en")
    ] == [
        ("streefdatum", "de indiener", "post", "niet gehaald"),
        ("target date", "the complainant", "post", "not met"),
    ]


# ---------------------------------------------------------------------------------------------- what is left


@pytest.mark.parametrize(
    ("due", "now", "dutch", "english", "level"),
    [
        (date(2026, 11, 25), "2026-11-20T10:00", "nog 3 werkdagen", "3 working days left", "soon"),
        (date(2026, 11, 26), "2026-11-20T10:00", "nog 4 werkdagen", "4 working days left", "plain"),
        (date(2026, 11, 23), "2026-11-20T10:00", "nog 1 werkdag", "1 working day left", "soon"),
        (date(2026, 11, 22), "2026-11-20T10:00", "nog 2 dagen", "2 days left", "soon"),
        (date(2026, 11, 20), "2026-11-20T23:59", "vandaag", "today", "today"),
        (date(2026, 11, 16), "2026-11-20T10:00", "4 werkdagen te laat", "4 working days late", "late"),
        (date(2026, 11, 20), "2026-11-21T00:00", "1 dag te laat", "1 day late", "late"),
        (date(2026, 12, 24), "2026-12-28T09:00", "1 werkdag te laat", "1 working day late", "late"),
        (at("2026-11-21T15:30"), "2026-11-20T10:00", "nog 29 uur", "29 hours left", "soon"),
        (at("2026-11-20T15:30"), "2026-11-20T10:00", "nog 5 uur", "5 hours left", "today"),
        (at("2026-11-20T10:01"), "2026-11-20T10:00", "nog 1 minuut", "1 minute left", "today"),
        (at("2026-11-30T10:00"), "2026-11-20T10:00", "nog 6 werkdagen", "6 working days left", "plain"),
        (at("2026-11-20T10:00"), "2026-11-20T10:00", "1 minuut te laat", "1 minute late", "late"),
        (at("2026-11-20T08:00"), "2026-11-20T10:00", "2 uur te laat", "2 hours late", "late"),
        # In between, the clock was put forward: 47 hours have gone by.
        (at("2026-03-27T16:00"), "2026-03-29T16:00", "47 uur te laat", "47 hours late", "late"),
    ],
)
def test_what_is_left(due: date | datetime, now: str, dutch: str, english: str, level: wording.Level) -> None:
    left = {
        language: wording.left(Due(due, due), at=at(now), calendar=CALENDAR, zone=ZONE, language=language)
        for language in ("nl", "en")
    }
    assert left == {"nl": Left(dutch, level), "en": Left(english, level)}


def test_what_is_left_of_a_target_looks_like_a_target() -> None:
    due = Due(date(2026, 11, 20), date(2026, 11, 20))
    said = [
        wording.left(due, at=at(now), calendar=CALENDAR, zone=ZONE, kind=DeadlineKind.TARGET, language="nl")
        for now in ("2026-11-19T10:00", "2026-11-20T10:00", "2026-11-24T10:00")
    ]
    assert said == [
        Left("nog 1 werkdag", "target"),
        Left("vandaag", "target"),
        Left("streefdatum 2 werkdagen voorbij", "target"),
    ]


def test_what_is_left_of_a_clock_that_ended_tells_how_it_ended() -> None:
    start = at("2026-11-02T09:00")
    due = Due(date(2026, 11, 16), date(2026, 11, 16))
    clocks = [
        Deadline("decision", 1, start, start, due, status=status, met_at=met_at)
        for status, met_at in (
            (Status.MET, at("2026-11-13T09:00")),
            (Status.MISSED, at("2026-11-18T00:30")),
            (Status.DROPPED, None),
        )
    ]
    now = at("2026-11-20T10:00")
    assert [wording.left(each, at=now, calendar=CALENDAR, zone=ZONE, language="nl") for each in clocks] == [
        Left("gehaald op vr 13 nov", "met"),
        Left("te laat, op wo 18 nov", "late"),
        Left("vervallen", "plain"),
    ]


def test_a_clock_that_stands_still_says_so() -> None:
    paused = proef.paused().deadline("decision")
    assert paused
    assert wording.left(paused, at=at("2027-03-01T10:00"), calendar=CALENDAR, zone=ZONE, language="nl") == Left(
        "staat stil", "plain"
    )


# ---------------------------------------------------------------------------------------------- countings


def counted(
    rehearsal: Rehearsal, rule: str, *, public: bool = False, language: str = "nl", because: str = ""
) -> list[str]:
    deadline = rehearsal.case.deadline(rule)
    assert deadline
    return wording.counting(
        deadline,
        rehearsal.procedure.deadline(rule),
        procedure=rehearsal.procedure,
        calendar=rehearsal.calendar,
        because=because,
        public=public,
        language=language,
    )


def definition(name: str) -> Procedure:
    return load((Path(wording.__file__).parent / "definitions" / f"{name}.toml").read_text(encoding="utf-8"))


def test_counting_of_working_days_names_what_did_not_count() -> None:
    rehearsal = Rehearsal(definition("klik-onderwijs"), closed={date(2026, 12, 24): "brugdag"})
    rehearsal.do("file", at=at("2026-12-14T10:00"))
    assert counted(rehearsal, "decision", because="file") == [
        "Geteld vanaf maandag 14 december 2026: “Klacht indienen”.",
        "20 werkdagen: dag 1 is dinsdag 15 december, dag 20 is donderdag 14 januari 2027.",
        (
            "Niet geteld: zaterdagen en zondagen, sluitingsdag “brugdag” (donderdag 24 december 2026), "
            "Eerste Kerstdag (vrijdag 25 december) en Nieuwjaarsdag (vrijdag 1 januari 2027)."
        ),
        "Regels KO-11 en KO-12, procedure versie 1.",
    ]
    assert counted(rehearsal, "decision", because="file", language="en") == [
        "Counted from Monday 14 December 2026: “Make a complaint”.",
        "20 working days: day 1 is Tuesday 15 December, day 20 is Thursday 14 January 2027.",
        (
            "Not counted: Saturdays and Sundays, closing day “brugdag” (Thursday 24 December 2026), "
            "Christmas Day (Friday 25 December) and New Year's Day (Friday 1 January 2027)."
        ),
        "Rules KO-11 and KO-12, procedure version 1.",
    ]


def test_counting_for_the_complainant_holds_no_rules_and_says_what_a_working_day_is() -> None:
    rehearsal = Rehearsal(definition("klik-onderwijs"))
    rehearsal.do("file", at=at("2026-11-20T10:00"))
    assert counted(rehearsal, "acknowledgement", public=True) == [
        "Geteld vanaf vrijdag 20 november 2026.",
        "Wij tellen werkdagen: maandag tot en met vrijdag.",
        "3 werkdagen: dag 1 is maandag 23 november, dag 3 is woensdag 25 november.",
        "Niet geteld: zaterdagen en zondagen.",
    ]


def test_counting_of_hours_tells_of_the_clock_change() -> None:
    rehearsal = Rehearsal(definition("klassepro"))
    rehearsal.do("file", at=at("2026-10-23T16:00"))
    assert counted(rehearsal, "assignment", because="file") == [
        "Geteld vanaf vrijdag 23 oktober 2026 om 16.00 uur: “Klacht indienen”.",
        "48 uur later is zondag 25 oktober om 15.00 uur.",
        "In die tijd ging de klok terug. De termijn duurt echt 48 uur.",
        "Regel KP-04, procedure versie 1.",
    ]


def test_counting_from_a_letter_with_weeks_rolled_over_the_weekend() -> None:
    rehearsal = Rehearsal(proef.procedure(), facts={"topic": "care"})
    rehearsal.do("file", at=at("2026-11-02T09:00"))
    rehearsal.do("assign", at=at("2026-11-03T09:00"))
    rehearsal.do("decide", at=at("2026-11-07T09:00"))
    assert counted(rehearsal, "objection") == [
        "Geteld vanaf zaterdag 7 november 2026: toen ging de brief “Besluit” weg.",
        "2 weken na zaterdag 7 november is zaterdag 21 november.",
        "Alle dagen tellen mee, ook het weekend en feestdagen.",
        (
            "De termijn eindigt op zaterdag 21 november. Geen werkdag: zaterdag 21 november en zondag 22 november. "
            "De laatste dag is daarom maandag 23 november."
        ),
        "Procedure versie 3.",
    ]


def test_counting_tells_pauses_and_extensions_in_their_order() -> None:
    rehearsal = Rehearsal(proef.procedure(), facts={"topic": "care"})
    rehearsal.do("file", at=at("2026-11-02T09:00"))
    rehearsal.do("assign", at=at("2026-11-03T09:00"))
    rehearsal.do("ask", at=at("2026-11-04T09:00"))
    assert counted(rehearsal, "decision")[-2:] == [
        "De klok staat stil sinds woensdag 4 november. Het einde schuift op zodra de klok weer loopt.",
        "Procedure versie 3.",
    ]
    rehearsal.do("answer", at=at("2026-11-06T09:00"))
    rehearsal.do("extend", at=at("2026-11-19T09:00"), facts={"until": date(2026, 11, 20), "why": "ziek"})
    assert counted(rehearsal, "decision") == [
        "Geteld vanaf maandag 2 november 2026: “Indienen”.",
        "10 werkdagen: dag 1 is dinsdag 3 november, dag 10 is maandag 16 november.",
        "Niet geteld: zaterdagen en zondagen.",
        "Er waren geen feestdagen of sluitingsdagen.",
        (
            "De klok stond stil van woensdag 4 november tot vrijdag 6 november. "
            "Het einde ging daardoor van maandag 16 november naar woensdag 18 november."
        ),
        "Verlengd op donderdag 19 november: van woensdag 18 november naar vrijdag 20 november.",
        "Dat gebeurde pas na de laatste dag.",
        "Procedure versie 3.",
    ]


def test_counting_of_a_month_that_is_too_short_says_so() -> None:
    rule = definition("klik-onderwijs").deadline("judgement")
    start = at("2027-01-31T09:00")
    due = compute(start, rule.term, calendar=CALENDAR, zone=ZONE, roll=rule.roll)
    said = wording.counting(
        Deadline("judgement", 1, start, start, due),
        rule,
        procedure=definition("klik-onderwijs"),
        calendar=CALENDAR,
        because="object",
        language="nl",
    )
    assert said[1:3] == [
        "1 maand na zondag 31 januari is zondag 28 februari.",
        "Die maand heeft geen dag 31. Daarom is het de laatste dag van de maand.",
    ]


def test_counting_by_the_statute_names_it() -> None:
    procedure = definition("klik-onderwijs")
    rule = procedure.deadline("objection")
    start = at("2026-03-21T09:00")
    due = Due(
        date(2026, 4, 3),
        date(2026, 4, 7),
        tuple(
            Skipped(date(2026, 4, day), name)
            for day, name in ((3, "Goede Vrijdag"), (4, "zaterdag"), (5, "zondag"), (6, "Tweede Paasdag"))
        ),
        rolled=True,
    )
    by_law = replace(rule, roll=Roll.STATUTORY)
    said = wording.counting(
        Deadline("objection", 1, start, start, due), by_law, procedure=procedure, calendar=CALENDAR, language="en"
    )
    assert said[-3:-1] == [
        (
            "The term ends on Friday 3 April. No working days: Good Friday (Friday 3 April), Saturday 4 April, "
            "Sunday 5 April and Easter Monday (Monday 6 April). So the last day is Tuesday 7 April."
        ),
        "So says the Dutch General Extension of Time Limits Act (Algemene termijnenwet).",
    ]


def test_occurrences_in_words() -> None:
    procedure = definition("klik-onderwijs")
    assert [
        wording.occurrence(each, procedure=procedure, language="nl")
        for each in ("decide", "sent:decision", "passed:decision", "before:decision:5 working days")
    ] == [
        "“Stuur het besluit”",
        "de brief “Besluit” is verstuurd",
        "de termijn “Besluit, met uitleg” is voorbij",
        "5 werkdagen voor het einde van “Besluit, met uitleg”",
    ]


# ---------------------------------------------------------------------------------------------- the catalogue


def said_in_code() -> Iterator[str]:
    """Every text in wording.py that gettext is asked for, as its key in a catalogue."""
    tree = ast.parse(Path(wording.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if node.func.id == "_" or node.func.id == "ngettext":
                yield texts[0]
            elif node.func.id in ("pgettext", "pgettext_lazy"):
                yield "\x04".join(texts)


def test_all_that_is_said_has_its_english() -> None:
    with (LOCALE / "django.mo").open("rb") as compiled:
        catalogue = vars(gettext.GNUTranslations(compiled))["_catalog"]
    keys = {key[0] if isinstance(key, tuple) else key for key in catalogue} - {""}
    assert keys == set(said_in_code())


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    """Compile it again after a change: msgfmt -o django.mo django.po."""
    with (LOCALE / "django.mo").open("rb") as compiled:
        catalogue = vars(gettext.GNUTranslations(compiled))["_catalog"]
    source = (LOCALE / "django.po").read_text(encoding="utf-8")
    written = {
        ast.literal_eval(line.split(" ", 1)[1])
        for line in source.splitlines()
        if line.startswith(("msgstr ", "msgstr["))
    }
    assert written - {""} == {text for key, text in catalogue.items() if key != ""}
