"""Complaints filed over HTTP, as a browser does it: with the token and the nonce of a form, until a reference shows."""

from __future__ import annotations

import http.client
import http.cookiejar
import itertools
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from tests.complaints.factories import definition
from tests.complaints.intake.test_public_pages import typed

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_REFERENCE = re.compile(r'class="big-ref ref">([^<]+)<')
_visitors = itertools.count(1)


@dataclass(slots=True)
class Filing:
    """One complaint: the nonce of its form, and what the site showed each time that it was sent."""

    slug: str
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))  # as the form makes it
    shown: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each answer
    refused: int = 0  # answers that showed no reference


class Visitor:
    """A browser with its cookies. Each complaint comes from an address of its own, as complaints do."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _NoRedirect()
        )
        self._tokens: dict[str, str] = {}
        self._address = ""

    def send(self, filing: Filing) -> bool:
        """Sends the form; whether a reference came back. OSError when the site is not there."""
        token = self._tokens.get(filing.slug) or self._token(filing.slug)
        number = next(_visitors)
        self._address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        email = f"j.verweij{number}@wilgenroos.example"
        sent = typed(definition(filing.slug), nonce=filing.nonce, csrfmiddlewaretoken=token, email=email)
        started = time.monotonic()
        status, page = self._ask(f"/{filing.slug}/indienen/", urlencode(sent, doseq=True).encode())
        filing.seconds.append(time.monotonic() - started)
        found = _REFERENCE.search(page)
        if status in (HTTPStatus.OK, HTTPStatus.CREATED) and found:
            filing.shown.append(found.group(1).strip())
            return True
        filing.refused += 1
        self._tokens.pop(filing.slug, None)
        return False

    def _token(self, slug: str) -> str:
        _, page = self._ask(f"/{slug}/indienen/")
        found = _TOKEN.search(page)
        if found is None:
            raise OSError("the form did not come")
        self._tokens[slug] = found.group(1)
        return self._tokens[slug]

    def _ask(self, path: str, data: bytes | None = None) -> tuple[int, str]:
        headers = {"X-Forwarded-For": self._address} if self._address else {}
        request = urllib.request.Request(self.site + path, data=data, headers=headers)
        try:
            with self._browser.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace")
        except http.client.HTTPException as broken:
            raise OSError(str(broken)) from broken


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer, and not the one with the reference."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def send_all(site: str, filings: Sequence[Filing], *, visitors: int, until: float) -> None:
    """Sends each until it shows a reference, by so many browsers at once; gives up at this moment of the clock."""
    waiting = iter(filings)
    turn = threading.Lock()

    def browse() -> None:
        visitor = Visitor(site)
        while True:
            with turn:
                filing = next(waiting, None)
            if filing is None:
                return
            while time.monotonic() < until:
                try:
                    if visitor.send(filing):
                        break
                except OSError:
                    time.sleep(0.2)  # a person waits longer before they press the button again

    threads = [threading.Thread(target=browse, daemon=True) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
