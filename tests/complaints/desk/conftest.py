"""What tests of the desk start from: an organisation with people, and somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from complaints.models import Membership
from procedures.models import Organisation
from tests.complaints.factories import published, staffed


@pytest.fixture
def organisation() -> Organisation:
    return published("klik-onderwijs")


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def signed_in() -> Callable[[Membership], Client]:
    """A browser in which this member is signed in."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return sign_in
