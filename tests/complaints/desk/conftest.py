"""What tests of the desk start from: an organisation with people, and somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver

from complaints.desk.confirming import confirmed
from complaints.models import Membership
from procedures.models import Organisation
from tests.complaints.factories import published, staffed


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
    """A browser in which this member is signed in."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return sign_in
