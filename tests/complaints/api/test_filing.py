"""Filing by a key: the same questions, case, letters and gate as the form on the website."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from complaints.access import case_for_complainant
from complaints.actions.keys import BY_KEY
from complaints.models import ApiKey, Case, Document, Event, Letter, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.api.conftest import SLUG, Connected, System, system_of
from tests.complaints.factories import SLUGS, definition, member, published

Scope = ApiKey.Scope


def good_answers(system: System) -> dict[str, Any]:
    """Answers to all that the form of the system's organisation says that it asks, made from what it says alone."""
    found: dict[str, Any] = {}
    samples = {
        "text": "Tekst",
        "long_text": "Een langer antwoord.",
        "email": "j.verweij@wilgenroos.example",
        "phone": "0612345678",
        "number": 3,
        "date": timezone.localdate().isoformat(),
        "yes_no": False,
        "person": "Pieter Hoekstra",
    }
    for question in system.get("form").json()["questions"]:
        is_asked = all(
            (found.get(each["question"], False) in each["values"]) is not each["is_negated"]
            for each in question["when"]
        )
        if question["kind"] in ("document", "documents") or not (question["is_required"] and is_asked):
            continue
        options = [each["value"] for each in question["options"] if not each["referral"]]
        value: Any = options[0] if options else samples[question["kind"]]
        found[question["name"]] = [value] if question["kind"] == "choices" else value
    return found | {"name": "Jolanda Verweij", "email": "j.verweij@wilgenroos.example"}


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.django_db
def test_form_says_all_that_filing_needs(slug: str):
    system = system_of(member(published(slug), "Anke Bos", definition(slug).publisher), Scope.FILE)
    answer = system.file(good_answers(system))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told["reference"].startswith(definition(slug).prefix)
    assert told["dates"]
    assert all(each["what"] and each["due"] for each in told["dates"])


def test_files_as_the_website_does(connected: Connected, organisation: Organisation):
    system = connected(Scope.FILE)
    answer = system.file(good_answers(system))
    told = answer.json()
    with scope(organisation.pk):
        case = case_for_complainant(told["reference"], told["access_code"]).case
        assert case.channel == "web"
        assert Party.objects.get(case=case, kind="complainant").name == "Jolanda Verweij"
        events = list(Event.objects.filter(case=case).order_by("number").values_list("occurrence", "by", "facts"))
        assert events[0][:2] == ("file", "complainant")
        assert events[-1] == (BY_KEY, "complainant", {"key": {"value": system.key.pk}})
        assert Letter.objects.filter(case=case, state=Letter.State.WAITING).exists()
    assert told["follow_at"] == f"/{SLUG}/volgen/"
    assert set(told) == {"reference", "access_code", "follow_at", "dates"}


def test_same_key_of_idempotency_is_one_complaint(connected: Connected, organisation: Organisation):
    system, other = connected(Scope.FILE), connected(Scope.FILE)
    answers = good_answers(system)
    first, again = system.file(answers), system.file(answers | {"subject": "Anders"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    elsewhere = other.file(answers)
    assert elsewhere.status_code == 201
    assert elsewhere.json()["reference"] != first.json()["reference"]
    with scope(organisation.pk):
        assert Case.objects.count() == 2
        assert Event.objects.filter(occurrence=BY_KEY).count() == 2


@pytest.mark.parametrize("key", ["", "kort", "met spatie met spatie", "x" * 101])
def test_without_a_key_of_idempotency_nothing_is_filed(connected: Connected, organisation: Organisation, key: str):
    system = connected(Scope.FILE)
    answer = system.file(good_answers(system), key=key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["errors"][0]["pointer"]
    with scope(organisation.pk):
        assert not Case.objects.exists()


def test_files_come_through_the_same_gate(connected: Connected, organisation: Organisation, media_folder: object):
    system = connected(Scope.FILE)
    headers = system.headers() | {"Idempotency-Key": "een-sleutel-met-bestand"}
    answers = {name: ("no" if value is False else value) for name, value in good_answers(system).items()}
    address = f"/api/v1/{SLUG}/complaints"
    bad = SimpleUploadedFile("foto.pdf", b"<script>alert(1)</script>")
    refused = system.client.post(address, answers | {"files": bad}, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/answers/files"
    good = SimpleUploadedFile("offerte.pdf", files.pdf())
    taken = system.client.post(address, answers | {"files": good}, headers=headers)
    assert taken.status_code == 201, taken.content
    with scope(organisation.pk):
        assert list(Document.objects.values_list("title", "content_type")) == [("offerte.pdf", "application/pdf")]
    many = [SimpleUploadedFile(f"{number}.pdf", files.pdf()) for number in range(11)]
    headers["Idempotency-Key"] = "een-andere-met-te-veel"
    assert system.client.post(address, answers | {"files": many}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "unreadable", 400),
        (b'{"answers": {"name": "\\ud800"}}', "unreadable", 400),
        (b"[]", "wrong", 422),
        (b"{}", "wrong", 422),
        (b'{"answers": {"name": null}}', "wrong", 422),
        (b'{"answers": {}, "meer": 1}', "wrong", 422),
        (b'{"answers": {"bestaat~niet/": "x"}}', "wrong", 422),
        (b'{"answers": {"name": "\\u0000"}}', "wrong", 422),
        (b'{"answers": {"channel": "post"}}', "wrong", 422),
        (b'{"answers": {"email": "geen adres"}}', "wrong", 422),
        (b'{"answers": {"name": "' + b"x" * 3_000_000 + b'"}}', "large", 413),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_filed(
    connected: Connected, organisation: Organisation, body: bytes, kind: str, status: int
):
    system = connected(Scope.FILE)
    answer = system.client.post(
        f"/api/v1/{SLUG}/complaints",
        body,
        content_type="application/json",
        headers=system.headers() | {"Idempotency-Key": "een-sleutel-van-de-klant"},
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:gehoor:problem:{kind}")
    with scope(organisation.pk):
        assert not Case.objects.exists()


def test_each_wrong_answer_is_pointed_at_in_the_language_asked_for(connected: Connected):
    system = connected(Scope.FILE)
    answers = good_answers(system) | {"email": "geen adres"}
    dutch = system.file(answers)
    assert dutch.json()["errors"] == [
        {"pointer": "#/answers/email", "detail": "Dit is geen e-mailadres. Schrijf het zo: naam@voorbeeld.nl."}
    ]
    assert dutch["Content-Language"] == "nl"
    english = system.file(answers, **{"Accept-Language": "en"})
    assert english["Content-Language"] == "en"
    assert english.json()["errors"] != dutch.json()["errors"]


@pytest.mark.django_db
def test_complaint_that_belongs_elsewhere_is_told_where():
    slug = next(each for each in SLUGS if definition(each).intake.exclusions)
    system = system_of(member(published(slug), "Anke Bos", definition(slug).publisher), Scope.FILE)
    (question,) = (each for each in system.get("form").json()["questions"] if each["name"] == "exclusion")
    chosen = next(each for each in question["options"] if each["referral"])
    answer = system.file(good_answers(system) | {"exclusion": chosen["value"]})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:gehoor:problem:elsewhere")
    assert answer.json()["detail"] == chosen["referral"]


def test_flood_waits_and_nothing_is_filed_meanwhile(
    connected: Connected, organisation: Organisation, settings: Settings
):
    settings.ORGANISATION_LIMIT = 2
    system = connected(Scope.FILE)
    answers = good_answers(system)
    taken = [system.file(answers, key=f"een-sleutel-van-de-klant-{number}") for number in range(3)]
    assert [each.status_code for each in taken] == [201, 201, 429]
    assert int(taken[-1]["Retry-After"]) >= 1
    assert system.file(answers, key="een-sleutel-van-de-klant-0").status_code == 200


def test_other_media_are_refused(connected: Connected):
    system = connected(Scope.FILE)
    answer = system.client.post(
        f"/api/v1/{SLUG}/complaints",
        json.dumps({"answers": {}}),
        content_type="text/plain",
        headers=system.headers() | {"Idempotency-Key": "een-sleutel-van-de-klant"},
    )
    assert (answer.status_code, answer["Accept-Post"]) == (415, "application/json, multipart/form-data")
