"""Reads one mail as far as it can be read: who wrote, what it answers, its words, its attachments. Never raises.

A mail is what strangers make of it, so everything has a bound: how often it may branch, how deep, how many parts. It is
parsed with the forgiving policy of the standard library, because the modern one raises on headers that are malformed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from complaints.inbox import texts

MAX_PARTS, MAX_DEPTH = 200, 20
MAX_ATTACHMENTS = 50
# The parser looks at every line once for each boundary that is open around it.
MAX_LINES, MAX_BRANCHES, MAX_WORK = 1_000_000, 100, 10_000_000
MOST_ADDRESSES, MOST_ANSWERED = 50, 50
LONGEST_PARAMETERS = 4_000  # bytes of a header that the parser takes apart, in time that grows with its square
_BRANCH = re.compile(rb"boundary|message/", re.IGNORECASE)
_PARAMETERS = re.compile(rb"^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(r"<[!-;=?-~]{1,200}>")
_WORD = r"[^\x00-\x20\x7f-\xa0\ud800-\udfff<>()\[\]\",;:@\\]"
_ADDRESS = re.compile(rf"{_WORD}{{1,64}}@{_WORD}{{1,250}}")
_FROM = re.compile(rf"(?P<name>[^<>]{{0,1000}})<\s*(?P<inside>{_ADDRESS.pattern})\s*>|(?P<bare>{_ADDRESS.pattern})")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_RETURNED_ID = re.compile(rf"^Message-ID:\s*({_ID.pattern})", re.IGNORECASE | re.MULTILINE)
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to")
_BY_MACHINE = ("x-autoreply", "x-autorespond", "x-autoresponder", "list-id", "list-unsubscribe", "list-post")
_FROM_MACHINE = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the mail has it: nobody has judged yet what it is."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server says of a mail that we sent: `status` is such as 5.1.1, `action` such as failed or delayed."""

    action: str = ""
    status: str = ""
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was read.

    `sender` is empty when it does not say plainly who wrote; `is_whole` when all of it could be read.
    """

    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    message_id: str = ""
    answers_to: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    handed_over_at: datetime | None = None  # when the last mail server got it, by the header that it put on top
    is_automatic: bool = False
    report: Report | None = None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    is_whole: bool = True


def read(raw: bytes) -> Mail:
    """The mail; with `is_whole` false, and as little as need be, where it cannot be read."""
    try:
        is_bounded = _is_bounded(raw)
        message = message_from_bytes(raw) if is_bounded else _headers_only(raw)
        mail = _heads(message)
        return _with_body(mail, message) if is_bounded else replace(mail, is_whole=False)
    except Exception:  # noqa: BLE001  # malformed mail finds every error that a parser has
        return _heads_alone(raw)


def _heads_alone(raw: bytes) -> Mail:
    try:
        return replace(_heads(_headers_only(raw)), is_whole=False)
    except Exception:  # noqa: BLE001  # it is kept, and shown as it came
        return Mail(is_whole=False)


def source(raw: bytes) -> str:
    """The beginning of a mail as it came, to look at when it cannot be read."""
    return texts.clean(texts.decoded(raw[:20_000]))


def _is_bounded(raw: bytes) -> bool:
    lines, branches = raw.count(b"\n"), sum(1 for _ in _BRANCH.finditer(raw))
    if lines > MAX_LINES or branches > MAX_BRANCHES or lines * (branches + 1) > MAX_WORK:
        return False
    return all(len(each[0]) <= LONGEST_PARAMETERS for each in _PARAMETERS.finditer(raw))


def _headers_only(raw: bytes) -> Message:
    head = re.split(rb"\r?\n\r?\n", raw[:256_000], maxsplit=1)[0]
    return BytesHeaderParser().parsebytes(head + b"\n\n")


# ------------------------------------------------------------------------------------------------ headers


def _heads(message: Message) -> Mail:
    given = _given(message)
    sender, name = _sender(given.get("from", []))
    answered = " ".join(given.get("in-reply-to", []) + given.get("references", [])[:5])[-20_000:]
    found = [address for each in _RECIPIENTS for value in given.get(each, [])[:10] for address in _addresses(value)]
    ids = _ID.findall((given.get("message-id") or [""])[0])
    return Mail(
        sender=sender,
        sender_name=name,
        subject=texts.header((given.get("subject") or [""])[0]),
        message_id=texts.clean(ids[0]) if ids else "",
        answers_to=tuple(dict.fromkeys(_ID.findall(answered)))[-MOST_ANSWERED:],
        recipients=tuple(dict.fromkeys(found))[:MOST_ADDRESSES],
        handed_over_at=_handed_over(given),
        is_automatic=_is_automatic(given, sender),
    )


def _given(message: Message) -> dict[str, list[str]]:
    """The headers by name in small letters, the topmost first, as the parser keeps them."""
    found: dict[str, list[str]] = {}
    for name, value in list(message.raw_items())[:1000]:
        found.setdefault(name.lower(), []).append(str(value))
    return found


def _sender(values: list[str]) -> tuple[str, str]:
    """Address and name of the one person who says to have written; no address when that is not plain.

    The header is read before its encoded words are: no name can bring an address along.
    """
    value = " ".join(values[0][: texts.LONGEST_HEADER].split()) if values else ""
    match = _FROM.fullmatch(value.strip())
    if match is None or len(values) > 1:
        return "", texts.header(value)[:200]
    name = texts.header((match["name"] or "").strip().strip('"'))
    return texts.clean(match["inside"] or match["bare"])[:254].lower(), name[:200]


def _addresses(value: str) -> list[str]:
    return [each.lower() for each in _ADDRESS.findall(value[: texts.LONGEST_HEADER])]


def _handed_over(given: dict[str, list[str]]) -> datetime | None:
    value = (given.get("received") or [""])[0][:2000].rpartition(";")[2]
    try:
        found = parsedate_to_datetime(" ".join(value.split()))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None


def _is_automatic(given: dict[str, list[str]], sender: str) -> bool:
    """Whether a machine wrote it (RFC 3834, and what was usual before)."""
    submitted = (given.get("auto-submitted") or [""])[0].partition(";")[0].strip().lower()
    precedence = (given.get("precedence") or [""])[0].strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(name in given for name in _BY_MACHINE)
        or (given.get("return-path") or ["x"])[0].strip() == "<>"
        or bool(_FROM_MACHINE.match(sender))
    )


# ------------------------------------------------------------------------------------------------ body


@dataclass(slots=True)
class _Found:
    """What was met on the way through the parts. `plain` and `pages` by the choice that they belong to."""

    order: list[int] = field(default_factory=list)
    plain: dict[int, list[str]] = field(default_factory=dict)
    pages: dict[int, list[str]] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # of mail servers: what they report
    returned: list[str] = field(default_factory=list)  # the headers of what they could not deliver
    is_whole: bool = True


def _with_body(mail: Mail, message: Message) -> Mail:
    is_report = message.get_content_type() == "multipart/report"
    found = _Found()
    for number, (part, choice) in enumerate(_parts(message, found)):
        try:
            _take(part, choice or -number - 1, found, is_report=is_report)
        except Exception:  # noqa: BLE001  # the other parts may be sound
            found.is_whole = False
    text = texts.clean("\n\n".join(filter(None, (_words(each, found) for each in found.order))))
    report = _report("\n".join(found.told), found.returned) if is_report else None
    if report is None and mail.is_automatic and _FROM_MACHINE.match(mail.sender):
        # Mail servers of the old kind put it in words, and the mail below that.
        report = Report(message_ids=tuple(_RETURNED_ID.findall(text)[:5]))
    return replace(
        mail,
        text=text,
        attachments=tuple(found.attachments),
        report=report,
        is_automatic=mail.is_automatic or is_report,
        is_whole=found.is_whole and not message.defects,
    )


def _parts(message: Message, found: _Found) -> Iterator[tuple[Message, int]]:
    """Every part that holds something, in order, with the number of the choice of forms that it belongs to."""
    stack = [(message, 0, 0)]
    met = 0
    while stack:
        part, depth, choice = stack.pop()
        met += 1
        if met > MAX_PARTS or depth > MAX_DEPTH:
            found.is_whole = False
            return
        if not part.is_multipart():
            yield part, choice
            continue
        payload = [each for each in part.get_payload() if isinstance(each, Message)]
        if not payload:
            continue
        if part.get_content_type() == "message/delivery-status":
            found.told += [f"{name}: {value}" for each in payload[:20] for name, value in [*each.raw_items(), ("", "")]]
        else:
            if part.get_content_type() == "multipart/alternative":
                choice = met
            if part.get_content_type() == "message/rfc822":
                found.returned.append(_head_of(payload[0]))
                choice = 0
            stack.extend((each, depth + 1, choice) for each in reversed(payload[: MAX_PARTS + 1]))


def _head_of(message: Message) -> str:
    return "\n".join(f"{name}: {value}" for name, value in list(message.raw_items())[:200])


def _take(part: Message, choice: int, found: _Found, *, is_report: bool) -> None:
    kind = part.get_content_type()
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if is_report and kind in ("message/delivery-status", "text/rfc822-headers", "message/rfc822-headers"):
        (found.told if kind == "message/delivery-status" else found.returned).append(texts.decoded(content))
        return
    name = texts.header(part.get_filename() or "")
    is_text = kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment"
    if is_text:
        words = texts.decoded(content, str(part.get_content_charset() or ""))
        forms = found.plain if kind == "text/plain" else found.pages
        forms.setdefault(choice, []).append(words)
        if choice not in found.order:
            found.order.append(choice)
    elif content.strip() and len(found.attachments) < MAX_ATTACHMENTS:
        number = len(found.attachments) + 1
        found.attachments.append(Attachment(name[:200] or f"bijlage-{number}{_EXTENSIONS.get(kind, '')}", content))
    elif content.strip():
        found.is_whole = False


def _words(choice: int, found: _Found) -> str:
    plain = "\n".join(found.plain.get(choice, [])).strip()
    return plain or "\n".join(texts.from_html(each) for each in found.pages.get(choice, []))


def _report(told: str, returned: list[str]) -> Report:
    """The gravest of what is told of each recipient, and which mail it was."""
    ids = tuple(found for head in returned for found in _RETURNED_ID.findall(head[:100_000])[:1])
    told = told[:100_000]
    for action in ("failed", "delayed", "delivered", "relayed", "expanded"):
        # A recipient's fields stand together, with an empty line between them and the next one's.
        for block in re.split(r"\n[:\s]*\n", told):
            if re.search(rf"^Action:\s*{action}\b", block, re.IGNORECASE | re.MULTILINE):
                line = re.search(r"^Status:(.{0,100})", block, re.IGNORECASE | re.MULTILINE)
                status = _STATUS.search(line[1]) if line else None
                return Report(action, status[0] if status else "", ids)
    return Report(message_ids=ids)
