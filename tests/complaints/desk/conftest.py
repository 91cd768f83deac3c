"""What tests of the desk start from: an organisation with people, and somebody who is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from complaints.actions import THE_COMPLAINANT, open_case, perform
from complaints.desk.confirming import confirmed
from complaints.models import Case, Letter, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.hearing import EMAIL, SLUG
from tests.complaints.factories import actor_of, definition, intake_answers, published, staffed


@pytest.fixture
def organisation() -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@dataclass
class GravePage:
    """A page behind the step-up, and what was posted to it."""

    address: str = "/beheer/password_change/"
    arrived: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def grave_page(monkeypatch: pytest.MonkeyPatch) -> GravePage:
    """Puts such a page where another one is."""
    grave = GravePage()

    @confirmed
    def erase(request: HttpRequest) -> HttpResponse:
        grave.arrived.append({name: str(value) for name, value in request.POST.items()})
        return HttpResponse("gewist")

    for resolver in get_resolver().url_patterns:
        for pattern in getattr(resolver, "url_patterns", []):
            if getattr(pattern, "name", "") == "password_change":
                monkeypatch.setattr(pattern, "callback", erase)
    return grave


@pytest.fixture
def signed_in() -> Callable[[Membership], Client]:
    """A browser in which this member signed in just now, so that nothing asks who they are once more."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, member.user, "password")
        request.session.save()
        return client

    return sign_in


@pytest.fixture
def told(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Callable[[], AbstractContextManager[list[str]]]:
    """What is mailed about an account in a block, which ends when the first such mail has left."""

    @contextmanager
    def within() -> Iterator[list[str]]:
        bodies: list[str] = []
        before = len(mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            yield bodies
        until = time.monotonic() + 2
        while len(mail.outbox) == before and time.monotonic() < until:
            time.sleep(0.01)
        bodies += [str(each.body) for each in mail.outbox[before:]]

    return within


@pytest.fixture
def opened(organisation: Organisation, people: dict[str, Membership], media_folder: Path) -> Iterator[tuple[Case, str]]:
    """A case about somebody from outside, with a document and a handler; and its access code."""
    now = timezone.now()
    with scope(organisation.pk):
        new = open_case(
            answers=intake_answers(
                definition(SLUG), at=now, name="Jolanda Verweij", email=EMAIL, about="Pieter Hoekstra"
            ),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
        )
        csm = actor_of(people["csm"], new.case)
        perform(new.case, "acknowledge", answers={}, actor=csm, at=now)
        perform(new.case, "assign", answers={"handler": str(people["handler"].pk)}, actor=csm, at=now)
        Letter.objects.filter(case=new.case).update(try_at=None)  # those of the procedure have tests of their own
        yield Case.objects.get(pk=new.case.pk), new.access_code
