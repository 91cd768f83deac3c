"""Reads one file as what its name says it is, in a process of its own with little memory and time; answers one word.

`python -I parsing.py KIND < file` prints `ok`, or why not: `other` (something else than it says), `broken`, `locked`
(with a password), `active` (holds something that can run), `heavy` (becomes far larger than it looks). It imports
nothing of the application, and for each kind no more than that kind needs.
"""

from __future__ import annotations

import io
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

MEMORY = 400 * 1024 * 1024  # bytes of address space; the interpreter and its libraries take about 100 MB of it
SECONDS = 2  # of processor time
JPEG_PIXELS, PIXELS = 120_000_000, 40_000_000  # a JPEG is read at an eighth of its size
PAGES, OBJECTS = 2_000, 200_000
ENTRIES, UNPACKED, RATIO = 2_000, 100 * 1024 * 1024, 200
STREAM = 100 * 1024 * 1024

MARKUP = re.compile(rb"<\s*(?:!doctype|html|script|svg|body|iframe|\?php|\?xml)", re.IGNORECASE)
FOREIGN = (b"PK\x03\x04", b"%PDF-", b"\x7fELF", b"Rar!\x1a", b"7z\xbc\xaf")
OFFICE = {
    "docx": ("[Content_Types].xml", "word/document.xml"),
    "xlsx": ("[Content_Types].xml", "xl/workbook.xml"),
    "odt": ("mimetype", "content.xml"),
}
RUNS = re.compile(
    r"vbaProject|vbaData|macrosheets/|activeX|oleObject|(^|/)(Basic|Scripts)/|\.(bin|exe|dll|js|vbs|jar|zip|7z|rar|com|scr)$",
    re.IGNORECASE,
)
FETCHES = re.compile(r"/(attachedTemplate|oleObject|frame|subDocument|image)$")


class Refused(Exception):
    """The file is not taken, for the reason in the message."""


def image(data: bytes, formats: list[str], pixels: int) -> None:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = pixels
    with Image.open(io.BytesIO(data), formats=formats) as picture:
        width, height = picture.size
        if width * height > pixels:
            raise Refused("heavy")
        if formats[0] == "JPEG":
            picture.draft("RGB", (width // 8, height // 8))
        picture.load()


def jpeg(data: bytes) -> None:
    image(data, ["JPEG", "MPO"], JPEG_PIXELS)
    # Phones add a film or a depth map after the picture; a page or an archive there is somebody's trick.
    _nothing_foreign(data[data.rfind(b"\xff\xd9") + 2 :])
    _nothing_foreign(data[data.find(b"\xff\xd9") + 2 :])


def png(data: bytes) -> None:
    image(data, ["PNG"], PIXELS)
    end = data.rfind(b"IEND")
    if end < 0 or data[end + 8 :].strip(b"\x00"):
        raise Refused("other")


def webp(data: bytes) -> None:
    image(data, ["WEBP"], PIXELS)
    if int.from_bytes(data[4:8], "little") + 8 < len(data.rstrip(b"\x00")):
        raise Refused("other")


def pdf(data: bytes) -> None:
    import pikepdf

    if zipped(data):
        raise Refused("other")
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise Refused("broken")
    if MARKUP.search(data[end:]):
        raise Refused("other")
    try:
        document = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        raise Refused("locked") from None
    with document:
        if not 1 <= len(document.pages) <= PAGES:
            raise Refused("heavy" if len(document.pages) else "broken")
        for number, each in enumerate(document.objects):
            if number > OBJECTS:
                raise Refused("heavy")
            _nothing_that_runs(each)
            if isinstance(each, pikepdf.Stream):
                _light(each)


def _nothing_that_runs(part: Any, *, depth: int = 0) -> None:
    """Refuses what a reader of PDF would run, open or fetch, however deep it lies in one object."""
    import pikepdf

    if depth > 20:
        raise Refused("heavy")
    if isinstance(part, pikepdf.Array):
        inside = list(part)
    elif isinstance(part, (pikepdf.Dictionary, pikepdf.Stream)):
        if any(name in part for name in ("/JS", "/JavaScript", "/XFA", "/EmbeddedFiles")):
            raise Refused("active")
        if str(part.get("/S", "")) in ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE"):
            raise Refused("active")
        if str(part.get("/Type", "")) == "/EmbeddedFile" or str(part.get("/Subtype", "")) in ("/RichMedia", "/Movie"):
            raise Refused("active")
        inside = [part[name] for name in part.keys()]  # noqa: SIM118  # no mapping: it cannot be walked through itself
    else:
        return
    for each in inside:
        if not getattr(each, "is_indirect", True):  # numbers and the like are no objects of their own
            _nothing_that_runs(each, depth=depth + 1)


def _light(stream: Any) -> None:
    """A stream that stays within bounds when it is unpacked; it is counted, not kept."""
    filters = stream.get("/Filter", [])
    names = [str(filters)] if str(filters).startswith("/") else [str(each) for each in filters]
    if names.count("/FlateDecode") > 1:
        raise Refused("heavy")
    if names[:1] != ["/FlateDecode"]:
        return
    raw = stream.read_raw_bytes()
    unpacker, size, rest = zlib.decompressobj(), 0, raw
    while rest:
        size += len(unpacker.decompress(rest, 1024 * 1024))
        rest = unpacker.unconsumed_tail
        if size > STREAM or (size > 20 * 1024 * 1024 and size > 300 * len(raw)):
            raise Refused("heavy")
        if unpacker.eof:
            return


def office(kind: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        end = data.rfind(b"PK\x05\x06")
        if end < 0 or end + 22 + int.from_bytes(data[end + 20 : end + 22], "little") != len(data):
            raise Refused("other" if end >= 0 else "broken")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _sound(entries)
            names = [each.filename for each in entries]
            if not set(OFFICE[kind]) <= set(names):
                raise Refused("other")
            if any(RUNS.search(name) for name in names):
                raise Refused("active")
            left = UNPACKED
            for each in entries:
                left -= _part(archive, each, left)
            if kind == "odt" and not archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.text"):
                raise Refused("other")

    return read


def _sound(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > ENTRIES or sum(each.file_size for each in entries) > UNPACKED:
        raise Refused("heavy")
    names = [each.filename for each in entries]
    if len(set(names)) != len(names):
        raise Refused("other")
    for each in entries:
        parts = each.filename.replace("\\", "/").split("/")
        if each.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\x00" in each.filename:
            raise Refused("other")
        if each.flag_bits & 1:
            raise Refused("locked")
        if each.file_size > 1024 * 1024 and each.file_size > RATIO * max(1, each.compress_size):
            raise Refused("heavy")


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    """Reads one entry to its end, whatever its header says of its size; how many bytes it was."""
    is_xml = entry.filename.endswith((".xml", ".rels"))
    parser, size = _parser(), 0
    with archive.open(entry) as part:
        for chunk in iter(lambda: part.read(256 * 1024), b""):
            size += len(chunk)
            if size > left:
                raise Refused("heavy")
            if is_xml:
                parser.Parse(chunk, False)  # noqa: FBT003  # its own signature
    if is_xml and size:
        parser.Parse(b"", True)  # noqa: FBT003
    return size


def _parser() -> expat.XMLParserType:
    def declared(*_: object) -> None:
        raise Refused("active")

    def opened(name: str, attributes: dict[str, str]) -> None:
        is_macro = "macroEnabled" in attributes.get("ContentType", "")
        is_fetched = attributes.get("TargetMode") == "External" and FETCHES.search(attributes.get("Type", ""))
        if is_macro or is_fetched or name.endswith(("script:event-listener", "office:scripts:script")):
            raise Refused("active")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = opened
    return parser


def text(data: bytes) -> None:
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            words = data.decode("cp1252")
        except UnicodeDecodeError:
            raise Refused("other") from None
    if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in words):
        raise Refused("other")
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if MARKUP.match(start) or start.startswith((b"%!PS", b"#!", b"%PDF-", b"MZ", b"{\\rtf")):
        raise Refused("other")


def zipped(data: bytes) -> bool:
    """Whether the file can also be opened as an archive with something in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _nothing_foreign(rest: bytes) -> None:
    if any(sign in rest for sign in FOREIGN) or MARKUP.search(rest) or zipped(rest):
        raise Refused("other")


KINDS: dict[str, Callable[[bytes], None]] = {
    "pdf": pdf,
    "jpg": jpeg,
    "png": png,
    "webp": webp,
    "docx": office("docx"),
    "xlsx": office("xlsx"),
    "odt": office("odt"),
    "txt": text,
}


def answer(kind: str, data: bytes) -> str:
    """What the file is found to be. Never raises: what a library cannot read is broken."""
    try:
        KINDS[kind](data)
    except Refused as refused:
        return str(refused)
    except MemoryError:
        return "heavy"
    except Exception as problem:  # noqa: BLE001  # hostile files find every error that a library has
        return "heavy" if "Bomb" in type(problem).__name__ else "broken"
    return "ok"


def lines() -> Iterator[str]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    yield answer(sys.argv[1], sys.stdin.buffer.read())


if __name__ == "__main__":
    sys.stdout.writelines(lines())
