"""The code with which a complainant follows a case: 130 bits, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    BasePasswordHasher,
    check_password,
    get_hasher,
    make_password,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U, which are read as others
LENGTH = 26
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


class CodeHasher(Argon2PasswordHasher):
    """Argon2id at a small price. What makes a stolen hash of a password dear to guess at, a code has by itself: nobody
    goes through 2¹³⁰ of them. At the price of a password, hashing took most of the time of filing a complaint."""

    memory_cost = 1_024  # KiB
    time_cost = 1
    parallelism = 1


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
    return make_password(plain(code), hasher=_hasher())


def matches(code: str, stored: str) -> bool:
    """Whether this is the code of the stored hash. Takes as long for a case that does not exist (`stored` empty)."""
    return check_password(plain(code), stored or _nobodys(settings.PASSWORD_HASHERS[0])) and bool(stored)


@cache
def _nobodys(hasher: str) -> str:  # noqa: ARG001  # another hasher, another hash
    """The hash of a code that nobody has, made once by each process."""
    return make_password(secrets.token_urlsafe(), hasher=_hasher())


def _hasher() -> BasePasswordHasher:
    """Ours, unless the settings hash passwords otherwise: tests have no time for either."""
    usual = get_hasher()
    return CodeHasher() if type(usual) is Argon2PasswordHasher else usual


def plain(code: str) -> str:
    """What was typed, without spaces and hyphens, and with look-alikes read as they were meant."""
    return "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
