"""The public side at each organisation: the page, the form, the receipt."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.intake import representation
from complaints.models import Case, Document, Event
from procedures.definition import FieldKind, Procedure
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import SLUGS, definition, published

pytestmark = pytest.mark.django_db


@pytest.fixture(params=SLUGS)
def organisation(request: pytest.FixtureRequest) -> Organisation:
    return published(request.param)


def typed(procedure: Procedure, **given: object) -> dict[str, object]:
    """What someone types into every required field of the form."""
    answers: dict[str, object] = {}
    for field in procedure.intake.fields:
        match field.kind:
            case FieldKind.YES_NO:
                answers[field.name] = "no"
            case FieldKind.CHOICE:
                answers[field.name] = field.choices[0].value
            case FieldKind.CHOICES:
                answers[field.name] = [field.choices[0].value]
            case FieldKind.DATE:
                day = timezone.localdate() - timedelta(days=10)
                answers[field.name] = f"{day.day}-{day.month}-{day.year}"
            case FieldKind.EMAIL:
                answers[field.name] = "j.verweij@wilgenroos.example"
            case FieldKind.NUMBER:
                answers[field.name] = "2"
            case FieldKind.DOCUMENT | FieldKind.DOCUMENTS:
                pass
            case _ if field.name == "postcode":
                answers[field.name] = "1234 AB"
            case _:
                answers[field.name] = f"Antwoord op {field.name} <b>&"
    if procedure.intake.exclusions:
        answers["exclusion"] = "none"
    if procedure.intake.confidentiality:
        answers["confidentiality"] = procedure.intake.confidentiality[0].name
    return answers | {"represented": "no", "step": "send"} | given


def nonce_of(client: Client, slug: str) -> str:
    page = client.get(f"/{slug}/indienen/").content.decode()
    found = re.search(r'name="nonce" value="([^"]+)"', page)
    assert found
    return found[1]


def text_of(response) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_list_names_organisations_with_a_procedure(client: Client, organisation: Organisation):
    Organisation.objects.create(slug="leeg", name="Leeg", prefix="LG", created_at=timezone.now())
    page = client.get("/")
    assert organisation.name in text_of(page)
    assert "Leeg" not in text_of(page)


def test_page_shows_the_procedure_with_real_dates(client: Client, organisation: Organisation):
    page = client.get(f"/{organisation.slug}/")
    assert page.status_code == 200
    words = text_of(page)
    procedure = definition(organisation.slug)
    for section in procedure.public.sections:
        assert section.heading.nl in words
    for body in procedure.appeals:
        assert body.person in words
        assert all(line in words for line in body.address)
    for channel in procedure.intake.channels:
        assert (channel.title.nl in words) is channel.is_public
    assert not re.search(r"\{\w", words), "a placeholder was left"
    assert 'style="' not in page.content.decode()
    assert "<script" not in page.content.decode()


def test_theme_holds_the_five_colours_of_the_organisation(client: Client, organisation: Organisation):
    css = client.get(f"/{organisation.slug}/thema.css")
    assert css["Content-Type"] == "text/css"
    assert definition(organisation.slug).theme.accent in css.content.decode()


def test_form_asks_exactly_what_the_procedure_asks(client: Client, organisation: Organisation):
    page = client.get(f"/{organisation.slug}/indienen/").content.decode()
    procedure = definition(organisation.slug)
    asked = set(re.findall(r'<div id="div_id_([a-z_]+)"', page))
    expected = {field.name for field in procedure.intake.fields}
    expected |= {"exclusion"} if procedure.intake.exclusions else set()
    expected |= {"confidentiality"} if procedure.intake.confidentiality else set()
    expected |= {each.name for each in representation.fields(procedure)}
    assert asked == expected


def test_complaint_is_filed_and_the_receipt_tells_number_code_and_dates(client: Client, organisation: Organisation):
    procedure = definition(organisation.slug)
    sent = typed(procedure, nonce=nonce_of(client, organisation.slug))
    receipt = client.post(f"/{organisation.slug}/indienen/", sent)
    assert receipt.status_code == 201, text_of(receipt)
    assert "no-store" in receipt["Cache-Control"]
    words = text_of(receipt)
    with scope(organisation.pk):
        case = Case.objects.get()
        assert case.reference in words
        assert case.channel == "web"
        assert case.parties.get(kind="complainant").name == "Antwoord op name <b>&"
        assert Event.objects.get(case=case, number=1).by == "complainant"
    assert len(re.findall(r"\b[0-9A-Z]{4}\b", words)) >= 6
    again = client.post(f"/{organisation.slug}/indienen/", sent)
    assert text_of(again) == words, "a double click shows the same receipt"
    with scope(organisation.pk):
        assert Case.objects.count() == 1


def test_empty_form_says_what_is_missing_and_opens_nothing(client: Client, organisation: Organisation):
    page = client.post(f"/{organisation.slug}/indienen/", {"nonce": nonce_of(client, organisation.slug)}, follow=True)
    assert page.status_code == 422
    assert "<title>Fout:" in page.content.decode()
    procedure = definition(organisation.slug)
    for field in procedure.intake.fields:
        if field.required and not field.when and field.kind not in (FieldKind.DOCUMENTS, FieldKind.DOCUMENT):
            assert f'href="#div_id_{field.name}"' in page.content.decode(), field.name
    with scope(organisation.pk):
        assert not Case.objects.exists()


def test_what_was_typed_is_still_there_after_a_mistake(client: Client, organisation: Organisation):
    procedure = definition(organisation.slug)
    sent = typed(procedure, nonce=nonce_of(client, organisation.slug), description="")
    page = client.post(f"/{organisation.slug}/indienen/", sent, follow=True)
    assert page.status_code == 422
    for field in procedure.intake.fields:
        if str(sent.get(field.name, "")).startswith("Antwoord") and field.name != "description":
            assert f"Antwoord op {field.name} &lt;b&gt;&amp;" in page.content.decode(), field.name
    assert str(sent["nonce"]) in page.content.decode()


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("31-11-2026", "31 november bestaat niet. November heeft 30 dagen."),
        ("29 februari 2027", "29 februari bestaat niet. Februari heeft 28 dagen."),
        ("gisteren", "Schrijf de datum zo: 4-11-2026."),
        ("4-13-2026", "Deze datum bestaat niet."),
    ],
)
def test_day_that_does_not_exist_is_explained(client: Client, day: str, message: str):
    slug = next(s for s in SLUGS if any(f.kind is FieldKind.DATE for f in definition(s).intake.fields))
    published(slug)
    name = next(f.name for f in definition(slug).intake.fields if f.kind is FieldKind.DATE)
    sent = typed(definition(slug), nonce=nonce_of(client, slug), **{name: day})
    page = client.post(f"/{slug}/indienen/", sent, follow=True)
    assert page.status_code == 422
    assert message in text_of(page)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if definition(slug).intake.exclusions])
def test_complaint_that_belongs_elsewhere_is_referred_and_not_filed(client: Client, slug: str):
    organisation = published(slug)
    for exclusion in definition(slug).intake.exclusions:
        sent = typed(definition(slug), nonce=nonce_of(client, slug), exclusion=exclusion.name)
        page = client.post(f"/{slug}/indienen/", sent, follow=True)
        assert page.status_code == 422
        assert exclusion.referral.nl in text_of(page)
    with scope(organisation.pk):
        assert not Case.objects.exists()


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if definition(slug).intake.window])
def test_complaint_after_the_window_is_explained_and_can_still_be_sent(client: Client, slug: str):
    organisation = published(slug)
    window = definition(slug).intake.window
    assert window
    day = timezone.localdate() - timedelta(days=800)
    sent = typed(
        definition(slug), nonce=nonce_of(client, slug), **{window.from_fact: f"{day.day}-{day.month}-{day.year}"}
    )
    page = client.post(f"/{slug}/indienen/", sent | {"step": "check"}, follow=True)
    assert page.status_code == 200
    assert window.late.nl in text_of(page)
    assert "Verstuur uw klacht toch" in text_of(page)
    assert client.post(f"/{slug}/indienen/", sent).status_code == 201
    with scope(organisation.pk):
        assert Case.objects.get().answers.get(name="filed_late").value is True


def test_file_that_is_not_what_it_says_is_refused(client: Client):
    organisation = published("klik-onderwijs")
    sent = typed(definition("klik-onderwijs"), nonce=nonce_of(client, "klik-onderwijs"))
    hostile = sent | {"files": SimpleUploadedFile("x.pdf", b"<html>")}
    bad = client.post("/klik-onderwijs/indienen/", hostile, follow=True)
    assert bad.status_code == 422
    assert "In x.pdf zit iets anders" in text_of(bad)
    two = [SimpleUploadedFile("a.pdf", files.pdf()), SimpleUploadedFile("b.png", files.png())]
    assert client.post("/klik-onderwijs/indienen/", sent | {"files": two}).status_code == 201
    with scope(organisation.pk):
        assert [each.title for each in Document.objects.all()] == ["a.pdf", "b.png"]


def test_unknown_organisation_and_form_without_nonce(client: Client):
    published("klik-onderwijs")
    for path in ("/bestaat-niet/", "/bestaat-niet/indienen/", "/bestaat-niet/volgen/", "/bestaat-niet/thema.css"):
        page = client.get(path)
        assert page.status_code == 404
        assert "Deze pagina is er niet" in text_of(page)
    assert client.post("/klik-onderwijs/indienen/", {"description": "x"}).status_code == 403


def test_public_pages_ask_a_constant_number_of_queries(client: Client, django_assert_num_queries):
    published("klik-onderwijs")
    client.get("/klik-onderwijs/")
    for path, count in (("/", 1), ("/klik-onderwijs/", 7), ("/klik-onderwijs/indienen/", 6)):
        with django_assert_num_queries(count):
            client.get(path)


def test_pages_carry_the_headers_that_keep_people_safe(client: Client):
    published("klik-onderwijs")
    page = client.get("/klik-onderwijs/indienen/")
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("klik-onderwijs", marks=pytest.mark.rule("KO-22")),
        pytest.param("o21", marks=pytest.mark.rule("O21-26")),
    ],
)
def test_procedure_is_public_and_says_how_to_file(client: Client, slug: str):
    published(slug)
    words = text_of(client.get(f"/{slug}/"))
    for channel in definition(slug).intake.channels:
        if channel.is_public:
            assert channel.title.nl in words
    for step in definition(slug).public.steps:
        assert step.title.nl in words
