"""What an organisation's pages say besides the procedure itself: privacy, versions, the paper, its own host name."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone, translation
from pypdf import PdfReader

from procedures.catalogue import publish
from procedures.models import Organisation
from tests.complaints.factories import DEFINITIONS, PUBLISHED_AT, SLUGS, definition, published
from tests.complaints.intake.test_public_pages import text_of

pytestmark = pytest.mark.django_db
HOST = "klachten.klassepro.example"


@pytest.fixture
def own_host(settings) -> Organisation:
    settings.ALLOWED_HOSTS = ["*"]
    organisation = published("klassepro")
    Organisation.objects.filter(pk=organisation.pk).update(domain=HOST)
    return organisation


@pytest.mark.parametrize("slug", SLUGS)
def test_privacy_names_every_personal_question_and_how_long_it_is_kept(client: Client, slug: str):
    published(slug)
    words = text_of(client.get(f"/{slug}/privacy/"))
    procedure = definition(slug)
    for field in procedure.intake.fields:
        if field.personal:
            assert field.title.nl in words
            assert field.purpose.nl in words
    assert procedure.retention.text.nl in words
    assert "Autoriteit Persoonsgegevens" in words


@pytest.mark.parametrize("slug", SLUGS)
def test_page_says_who_handles_and_names_each_appeal_body_once(client: Client, slug: str):
    published(slug)
    page = text_of(client.get(f"/{slug}/"))
    procedure = definition(slug)
    written = {each.name for each in procedure.public.sections}
    assert ("Wie behandelt uw klacht?" in page) is ("handler" not in written)
    for body in procedure.appeals:
        for line in body.address:
            assert page.count(line) == 1 + (line in [each for c in procedure.intake.channels for each in c.address]), (
                line
            )


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_procedure_on_paper_says_what_the_page_says(client: Client, slug: str, language: str):
    published(slug)
    answer = client.get(f"/{slug}/procedure.pdf", HTTP_ACCEPT_LANGUAGE=language)
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfReader(BytesIO(answer.content))
    assert str(reader.root_object["/Lang"]) == language
    words = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    procedure = definition(slug)
    for section in procedure.public.sections:
        assert " ".join(section.heading.in_language(language).split()) in words
    for step in procedure.public.steps:
        assert step.title.in_language(language) in words
    for body in procedure.appeals:
        assert all(line in words for line in body.address)
    with translation.override(language):
        assert f"{definition(slug).version}" in words
    assert f"/{slug}/" in words


def test_paper_is_drawn_once(client: Client, django_assert_num_queries):
    published("klassepro")
    first = client.get("/klassepro/procedure.pdf").content
    with django_assert_num_queries(6):
        assert client.get("/klassepro/procedure.pdf").content == first


def test_earlier_and_coming_versions_stay_readable(client: Client):
    source = (DEFINITIONS / "klassepro.toml").read_text(encoding="utf-8")
    published("klassepro")
    today = timezone.localdate()
    day = today - timedelta(days=5)
    changed = source.replace('headline.nl = "Niet tevreden? Wij luisteren."', 'headline.nl = "Zeg het ons."')
    for number, starts in ((2, day), (3, today + timedelta(days=30))):
        text = changed.replace("version = 1", f"version = {number}").replace(
            f"in_force_from = {definition('klassepro').in_force_from}", f"in_force_from = {starts}"
        )
        publish(text, by="De directeur", roles={definition("klassepro").publisher}, at=PUBLISHED_AT)
    rows = text_of(client.get("/klassepro/versies/"))
    assert rows.index("Versie 3") < rows.index("Versie 2") < rows.index("Versie 1")
    assert "Gaat in op" in rows
    assert "Niet tevreden?" in text_of(client.get("/klassepro/versies/1/"))
    assert "Zij is niet meer in gebruik" in text_of(client.get("/klassepro/versies/1/"))
    assert "Zeg het ons." in text_of(client.get("/klassepro/"))
    assert "Zij is in gebruik sinds" in text_of(client.get("/klassepro/versies/2/"))
    assert "Zij gaat in op" in text_of(client.get("/klassepro/versies/3/"))
    assert (
        "/indienen/"
        not in client.get("/klassepro/versies/1/")
        .content.decode()
        .partition("<main")[2]
        .partition('<section class="split" aria-labelledby="manieren">')[0]
    )
    for unknown in (0, 4, 99):
        assert client.get(f"/klassepro/versies/{unknown}/").status_code == 404
    assert isinstance(day, date)


def test_own_host_shows_that_organisation_and_nothing_else(own_host: Organisation, client: Client):
    published("klikklaar")
    page = client.get("/", HTTP_HOST=HOST)
    assert definition("klassepro").public.headline.nl in text_of(page)
    assert client.get("/klassepro/indienen/", HTTP_HOST=f"{HOST}:8000").status_code == 200
    for path in ("/klikklaar/", "/klikklaar/indienen/", "/beheer/", "/beheer/login/", "/beheer/zaken/"):
        assert client.get(path, HTTP_HOST=HOST).status_code == 404, path
    main = text_of(client.get("/"))
    assert "Klikklaar" in main
    assert "Klassepro" in main
    assert client.get("/klikklaar/", HTTP_HOST="iets-anders.example").status_code == 200


def test_own_host_costs_one_query_and_the_main_host_none(
    own_host: Organisation, client: Client, django_assert_num_queries, settings
):
    settings.SITE_URL = "https://gehoor.example"
    client.get("/klassepro/privacy/")
    with django_assert_num_queries(6):
        client.get("/klassepro/privacy/", HTTP_HOST="gehoor.example")
    with django_assert_num_queries(6):
        client.get("/klassepro/privacy/", HTTP_HOST=HOST)


def test_domain_is_set_by_command_and_judged(own_host: Organisation, capsys: pytest.CaptureFixture[str]):
    path = Path("procedures/definitions/klikklaar.toml")
    call_command(
        "organisation", str(path), "--publisher", "baas@klikklaar.example", "--domain", "Klacht.Klikklaar.example"
    )
    assert Organisation.objects.get(slug="klikklaar").domain == "klacht.klikklaar.example"
    for wrong, message in (
        (HOST, "belongs to another"),
        ("geen host", "no host name"),
        ("http://a.nl", "no host name"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("organisation", str(path), "--publisher", "baas@klikklaar.example", "--domain", wrong)
    call_command("organisation", str(path), "--publisher", "baas@klikklaar.example", "--domain", "")
    assert Organisation.objects.get(slug="klikklaar").domain is None
    capsys.readouterr()
