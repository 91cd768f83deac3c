"""The addresses where other systems are told what happens: registered, told, and ended.

A message holds the number of the case, what happened and the day, nothing of anybody. It tells no more than the member
who registered the address may know: of a case about them, nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from complaints.access import cases_for
from complaints.actions.leasing import MAX_ATTEMPTS, next_try, work_off
from complaints.actions.memberships import may_manage
from complaints.actions.notices import write_notice
from complaints.calling import NotCalled, judged_url, post
from complaints.models import Delivery, Membership, Notice, Webhook
from procedures.catalogue import NotInForce, procedure_of, version_at
from procedures.scoping import scope

log = structlog.get_logger(__name__)

MOST = 5  # addresses of one organisation at once
_SECRET_BYTES = 32


class WebhookRefused(Exception):
    """Why nothing is told to such an address; what has to be mended is the address."""


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A new address. `secret` is told this once."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True)
class _Message:
    url: str
    body: bytes
    number: uuid.UUID
    secret: str


@transaction.atomic
def register_webhook(url: str, *, by: Membership, at: datetime) -> MadeWebhook:
    """Tells this address from now on what happens. Raises WebhookRefused."""
    try:
        judged_url(url)
    except NotCalled as refused:
        if str(refused) == "inside":
            raise WebhookRefused(_("Dit adres ligt niet op het openbare internet.")) from None
        raise WebhookRefused(_("Schrijf een heel adres, dat begint met https://.")) from None
    open_ones = Webhook.objects.filter(ended_at=None)
    if open_ones.filter(url=url).exists():
        raise WebhookRefused(_("Dit adres krijgt al meldingen."))
    if open_ones.count() >= MOST:
        raise WebhookRefused(_("Er zijn al %(n)d adressen. Stop er eerst een.") % {"n": MOST})
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    hidden = _cipher().encrypt(secret.encode()).decode()
    return MadeWebhook(Webhook.objects.create(url=url, secret=hidden, made_by=by, made_at=at), secret)


@transaction.atomic
def end_webhook(webhook: Webhook, *, by: Membership, at: datetime) -> bool:
    """Tells this address nothing any more, also not what waits; whether it was told until now."""
    if not Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=at, ended_by=by):
        return False
    waiting = Delivery.objects.filter(webhook=webhook, sent_at=None)
    waiting.update(try_at=None, given_up_at=None, lease_until=None, token=None)
    return True


@transaction.atomic
def retry_deliveries(webhook: Webhook, *, at: datetime) -> int:
    """Sends what nobody took once more; how many that are."""
    stuck = Delivery.objects.filter(webhook=webhook, webhook__ended_at=None, given_up_at__isnull=False)
    return stuck.update(given_up_at=None, try_at=at, attempts=0, error="")


def send_deliveries(organisation: int, *, at: datetime, limit: int = 20) -> int:
    """Tells other systems what is due by `at` in one organisation; how many messages were tried.

    Must be called outside a transaction: what is sent cannot be rolled back.
    """
    return work_off(
        organisation,
        lambda: Delivery.objects.filter(sent_at=None),
        lambda key, token: _send_one(organisation, key, token, at=at),
        at=at,
        limit=limit,
    )


def signature(secret: str, body: bytes, *, at: int) -> str:
    """What proves that a message is ours, and of when: `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`."""
    digest = hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    return f"t={at},v1={digest}"


def _send_one(organisation: int, key: int, token: uuid.UUID, *, at: datetime) -> None:
    with scope(organisation):
        message = _message(key, token, at=at)
    if message is None:
        return
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Gehoor",
        "Gehoor-Delivery": str(message.number),
        "Gehoor-Signature": signature(message.secret, message.body, at=int(at.timestamp())),
    }
    try:
        status = post(message.url, message.body, headers)
        error = "" if 200 <= status < 300 else f"http_{status}"
    except NotCalled as refused:
        error = f"not_called_{refused}"
    except (OSError, http.client.HTTPException, ValueError) as problem:
        error = type(problem).__name__[:50]
    with scope(organisation):
        _note(key, token, error, at=at)


def _message(key: int, token: uuid.UUID, *, at: datetime) -> _Message | None:
    """What is to be sent; None when somebody else has it, or it is nothing for this address any more."""
    found = Delivery.objects.select_related("webhook__made_by__user", "case__version", "event")
    delivery = found.filter(pk=key, token=token).first()
    if delivery is None:
        return None
    if not _may_be_told(delivery, at=at):
        _stop(delivery)
        return None
    procedure = procedure_of(delivery.case.version)
    told = {
        "id": str(delivery.number),
        "reference": delivery.case.reference,
        "occurrence": delivery.event.occurrence,
        "date": delivery.event.at.astimezone(ZoneInfo(procedure.zone)).date().isoformat(),
    }
    secret = _cipher().decrypt(delivery.webhook.secret.encode()).decode()
    return _Message(delivery.webhook.url, json.dumps(told).encode(), delivery.number, secret)


def _may_be_told(delivery: Delivery, *, at: datetime) -> bool:
    """Whether who registered the address may know of the case now, and administers still."""
    owner = delivery.webhook.made_by
    try:
        procedure = procedure_of(version_at(at))
    except NotInForce:
        return False
    if delivery.webhook.ended_at is not None or not (owner.user.is_active and may_manage(owner, procedure)):
        return False
    return cases_for(owner, procedure, at=at).filter(pk=delivery.case_id).exists()


def _stop(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(try_at=None, lease_until=None, token=None, error="not_theirs")


def _note(key: int, token: uuid.UUID, error: str, *, at: datetime) -> None:
    """Keeps what came of a try. After the last one it waits for a person, who is mailed about the first of them."""
    found = Delivery.objects.select_for_update(of=("self",)).filter(pk=key, token=token)
    delivery = found.select_related("webhook__made_by__user", "case__version").first()
    if delivery is None:
        return  # somebody else has it
    delivery.lease_until = delivery.token = None
    delivery.error = error
    delivery.try_at = next_try(delivery.attempts, at=at) if error else None
    delivery.sent_at = None if error else at
    if error and delivery.attempts >= MAX_ATTEMPTS:
        delivery.try_at, delivery.given_up_at = None, at
        is_first = not Delivery.objects.filter(webhook=delivery.webhook, given_up_at__isnull=False).exists()
        if is_first:
            write_notice(delivery.case, Notice.Kind.WEBHOOK, at=at, member=delivery.webhook.made_by)
    delivery.save()
    if error:
        log.warning("delivery_not_taken", delivery=key, error=error, attempts=delivery.attempts)


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.sha256(b"webhook:" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])
