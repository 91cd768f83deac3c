"""Addresses that lead back to a case: signed, so that a number alone leads nowhere.

`contact+KO-2026-0042.SIGNATURE@domain`: the signature is bound to the organisation, the case and the party whom we
wrote to. It proves that somebody had our letter, not who they are: whoever uses it must also write from that party's
own address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

from django.conf import settings
from django.utils.http import base36_to_int, int_to_base36

from complaints.inbox.boxes import Box

_BYTES = 10  # 80 bits: sixteen characters of base32, without padding
SIGNATURE = _BYTES * 8 // 5
LONGEST_LOCAL = 64  # characters before the at-sign, by RFC 5321
LONGEST_TAG = 1 + 20 + 1 + SIGNATURE  # a plus, a case's number, a full stop, the signature
_TAG = re.compile(r"(?P<what>[a-z0-9-]{1,40})\.(?P<signature>[a-z2-7]{16})")
_BOUNCE = "bounce-"


def reply_address(box: Box, *, organisation: int, case: int, reference: str, party: int) -> str:
    """Where an answer to what we wrote to this party about this case goes to."""
    return _tagged(box.replies, f"{reference.lower()}.{_signed(_keys()[0], 'reply', organisation, case, party)}")


def bounce_address(box: Box, *, organisation: int, letter: int) -> str:
    """Where a mail server answers to that could not deliver this letter; empty where the settings name none."""
    if not box.bounces:
        return ""
    signature = _signed(_keys()[0], "bounce", organisation, letter)
    return _tagged(box.bounces, f"{_BOUNCE}{int_to_base36(letter)}.{signature}")


def tags_in(box: Box, addresses: Iterable[str]) -> list[tuple[str, str]]:
    """What stands behind a plus in those of the addresses that are this mailbox's: a case's number and a signature."""
    found = []
    for address in addresses:
        local, _, domain = address.strip().strip("<>").lower().rpartition("@")
        plain, _, tag = local.partition("+")
        match = _TAG.fullmatch(tag)
        if match and f"{plain}@{domain}" in {box.address, box.replies, box.bounces}:
            found.append((match["what"], match["signature"]))
    return found


def is_signed(signature: str, *, organisation: int, case: int, party: int) -> bool:
    """Whether this signature is the one of a party in a case."""
    return _is_one(signature, "reply", organisation, case, party)


def bounced_letter(tag: tuple[str, str], *, organisation: int) -> int | None:
    """The key of the letter that a tag of `bounce_address` names; None for any other tag, or one that is not ours."""
    what, signature = tag
    try:
        key = base36_to_int(what.removeprefix(_BOUNCE)) if what.startswith(_BOUNCE) else 0
    except ValueError:
        return None
    return key if key and _is_one(signature, "bounce", organisation, key) else None


def _tagged(address: str, tag: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"


def _is_one(signature: str, *bound_to: object) -> bool:
    found = [hmac.compare_digest(_signed(key, *bound_to), signature) for key in _keys()]
    return any(found)


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _signed(key: str, *bound_to: object) -> str:
    told = "mail:" + ":".join(map(str, bound_to))
    digest = hmac.digest(key.encode(), told.encode(), hashlib.sha256)[:_BYTES]
    return base64.b32encode(digest).decode().lower()
