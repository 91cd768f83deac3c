"""HTML to PDF by WeasyPrint. Apart from rendering, because loading it takes half a second that only workers need."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from pydyf import PDF
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STATIC = Path(settings.BASE_DIR) / "static"
_SVG = "data:image/svg+xml;base64,"
_VARIANT = "pdf/a-2a"
_CLAIM_OF_A = re.compile(rb' pdfaid:\w+="\w+"')
# What WeasyPrint leaves out where it writes PDF/A: that the page is PDF/UA-1 too (both have tags, language and title).
# PDF/A knows only the properties of XMP itself, so it wants to read there what that property is.
_ALSO_UA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the document conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF>"""


class OwnPartsOnly(URLFetcher):  # type: ignore[misc]
    """Our own fonts, and pictures that are part of the page; nothing else, whatever an answer may hold."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        if url.startswith(_SVG):
            return URLFetcherResponse(url, base64.b64decode(url[len(_SVG) :]), {"Content-Type": "image/svg+xml"})
        for font in (STATIC / "fonts").glob("*.woff2"):
            if url == font.as_uri():
                return URLFetcherResponse(url, font.read_bytes(), {"Content-Type": "font/woff2"})
        raise FatalURLFetchingError("a page on paper may fetch nothing from outside itself")


def pdf(page: str) -> bytes:
    """The page as a PDF to keep (PDF/A-2a) with tags, language and title, for machines that read aloud (PDF/UA-1).

    Fonts and style sheets are read once per process and used for every letter. A letter that runs on to another page is
    set a little closer, where that saves the page: no sheet of paper for a signature.
    """
    letter = _laid_out(page, "letter.css")
    if 1 < len(letter.pages) <= 3:
        closer = _laid_out(page, "letter.css", "letter-tight.css")
        letter = closer if len(closer.pages) < len(letter.pages) else letter
    return _written(letter)


def paper(page: str) -> bytes:
    """A document that is no letter (templates/paper/) as a PDF of the same kind."""
    return _written(_laid_out(page, "paper.css"))


def address(page: str) -> bytes:
    """A sheet that shows nothing but an address, where the window of an envelope is, as a PDF of the same kind."""
    return _written(_laid_out(page, "letter.css"))


def report(page: str) -> bytes:
    """A yearly report as a PDF of the same kind."""
    return _written(_laid_out(page, "paper.css", "report.css"))


def _written(document: Document) -> bytes:
    return bytes(document.write_pdf(pdf_variant=_VARIANT, finisher=_claim))


def _claim(document: Document, file: PDF) -> None:
    """Says in the PDF that it is both PDF/A and PDF/UA; neither, where no font has a character that is in it."""
    metadata = file.objects[int(file.catalog["Metadata"].split()[0])]
    packet = b"".join(metadata.stream)
    if any(font.missing for font in document.fonts.values()):
        metadata.stream = [_CLAIM_OF_A.sub(b"", packet)]
    else:
        metadata.stream = [packet.replace(b"</rdf:RDF>", _ALSO_UA)]


def _laid_out(page: str, *styles: str) -> Document:
    fonts, fetcher = _tools()
    html = HTML(string=page, url_fetcher=fetcher, base_url="about:blank")
    return html.render(font_config=fonts, stylesheets=[_style(name) for name in styles], pdf_variant=_VARIANT)


@cache
def _tools() -> tuple[FontConfiguration, OwnPartsOnly]:
    return FontConfiguration(), OwnPartsOnly()


@cache
def _style(name: str) -> CSS:
    fonts, fetcher = _tools()
    folder = STATIC / "letters"
    return CSS(
        string=(folder / name).read_text(encoding="utf-8"),
        font_config=fonts,
        url_fetcher=fetcher,
        base_url=f"{folder.as_uri()}/",
    )
