"""The code with which a complainant follows a case: 130 bits, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U, which are read as others
LENGTH = 26
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def code_for(nonce: str) -> str:
    """The code that belongs to a form's nonce; sending the same form twice gives the same code.

    The nonce is random and secret to whoever has the form, and the key is ours: without both it cannot be computed.
    """
    digest = hmac.digest(settings.SECRET_KEY.encode(), b"access code:" + nonce.encode(), hashlib.sha256)
    number = int.from_bytes(digest, "big")
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in range(LENGTH))


def written(code: str) -> list[str]:
    """The code in groups of four, as it is shown."""
    return [code[start : start + 4] for start in range(0, LENGTH, 4)]


def hashed(code: str) -> str:
    return make_password(plain(code))


def matches(code: str, stored: str) -> bool:
    """Whether this is the code of the stored hash. Takes as long for a case that does not exist (`stored` empty)."""
    return check_password(plain(code), stored or _nobodys(settings.PASSWORD_HASHERS[0])) and bool(stored)


@cache
def _nobodys(hasher: str) -> str:  # noqa: ARG001  # another hasher, another hash
    """The hash of a code that nobody has, made once by each process."""
    return make_password(secrets.token_urlsafe())


def plain(code: str) -> str:
    """What was typed, without spaces and hyphens, and with look-alikes read as they were meant."""
    return "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
