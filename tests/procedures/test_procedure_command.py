"""manage.py procedure: check, publish, show and simulate, as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from procedures import pages
from procedures.catalogue import establish, in_force
from procedures.definition import Phase
from procedures.loading import load
from tests.complaints.factories import PUBLISHED_AT, member, published

DEFINITIONS = Path(pages.__file__).parent / "definitions"
ALL = sorted(DEFINITIONS.glob("*.toml"))
BASE = Path(__file__).parent / "broken" / "base.toml"


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of `manage.py procedure` in this process."""
    out, err = StringIO(), StringIO()
    try:
        call_command("procedure", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def refused(*arguments: str) -> str:
    """What is said when `manage.py procedure` will not."""
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return str(error.value)


def alone(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`manage.py procedure` in a process of its own without database, broker or environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "VAR_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "manage.py", "procedure", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


# ---------------------------------------------------------------------------------------------- check


def test_check_of_sound_procedures_is_silent() -> None:
    assert run("check", *map(str, ALL)) == (0, "", "")


def test_check_names_file_line_and_key_of_every_problem(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    text = BASE.read_text(encoding="utf-8").replace('publisher = "director"', 'publisher = "king"')
    broken.write_text(text, encoding="utf-8")
    absent = tmp_path / "absent.toml"
    line = text.splitlines().index('publisher = "king"') + 1
    code, out, err = run("check", str(broken), str(absent), str(ALL[0]))
    assert (code, out) == (1, "")
    first, last = err.splitlines()
    assert first.startswith(f"{broken}:{line}: publisher: ")
    assert last == f"{absent}: dit bestand is er niet."


def test_check_of_what_is_no_text_says_so(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert run("check", str(binary)) == (1, "", f"{binary}: dit is geen tekst in UTF-8.\n")
    assert run("check", str(tmp_path))[0] == 1


# ---------------------------------------------------------------------------------------------- alone on a machine


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", str(ALL[0])),
        ("show", str(ALL[0])),
        ("simulate", str(ALL[0]), "--received", "2026-11-20T10:15"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_file_is_tried_without_anything(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = alone(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.rule("KP-04")
def test_forty_eight_hours_over_the_beginning_of_summer_time(tmp_path: Path) -> None:
    done = alone(tmp_path, "simulate", "klassepro", "--received", "2026-03-27T16:00", "--json")
    assert done.returncode == 0
    assert done.stderr.startswith("De databank antwoordt niet; gelezen is ")
    (assignment,) = (each for each in json.loads(done.stdout)["deadlines"] if each["rule"] == "assignment")
    assert assignment == {
        "rule": "assignment",
        "kind": "limit",
        "owed_by": "organisation",
        "starts_at": "2026-03-27T16:00:00+01:00",
        "raw_due": "2026-03-29T17:00:00+02:00",
        "due": "2026-03-29T17:00:00+02:00",
        "skipped": [],
        "rolled": False,
        "status": "open",
        "met_at": None,
    }


def test_an_organisation_that_nobody_knows_is_refused_without_a_traceback(tmp_path: Path) -> None:
    done = alone(tmp_path, "show", "nergens")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Er is geen organisatie “nergens”" in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------------------- simulate


def simulated(*arguments: str) -> dict[str, object]:
    code, out, err = run("simulate", str(DEFINITIONS / "klik-onderwijs.toml"), *arguments, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_simulate_gives_one_object_with_all_that_happened() -> None:
    found = simulated(
        *("--received", "2026-12-14T10:15", "--act", "acknowledge@2026-12-15T09:00"),
        *("--act", "assign@2026-12-15T09:30", "--closed", "2026-12-24=brugdag", "--closed", "2026-12-31"),
        *("--fact", "relation=employee", "--fact", "assign.handler=Farida", "--until", "2027-01-08"),
    )
    assert list(found) == ["organisation", "version", "phase", "deadlines", "letters", "acts", "events"]
    assert (found["organisation"], found["version"], found["phase"]) == ("klik-onderwijs", 1, "investigation")
    assert found["deadlines"] == [
        {
            "rule": "acknowledgement",
            "kind": "limit",
            "owed_by": "organisation",
            "starts_at": "2026-12-14T10:15:00+01:00",
            "raw_due": "2026-12-17",
            "due": "2026-12-17",
            "skipped": [],
            "rolled": False,
            "status": "met",
            "met_at": "2026-12-15T09:00:00+01:00",
        },
        {
            "rule": "decision",
            "kind": "limit",
            "owed_by": "organisation",
            "starts_at": "2026-12-14T10:15:00+01:00",
            "raw_due": "2027-01-15",
            "due": "2027-01-15",
            "skipped": [
                {"on": "2026-12-19", "name": "zaterdag"},
                {"on": "2026-12-20", "name": "zondag"},
                {"on": "2026-12-24", "name": "brugdag"},
                {"on": "2026-12-25", "name": "Eerste Kerstdag"},
                {"on": "2026-12-26", "name": "zaterdag"},
                {"on": "2026-12-27", "name": "zondag"},
                {"on": "2026-12-31", "name": "gesloten"},
                {"on": "2027-01-01", "name": "Nieuwjaarsdag"},
                {"on": "2027-01-02", "name": "zaterdag"},
                {"on": "2027-01-03", "name": "zondag"},
                {"on": "2027-01-09", "name": "zaterdag"},
                {"on": "2027-01-10", "name": "zondag"},
            ],
            "rolled": False,
            "status": "open",
            "met_at": None,
        },
    ]
    assert found["letters"] == [
        {"letter": "new_complaint", "on": "2026-12-14", "to": "csm", "channel": "email"},
        {"letter": "acknowledgement", "on": "2026-12-15", "to": "complainant", "channel": "email"},
        {"letter": "assignment", "on": "2026-12-15", "to": "complainant", "channel": "email"},
        {"letter": "handover", "on": "2026-12-15", "to": "handler", "channel": "email"},
        {"letter": "reminder", "on": "2027-01-08", "to": "handler", "channel": "email"},
        {"letter": "reminder", "on": "2027-01-08", "to": "csm", "channel": "email"},
    ]
    assert {"act": "decide", "by": ["handler"]} in found["acts"]  # type: ignore[operator]
    assert found["events"][4] == {  # type: ignore[index]
        "at": "2026-12-15T09:30:00+01:00",
        "occurrence": "assign",
        "by": ["csm"],
        "acts": ["assign"],
        "phase": "investigation",
        "facts": {"handler": "Farida"},
    }


def test_simulate_tells_a_person_what_happens() -> None:
    code, out, err = run(
        *("simulate", str(DEFINITIONS / "klik-onderwijs.toml"), "--received", "2026-11-20T10:15"),
        *("--act", "acknowledge@2026-11-23T09:00", "--until", "2026-11-24T09:00"),
    )
    assert (code, err) == (0, "")
    for line in (
        "Stand op dinsdag 24 november 2026 om 9.00 uur: Ontvangen",
        "  vrijdag 20 november 2026 om 10.15 uur: “Klacht indienen” → fase “Ontvangen”",
        "    brief: “Ontvangstbevestiging” aan de indiener (e-mail)",
        "  Ontvangstbevestiging: woensdag 25 november 2026 (uiterste datum voor de organisatie; gehaald op ma 23 nov)",
        "    3 werkdagen: dag 1 is maandag 23 november, dag 3 is woensdag 25 november.",
        "  assign: Wijs een klachtenfunctionaris aan (customer success manager)",
    ):
        assert line in out.splitlines()


def test_simulate_may_begin_another_way() -> None:
    found = simulated("--received", "2026-11-20T10:15", "--opening", "report_informal")
    assert found["phase"] == "talk"


def test_simulate_takes_a_moment_with_an_offset() -> None:
    found = simulated("--received", "2026-11-20T10:15Z")
    assert found["events"][0]["at"] == "2026-11-20T11:15:00+01:00"  # type: ignore[index]


def test_a_day_to_wait_until_is_waited_out() -> None:
    def until(moment: str) -> object:
        found = simulated("--received", "2026-11-20T10:15", "--until", moment)
        return found["deadlines"][0]["status"]  # type: ignore[index]

    assert [until("2026-11-25"), until("2026-11-26T00:00"), until("2026-11-26")] == ["open", "missed", "missed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--received", "gisteren"], "“gisteren” is geen moment. Schrijf het zo: 2026-11-20T10:15."),
        (["--received", "2026-13-45T10:15"], "“2026-13-45T10:15” is geen moment."),
        (["--received", "2026-11-20T10:15", "--act", "sing@2026-11-21T10:15"], "er is geen handeling “sing”"),
        (["--received", "2026-11-20T10:15", "--act", "assign"], "Schrijf het zo: --act NAME@MOMENT."),
        (["--received", "2026-11-20T10:15", "--act", "assign@straks"], "“straks” is geen moment."),
        (["--received", "2026-11-20T10:15", "--act", "assign@2026-11-19T10:15"], "ligt voor 2026-11-20T10:15"),
        (["--received", "2026-11-20T10:15", "--fact", "relation"], "Schrijf het zo: --fact KEY=VALUE."),
        (["--received", "2026-11-20T10:15", "--fact", "colour=red"], "geen handeling vraagt naar “colour”"),
        (["--received", "2026-11-20T10:15", "--closed", "kerst"], "“kerst” is geen dag."),
        (["--received", "2026-11-20T10:15", "--opening", "decide"], "met “decide” begint geen zaak"),
        (["--received", "2200-11-20T10:15"], "De kalender loopt van 2000 tot en met 2100."),
        (
            ["--received", "2026-11-20T10:15", "--act", "decide@2026-11-21T10:15"],
            "Geweigerd: Dat kan niet in de fase “Ontvangen”. Het kan in: Onderzoek.",
        ),
        (
            ["--received", "2026-11-20T10:15", "--fact", "relation=king"],
            "relation (Wat bent u van ons?): Kies een van de mogelijkheden.",
        ),
    ],
)
def test_simulate_says_what_is_wrong(arguments: list[str], message: str) -> None:
    assert message in refused("simulate", str(DEFINITIONS / "klik-onderwijs.toml"), *arguments)


def test_simulate_of_an_unsound_file_says_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("name = 3\n", encoding="utf-8")
    said = refused("simulate", str(broken), "--received", "2026-11-20T10:15")
    assert "De procedure is niet in orde." in said
    assert f"{broken}:1: name: " in said


# ---------------------------------------------------------------------------------------------- show


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_show_tells_the_whole_procedure(path: Path) -> None:
    procedure = load(path.read_text(encoding="utf-8"))
    code, out, err = run("show", str(path))
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    parts: tuple[Any, ...] = (
        *procedure.roles,
        *procedure.phases,
        *procedure.acts,
        *procedure.checks,
        *procedure.deadlines,
        *procedure.letters,
        *procedure.appeals,
        *procedure.duties,
        *procedure.intake.fields,
        *procedure.intake.channels,
        *procedure.intake.exclusions,
    )
    titles = [str(part.title) for part in (*parts, *procedure.tracks, *procedure.intake.confidentiality)]
    assert [title for title in titles if " ".join(title.split()) not in said] == []
    assert [p.about for p in procedure.open_points if " ".join(f"{p.question} ({p.about})".split()) not in said] == []
    rules = [rule for part in parts if not isinstance(part, Phase) for rule in part.rules]
    assert [rule for rule in rules if rule not in said] == []
    assert [line for line in out.splitlines() if len(line) > 100 and " " in line[4:].strip()] == []


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"style", "onclick"} & {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_show_says_the_same_in_html(path: Path) -> None:
    html = _Text()
    html.feed(run("show", str(path), "--format", "html")[1])
    assert html.open == []
    said = " ".join(" ".join(html.text).split())
    page = pages.blocks(load(path.read_text(encoding="utf-8")))
    for block in page:
        texts = [block.text] if not isinstance(block, pages.Items) else [line for line, _ in block.items]
        assert [text for text in texts if " ".join(text.split()) not in said] == []


def test_html_holds_no_mark_up_of_the_document(tmp_path: Path) -> None:
    text = BASE.read_text(encoding="utf-8").replace('name = "De Dotterbloem"', 'name = "<b>De</b> & Dotterbloem"')
    file = tmp_path / "marked.toml"
    file.write_text(text, encoding="utf-8")
    html = run("show", str(file), "--format", "html")[1]
    assert "&lt;b&gt;De&lt;/b&gt; &amp; Dotterbloem" in html
    assert "<b>" not in html


# ---------------------------------------------------------------------------------------------- with a database


@pytest.mark.django_db
def test_an_organisation_is_shown_and_tried_from_the_database() -> None:
    published("klik-onderwijs")
    code, out, err = run("show", "klik-onderwijs")
    assert (code, err) == (0, "")
    assert out.startswith("Klachtenprocedure van Klik Onderwijs\n")
    code, out, err = run("simulate", "klik-onderwijs", "--received", "2026-11-20T10:15", "--json")
    assert (code, err, json.loads(out)["phase"]) == (0, "", "received")


@pytest.mark.django_db
def test_before_a_procedure_was_in_force_the_newest_is_tried_and_that_is_said() -> None:
    published("klik-onderwijs")
    code, out, err = run("simulate", "klik-onderwijs", "--received", "2019-01-02T10:15", "--json")
    assert (code, json.loads(out)["version"]) == (0, 1)
    assert err == "Op woensdag 2 januari 2019 gold nog geen procedure; gebruikt is versie 1.\n"


@pytest.mark.django_db
def test_an_organisation_that_is_not_there_or_has_no_procedure_is_refused() -> None:
    establish(BASE.read_text(encoding="utf-8"), at=PUBLISHED_AT)
    assert refused("show", "nergens") == "Er is geen organisatie “nergens”."
    assert refused("show", "de-dotterbloem") == "Van “de-dotterbloem” is nog geen procedure gepubliceerd."


def next_version(tmp_path: Path, slug: str, number: int) -> Path:
    file = tmp_path / f"{slug}-{number}.toml"
    text = (DEFINITIONS / f"{slug}.toml").read_text(encoding="utf-8")
    assert "\nversion = 1\n" in text
    file.write_text(text.replace("\nversion = 1\n", f"\nversion = {number}\n"), encoding="utf-8")
    return file


@pytest.mark.django_db
@pytest.mark.rule("KC-02")
def test_only_the_role_that_the_procedure_names_publishes_a_newer_version(tmp_path: Path) -> None:
    organisation = published("klimkoord")
    director = load((DEFINITIONS / "klimkoord.toml").read_text(encoding="utf-8")).publisher
    quality = member(organisation, "Karin Kwaliteit", "quality_manager").user
    boss = member(organisation, "Diede Directeur", director).user
    file = next_version(tmp_path, "klimkoord", 2)

    assert "Niet gepubliceerd: only the role" in refused("publish", str(file), "--by", quality.username)
    assert in_force("klimkoord", date(2026, 11, 20)).version == 1

    code, out, err = run("publish", str(file), "--by", boss.username)
    assert (code, out, err) == (0, f"Versie 2 van {organisation.name} is gepubliceerd.\n", "")
    assert in_force("klimkoord", date(2026, 11, 20)).version == 2

    assert "is not newer" in refused("publish", str(file), "--by", boss.username)


@pytest.mark.django_db
def test_publishing_by_a_stranger_of_a_strange_or_broken_procedure_is_refused(tmp_path: Path) -> None:
    organisation = published("klik-onderwijs")
    elsewhere = published("klimkoord")
    publisher = load((DEFINITIONS / "klik-onderwijs.toml").read_text(encoding="utf-8")).publisher
    of_another = member(elsewhere, "Anna Anders", publisher).user
    file = next_version(tmp_path, "klik-onderwijs", 2)
    assert refused("publish", str(file), "--by", "niemand") == "Er is geen gebruiker “niemand”."
    assert "only the role" in refused("publish", str(file), "--by", of_another.username)
    assert "Er is nog geen organisatie" in refused("publish", str(BASE), "--by", of_another.username)
    broken = tmp_path / "broken.toml"
    broken.write_text(file.read_text(encoding="utf-8").replace('publisher = "', 'publisher = "x'), encoding="utf-8")
    assert "De procedure is niet in orde." in refused("publish", str(broken), "--by", of_another.username)
    assert in_force(organisation.slug, date(2026, 11, 20)).version == 1
