"""Addresses that somebody else names: which are called, and that nothing inside our own network ever is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from complaints import calling
from complaints.calling import NotCalled, is_public, judged_url, post


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  # an address to refuse, not one to listen at
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_address_inside_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_address_of_the_internet_is_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://systeem.example/",
        "ftp://systeem.example/",
        "file:///etc/passwd",
        "https://",
        "https:///pad",
        "https://naam:woord@systeem.example/",
        "https://@systeem.example/",
        "https://systeem.example:99999/",
        "https://systeem.example:0/",
        "https://systeem.example/#stuk",
        "https://systeem.example/met spatie",
        "https://systeem.example/\r\nX: y",
        "https://systeem.example\\@intern/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "//systeem.example/",
        "javascript:alert(1)",
        "",
    ],
)
def test_address_that_is_none_is_refused(url: str):
    with pytest.raises(NotCalled):
        judged_url(url)


@pytest.mark.parametrize(
    "found", [["10.0.0.5"], ["93.184.216.34", "10.0.0.5"], ["::1"], ["::ffff:127.0.0.1"], ["2130706433"]]
)
def test_name_that_stands_for_anything_inside_is_not_called(found: list[str], monkeypatch: pytest.MonkeyPatch):
    connected: list[object] = []
    if found == ["2130706433"]:  # another way to write 127.0.0.1: the real resolver reads it so
        url = "https://2130706433/"
    else:
        url = "https://systeem.example/"
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answers)
    monkeypatch.setattr(socket, "create_connection", lambda *each: connected.append(each))
    with pytest.raises(NotCalled, match=r"inside|unknown"):
        post(url, b"{}", {})
    assert connected == []


def test_the_very_address_that_was_judged_is_called(monkeypatch: pytest.MonkeyPatch):
    """A name that is another one when it is asked again gets nowhere."""
    asked: list[str] = []
    connected: list[tuple[str, int]] = []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34" if len(asked) == 1 else "10.0.0.5", 443))]

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        post("https://systeem.example/", b"{}", {})
    assert (asked, connected) == (["systeem.example"], [("93.184.216.34", 443)])


class Answering(BaseHTTPRequestHandler):
    """Answers as its path says, and drips when that is `/traag`."""

    def do_POST(self) -> None:
        if self.path == "/traag":
            for _ in range(100):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.wfile.flush()
                if ending.wait(0.05):
                    return
        self.send_response(302 if self.path == "/verder" else 204)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


ending = threading.Event()


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    settings.WEBHOOKS_INSIDE = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    ending.set()
    server.shutdown()
    server.server_close()


def test_redirect_is_an_answer_and_not_followed(site: str):
    assert (post(f"{site}/", b"{}", {}), post(f"{site}/verder", b"{}", {})) == (204, 302)


def test_who_answers_for_ever_is_hung_up_on(site: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calling, "LONGEST", 0.3)
    with pytest.raises((OSError, ValueError, HTTPException)):
        post(f"{site}/traag", b"{}", {})
