"""Visitors that cost little: requests that were written beforehand, over connections that stay open.

The machine that measures also serves; so these threads do next to nothing but send, wait and count.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

_LENGTH = b"content-length:"


@dataclass(slots=True)
class Answers:
    """What came back: how many of each status, how long all took, and how long each."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    waited: list[float] = field(default_factory=list)

    @property
    def each_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds


def post(path: str, body: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> bytes:
    """A form that is sent, byte for byte."""
    content = urlencode(body, doseq=True).encode()
    told = {
        "Host": "127.0.0.1",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def send(port: int, requests: Sequence[bytes], *, visitors: int = 4) -> Answers:
    """Sends all of them, by so many visitors at once."""
    waiting = iter(requests)
    turn = threading.Lock()
    found: list[tuple[int, float]] = []

    def visit() -> None:
        connection = _Connection(port)
        while True:
            with turn:
                request = next(waiting, None)
            if request is None:
                return
            began = time.perf_counter()
            status = connection.ask(request)
            found.append((status, time.perf_counter() - began))

    threads = [threading.Thread(target=visit, daemon=True) for _ in range(visitors)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    return Answers(took, Counter(status for status, _ in found), [each for _, each in found])


def first_answer(port: int, path: str) -> None:
    """Waits for the first answer of a server that was started just now."""
    until = time.monotonic() + 60
    while True:
        try:
            _Connection(port).ask(get(path))
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return


class _Connection:
    """One that is opened again when the server closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> int:
        """The status of the answer, read to its end. OSError when the server is not there."""
        for _ in range(3):
            try:
                return self._ask(request)
            except (OSError, EOFError):
                self._socket = None
        raise OSError("the server keeps closing the connection")

    def _ask(self, request: bytes) -> int:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self._socket.sendall(request)
        head, _, body = self._read_head(self._socket).partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = _number(line.removeprefix(_LENGTH) for line in lines if line.startswith(_LENGTH))
        while len(body) < length:
            body += self._more(self._socket)
        if b"connection: close" in lines:
            self._socket.close()
            self._socket = None
        return int(head[9:12])

    def _read_head(self, connection: socket.socket) -> bytes:
        found = b""
        while b"\r\n\r\n" not in found:
            found += self._more(connection)
        return found

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        found = connection.recv(65536)
        if not found:
            raise EOFError
        return found


def _number(values: Iterable[bytes]) -> int:
    return int(next(iter(values), b"0"))
