"""What tests of the API start from: an organisation with an administrator, and another system with a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions.keys import make_key
from complaints.actions.memberships import managing_roles
from complaints.models import ApiKey, Membership
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import definition, member, published, staffed

SLUG = "klik-onderwijs"


@dataclass
class System:
    """Another system with its key."""

    slug: str
    secret: str
    key: ApiKey
    client: Client

    def get(self, what: str, **more: Any) -> Any:
        return self.client.get(f"/api/v1/{self.slug}/{what}", headers=self.headers(), **more)

    def file(self, answers: dict[str, Any], *, key: str = "een-sleutel-van-de-klant", **headers: str) -> Any:
        return self.client.post(
            f"/api/v1/{self.slug}/complaints",
            {"answers": answers},
            content_type="application/json",
            headers=self.headers() | {"Idempotency-Key": key} | headers,
        )

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", "Accept-Language": "nl"}


Connected = Callable[..., System]


@pytest.fixture
def organisation(db: None) -> Organisation:
    return published(SLUG)


@pytest.fixture
def people(organisation: Organisation) -> dict[str, Membership]:
    return staffed(organisation)


@pytest.fixture
def administrator(organisation: Organisation) -> Membership:
    """Who administers, and whose roles see every case."""
    return member(organisation, "Anke Bos", *managing_roles(definition(SLUG)), "csm")


@pytest.fixture
def connected(administrator: Membership) -> Connected:
    """A system whose key may what is named; everything when nothing is."""

    def connect(*scopes: ApiKey.Scope) -> System:
        return system_of(administrator, *scopes)

    return connect


def system_of(by: Membership, *scopes: ApiKey.Scope) -> System:
    """A system with a key that this member made."""
    now, organisation = timezone.now(), Organisation.objects.get(pk=by.organisation_id)
    with scope(organisation.pk):
        made = make_key(
            "onze website",
            scopes or list(ApiKey.Scope),
            expires_on=now.date() + timedelta(days=30),
            today=now.date(),
            by=by,
            at=now,
        )
    return System(organisation.slug, made.secret, made.key, Client())
