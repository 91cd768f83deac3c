"""Slows down who tries too often, and never locks anyone out: guessing takes ever longer, for the visitor who guesses.

Beside that an organisation takes so many forms a minute from all visitors together (ORGANISATION_LIMIT), so that a
flood at one leaves room for the others.

A try is held against the visitor, not against the case that they guess at; so the complainant, who comes from another
address, gets in at once, and the guesser too when the code is right after the wait.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpRequest

from complaints import counting
from complaints.models import Attempt
from procedures.scoping import current

# How many tries of a kind are free; after them each next one waits longer.
FREE = {"code": 5, "link": 3, "file": 10, "feed": 10, "key": 10}
LONGEST = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
_EVERYBODY = "everybody"  # in the place of one visitor
QUIET = timedelta(minutes=15)  # without a try for so long, all is forgotten


def wait_for(request: HttpRequest, what: str, *, at: datetime) -> int:
    """How many seconds the visitor has to wait before a try of this kind; 0 when they may go on.

    From here to the end of the transaction the tries of one visitor take turns, so that a hundred at once are no
    hundred free ones. A try that is refused is not to be counted: asking too early makes nobody wait longer.
    """
    visitor = _visitor(request)
    _take_turn(visitor, what)
    return _wait(_known(visitor, what, at=at), what, at=at)


def wait_or_count(request: HttpRequest, what: str, *, at: datetime) -> int:
    """How many seconds the visitor has to wait; 0 when they may go on, and then the try is held against them."""
    visitor = _visitor(request)
    _take_turn(visitor, what)
    known = _known(visitor, what, at=at)
    seconds = _wait(known, what, at=at)
    if not seconds:
        _hold(visitor, what, known, at=at)
    return seconds


def count(request: HttpRequest, what: str, *, at: datetime) -> None:
    """Holds a try against the visitor: a wrong code, a link that was asked for, a complaint that was filed."""
    visitor = _visitor(request)
    _take_turn(visitor, what)
    _hold(visitor, what, _known(visitor, what, at=at), at=at)


def wait_for_all(what: str, *, at: datetime) -> int:
    """How many seconds everybody has to wait before one more of this kind at the organisation in scope; mostly 0.

    It does not make them take turns: a few at the same moment may go beyond the limit together.
    """
    limit: int = settings.ORGANISATION_LIMIT
    known = _known(_EVERYBODY, what, at=at) if limit else None
    if known is None or known.count < limit:
        return 0
    counting.count(counting.LIMITED, what)
    return max(1, math.ceil((known.forget_at - at).total_seconds()))


def count_for_all(what: str, *, at: datetime) -> None:
    """Counts one of this kind for the organisation in scope. To be called last: others wait until this commits."""
    if not settings.ORGANISATION_LIMIT:
        return
    now = Attempt.objects.filter(visitor=_EVERYBODY, what=what, forget_at__gt=at)
    if now.update(count=F("count") + 1):
        return
    Attempt.objects.bulk_create(
        [Attempt(visitor=_EVERYBODY, what=what, count=1, next_at=at, forget_at=at + MINUTE)],
        update_conflicts=True,
        unique_fields=["organisation", "visitor", "what"],
        update_fields=["count", "next_at", "forget_at"],
    )


def forgive(request: HttpRequest, what: str) -> None:
    """Forgets the tries of a visitor who turned out to know."""
    Attempt.objects.filter(visitor=_visitor(request), what=what).delete()


def forget_expired(*, at: datetime) -> int:
    """Forgets what has been quiet for long enough in the organisation in scope; how many rows that were."""
    return Attempt.objects.filter(forget_at__lte=at).delete()[0]


def _wait(known: Attempt | None, what: str, *, at: datetime) -> int:
    if known is None or known.count < FREE[what]:
        return 0
    seconds = max(0, math.ceil((known.next_at - at).total_seconds()))
    if seconds:
        counting.count(counting.LIMITED, what)
    return seconds


def _hold(visitor: str, what: str, known: Attempt | None, *, at: datetime) -> None:
    tries = (known.count if known else 0) + 1
    row = Attempt(
        visitor=visitor, what=what, count=tries, next_at=at + _delay(tries - FREE[what]), forget_at=at + QUIET
    )
    Attempt.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["organisation", "visitor", "what"],
        update_fields=["count", "next_at", "forget_at"],
    )


def _delay(beyond: int) -> timedelta:
    """1, 2, 4, 8, 16, 30, 30 … seconds, from the last free try (0) on."""
    return min(LONGEST, timedelta(seconds=2 ** min(beyond, 5))) if beyond >= 0 else timedelta(0)


def _known(visitor: str, what: str, *, at: datetime) -> Attempt | None:
    return Attempt.objects.filter(visitor=visitor, what=what, forget_at__gt=at).first()


def _take_turn(visitor: str, what: str) -> None:
    """Waits for the same visitor's other tries of this kind. Not a row's lock: there may be no row yet, or no more."""
    key = int.from_bytes(hashlib.sha256(f"{visitor}:{what}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _visitor(request: HttpRequest) -> str:
    """A keyed hash of the network address, another one at each organisation; the address itself is kept nowhere."""
    told = f"visitor:{current()}:{network_of(request)}"
    return hmac.new(settings.SECRET_KEY.encode(), told.encode(), hashlib.sha256).hexdigest()


def network_of(request: HttpRequest) -> str:
    """The network that a visitor comes from, for what counts tries elsewhere. Not to be kept."""
    return _network(address_of(request))


def address_of(request: HttpRequest) -> str:
    """The address that a visitor comes from: as our own outermost proxy saw it, never as they claim. Not to be kept.

    Each proxy adds the address that it was called from at the right of X-Forwarded-For; what stands further to the
    left than our own proxies reach was written by the visitor.
    """
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if len(told) >= proxies and told[-proxies].strip():
            return told[-proxies].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network(address: str) -> str:
    """What one household or company comes from: the IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(_without_port(address))
    except ValueError:
        return "unknown"  # a socket, or a proxy that names no address: such visitors share their tries
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))


def _without_port(address: str) -> str:
    """Some proxies add a port: "192.0.2.1:4711", "[2001:db8::1]:4711"."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
