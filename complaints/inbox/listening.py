"""Takes mail in from a mail server, by LMTP or SMTP: what is answered with 250 has been kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from complaints.inbox.boxes import MAX_BYTES, Box, box_for

log = structlog.get_logger(__name__)

# Keeps a raw mail for the mailbox, from this envelope's sender and for this recipient. Raises when it could not.
Keep = Callable[[Box, bytes, str, str], None]
LONGEST_LINE = 1024 * 1024  # mail programs break the rule of 998; a mail is not refused for that


class _Lmtp(LMTP):
    line_length_limit = LONGEST_LINE


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class Reception:
    """What aiosmtpd asks of each recipient and each mail. One recipient a time: LMTP answers for each apart."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time, please send the others after this one"
        if box_for(address) is None:
            return "550 5.1.1 No mail for this address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        box, raw = box_for(address), envelope.original_content or b""
        if box is None:
            return "550 5.1.1 No mail for this address here"
        try:
            await asyncio.get_running_loop().run_in_executor(
                None, self.keep, box, raw, envelope.mail_from or "", address
            )
        except Exception as problem:  # noqa: BLE001  # the sender's server keeps it, and comes again
            log.error("mail_not_kept", organisation=box.slug, problem=type(problem).__name__)
            return "451 4.3.0 The mail could not be kept now, please try again later"
        return "250 2.0.0 Kept"


class Listener(Controller):
    """The server on its port, in a thread of its own; `is_lmtp` says which of the two it speaks."""

    def __init__(self, keep: Keep, *, host: str, port: int, is_lmtp: bool) -> None:
        self.is_lmtp = is_lmtp
        super().__init__(
            Reception(keep), hostname=host, port=port, data_size_limit=MAX_BYTES, ident="Gehoor", decode_data=False
        )

    def factory(self) -> SMTP:
        return (_Lmtp if self.is_lmtp else _Smtp)(self.handler, **self.SMTP_kwargs)
