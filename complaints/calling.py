"""Calling an address that somebody else named: https, to a public address of the internet, and no further than there.

Who names an address could name one inside our own network. So the name is looked up once, every address that it stands
for has to be a public one, and that very address is called: looking it up again could give another answer. A redirect
is an answer like any other, and not followed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

PATIENCE = 10  # seconds for each step
LONGEST = 20  # seconds in all, however slowly the other side answers
# IPv6 in which an IPv4 address hides: NAT64, 6to4, Teredo. No public service needs to be named like that.
_HIDING = tuple(ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class NotCalled(Exception):
    """The address is not called; the word says why: address, inside, unknown."""


def judged_url(url: str) -> SplitResult:
    """The parts of an address that may be called, as far as it can be told without looking it up. Raises NotCalled."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotCalled("address") from None
    schemes = ("https", "http") if settings.WEBHOOKS_INSIDE else ("https",)
    is_plain = url.isascii() and url.isprintable() and not {" ", "\\"} & set(url)
    if not is_plain or parts.scheme not in schemes or not parts.hostname or port == 0:
        raise NotCalled("address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotCalled("address")
    try:
        literal = ip_address(parts.hostname)
    except ValueError:
        return parts
    if not is_public(str(literal)) and not settings.WEBHOOKS_INSIDE:
        raise NotCalled("inside")
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in each for each in _HIDING):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Posts to the address; the status of the answer, of which nothing else is read. Raises NotCalled, OSError or
    http.client.HTTPException."""
    parts = judged_url(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        line = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=ssl.create_default_context())
    else:
        line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    pinned = _looked_up(host, port)
    line._create_connection = lambda _address, *rest: socket.create_connection((pinned, port), *rest)  # type: ignore[attr-defined]  # noqa: SLF001  # the only way to say where to
    ending = threading.Timer(LONGEST, _hang_up, (line,))
    ending.daemon = True
    ending.start()
    try:
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        line.request("POST", path, body, {**headers, "Connection": "close"})
        return line.getresponse().status
    finally:
        ending.cancel()
        line.close()


def _looked_up(host: str, port: int) -> str:
    """The IP address to call. Every one that the name stands for has to be public."""
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise NotCalled("unknown") from None
    if not found:
        raise NotCalled("unknown")
    if not settings.WEBHOOKS_INSIDE and not all(is_public(each) for each in found):
        raise NotCalled("inside")
    return found[0]


def _hang_up(line: http.client.HTTPConnection) -> None:
    sock = line.sock
    if sock is not None:
        with suppress(OSError):  # it ended by itself
            sock.shutdown(socket.SHUT_RDWR)
