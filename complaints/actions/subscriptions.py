"""A member's private calendar address and daily mail: made, renewed, ended."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, time

from django.db import transaction

from complaints.models import Membership, Subscription
from procedures.catalogue import zone_of
from procedures.definition import Procedure

FROM = time(7)  # local: the daily mail leaves from then on
_SECRET_BYTES = 16  # 128 bits
_NOWHERE = "none:"  # begins what stands in place of a hash when there is no address; no hash is written like this


class RenewedMeanwhile(Exception):
    """The address was made or ended since the page was shown."""


def hashed(secret: str) -> str:
    """What is kept of an address's secret. Not salted: 128 random bits cannot be tried out, and it is looked up by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_address(subscription: Subscription | None) -> bool:
    return subscription is not None and not subscription.secret_hash.startswith(_NOWHERE)


def fingerprint(subscription: Subscription | None) -> str:
    """Tells one address of a member from the next, for the form that renews it; says nothing of the secret."""
    return subscription.made_at.isoformat() if subscription and has_address(subscription) else ""


@transaction.atomic
def renew_address(member: Membership, *, at: datetime, known: str) -> str:
    """Makes a new secret address, which ends the old one; the secret, which is told this once.

    `known` is the fingerprint of the one that the form was made from. Raises RenewedMeanwhile when there is another by
    now, so that pressing twice does not end the address that was just shown.
    """
    subscription = _locked(member, at=at)
    if fingerprint(subscription) != known:
        raise RenewedMeanwhile
    secret = secrets.token_hex(_SECRET_BYTES)
    subscription.secret_hash, subscription.made_at, subscription.fetched_at = hashed(secret), at, None
    subscription.save(update_fields=["secret_hash", "made_at", "fetched_at"])
    return secret


@transaction.atomic
def end_address(member: Membership, *, at: datetime) -> None:
    """Ends the address; nothing takes its place. The daily mail stays as it was."""
    subscription = _locked(member, at=at)
    subscription.secret_hash, subscription.made_at, subscription.fetched_at = f"{_NOWHERE}{member.pk}", at, None
    subscription.save(update_fields=["secret_hash", "made_at", "fetched_at"])


@transaction.atomic
def choose_digest(member: Membership, procedure: Procedure, *, wanted: bool, at: datetime) -> None:
    """Turns the daily mail on or off. Turned on after the hour at which it leaves, it begins the next day."""
    subscription = _locked(member, at=at)
    local = at.astimezone(zone_of(procedure))
    if wanted and not subscription.wants_digest and local.time() >= FROM:
        subscription.digest_on = local.date()
    subscription.wants_digest = wanted
    subscription.save(update_fields=["wants_digest", "digest_on"])


def _locked(member: Membership, *, at: datetime) -> Subscription:
    """The member's row, made without an address when there is none yet."""
    subscription, _ = Subscription.objects.get_or_create(
        member=member, defaults={"secret_hash": f"{_NOWHERE}{member.pk}", "made_at": at}
    )
    return Subscription.objects.select_for_update().get(pk=subscription.pk)


@transaction.atomic
def fetch(secret: str, *, at: datetime) -> Membership | None:
    """Whose calendar this is, noting that it was fetched. None when the secret is not one of the organisation in scope,
    was replaced, or is of somebody who does not work there any more: each costs the same one question."""
    found = (
        Subscription.objects.filter(secret_hash=hashed(secret), member__is_active=True, member__user__is_active=True)
        .select_related("member__user")
        .first()
    )
    if found is None:
        return None
    Subscription.objects.filter(pk=found.pk).update(fetched_at=at)
    return found.member
