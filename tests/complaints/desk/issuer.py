"""A small OpenID Connect issuer on a port of this machine: discovery, keys, and codes that are exchanged for tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENT, SECRET = "gehoor", "geheim van deze test"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Issuer:
    """Signs whatever claims it is told to; `asked` is what the browser was sent to it with."""

    key: RSAPrivateKey = field(default_factory=new_key)
    signs_with: RSAPrivateKey | None = None
    says_to_be: str = ""
    codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def signs_in(self, location: str, **claims: Any) -> dict[str, str]:
        """Somebody proves who they are here: what the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        now = int(time.time())
        told = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "key-of-the-member",
            "iat": now,
            "exp": now + 60,
            "auth_time": now,
            "nonce": asked["nonce"],
            "email_verified": True,
        }
        code = f"code-{len(self.codes)}"
        self.codes[code] = (asked, told | claims)
        return {"code": code, "state": asked["state"]}

    def tokens(self, sent: dict[str, str]) -> dict[str, Any] | None:
        """What a code is exchanged for, once, by who started with it."""
        asked, claims = self.codes.pop(sent.get("code", ""), ({}, {}))
        proof = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        is_ours = (sent.get("client_id"), sent.get("client_secret")) == (CLIENT, SECRET)
        if not asked or not is_ours or proof.decode().rstrip("=") != asked.get("code_challenge"):
            return None
        if sent.get("redirect_uri") != asked["redirect_uri"]:
            return None
        token = jwt.encode(claims, self.signs_with or self.key, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": "unused", "token_type": "Bearer", "id_token": token}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.says_to_be or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [told | {"kid": "1", "use": "sig", "alg": "RS256"}]}


def serve(issuer: Issuer) -> ThreadingHTTPServer:
    """Serves it on a free port until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            issuer.requests.append(self.path)
            found = {"/.well-known/openid-configuration": issuer.discovery, "/keys": issuer.keys}.get(self.path)
            self._answer(found() if found else None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(issuer.tokens({name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, told: dict[str, Any] | None) -> None:
            self.send_response(200 if told else 400)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told or {"error": "invalid_grant"}).encode())

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server
