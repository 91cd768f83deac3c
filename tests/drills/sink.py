"""A mail server that writes down each mail of which it took the DATA, and misbehaves where an address asks it to.

Run as `python -m tests.drills.sink PORT RECORD`. What an address begins with says what happens:
slow- answers after 20 s; later- puts off the first two times (451), never- each time; refused- says no (550);
cut- and hang- take the first mail and then close the connection, or say nothing for a minute; after that they behave.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

SLOW, HANG = 20, 60  # seconds
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Sink:
    """What aiosmtpd asks about each mail."""

    def __init__(self, record: Path) -> None:
        self.record = record.open("a", buffering=1, encoding="utf-8")
        self.tries: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("refused-"):
            return "550 5.1.1 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        kind = address.partition("-")[0]
        self.tries[address] += 1
        if kind == "never" or (kind == "later" and self.tries[address] <= 2):
            return "451 4.2.0 Later, please"
        content = bytes(envelope.original_content or b"")
        first = self.tries[address] == 1
        answered = kind if kind == "slow" or (kind in {"cut", "hang"} and first) else "yes"
        found = _MESSAGE_ID.search(content)
        self._write(
            at=time.time(),
            message_id=found.group(1).decode() if found else "",
            sha256=hashlib.sha256(content.partition(b"\r\n\r\n")[2]).hexdigest(),
            to=address,
            answered=answered,
        )
        if answered == "slow":
            await asyncio.sleep(SLOW)
        elif answered == "hang":
            await asyncio.sleep(HANG)
        if answered in {"cut", "hang"}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 Kept"

    def _write(self, **taken: Any) -> None:
        self.record.write(json.dumps(taken) + "\n")


async def _serve(port: int, record: Path) -> None:
    sink = Sink(record)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="localhost"), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
