"""Fetches the mail of one mailbox by IMAP. A mail is marked or moved only after it was kept.

The bytes are taken as the server has them: reading a hostile mail is not for the client library to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError, MailboxFlagError, MailboxMoveError
from imap_tools.utils import check_command_status, encode_folder

from complaints.inbox.boxes import MAX_BYTES, Imap

TIMEOUT = 30.0  # seconds
AT_ONCE = 50  # mails of one look; the next look takes the others
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{1,40})"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server has it, and when it got it. Of one that is too large only the headers are here."""

    raw: bytes
    arrived_at: datetime | None
    is_partial: bool


def fetch(imap: Imap, keep: Callable[[Fetched], None]) -> int:
    """Hands every new mail to `keep`, and marks or moves it after that; how many. Raises OSError, ImapToolsError or
    imaplib's own error when the server does not do as asked. A mail that `keep` raises for stays as it was."""
    with _opened(imap) as box:
        is_moved = bool(imap.moved_to) and _can_move(box)
        if is_moved and not box.folder.exists(imap.moved_to):
            box.folder.create(imap.moved_to)
        uids = box.uids("ALL" if is_moved else "UNSEEN")[:AT_ONCE]
        for uid in uids:
            mail = _one(box, uid)
            if mail is None:
                continue  # somebody moved it meanwhile
            keep(mail)
            # Not by the library's own `flag`: that also clears away what somebody else has marked as deleted.
            check_command_status(box.client.uid("STORE", uid, "+FLAGS", f"({MailMessageFlags.SEEN})"), MailboxFlagError)
            if is_moved:
                moved = box.client.uid("MOVE", uid, encode_folder(imap.moved_to))  # type: ignore[arg-type]  # bytes do
                check_command_status(moved, MailboxMoveError)
        return len(uids)


class _opened:  # noqa: N801  # used as a function
    """The mailbox, signed in, with its folder chosen; signed out afterwards, whatever happened."""

    def __init__(self, imap: Imap) -> None:
        kinds = {"tls": MailBox, "starttls": MailBoxStartTls, "none": MailBoxUnencrypted}
        ports = {"tls": 993, "starttls": 143, "none": 143}
        self.box: BaseMailBox = kinds[imap.security](imap.host, port=imap.port or ports[imap.security], timeout=TIMEOUT)
        self.imap = imap

    def __enter__(self) -> BaseMailBox:
        try:
            self.box.login(self.imap.user, self.imap.password, initial_folder=self.imap.folder)
        except BaseException:
            self.__exit__()
            raise
        return self.box

    def __exit__(self, *_: object) -> None:
        with suppress(ImapToolsError, OSError, self.box.client.error):
            self.box.logout()


def _can_move(box: BaseMailBox) -> bool:
    """Whether the server moves mail itself. One that does not would clear away others' deleted mail with ours; there,
    mail is marked seen instead."""
    _kind, told = box.client.capability()
    return b"MOVE" in b" ".join(each for each in told if isinstance(each, bytes)).upper().split()


def _one(box: BaseMailBox, uid: str) -> Fetched | None:
    told = b" ".join(_told(box, uid, "(INTERNALDATE RFC822.SIZE)"))
    size, arrived = _SIZE.search(told), _ARRIVED.search(told)
    if size is None:
        return None
    is_partial = int(size[1]) > MAX_BYTES
    raw = next(_literals(box, uid, "(BODY.PEEK[HEADER])" if is_partial else "(BODY.PEEK[])"), None)
    if raw is None:
        return None
    return Fetched(raw, _moment(arrived[1].decode("ascii", "replace")) if arrived else None, is_partial)


def _told(box: BaseMailBox, uid: str, what: str) -> Iterator[bytes]:
    _kind, data = box.client.uid("FETCH", uid, what)
    for each in data or []:
        if isinstance(each, bytes):
            yield each
        elif isinstance(each, tuple):
            yield bytes(each[0])


def _literals(box: BaseMailBox, uid: str, what: str) -> Iterator[bytes]:
    _kind, data = box.client.uid("FETCH", uid, what)
    return (bytes(each[1]) for each in data or [] if isinstance(each, tuple))


def _moment(written: str) -> datetime | None:
    try:
        return datetime.strptime(written.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
