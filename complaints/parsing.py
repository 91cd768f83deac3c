"""Reads one file as what its name says it is, in a process of its own with little memory and time; answers one word.

`python -I parsing.py KIND < file` prints `ok`, or why not: `other` (something else than it says), `broken`, `locked`
(with a password), `active` (holds something that can run), `fetches` (gets something from elsewhere when it is
opened), `heavy` (becomes far larger than it looks). It imports nothing of the application, and for each kind no more
than that kind needs.
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

MEMORY = 256 * 1024 * 1024  # bytes of address space; the interpreter and its libraries take 20 to 45 MB of it
SECONDS = 2  # of processor time
JPEG_PIXELS, PIXELS = 120_000_000, 30_000_000  # a JPEG is read at an eighth of its size
PIECES = 20_000  # parts that a picture may be written in
PAGES, OBJECTS, DEPTH = 2_000, 200_000, 50
SHOWS = ("/GoTo", "/Named", "/Hide", "/SetOCGState", "/ResetForm")  # what a PDF may do by itself
PICTURE_IN_PDF = 200_000_000  # pixels that a picture on a page may claim
ENTRIES, UNPACKED, RATIO = 2_000, 100 * 1024 * 1024, 200
DIRECTORY = 1024 * 1024  # bytes of the list of entries at the end of an archive
STREAM, STREAMS = 100 * 1024 * 1024, 300 * 1024 * 1024  # unpacked: one, and all of a document

MARKUP = re.compile(rb"<\s*(?:!doctype|html|script|svg|body|iframe|\?php)", re.IGNORECASE)
# What makes a browser take the beginning of a text for a page.
PAGE = re.compile(
    rb"<(?:!doctype|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|svg|!--|\?xml|\?php)[\s>/!-]",
    re.IGNORECASE,
)
PROGRAMS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"Rar!\x1a", b"7z\xbc\xaf", b"%PDF-", b"#!")

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
ODT = b"application/vnd.oasis.opendocument.text"
XML = {"xml", "rels", "rdf"}
MEDIA = {"png", "jpg", "jpeg", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp", "wdp", "emf", "wmf", "svm", "svg"}
PLAIN = MEDIA | {"odttf", "ttf", "otf", "fntdata", "vml", "sigs"}
NO_EXTENSION = re.compile(r"mimetype|layout-cache|ObjectReplacements/[^/]+")
PRINTER = re.compile(r"xl/printerSettings/printerSettings\d*\.bin")
RUNS = re.compile(
    r"vbaProject|vbaData|macro|activeX|oleObject|webextension|customUI|(^|/)(Basic|Scripts)/", re.IGNORECASE
)
RUNNING_RELATION = re.compile(
    r"/(vbaProject|wordVbaData|oleObject|control|\w*macrosheet|\w*webextension\w*)$", re.IGNORECASE
)
FIELD = re.compile(r'DDE(AUTO)?[\s"]|INCLUDETEXT\s+"?(https?:|\\\\)', re.IGNORECASE)
SCRIPTED = re.compile(rb"<\s*script|\son\w+\s*=|javascript:", re.IGNORECASE)
RUNNING_LINK = re.compile(
    r"\s*(javascript|vbscript|data|search-ms|search|ms-[\w-]+|macro|vnd\.sun\.star\.\w+):", re.IGNORECASE
)
RUNNING_ELEMENTS = {
    "event-listener",
    "script",
    "dde-source",
    "dde-connection-decl",
    "applet",
    "plugin",
    "floating-frame",
}


class Refused(Exception):
    """The file is not taken, for the reason in the message."""


# ------------------------------------------------------------------------------------------------ pictures


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
    if zipped(data):
        raise Refused("other")


def jpeg(data: bytes) -> None:
    image(data, ["JPEG"], JPEG_PIXELS)
    # Phones add a film or a depth map after the picture; a page, a program or an archive there is somebody's trick.
    rest = data[_end_of_jpeg(data) :].lstrip(b"\x00\r\n")
    if rest.startswith(PROGRAMS) or MARKUP.search(rest) or b"This program cannot be run" in rest:
        raise Refused("other")


def _end_of_jpeg(data: bytes) -> int:
    at = 2
    for _ in range(PIECES):
        if data[at] != 0xFF:
            raise Refused("broken")
        while data[at] == 0xFF:
            at += 1
        marker, at = data[at], at + 1
        if marker == 0xD9:
            return at
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2:
            raise Refused("broken")
        if marker >= 0xE0 and MARKUP.search(data, at, at + length):  # what is said about the picture
            raise Refused("other")
        at += length
        if marker == 0xDA:
            following = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(data, at)
            if following is None:
                raise Refused("broken")
            at = following.start()
    raise Refused("heavy")


def png(data: bytes) -> None:
    image(data, ["PNG"], PIXELS)
    at, name, pieces = 8, b"", 0
    while name != b"IEND":
        pieces += 1
        if pieces > PIECES:
            raise Refused("heavy")
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if len(name) < 4 or (name != b"IDAT" and MARKUP.search(data, at + 8, at + 8 + length)):
            raise Refused("other")
        at += 12 + length
    if data[at:].strip(b"\x00"):
        raise Refused("other")


def webp(data: bytes) -> None:
    from PIL import WebPImagePlugin  # noqa: F401  # else Pillow loads every plugin that it has

    image(data, ["WEBP"], PIXELS)
    size = int.from_bytes(data[4:8], "little") + 8
    if data[size:].strip(b"\x00"):
        raise Refused("other")
    at = 12
    while at < size:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] not in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF") and MARKUP.search(
            data, at + 8, at + 8 + length
        ):
            raise Refused("other")
        at += 8 + length + length % 2


# ------------------------------------------------------------------------------------------------ pdf


def pdf(data: bytes) -> None:
    import pikepdf

    if zipped(data) or MARKUP.search(data[:2048]):
        raise Refused("other")
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise Refused("broken")
    if data[end + 5 :].strip(b"\x00 \t\r\n\x1a"):
        raise Refused("other")
    try:
        document = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        raise Refused("locked") from None
    with document:
        count = len(document.pages)
        if not 1 <= count <= PAGES:
            raise Refused("heavy" if count else "broken")
        _nothing_that_runs(document.trailer)
        left = STREAMS
        for number, each in enumerate(document.objects):
            if number > OBJECTS:
                raise Refused("heavy")
            _nothing_that_runs(each)
            if isinstance(each, pikepdf.Stream):
                left -= _light(each)
                if left < 0:
                    raise Refused("heavy")
    # What an older version of the document held, or what no reader should find but some do.
    if re.search(rb"/(JavaScript|EmbeddedFiles?|Launch)[\s/<>\[(]", data):
        raise Refused("active")


def _nothing_that_runs(part: Any, *, depth: int = 0) -> None:
    """Refuses what a reader of PDF would run, open or fetch, however deep it lies in one object."""
    import pikepdf

    if depth > DEPTH:
        raise Refused("heavy")
    if isinstance(part, pikepdf.Array):
        inside = list(part)
    elif isinstance(part, (pikepdf.Dictionary, pikepdf.Stream)):
        names = set(part.keys())
        if names & {"/JS", "/JavaScript", "/XFA", "/EF", "/EmbeddedFiles"}:
            raise Refused("active")
        if isinstance(part, pikepdf.Stream) and "/F" in names:  # its content stands in another file
            raise Refused("active")
        if "/S" in names and str(part["/S"]) in (
            *("/JavaScript", "/Launch", "/ImportData", "/SubmitForm"),
            *("/GoToE", "/GoToR", "/Movie", "/Rendition", "/Sound", "/RichMediaExecute"),
        ):
            raise Refused("active")
        if "/Type" in names and str(part["/Type"]) == "/EmbeddedFile":
            raise Refused("active")
        if "/Subtype" in names and str(part["/Subtype"]) in (
            "/RichMedia",
            "/Movie",
            "/Screen",
            "/3D",
            "/FileAttachment",
        ):
            raise Refused("active")
        if "/OpenAction" in names:
            _stays_inside(part["/OpenAction"])
        if "/AA" in names and isinstance(part["/AA"], pikepdf.Dictionary):
            for trigger in part["/AA"].keys():  # noqa: SIM118  # no mapping: it cannot be walked through itself
                _stays_inside(part["/AA"][trigger])
        inside = [part[name] for name in names]
    else:
        return
    for each in inside:
        if not getattr(each, "is_indirect", True):  # numbers and the like are no objects of their own
            _nothing_that_runs(each, depth=depth + 1)


def _stays_inside(action: Any) -> None:
    """What happens by itself, without a click, stays within the same document."""
    import pikepdf

    if isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "/GoTo")) not in SHOWS:
        raise Refused("active")


def _light(stream: Any) -> int:
    """How large a stream becomes when it is unpacked; it is counted, not kept. Refuses what becomes too large."""
    if str(stream.get("/Subtype", "")) == "/Image":
        width, height = stream.get("/Width", 0), stream.get("/Height", 0)
        if int(width) * int(height) > PICTURE_IN_PDF:
            raise Refused("heavy")
    filters = stream.get("/Filter", [])
    names = [str(filters)] if str(filters).startswith("/") else [str(each) for each in filters]
    names = [{"/Fl": "/FlateDecode", "/LZW": "/LZWDecode", "/RL": "/RunLengthDecode"}.get(each, each) for each in names]
    packing = [each for each in names if each in ("/FlateDecode", "/LZWDecode", "/RunLengthDecode")]
    if len(packing) > 1 or len(names) > 3:
        raise Refused("heavy")
    if not packing:
        return 0
    if names != ["/FlateDecode"]:
        if len(set(names) & {"/ASCII85Decode", "/ASCIIHexDecode", "/A85", "/AHx"}) + 1 < len(names):
            return 0  # a photo beneath: its own reader bounds it by width and height
        size = len(stream.read_bytes())  # the limit on memory bounds it
        if size > STREAM:
            raise Refused("heavy")
        return size
    raw = stream.read_raw_bytes()
    unpacker, size, rest = zlib.decompressobj(), 0, raw
    while rest:
        try:
            size += len(unpacker.decompress(rest, 1024 * 1024))
        except zlib.error:
            break  # readers show what they got so far
        rest = unpacker.unconsumed_tail
        if size > STREAM or (size > 20 * 1024 * 1024 and size > 300 * len(raw)):
            raise Refused("heavy")
        if unpacker.eof:
            break
    return size


# ------------------------------------------------------------------------------------------------ office


def office(kind: str) -> Callable[[bytes], None]:
    return lambda data: Archive(kind, data).read()


class Archive:
    """A document of Word, Excel or LibreOffice: an archive of parts, each of which is read to its end."""

    def __init__(self, kind: str, data: bytes, *, inside: bool = False) -> None:
        self.kind, self.data, self.inside = kind, data, inside
        self.left = UNPACKED
        self.names: set[str] = set()  # of its parts, in small letters
        self.types: dict[str, str] = {}  # part in small letters → its content type
        self.main: set[str] = set()  # what it calls itself in its list of types, or at the head of its content
        self.fields: list[str] = []  # what Word's fields do, which it may write in pieces

    def read(self) -> None:
        start, size, entries = self._directory()
        if size > DIRECTORY or entries > ENTRIES:
            raise Refused("heavy")
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            parts = archive.infolist()
            _sound(parts, self.data, start)
            names = [each.filename for each in parts]
            self.names = {each.lower() for each in names}
            self._is_one_of_its_kind(set(names))
            for each in parts:
                self._may_be_there(each.filename)
            # What says of the others what they are goes first.
            first = ("[Content_Types].xml", "META-INF/manifest.xml")
            for each in sorted(parts, key=lambda part: part.filename not in first):
                self._part(archive, each)
            if self.kind == "odt" and archive.read("mimetype").strip() != ODT:
                raise Refused("other")
        if self.main != {{"docx": WORD, "xlsx": SHEET, "odt": "document-content"}[self.kind]}:
            raise Refused("other")
        if FIELD.search("".join(self.fields)):
            raise Refused("active")

    def _directory(self) -> tuple[int, int, int]:
        """Where the list of entries begins, its size, and how many there are; the file ends right behind it."""
        end = self.data[-22:]
        if not end.startswith(b"PK\x05\x06") or end[20:] != b"\x00\x00":
            raise Refused("other" if b"PK\x05\x06" in self.data else "broken")
        entries, size, start = (int.from_bytes(end[a:b], "little") for a, b in ((10, 12), (12, 16), (16, 20)))
        if start + size + 22 != len(self.data):
            raise Refused("other")
        return start, size, entries

    def _is_one_of_its_kind(self, names: set[str]) -> None:
        own = {"mimetype", "content.xml"} if self.kind == "odt" else {"[Content_Types].xml"}
        foreign = {"[Content_Types].xml"} if self.kind == "odt" else {"mimetype", "content.xml"}
        if not own <= names or foreign & names or "META-INF/MANIFEST.MF" in names:
            raise Refused("other")

    def _may_be_there(self, name: str) -> None:
        extension = _extension(name)
        if RUNS.search(name):
            raise Refused("active")
        if name.endswith("/") or extension in XML | PLAIN or PRINTER.fullmatch(name):
            return
        if self.kind == "odt" and NO_EXTENSION.fullmatch(name):
            return
        if extension in ("docx", "xlsx", "pdf") and not self.inside:
            return  # the table behind a graph, a drawing from a Mac: read as a file of its own
        raise Refused("active")

    def _part(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        """Reads one part to its end, whatever its header says of its size."""
        extension = _extension(entry.filename)
        parser = self._parser(entry.filename) if extension in XML else None
        kept = bytearray()
        with archive.open(entry) as part:
            for chunk in iter(lambda: part.read(256 * 1024), b""):
                self.left -= len(chunk)
                if self.left < 0:
                    raise Refused("heavy")
                if parser is not None:
                    parser.Parse(chunk, False)  # noqa: FBT003  # its own signature
                elif not kept or extension in ("docx", "xlsx", "pdf", "svg"):
                    kept += chunk
        if parser is not None:
            if not entry.file_size and entry.filename.startswith("Configurations2/"):
                return  # LibreOffice keeps an empty one there
            parser.Parse(b"", True)  # noqa: FBT003
        elif extension in ("docx", "xlsx"):
            Archive(extension, bytes(kept), inside=True).read()
        elif extension == "pdf":
            pdf(bytes(kept))
        elif kept.startswith(PROGRAMS) or (SCRIPTED.search(kept) if extension == "svg" else MARKUP.match(kept)):
            raise Refused("active")

    # -------------------------------------------------------------------------------------------- xml

    def _parser(self, name: str) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")

        def declared(*_: object) -> None:
            raise Refused("active")

        parser.StartDoctypeDeclHandler = declared
        parser.EntityDeclHandler = declared
        # Of the cells of a sheet only their form counts, and there may be a million.
        if self.types.get(f"/{name.lower()}", "").endswith((".worksheet+xml", ".sharedStrings+xml")):
            return parser

        def opened(full: str, attributes: dict[str, str]) -> None:
            element = full.rpartition(" ")[2]
            if self.kind == "odt":
                self._odt_element(element, attributes)
            else:
                self._office_element(element, attributes)
                parser.CharacterDataHandler = self.fields.append if element == "instrText" else None
                if element == "fldChar":
                    self.fields.append(" ")

        parser.StartElementHandler = opened
        return parser

    def _office_element(self, element: str, attributes: dict[str, str]) -> None:
        if element in ("Override", "Default") and "ContentType" in attributes:
            self._content_type(attributes)
        elif element == "Relationship":
            _relation(attributes)
        elif element in ("ddeLink", "oleLink"):
            raise Refused("active")
        elif element == "connection" and attributes.get("refreshOnLoad", "0") not in ("0", "false"):
            raise Refused("fetches")
        elif element == "fldSimple":
            self.fields += [" ", *(said for name, said in attributes.items() if name.endswith("instr")), " "]

    def _content_type(self, attributes: dict[str, str]) -> None:
        content_type = attributes["ContentType"]
        part = attributes.get("PartName", "").lower()
        if re.search(
            r"macro|vbaProject|activeX|oleObject|webextension|x-msdownload|html|rtf", content_type, re.IGNORECASE
        ):
            raise Refused("active")
        if content_type.endswith(".main+xml"):
            if part and part.lstrip("/") not in self.names:
                raise Refused("other")
            self.main.add(content_type)
        extension = _extension(part) if part else attributes.get("Extension", "").lower()
        if content_type.endswith(("+xml", "/xml")) and extension not in XML | {"svg", "vml"}:
            raise Refused("other")  # a part that is read as words, under the name of something else
        self.types[part] = content_type

    def _odt_element(self, element: str, attributes: dict[str, str]) -> None:
        if element == "document-content":
            self.main.add(element)
        if element == "encryption-data":
            raise Refused("locked")
        if element in RUNNING_ELEMENTS:
            raise Refused("active")
        for name, to in attributes.items():
            if name.endswith(" href") or name == "href":
                if RUNNING_LINK.match(to):
                    raise Refused("active")
                if element != "a" and not _is_near(to):
                    raise Refused("fetches")


def _sound(parts: list[zipfile.ZipInfo], data: bytes, directory: int) -> None:
    """Refuses an archive that does not lie in one piece, or whose parts are not what a document may hold."""
    if len(parts) > ENTRIES or sum(each.file_size for each in parts) > UNPACKED:
        raise Refused("heavy")
    names = [each.filename.lower() for each in parts]
    if len(set(names)) != len(names):
        raise Refused("other")
    end = 0
    for each in sorted(parts, key=lambda part: part.header_offset):
        steps = each.filename.replace("\\", "/").split("/")
        if each.orig_filename != each.filename or "\\" in each.orig_filename:
            raise Refused("other")
        if not steps[0] or ".." in steps or ":" in steps[0] or any(ord(sign) < 32 for sign in each.filename):
            raise Refused("other")
        if each.flag_bits & 1:
            raise Refused("locked")
        if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or each.external_attr >> 28 == 0xA:
            raise Refused("other")  # packed in another way, or a link to another place
        if each.file_size > 1024 * 1024 and each.file_size > RATIO * max(1, each.compress_size):
            raise Refused("heavy")
        # Between two parts there is room for a note on sizes (24 bytes), not for something that nobody reads.
        if not end <= each.header_offset <= end + (24 if end else 0):
            raise Refused("other")
        header = data[each.header_offset : each.header_offset + 30]
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        end = each.header_offset + 30 + lengths + each.compress_size
    if not end <= directory <= end + 24:
        raise Refused("other")


def _relation(attributes: dict[str, str]) -> None:
    kind, target = attributes.get("Type", ""), attributes.get("Target", "")
    if RUNNING_RELATION.search(kind) or kind.endswith("/aFChunk"):
        raise Refused("active")
    if attributes.get("TargetMode", "Internal").lower() == "internal":
        return
    if kind.endswith("/hyperlink"):  # followed by a click, and shown before
        if RUNNING_LINK.match(target):
            raise Refused("active")
    elif not _is_near(target):
        raise Refused("fetches")


def _is_near(target: str) -> bool:
    """Whether what is pointed at lies in the document, or on the disk of whoever wrote it: it is not fetched."""
    inner = re.sub(r"^file:///(?![/\\])", "", target.strip(), flags=re.IGNORECASE)
    has_scheme = re.match(r"[a-z][a-z0-9+.-]+:", inner, re.IGNORECASE)  # C: is none
    return not has_scheme and not re.match(r"[/\\]{2}", inner) and "%5c" not in inner.lower()


def _extension(name: str) -> str:
    return name.rpartition("/")[2].lower().rpartition(".")[2] if "." in name.rpartition("/")[2] else ""


# ------------------------------------------------------------------------------------------------ text


def text(data: bytes) -> None:
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            words = data.decode("cp1252")
        except UnicodeDecodeError:
            raise Refused("other") from None
    if re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]", words):
        raise Refused("other")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:4096]
    if PAGE.match(start) or MARKUP.search(start) or start.startswith((b"%!PS", b"#!", b"%PDF-", b"{\\rtf")):
        raise Refused("other")


def zipped(data: bytes) -> bool:
    """Whether the file can also be opened as an archive with something in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


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
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    yield answer(sys.argv[1], sys.stdin.buffer.read())


if __name__ == "__main__":
    sys.stdout.writelines(lines())
