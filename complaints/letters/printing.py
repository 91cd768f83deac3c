"""HTML to PDF by WeasyPrint. Apart from rendering, because loading it takes half a second that only workers need."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

STATIC = Path(settings.BASE_DIR) / "static"
_SVG = "data:image/svg+xml;base64,"


class OwnPartsOnly(URLFetcher):  # type: ignore[misc]
    """Our own fonts, and pictures that are part of the page; nothing else, whatever an answer may hold."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        if url.startswith(_SVG):
            return URLFetcherResponse(url, base64.b64decode(url[len(_SVG) :]), {"Content-Type": "image/svg+xml"})
        fonts = (STATIC / "fonts").as_uri() + "/"
        name = url.removeprefix(fonts)
        if url.startswith(fonts) and "/" not in name and name.endswith(".woff2"):
            return URLFetcherResponse(url, (STATIC / "fonts" / name).read_bytes(), {"Content-Type": "font/woff2"})
        raise FatalURLFetchingError("a letter may fetch nothing from outside itself")


def pdf(page: str) -> bytes:
    """The page as a PDF with tags, language and title (PDF/UA-1), for people and for machines that read aloud.

    Fonts and style sheet are read once per process and used for every letter.
    """
    fonts, style, fetcher = _tools()
    document = HTML(string=page, url_fetcher=fetcher, base_url="about:blank")
    return bytes(document.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"))


@cache
def _tools() -> tuple[FontConfiguration, CSS, OwnPartsOnly]:
    fonts, fetcher = FontConfiguration(), OwnPartsOnly()
    source = (STATIC / "letters" / "letter.css").read_text(encoding="utf-8")
    style = CSS(string=source, font_config=fonts, url_fetcher=fetcher, base_url=f"{(STATIC / 'letters').as_uri()}/")
    return fonts, style, fetcher
