"""A key in software: makes passkeys and answers questions as a browser does, or as one that lies."""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

HERE = "http://localhost:8000"
FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


def asked(page: str) -> dict[str, Any]:
    """What a page asks the browser."""
    found = re.search(r'<script id="passkey-data" type="application/json">(.*?)</script>', page)
    assert found, page
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    options: dict[str, Any] = next(iter(told.values()))["publicKey"]
    return options


@dataclass
class Key:
    """One passkey; `origin` is the site that its browser shows."""

    origin: str = HERE
    secret: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    number: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def made(self, page: str) -> str:
        """The answer to a page that makes a passkey."""
        options = asked(page)
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.number, ES256.from_cryptography_key(self.secret.public_key())
        )
        data = AuthenticatorData.create(
            _hash(options["rp"]["id"]), FLAGS | AuthenticatorData.FLAG.AT, 0, bytes(credential)
        )
        response = {
            "clientDataJSON": websafe_encode(self._seen("webauthn.create", options["challenge"])),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", data, {}))),
        }
        return self._sent(response)

    def answer(self, page: str) -> str:
        """The answer to a page that asks for a passkey."""
        options = asked(page)
        data = AuthenticatorData.create(_hash(options["rpId"]), FLAGS, 0)
        seen = self._seen("webauthn.get", options["challenge"])
        signature = self.secret.sign(bytes(data) + hashlib.sha256(seen).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(seen),
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(signature),
        }
        return self._sent(response)

    def _seen(self, what: str, challenge: str) -> bytes:
        return bytes(CollectedClientData.create(what, challenge, self.origin))

    def _sent(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.number)
        about = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps({**about, "response": response})


def _hash(host: str) -> bytes:
    return hashlib.sha256(host.encode()).digest()
