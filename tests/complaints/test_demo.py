"""The demo: every phase of a procedure has a case, and running it again does nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from complaints.demo.paths import ways
from complaints.models import Case, Letter
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition
from tests.conftest import MailServer

SOME = ("klimkoord",)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_way_leads_to_every_phase(slug: str):
    procedure = definition(slug)
    assert set(ways(procedure)) == {phase.name for phase in procedure.phases}


@pytest.mark.django_db
def test_demo_shows_every_phase_of_a_procedure(
    client: Client, smtp_server: MailServer, media_folder: Path, capsys: pytest.CaptureFixture[str]
):
    call_command("demo", *SOME)
    for organisation in Organisation.objects.all():
        with scope(organisation.pk):
            stands = set(Case.objects.values_list("phase", flat=True))
            assert stands == {phase.name for phase in definition(organisation.slug).phases}, organisation.slug
            assert not Letter.objects.filter(state__in=[Letter.State.FAILED, Letter.State.WAITING]).exists()
    capsys.readouterr()
    call_command("demo", *SOME)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == Organisation.objects.count() == len(SOME)
    assert all(line.endswith("nothing to do") for line in said)
    call_command("demo", *SOME, "--accounts")
    accounts = capsys.readouterr().out
    assert "handler@klimkoord.example" in accounts
    for organisation in Organisation.objects.all():
        told = re.search(rf"{organisation.name}: +({organisation.prefix}-\d{{4}}-\d{{4}})  ([0-9A-Z ]+)", accounts)
        assert told
        page = client.post(f"/{organisation.slug}/volgen/", {"reference": told[1], "code": told[2]})
        assert page.status_code == 302, organisation.name


def test_demo_of_an_unknown_organisation_is_refused():
    with pytest.raises(CommandError, match="No definition for bestaat-niet"):
        call_command("demo", "bestaat-niet")


def test_demo_is_refused_in_production(settings):
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("demo")


@pytest.mark.django_db
@pytest.mark.rule("KC-02")
def test_organisation_is_made_and_published_by_its_publisher_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = Path("procedures/definitions/klimkoord.toml")
    call_command("organisation", str(path), "--publisher", "Baas@klimkoord.example", "--name", "Els Baas")
    assert "shown once" in capsys.readouterr().out
    call_command("procedure", "publish", str(path), "--by", "baas@klimkoord.example")
    organisation = Organisation.objects.get(slug="klimkoord")
    assert organisation.is_open
    newer = tmp_path / "newer.toml"
    newer.write_text(path.read_text(encoding="utf-8").replace("version = 1", "version = 2"), encoding="utf-8")
    call_command("organisation", "procedures/definitions/klassepro.toml", "--publisher", "ander@klassepro.example")
    with pytest.raises((CommandError, SystemExit)):
        call_command("procedure", "publish", str(newer), "--by", "ander@klassepro.example")
    with pytest.raises((CommandError, SystemExit)):
        call_command("procedure", "publish", str(path), "--by", "baas@klimkoord.example")
    call_command("procedure", "publish", str(newer), "--by", "baas@klimkoord.example")
