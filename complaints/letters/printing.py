"""HTML to PDF by WeasyPrint. Apart from rendering, because loading it takes half a second that only workers need."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STATIC = Path(settings.BASE_DIR) / "static"
_SVG = "data:image/svg+xml;base64,"
_VARIANT = "pdf/ua-1"


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
    """The page as a PDF with tags, language and title (PDF/UA-1), for people and for machines that read aloud.

    Fonts and style sheets are read once per process and used for every letter. A letter that runs on to another page is
    set a little closer, where that saves the page: no sheet of paper for a signature.
    """
    letter = _laid_out(page, "letter.css")
    if 1 < len(letter.pages) <= 3:
        closer = _laid_out(page, "letter.css", "letter-tight.css")
        letter = closer if len(closer.pages) < len(letter.pages) else letter
    return bytes(letter.write_pdf(pdf_variant=_VARIANT))


def paper(page: str) -> bytes:
    """A document that is no letter (templates/paper/) as a PDF of the same kind."""
    return bytes(_laid_out(page, "paper.css").write_pdf(pdf_variant=_VARIANT))


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
