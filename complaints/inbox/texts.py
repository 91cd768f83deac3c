"""Words out of whatever a mail holds: charsets, encoded headers, HTML. Each costs no more than its length."""

from __future__ import annotations

import codecs
import html
import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header

LONGEST_TEXT = 100_000  # characters that are shown of a message; all of it stays in the file
LONGEST_HEADER = 4_000
_SOURCE = 600_000  # bytes of one part that are decoded
# Codecs that turn bytes into words of people. Python knows others, which unpack or take very long.
_CHARSET = re.compile(
    r"ascii|utf-(8|8-sig|7|16|16-le|16-be|32|32-le|32-be)|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|big5(hkscs)?|gb\w+|hz|"
    r"shift_jis\w*|euc_\w+|iso2022_\w+|johab|tis-620|ptcp154"
)
# Signs that are no words: control characters, and those that turn or hide what follows.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BREAKING = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "hr",
        "section",
        "article",
        "header",
        "footer",
        "dd",
        "dt",
        "dl",
    ]
)
_HIDDEN = frozenset(["script", "style", "head", "title", "template", "noscript", "svg", "math", "select", "textarea"])
_TAG_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9]*)")


def decoded(data: bytes, charset: str = "") -> str:
    """The bytes as words, in the charset that they are said to be in; else as they most likely are."""
    data = data[:_SOURCE]
    for name in (_known(charset), "utf-8"):
        if name:
            try:
                return data.decode(name)
            except (UnicodeError, ValueError):
                continue
    return data.decode("cp1252", errors="replace")


def clean(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """The text as it may be shown and kept: no control characters, nothing that turns its direction, not endless."""
    text = text[: longest * 2].replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSEEN.sub("", text).encode("utf-8", "replace").decode()
    return re.sub(r"\n{4,}", "\n\n\n", text).strip()[:longest]


def header(value: str) -> str:
    """What a header says in words, on one line. `value` is as the parser keeps it."""
    value = " ".join(value[:LONGEST_HEADER].split())
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError, LookupError, AssertionError):
        parts = [(value, None)]
    words = [_piece(part, charset) for part, charset in parts]
    return " ".join(clean("".join(words)).split())


def from_html(page: str) -> str:
    """The words of a page, with a line for each paragraph. It reads every sign once, whatever is left open."""
    page = page[:_SOURCE]
    words: list[str] = []
    at, end, hidden = 0, len(page), ""
    while at < end:
        opens = page.find("<", at)
        if opens < 0:
            opens = end
        if not hidden:
            words.append(page[at:opens])
        if opens == end:
            break
        is_comment = page.startswith("<!--", opens)
        closes = page.find("-->" if is_comment else ">", opens)
        if closes < 0:  # nothing after it closes either
            if not hidden and not is_comment:
                words.append(page[opens : opens + 1000])
            break
        at = closes + (3 if is_comment else 1)
        if is_comment:
            continue
        match = _TAG_NAME.match(page, opens + 1, closes)
        name = match[1].lower() if match else ""
        is_end = page.startswith("/", opens + 1)
        if hidden:
            hidden = "" if is_end and name == hidden else hidden
        elif name in _HIDDEN and not is_end and page[closes - 1] != "/":
            hidden = name
        elif name in _BREAKING:
            words.append("\n")
        elif name in ("td", "th"):
            words.append(" ")
    text = "".join(words)
    with suppress(ValueError):  # a sign with a number of thousands of digits
        text = html.unescape(text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def without_quote(text: str) -> str:
    """The text without the mail that it answers, quoted at its end; all of it when nothing would be left."""
    lines = text.rstrip().split("\n")
    last = len(lines)
    while last and (not lines[last - 1].strip() or lines[last - 1].startswith(">")):
        last -= 1
    quoted = any(line.startswith(">") for line in lines[last:])
    if not quoted:
        return text
    # "Op 3 maart schreef Gehoor:", which mail programs break over two lines.
    for count in (1, 2):
        if last >= count and lines[last - 1].rstrip().endswith(":") and "@" in "".join(lines[last - count : last]):
            last -= count
            break
    return "\n".join(lines[:last]).strip() or text


def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip().strip("'\"")[:40]).name
    except (LookupError, ValueError):
        return ""
    return "cp1252" if name == "iso8859-1" else name if _CHARSET.fullmatch(name) else ""


def _piece(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        part = part.encode("utf-8", "surrogateescape")
        return decoded(part)
    return decoded(part, "" if charset in (None, "unknown-8bit") else str(charset))
