"""Files of every kind: what a spreadsheet saves is read, what is no register is refused with what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from complaints.earlier.columns import columns_of, example
from complaints.earlier.judging import Trial, judge
from complaints.earlier.reading import LARGEST, MOST_ROWS, NotRead, rows_of
from procedures.definition import FieldKind
from tests.complaints.earlier.files import KK, KO, NOW, row, written
from tests.complaints.factories import SLUGS, definition

SLUG = "klik-onderwijs"


def read(data: bytes) -> list[dict[str, str]]:
    return [dict(each.cells) for each in rows_of(data, columns_of(definition(SLUG)))]


def tried(*rows: dict[str, str], slug: str = SLUG, known: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Trial:
    procedure = definition(slug)
    found = rows_of(written(rows), columns_of(procedure))
    return judge(found, procedure, known=known, names=names, at=NOW)


def faults(*rows: dict[str, str], names: tuple[str, ...] = ()) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.what) for each in tried(*rows, names=names).faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_files_as_spreadsheets_save_them_say_the_same(separator: str, encoding: str):
    told = row(subject="Privé; € 40, “te veel”\nen laat")
    data = written([told], separator=separator, encoding=encoding)
    if encoding == "utf-8":  # as programs save it that put every cell between quotes
        data = data.replace(b"2026/17", b'"2026/17"').replace(b"Oud nummer", b'"Oud nummer"')
    found = read(data)
    assert found == read(written([told]))
    assert found[0]["subject"] == told["Onderwerp"]


def test_headings_may_differ_in_capitals_spaces_and_signs():
    assert read(written([KO]).replace(b"Oud nummer", b" OUD  Nummer ").replace(b"Afgesloten op", b"afgesloten-op"))


def test_rows_have_the_numbers_of_the_spreadsheet_and_empty_ones_say_nothing():
    lines = written([row(subject="een\ntwee"), row(number="2")]).decode("utf-8-sig")
    data = lines.replace("\r\n2;", "\r\n;;;;;;;;;;\r\n2;").encode()
    assert [each.number for each in rows_of(data, columns_of(definition(SLUG)))] == [2, 4]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "leeg"),
        (b"  \r\n ", "leeg"),
        (b"PK\x03\x04" + bytes(200), "van Excel zelf"),
        (b"\xd0\xcf\x11\xe0" + bytes(200), "van Excel zelf"),
        (written([KO], encoding="utf-16"), "geen csv-bestand"),
        (written([KO]) + b"\x00", "geen csv-bestand"),
        (b"\x81\x8d" + written([KO], encoding="utf-8"), "geen csv-bestand"),
        (b"x" * (LARGEST + 1), "groter dan 5 MB"),
        (b'"Oud nummer;' + b"x" * 200_000, "niet als tabel"),
        (b'Oud nummer;"a"b;', "niet als tabel"),
        (written([KO]).split(b"\r\n", maxsplit=1)[0], "geen rijen"),
        (written([KO]).replace(b"23-02-2026", b"23-02-2026;;en nog iets"), "meer vakken"),
        (written([{"Oud nummer": "1", "Ontvangen op": ""}]), "De kolom “Afloop” ontbreekt."),
        (written([{**KO, "Prijs": "3"}]), "De kolom “Prijs” kennen wij niet."),
        (written([{**KO, "E-mailadres": ""}]), "Haal de kolom “E-mailadres” weg: wij nemen geen gegevens van mensen"),
        (written([{**KO, "OUD NUMMER": ""}]), "De kolom “Oud nummer” staat er twee keer."),
        (written([KO] * (MOST_ROWS + 1)), f"meer dan {MOST_ROWS} rijen"),
    ],
)
def test_file_that_is_no_register_is_refused_with_what_to_do(data: bytes, said: str):
    with pytest.raises(NotRead) as refused:
        read(data)
    assert said in str(refused.value)


@pytest.mark.parametrize("slug", SLUGS)
def test_example_of_every_organisation_is_a_file_that_can_be_taken_over(slug: str):
    headings, rows = example(definition(slug), today=NOW.date())
    cells = [dict(zip(headings, map(str, each), strict=True)) for each in rows]
    trial = tried(*cells, slug=slug)
    assert (len(trial.entries), trial.faults, trial.due) == (2, [], 0)


def test_rows_become_cases_with_days_choices_and_words():
    entry = tried(row(summary='=HYPERLINK("x")', received="2-2-2026")).entries[0]
    assert (entry.number, entry.phase, entry.key) == ("2026/17", "closed", "2026/17")
    days = (entry.received_at, entry.decided_at, entry.closed_at)
    assert [f"{each:%d-%m-%Y %H:%M %z}" for each in days if each] == [
        "02-02-2026 12:00 +0100",
        "20-02-2026 12:00 +0100",
        "23-02-2026 12:00 +0100",
    ]
    assert entry.received == {"channel": "letter", "relation": "customer"}
    assert entry.later == {"verdict": "partly_upheld"}
    assert entry.texts["summary"] == '=HYPERLINK("x")'


def test_what_is_here_already_and_what_may_not_be_kept_is_passed_by_whatever_else_is_wrong():
    trial = tried(
        row(number="A"),
        row(number="b  1", end="?"),
        row(number="C", received="2024-01-01", decided="2024-01-02", closed="2025-11-19", verdict="?"),
        row(number="D", received="2024-01-01", decided="2024-01-02", closed="2025-11-20"),
        known=("b 1",),
    )
    assert ([each.number for each in trial.entries], trial.known, trial.due) == (["A", "D"], 1, 1)
    assert not trial.faults


def test_term_that_counts_from_the_decision_is_counted_from_the_decision_of_the_row():
    kept = row(KK, decided="2025-11-20")
    gone = row(KK, number="2", decided="2025-11-19")
    trial = tried(kept, gone, slug="klikklaar")
    assert ([each.number for each in trial.entries], trial.due) == (["KL-9"], 1)


@pytest.mark.parametrize(
    ("changes", "column", "said"),
    [
        ({"number": ""}, "Oud nummer", "Vul dit in."),
        ({"number": "x" * 61}, "Oud nummer", "Deze tekst is te lang: hij mag 60 tekens hebben."),
        ({"received": ""}, "Ontvangen op", "Vul dit in."),
        ({"received": "31-02-2026"}, "Ontvangen op", "Dit is geen dag die wij kunnen lezen."),
        ({"received": "02/28/2026"}, "Ontvangen op", "Dit is geen dag die wij kunnen lezen."),
        ({"received": "02-02-0026"}, "Ontvangen op", "Dit is geen dag die wij kunnen lezen."),
        ({"closed": "21-11-2026"}, "Afgesloten op", "Deze dag is nog niet geweest."),
        (
            {"closed": ""},
            "Afgesloten op",
            "Deze klacht is nog niet afgesloten. Voer een lopende klacht in bij Aannemen",
        ),
        ({"closed": "19-02-2026"}, "Afgesloten op", "De zaak is hier afgesloten voor"),
        ({"decided": "01-02-2026"}, "Besluit op", "Het besluit is hier eerder dan de klacht."),
        ({"decided": ""}, "Besluit op", "Er is een oordeel. Vul in op welke dag"),
        ({"verdict": "Wel"}, "Wat is het oordeel?", "Dit is geen van de keuzes. Kies uit “Gegrond”, “Deels gegrond”"),
        ({"relation": "Buur"}, "Wat bent u van ons?", "Kies uit “Klant”, “Medewerker”."),
        ({"end": ""}, "Afloop", "Vul dit in."),
        ({"end": "Weg"}, "Afloop", "Kies uit “Samen opgelost”"),
        ({"summary": "Mail naar j.verweij@wilgenroos.example"}, "Samenvatting", "Hier staat een e-mailadres."),
        ({"number": "j@wilgenroos.example"}, "Oud nummer", "Hier staat een e-mailadres."),
        ({"summary": "Bel 06 - 1234 5678"}, "Samenvatting", "Hier staat een telefoonnummer."),
        ({"summary": "Bel +31 (0)70 123 45 67."}, "Samenvatting", "Hier staat een telefoonnummer."),
        ({"subject": "over anna  de WIT!"}, "Onderwerp", "Hier staat de naam van een collega."),
        ({"summary": "een\x07bel"}, "Samenvatting", "Hier staan tekens in die niet te lezen zijn."),
    ],
)
def test_faulty_cell_says_its_row_its_column_and_what_to_do(changes: dict[str, str], column: str, said: str):
    found = faults(row(number="1"), row(**changes), names=("Anna de Wit", "Bo"))
    assert [(at, where) for at, where, _what in found] == [(3, column)]
    assert said in found[0][2]


def test_question_with_several_answers_takes_them_with_a_line_between_and_yes_and_no_are_words():
    known = definition(SLUG)
    kinds = {"relation": FieldKind.CHOICES, "tried": FieldKind.YES_NO}
    fields = tuple(replace(each, kind=kinds.get(each.name, each.kind)) for each in known.intake.fields)
    report = replace(known.report, nature=tuple(kinds))
    procedure = replace(known, intake=replace(known.intake, fields=fields), report=report)
    title = next(each.title.nl for each in fields if each.name == "tried")
    cells = [("Klant | employee", "Ja"), ("Medewerker", "N"), ("Klant, Medewerker", "misschien")]
    rows = [{**row(number=str(at), relation=one), title: other} for at, (one, other) in enumerate(cells)]
    trial = judge(rows_of(written(rows), columns_of(procedure)), procedure, known=(), names=(), at=NOW)
    assert [{**each.received, "channel": ""} for each in trial.entries] == [
        {"channel": "", "relation": ("customer", "employee"), "tried": True},
        {"channel": "", "relation": ("employee",), "tried": False},
    ]
    assert [(each.row, each.column) for each in trial.faults] == [(4, "Wat bent u van ons?"), (4, title)]
    assert "met een | ertussen" in trial.faults[0].what
    assert "“ja”, “nee”" in trial.faults[1].what


def test_old_number_stands_in_one_row_alone():
    assert faults(row(number="2026 / 17"), row(number="1"), row(number="2026  /  17")) == [
        (4, "Oud nummer", "Dit nummer staat ook in rij 2. Geef elke klacht een eigen nummer.")
    ]


@pytest.mark.parametrize("number", ["2026-01234567", "KL-0123456789-1", "01-02-2026/12345"])
def test_old_number_with_many_digits_is_no_telephone_number(number: str):
    assert not faults(row(number=number))
