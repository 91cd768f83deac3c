"""The keys of other systems: made by who administers, used, and revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from complaints.actions.actors import THE_COMPLAINANT
from complaints.actions.beside import record_beside
from complaints.models import BESIDE, ApiKey, Case, Event, Membership

BY_KEY = f"{BESIDE}by_key"  # the complaint came in by another system, with its key

PREFIX = "gehoor_"  # so that whoever finds one in a file, or a tool that looks for them, knows what it is
LONGEST = timedelta(days=731)  # that a key works
MOST = 20  # that work at once
_SECRET_BYTES = 32
_HINT = 4
_NOTED_EACH = timedelta(
    minutes=1
)  # when it was last used is kept no finer: a write for each request would make a queue


class KeyRefused(Exception):
    """Why such a key is not made; `field` is what has to be mended."""

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key. `secret` is told this once."""

    key: ApiKey
    secret: str


def hashed(secret: str) -> str:
    """What is kept of a secret. Not salted: 256 random bits cannot be tried out, and it is looked up by."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


@transaction.atomic
def make_key(
    name: str, scopes: Collection[ApiKey.Scope], *, expires_on: date, today: date, by: Membership, at: datetime
) -> MadeKey:
    """Makes a key that works through the local day `expires_on`. Raises KeyRefused."""
    scopes = [each for each in ApiKey.Scope if each in scopes]
    if not set(scopes) - {ApiKey.Scope.PERSONAL}:
        raise KeyRefused(_("Kies wat het andere systeem mag: lezen, indienen of allebei."), field="scopes")
    if ApiKey.Scope.PERSONAL in scopes and ApiKey.Scope.READ not in scopes:
        raise KeyRefused(_("Gegevens van personen lezen kan alleen samen met het register lezen."), field="scopes")
    if not today <= expires_on <= today + LONGEST:
        raise KeyRefused(_("Kies een dag vanaf vandaag, en hoogstens twee jaar later."), field="expires_on")
    if working(today=today).count() >= MOST:
        raise KeyRefused(_("Er zijn al %(n)d sleutels. Trek er eerst een in.") % {"n": MOST}, field="name")
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    key = ApiKey.objects.create(
        name=name,
        hint=secret.removeprefix(PREFIX)[:_HINT],
        secret_hash=hashed(secret),
        scopes=scopes,
        made_by=by,
        made_at=at,
        expires_on=expires_on,
    )
    return MadeKey(key, secret)


@transaction.atomic
def revoke_key(key: ApiKey, *, by: Membership, at: datetime) -> bool:
    """Ends a key for good; whether it was not ended before."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at, revoked_by=by))


@transaction.atomic
def use_key(secret: str, *, today: date, at: datetime) -> ApiKey | None:
    """The key of the organisation in scope that this is the secret of, noting that it was used. None when there is no
    such key, or it was revoked or has expired: each costs the same one question."""
    key = working(today=today).filter(secret_hash=hashed(secret)).select_related("made_by__user").first()
    if key is not None:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTED_EACH)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
    return key


@transaction.atomic
def note_filed(case: Case, key: ApiKey, *, at: datetime) -> Event:
    """Writes in the history by which key the complaint came in; the complainant stays who filed it."""
    return record_beside(case, BY_KEY, actor=THE_COMPLAINANT, at=at, facts={"key": {"value": key.pk}})


def working(*, today: date) -> QuerySet[ApiKey]:
    """The keys that work on this local day."""
    return ApiKey.objects.filter(revoked_at=None, expires_on__gte=today)
